"""The embedded broker as a context manager."""

from __future__ import annotations

import socket

import pytest

import kaframe as kf


def test_the_tutorial_in_one_piece():
    with kf.Broker(topics={"foo": 1}) as broker:
        cluster = kf.connect(broker.bootstrap_servers)
        assert cluster.write([{"number": number} for number in range(1000)], "foo").rows == 1000
        frame = cluster.read("foo").to_pandas()
        assert len(frame) == 1000
        assert frame["number"].dtype == "int64"


def test_topics_brokers_and_address():
    with kf.Broker(topics={"a": 3, "b": 1}, brokers=3) as broker:
        assert len(broker.bootstrap_servers.split(",")) == 3
        assert all(address.startswith("127.0.0.1:") for address in broker.bootstrap_servers.split(","))
        topics = {topic.name: topic.partitions for topic in kf.topics(bootstrap_servers=broker.bootstrap_servers)}
        assert topics == {"a": 3, "b": 1}
        assert broker.bootstrap_servers in repr(broker)
    with kf.Broker(topics=["a", "b"]) as broker:
        assert len(kf.topics(bootstrap_servers=broker.bootstrap_servers)) == 2


def test_a_stopped_broker_is_gone():
    with kf.Broker() as broker:
        kf.connect(broker.bootstrap_servers)
    broker.stop()
    with pytest.raises(kf.ConnectError):
        kf.connect(broker.bootstrap_servers)


def test_a_given_port_is_used_and_a_taken_one_is_an_os_error():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with kf.Broker(port=port) as broker:
        assert broker.bootstrap_servers == f"127.0.0.1:{port}"
        with pytest.raises(OSError, match=str(port)):
            kf.Broker(port=port)


@pytest.mark.parametrize("version", ["0.11", "2.8", "3.9", "4.1"])
def test_versions(version):
    with kf.Broker(topics={"foo": 1}, version=version) as broker:
        cluster = kf.connect(broker.bootstrap_servers)
        cluster.write([{"n": 1}], "foo")
        assert len(cluster.read("foo")) == 1


def test_options_that_make_no_sense():
    with pytest.raises(kf.ConfigError, match="version"):
        kf.Broker(version="1.0")  # type: ignore[arg-type]
    with pytest.raises(kf.ConfigError):
        kf.Broker(topics={"foo": 0})
    with pytest.raises(TypeError, match=r"\{\"foo\": 1\}"):
        kf.Broker(topics="foo")
    with pytest.raises(TypeError, match="did you mean topics="):
        kf.Broker(topic={"foo": 1})  # type: ignore[call-arg]
