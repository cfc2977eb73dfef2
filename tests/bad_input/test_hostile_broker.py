"""A peer that speaks Kafka and lies: lengths, counts, checksums, sizes. Nothing panics, hangs, or is believed before it is checked."""

from __future__ import annotations

import gzip
import resource
from collections.abc import Callable
from functools import partial

import pytest

import kaframe as kf
from tests.bad_input import batches, peers, scripted
from tests.bad_input.asking import AT_ONCE, assert_refused, command, fails, within
from tests.bad_input.scripted import FETCH, METADATA, Script

LIE = 2**31 - 1
VALUES = [b'{"n": %d}' % number for number in range(10)]


def script(records: bytes = b"", end: int = 10, **replies: Callable[..., bytes]) -> Script:
    keys = {"metadata": METADATA, "fetch": FETCH}
    return Script(records=records, end=end, replies={keys[name]: reply for name, reply in replies.items()})


def test_the_script_itself_is_right() -> None:
    """Without a lie the scripted broker serves a topic: what fails below fails for its lie."""
    with scripted.broker(script(batches.plain(VALUES))) as address:
        table = kf.read("foo", bootstrap_servers=address)
    assert table.to_arrow()["n"].to_pylist() == list(range(10))
    assert table.report.partitions[0].delivered == 10


