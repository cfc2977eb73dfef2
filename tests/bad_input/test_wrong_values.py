"""Values that are not in the format: broken JSON, broken UTF-8, a topic where nothing decodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import kaframe as kf
from tests.bad_input.asking import assert_refused, command, fails
from tests.conformance.foreign import Record, produce

Filled = Callable[[str, list[bytes]], str]
GOOD = b'{"a": 1, "b": "x"}'
BROKEN = {
    "truncated": b'{"a": 1, "b": "x"',
    "trailing-comma": b'{"a": 1, "b": "x",}',
    "single-quotes": b"{'a': 1}",
    "two-documents": b'{"a": 1} {"a": 2}',
    "comment": b'{"a": 1 /* one */}',
    "empty": b"",
    "text": b"hello",
    "bad-utf-8": b'{"a": 1, "b": "\xff\xfe"}',
    "overlong-utf-8": b'{"b": "\xc0\xaf"}',
    "lone-surrogate": b'{"b": "\\ud800"}',
    "raw-control-character": b'{"b": "\n"}',
    "leading-zero": b'{"a": 012}',
    "duplicate-key": b'{"a": 1, "a": 2}',
    "too-deep": b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}",
    "far-too-deep": b"[" * 1_000_000,
}


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    with kf.Broker() as broker:
        yield broker.bootstrap_servers


@pytest.fixture(scope="module")
def cluster(servers: str) -> kf.Cluster:
    return kf.connect(servers)


@pytest.fixture
def filled(servers: str, cluster: kf.Cluster) -> Filled:
    """Makes a topic of these values."""

    def fill(name: str, values: list[bytes]) -> str:
        cluster.create_topic(name, partitions=1)
        produce(servers, name, [Record(value) for value in values])
        return name

    return fill


@pytest.mark.parametrize("name", BROKEN)
def test_one_broken_value_among_good_ones(cluster: kf.Cluster, filled: Filled, name: str) -> None:
    """The row stays and is null, one warning counts it, the table keeps its bytes; or it raises; or it is skipped and counted."""
    topic = filled(f"broken-{name}", [GOOD] * 20 + [BROKEN[name]] + [GOOD] * 20)
    with pytest.warns(UserWarning, match="1 ") as warned:
        table = cluster.read(topic, metadata=["_offset", "_error"])
    assert len(warned) == 1
    rows = table.to_arrow().to_pylist()
    assert len(rows) == 41
    bad = rows.pop(20)
    assert (bad["a"], bad["b"], bad["_offset"]) == (None, None, 20)
    assert bad["_error"], "the reason stands beside the row"
    assert all((row["a"], row["b"], row["_error"]) == (1, "x", None) for row in rows)
    errors = table.errors.to_arrow().to_pylist()
    assert [(error["partition"], error["offset"], error["value"]) for error in errors] == [(0, 20, BROKEN[name])]
    assert errors[0]["reason"] == bad["_error"]
    assert table.report.malformed == 1

    with fails(kf.DecodeError, topic, "20") as caught:
        cluster.read(topic, on_error="raise")
    assert (caught.value.partition, caught.value.offset) == (0, 20)  # type: ignore[attr-defined]
    assert isinstance(caught.value, ValueError)

    with pytest.warns(UserWarning, match="1 "):
        table = cluster.read(topic, on_error="skip")
    assert len(table) == 40
    assert (table.report.partitions[0].delivered, table.report.partitions[0].skipped) == (40, 1)


@pytest.mark.parametrize("on_error", ["null", "skip", "raise"])
def test_nothing_decodes(cluster: kf.Cluster, filled: Filled, servers: str, on_error: str) -> None:
    """Never a frame of nulls, whatever ``on_error`` says; three of the values are shown."""
    topic = filled(f"nothing-{on_error}", [b"<one/>", b"<two/>", b"<three/>", b"<four/>"] * 5)
    with fails(kf.DecodeError, topic, "json", "<one/>", *(["<two/>", "<three/>"] if on_error != "raise" else [])):
        cluster.read(topic, value_format="json", on_error=on_error)
    assert len(cluster.read(topic)) == 20, "as text they are fine"
    assert_refused(command("-b", servers, "read", topic, "-s", "value=json"), 1, "json", "<one/>")


def test_nothing_decodes_as_text(cluster: kf.Cluster, filled: Filled) -> None:
    topic = filled("no-text", [b"\xff\xfe\x00"] * 10)
    with fails(kf.DecodeError, "utf-8", "raw"):
        cluster.read(topic, value_format="string")
    assert cluster.read(topic).to_arrow()["value"].to_pylist() == [b"\xff\xfe\x00"] * 10


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_strict_command(cluster: kf.Cluster, filled: Filled, servers: str) -> None:
    """Rows come out, and with --strict the exit code says that some were malformed."""
    topic = filled("strict", [GOOD] * 20 + [b"{"])
    done = command("-b", servers, "read", topic)
    assert (done.returncode, done.stdout.count("\n")) == (0, 21)
    assert command("-b", servers, "read", topic, "--strict").returncode == 3


def test_control_characters_do_not_reach_the_terminal(cluster: kf.Cluster, filled: Filled, servers: str) -> None:
    """A value that would clear the screen is data: in ndjson it is escaped as JSON does."""
    topic = filled("escapes", [b'{"a": "\\u001b[2J"}'])
    done = command("-b", servers, "read", topic)
    assert "\x1b" not in done.stdout
    assert "\\u001b[2j" in done.stdout.lower()
    assert "\x1b" not in command("-b", servers, "read", topic, "-f", "table").stdout


def test_integers_are_exact(cluster: kf.Cluster, filled: Filled) -> None:
    """Never rounded through a float in silence."""
    numbers = [2**53 + 1, -(2**63), 2**64 - 1, 10**30]
    topic = filled("integers", [b'{"n": %d}' % number for number in numbers])
    assert [int(number) for number in cluster.read(topic).to_arrow()["n"].to_pylist()] == numbers
