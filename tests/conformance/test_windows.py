"""Windows of time. A start by time is exact; an end by time is exact on LogAppendTime and with ``late="scan"``, else within ``late``."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence

import pytest
from confluent_kafka import Consumer, TopicPartition

import kaframe as kf
from tests.conformance import foreign
from tests.conformance.check import check, checked, placed
from tests.conformance.clusters import Cluster
from tests.conformance.conftest import MakeTopic
from tests.conformance.foreign import Record, Row, produce
from tests.conformance.tunings import ways

MINUTE = 60_000
NOON = 1_790_000_040_000
# Minutes after NOON at which the records of the log say they were made, in log order. Two come late: 12 behind 16, and 14 behind 21.
MINUTES = [0, 10, 16, 12, 21, 14, 30]


def at(minutes: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(NOON / 1000 + 60 * minutes, dt.UTC)


def write(cluster: Cluster, topic: str, minutes: Sequence[int] = MINUTES) -> list[Row]:
    """One record a batch: the broker's time index can tell them apart."""
    written = []
    for minute in minutes:
        record = [Record(b"%d" % minute, timestamp=NOON + minute * MINUTE)]
        written += placed(record, produce(cluster.bootstrap_servers, topic, record, **{"linger.ms": 0}))
    return written


def offset_for_time(cluster: Cluster, topic: str, moment: int) -> int:
    """The first offset at or after the moment, as librdkafka reports it; -1 for none."""
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap_servers, "group.id": "second-opinion"})
    try:
        return consumer.offsets_for_times([TopicPartition(topic, 0, moment)], timeout=foreign.SECONDS)[0].offset
    finally:
        consumer.close()


# late, rows by their minute, the resolved end, what was filtered
CASES = [
    ("0s", [10], 2, {"delivered": 1}),
    ("5m", [10, 12], 4, {"delivered": 2, "filtered": 1}),
    ("scan", [10, 12, 14], 7, {"delivered": 3, "filtered": 3}),
]