@pytest.mark.parametrize(
    ("serve", "word"),
    [
        pytest.param(peers.TWO_GIBIBYTES, "2147483647", id="two-gibibytes"),
        pytest.param(peers.NEGATIVE_LENGTH, "length", id="negative"),
        pytest.param(peers.TOO_SHORT, "", id="too-short"),
        pytest.param(peers.WRONG_CORRELATION, "correlation", id="another-answer"),
    ],
)
def test_frames(serve: peers.Serve, word: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with peers.peer(serve) as address, within(AT_ONCE), fails(kf.KaframeError, address, word):
        kf.read("foo", bootstrap_servers=address, timeout=10)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, (
        "nothing is allocated for a length that is not believed"
    )


@pytest.mark.parametrize("what", ["brokers", "topics", "partitions"])
@pytest.mark.parametrize("count", [LIE, -7, 1_000_000])
def test_metadata_counts_that_lie(what: str, count: int) -> None:
    with scripted.broker(script(metadata=partial(scripted.metadata, **{what: count}))) as address:
        with within(AT_ONCE), fails(kf.ProtocolError, address):
            kf.read("foo", bootstrap_servers=address, timeout=10)


@pytest.mark.parametrize("what", ["topics", "partitions", "aborted", "size"])
@pytest.mark.parametrize("count", [LIE, -7, 1_000_000])
def test_fetch_counts_that_lie(what: str, count: int) -> None:
    with scripted.broker(script(batches.plain(VALUES), fetch=partial(scripted.fetch, **{what: count}))) as address:
        with within(12), fails((kf.ProtocolError, kf.CorruptError), address):  # type: ignore[arg-type]
            kf.read("foo", bootstrap_servers=address, timeout=10)


def test_a_batch_with_a_wrong_checksum() -> None:
    good, bad, last = batches.plain(VALUES), bytearray(batches.plain(VALUES, 10)), batches.plain(VALUES, 20)
    bad[-3] ^= 1
    with scripted.broker(script(good + bytes(bad) + last, end=30)) as address:
        with within(12), fails(kf.CorruptError, "foo", "10", "CRC") as caught:
            kf.read("foo", bootstrap_servers=address, timeout=10)
        assert (caught.value.topic, caught.value.partition, caught.value.offset) == ("foo", 0, 10)  # type: ignore[attr-defined]
        assert_refused(command("-b", address, "read", "foo"), 1, "CRC", "10")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_batch_with_a_wrong_checksum_passed_over_on_request() -> None:
    """By its header: exactly its ten offsets are lost, and the report names them."""
    good, bad = batches.plain(VALUES), bytearray(batches.plain(VALUES, 10))
    bad[-3] ^= 1

    def one_batch_a_fetch(served: Script, request: bytes) -> bytes:
        offset = int.from_bytes(request[-12:-4], "big", signed=True)
        part = {0: good, 10: bytes(bad), 20: batches.plain(VALUES, 20)}[offset // 10 * 10]
        return scripted.fetch(Script(records=part, end=30), request)

    with scripted.broker(script(end=30, fetch=one_batch_a_fetch)) as address:
        table = kf.read("foo", bootstrap_servers=address, allow_partial=True, timeout=10)
    report = table.report.partitions[0]
    assert (report.delivered, report.lost) == (20, 10)
    assert [(lost.start, lost.end) for lost in table.report.lost_ranges] == [(10, 20)]
    assert "CRC" in table.report.lost_ranges[0].reason
    assert not table.complete


@pytest.mark.parametrize("declared", [LIE, -1, 9, 11])
def test_a_record_count_that_lies(declared: int) -> None:
    records = b"".join(batches.record(value, delta) for delta, value in enumerate(VALUES))
    with scripted.broker(script(batches.batch(records, 10, declared=declared))) as address:
        with within(12), fails(kf.CorruptError, "foo"):
            kf.read("foo", bootstrap_servers=address, timeout=10)


def test_a_decompression_bomb() -> None:
    """300 MiB of zeros in 300 KB of gzip: stopped at the limit of 256 MiB for a batch, and the limit is named."""
    size = 300 << 20
    record = batches.record(bytes(size), 0)
    bomb = batches.batch(gzip.compress(record, 9), 1, codec=batches.GZIP)
    assert len(bomb) < 400_000
    with scripted.broker(script(bomb, end=1)) as address:
        with within(30), fails(kf.LimitError, "foo", str(256 << 20)):
            kf.read("foo", bootstrap_servers=address, timeout=20)


def test_garbage_in_place_of_compressed_records() -> None:
    with scripted.broker(script(batches.batch(b"\x1f\x8b" + b"no gzip" * 20, 10, codec=batches.GZIP))) as address:
        with within(12), fails(kf.CorruptError, "foo"):
            kf.read("foo", bootstrap_servers=address, timeout=10)


def test_a_codec_that_does_not_exist() -> None:
    with scripted.broker(script(batches.batch(b"x", 1, codec=6), end=1)) as address:
        with within(12), fails(kf.CorruptError, "6"):
            kf.read("foo", bootstrap_servers=address, timeout=10)


def test_empty_answers_for_ever_end_at_the_timeout() -> None:
    """Records are promised and never come (the high watermark stays below the end): an error with the end, not a short table."""
    with scripted.broker(script(end=10, fetch=partial(scripted.fetch, high_watermark=0))) as address:
        with within(8, at_least=2), fails(kf.ReadTimeoutError, "foo", "10") as caught:
            kf.read("foo", bootstrap_servers=address, timeout=3)
    assert isinstance(caught.value, TimeoutError)


def test_a_hole_at_the_end_is_counted() -> None:
    """The leader has the offsets below its high watermark and sends nothing for them, twice, and a broker this old has no tiered storage:
    there are no records there. Neither an error nor a read that never ends."""

    def then_nothing(served: Script, request: bytes) -> bytes:
        offset = int.from_bytes(request[-12:-4], "big", signed=True)
        return scripted.fetch(Script(records=batches.plain(VALUES) if offset < 10 else b"", end=30), request)

    with scripted.broker(script(end=30, fetch=then_nothing)) as address:
        table = kf.read("foo", bootstrap_servers=address, timeout=20)
    report = table.report.partitions[0]
    assert (report.delivered, report.absent) == (10, 20)
    assert table.complete


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_was_read_before_the_silence_on_request() -> None:
    def then_nothing(served: Script, request: bytes) -> bytes:
        offset = int.from_bytes(request[-12:-4], "big", signed=True)
        return scripted.fetch(Script(records=batches.plain(VALUES) if offset < 10 else b""), request, high_watermark=10)

    with scripted.broker(script(end=30, fetch=then_nothing)) as address:
        table = kf.read("foo", bootstrap_servers=address, timeout=3, allow_partial=True)
    assert len(table) == 10
    assert (table.report.partitions[0].delivered, table.report.partitions[0].not_read) == (10, 20)
    assert not table.complete


def test_the_same_records_again_and_again() -> None:
    """The broker sends offsets 0 to 9 whatever is asked: no row twice, and an error in the end."""
    with scripted.broker(script(batches.plain(VALUES), end=30)) as address:
        with within(12), fails(kf.KaframeError, "foo"):
            kf.read("foo", bootstrap_servers=address, timeout=5)
