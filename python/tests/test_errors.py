"""Errors: classes, builtin bases, attributes, and what the text says."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import threading

import pytest

import kaframe as kf

BASES = {
    "AuthError": PermissionError,
    "ConfigError": ValueError,
    "ConnectError": ConnectionError,
    "DecodeError": ValueError,
    "OffsetOutOfRangeError": ValueError,
    "ReadTimeoutError": TimeoutError,
    "TlsError": kf.ConnectError,
    "TopicNotFoundError": LookupError,
}
CLASSES = [
    *BASES,
    *("CorruptError", "DataLossError", "LimitError", "ProtocolError", "ResultTooLargeError", "SchemaError"),
    "UnknownOutcomeError",
]


@pytest.mark.parametrize("name", CLASSES)
def test_every_class(name):
    kind = getattr(kf, name)
    assert issubclass(kind, kf.KaframeError)
    assert issubclass(kind, BASES.get(name, Exception))
    assert f"{kind.__module__}.{kind.__name__}" == f"kaframe.{name}"
    error = kind("what happened", hint="what to do", topic="t", partition=1, offset=2, broker="b:9092")
    assert str(error) == "what happened\nhint: what to do"
    copy = pickle.loads(pickle.dumps(error))
    for one in (error, copy):
        assert (one.message, one.hint, one.topic, one.partition) == ("what happened", "what to do", "t", 1)
        assert (one.offset, one.broker, one.report) == (2, "b:9092", None)


def test_text_of_a_broker_cannot_steer_the_terminal():
    text = str(kf.ProtocolError("a\x1b]52;c;x\x07b\rc\u202ed"))
    assert text == "a\\x1b]52;c;x\\x07b\\rc\\u202ed"


def test_no_brokers_lists_the_ways(monkeypatch):
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    for call in (lambda: kf.read("foo"), kf.topics, kf.connect):
        with pytest.raises(kf.ConfigError) as caught:
            call()
        text = str(caught.value)
        assert "bootstrap_servers" in text
        assert "KAFKA_BOOTSTRAP_SERVERS" in text


def test_an_unknown_topic_offers_the_nearest_and_creates_nothing(cluster, numbers):
    wrong = numbers.replace("topic", "topci")
    before = {topic.name for topic in cluster.topics()}
    with pytest.raises(kf.TopicNotFoundError) as caught:
        cluster.read(wrong)
    assert caught.value.topic == wrong
    assert numbers in str(caught.value)
    assert {topic.name for topic in cluster.topics()} == before


def test_a_refused_connection_fails_at_once_and_names_the_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(kf.ConnectError, match=str(port)):
        kf.connect(f"127.0.0.1:{port}")


def test_a_name_that_does_not_resolve():
    with pytest.raises(kf.ConnectError, match=r"no\.such\.host\.invalid"):
        kf.connect("no.such.host.invalid:9092")


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP"),
        (b"SSH-2.0-OpenSSH_9.0\r\n", "SSH"),
        (b"\x15\x03\x01\x00\x02\x02\x16", "TLS"),
    ],
)
def test_a_port_that_is_no_kafka(answer, word):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(kf.KaframeError, match=word):
            kf.connect(f"127.0.0.1:{server.getsockname()[1]}")


def test_security_that_is_not_built_in_is_refused(broker):
    with pytest.raises(kf.ConfigError):
        kf.connect(broker.bootstrap_servers, config={"security.protocol": "SASL_SSL"})


@pytest.mark.parametrize(
    "call", [lambda: kf.read(5), lambda: kf.write([], 5), lambda: kf.connect(config="client.properties")]
)
def test_wrong_types_are_type_errors(call, broker, monkeypatch):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", broker.bootstrap_servers)
    with pytest.raises(TypeError):
        call()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_handle_from_before_a_fork_says_so(numbers, broker):
    script = f"""
import os, sys, warnings
import kaframe as kf
warnings.simplefilter("ignore", DeprecationWarning)
cluster = kf.connect({broker.bootstrap_servers!r})
scan = cluster.scan({numbers!r})
stream = iter(scan); next(stream)
child = os.fork()
if child == 0:
    try:
        for use in (cluster.topics, scan.read, lambda: list(scan)):
            try:
                use()
            except kf.ConfigError as error:
                assert "fork" in str(error), error
            else:
                os._exit(1)
        assert len(kf.read({numbers!r}, bootstrap_servers={broker.bootstrap_servers!r})) == 1000
    except BaseException as error:
        print(repr(error), file=sys.stderr)
        os._exit(2)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert len(scan.read()) == 1000
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