@pytest.mark.parametrize(("late", "minutes", "end", "counts"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.filterwarnings("ignore:.*late.*:UserWarning")
def test_window(cluster: Cluster, topic: str, late: str, minutes: list[int], end: int, counts: dict[str, int]) -> None:
    written = write(cluster, topic)
    assert offset_for_time(cluster, topic, NOON + 5 * MINUTE) == 1
    assert offset_for_time(cluster, topic, NOON + 15 * MINUTE) == 2
    want = [row for row in written if (row.timestamp - NOON) // MINUTE in minutes]
    everything = foreign.read(cluster.bootstrap_servers, topic)
    inside = [row for row in everything[1:end] if NOON + 5 * MINUTE <= row.timestamp < NOON + 15 * MINUTE]
    for table in checked(cluster, topic, want, {0: counts}, second=inside, start=at(5), end=at(15), late=late):
        assert (table.report.partitions[0].start, table.report.partitions[0].end) == (1, end)
        assert table.report.time_bound, "the report says what the end by time means"


def test_five_minutes_is_the_default_and_late_rows_are_told(cluster: Cluster, topic: str) -> None:
    written = write(cluster, topic)
    want = [written[1], written[3]]
    with pytest.warns(UserWarning, match=r"1 .*late"):
        counts = {0: {"delivered": 2, "filtered": 1}}
        for table in checked(cluster, topic, want, counts, second=want, start=at(5), end=at(15)):
            assert any("late" in warning for warning in table.report.warnings)


@pytest.mark.filterwarnings("ignore:.*late.*:UserWarning")
def test_start_by_time_is_exact(cluster: Cluster, topic: str) -> None:
    """Every record from minute 11 on, also those that stand behind younger ones; offset 1 (minute 10) is not among them."""
    written = write(cluster, topic)
    want = written[2:]
    check(cluster, topic, want, {0: {"delivered": 5}}, second=want, start=at(11))
    # From minute 15 on the log holds two older records, and they are tested one by one.
    want = [written[2], written[4], written[6]]
    check(cluster, topic, want, {0: {"delivered": 3, "filtered": 2}}, second=want, start=at(15))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_outside_the_log(cluster: Cluster, topic: str) -> None:
    written = write(cluster, topic)
    check(cluster, topic, written, {0: {"delivered": 7}}, start=at(-100), end=at(1000))
    for window in ({"start": at(100)}, {"end": at(-100)}, {"start": at(100), "end": at(200)}):
        for table in checked(cluster, topic, [], {0: {}}, second=[], **window):
            told = [*table.report.warnings, *(note for each in table.report.partitions for note in each.notes)]
            assert told, f"an empty result for {window} says why"


@pytest.mark.parametrize(
    "spelling",
    [
        at(5),
        at(5).isoformat(),
        f"@{NOON + 5 * MINUTE}",
        at(5).replace(tzinfo=None),
        at(5).strftime("%Y-%m-%dT%H:%M:%S"),
    ],
    ids=["datetime", "iso", "ms", "naive-datetime", "naive-text"],
)
def test_spellings_of_a_time(cluster: Cluster, topic: str, spelling: object) -> None:
    """Naive times are UTC."""
    written = write(cluster, topic, [0, 10, 20])
    want = written[1:]
    check(cluster, topic, want, {0: {"delivered": 2}}, second=want, start=spelling)


def test_log_append_time_is_exact(cluster: Cluster, make_topic: MakeTopic) -> None:
    """The broker's own stamps never go back: the end by time is exact, whatever the records claimed.

    Which stamps a topic has is known from its batches only, so the plan has its late zone; what it holds is filtered.
    """
    topic = make_topic(**{"message.timestamp.type": "LogAppendTime"})
    for number in range(6):
        produce(
            cluster.bootstrap_servers,
            topic,
            [Record(b"%d" % number, timestamp=NOON - number * MINUTE)],
            **{"linger.ms": 0},
        )
        time.sleep(0.05)
    seen = foreign.read(cluster.bootstrap_servers, topic)
    start, end = seen[2].timestamp, seen[5].timestamp
    moments = [dt.datetime.fromtimestamp(each / 1000, dt.UTC) for each in (start, end)]
    counts = {0: {"delivered": 3, "filtered": 1}}
    for table in checked(cluster, topic, seen[2:5], counts, second=seen[2:5], start=moments[0], end=moments[1]):
        assert "exact" in (table.report.time_bound or "")


def test_relative_to_now(cluster: Cluster, topic: str) -> None:
    now = round(time.time() * 1000)
    records = [Record(b"%d" % ago, timestamp=now - ago * MINUTE) for ago in (180, 90, 30, 1)]
    written = [
        row for record in records for row in placed([record], produce(cluster.bootstrap_servers, topic, [record]))
    ]
    check(cluster, topic, written[2:], {0: {"delivered": 2}}, second=written[2:], start="-1h")
    check(cluster, topic, written[1:], {0: {"delivered": 3}}, second=written[1:], start=dt.timedelta(hours=2))


def test_window_over_partitions(cluster: Cluster, make_topic: MakeTopic) -> None:
    topic = make_topic(3)
    records = [Record(b"%d" % number, timestamp=NOON + number * MINUTE, partition=number % 2) for number in range(20)]
    written = placed(records, produce(cluster.bootstrap_servers, topic, records, **{"batch.num.messages": 1}))
    want = [row for row in written if NOON + 4 * MINUTE <= row.timestamp < NOON + 10 * MINUTE]
    for _ in ways():
        table = kf.read(topic, bootstrap_servers=cluster.bootstrap_servers, start=at(4), end=at(10), late="scan")
        assert sorted(table.to_arrow()["_offset"].to_pylist()) == sorted(row.offset for row in want)
    check(cluster, topic, want, {0: {"delivered": 3, "filtered": 5}, 1: {"delivered": 3, "filtered": 5}, 2: {}}, second=want,
          start=at(4), end=at(10), late="scan")  # fmt: skip
