"""Addresses behind which there is no Kafka, or not the one that was meant."""

from __future__ import annotations

import pytest

import kaframe as kf
from tests.bad_input import peers, scripted
from tests.bad_input.asking import AT_ONCE, assert_refused, command, fails, within
from tests.bad_input.scripted import Script

OTHER_PROTOCOLS = [
    pytest.param(peers.HTTP, "HTTP", id="http"),
    pytest.param(peers.TLS_ALERT, "TLS", id="tls-alert"),
    pytest.param(peers.TLS_HANDSHAKE, "TLS", id="tls-handshake"),
    pytest.param(peers.SSH, "SSH", id="ssh"),
    pytest.param(peers.SMTP, "SMTP", id="smtp"),
]


@pytest.mark.parametrize(("serve", "name"), OTHER_PROTOCOLS)
def test_another_protocol(serve: peers.Serve, name: str) -> None:
    """The first bytes are recognised; nothing is allocated for the length they would be as a Kafka frame."""
    with peers.peer(serve) as address, within(AT_ONCE), fails(kf.KaframeError, name, address):
        kf.read("foo", bootstrap_servers=address)


def test_another_protocol_by_command() -> None:
    with peers.peer(peers.HTTP) as address, within(AT_ONCE):
        done = command("-b", address, "read", "foo")
    assert_refused(done, 6, "HTTP", address)


def test_nobody_listens() -> None:
    address = peers.refused()
    with within(AT_ONCE), fails(kf.ConnectError, address, "refused") as caught:
        kf.read("foo", bootstrap_servers=address)
    assert isinstance(caught.value, ConnectionError), "the builtin class that fits"
    assert_refused(command("-b", address, "head", "foo"), 6, address, "refused")


def test_every_address_is_named() -> None:
    addresses = [peers.refused() for _ in range(3)]
    with within(AT_ONCE), fails(kf.ConnectError, *addresses):
        kf.read("foo", bootstrap_servers=",".join(addresses))


def test_a_name_that_does_not_resolve() -> None:
    with within(20), fails(kf.ConnectError, "no-such-host.invalid", "resolve"):
        kf.read("foo", bootstrap_servers="no-such-host.invalid:9092")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_of_three_is_up(place: int) -> None:
    """Two bootstrap servers down, one up: works, wherever it stands in the list."""
    with kf.Broker(topics={"foo": 1}) as broker:
        addresses = [peers.refused(), peers.refused()]
        addresses.insert(place, broker.bootstrap_servers)
        with within(AT_ONCE):
            cluster = kf.connect(",".join(addresses))
            cluster.write([{"a": 1}], "foo")
            assert len(cluster.read("foo")) == 1


def test_one_of_three_is_something_else() -> None:
    with kf.Broker(topics={"foo": 1}) as broker, peers.peer(peers.HTTP) as http:
        with within(AT_ONCE):
            assert len(kf.read("foo", bootstrap_servers=f"{http},{peers.refused()},{broker.bootstrap_servers}")) == 0


def test_advertised_name_does_not_resolve() -> None:
    """The container trap: the bootstrap server answers, and names a broker that only its own network knows. Both stand in the message."""
    script = Script(advertised=("kafka-in-a-container.invalid", 29092))
    with scripted.broker(script) as address:
        with within(20), fails(kf.ConnectError, address, "kafka-in-a-container.invalid:29092", "advertise"):
            kf.read("foo", bootstrap_servers=address, timeout=5)


def test_advertised_port_is_closed() -> None:
    host, _, port = peers.refused().partition(":")
    with scripted.broker(Script(advertised=(host, int(port)))) as address:
        with within(7), fails(kf.ConnectError, address, f"{host}:{port}", "advertise"):
            kf.read("foo", bootstrap_servers=address, timeout=5)


def test_silence_ends_within_the_timeout() -> None:
    with (
        peers.peer(peers.silence) as address,
        within(4, at_least=1.5),
        fails((kf.ReadTimeoutError, kf.ConnectError), address),
    ):  # type: ignore[arg-type]
        kf.read("foo", bootstrap_servers=address, timeout=2)


def test_a_peer_that_hangs_up() -> None:
    with peers.peer(peers.hangs_up) as address, within(4), fails(kf.KaframeError, address):
        kf.read("foo", bootstrap_servers=address, timeout=2)


@pytest.mark.parametrize(
    "servers",
    ["", " ", "localhost", "localhost:", "localhost:0", "localhost:99999", "localhost:kafka", "http://localhost:9092"],
)
def test_malformed_addresses(servers: str) -> None:
    """Refused before anything is sent, with the form that is right. A name without a port is completed or refused, never guessed in silence."""
    with within(AT_ONCE), fails(kf.KaframeError):
        kf.read("foo", bootstrap_servers=servers, timeout=1)


def test_no_address_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    with within(AT_ONCE), fails(kf.ConfigError, "bootstrap_servers", "KAFKA_BOOTSTRAP_SERVERS", "config"):
        kf.read("foo")
    assert_refused(command("read", "foo"), 2, "-b", "KAFKA_BOOTSTRAP_SERVERS")


def test_security_that_is_not_built_in() -> None:
    with fails(kf.ConfigError, "TLS"):
        kf.read("foo", config={"bootstrap.servers": "localhost:9093", "security.protocol": "SSL"})
