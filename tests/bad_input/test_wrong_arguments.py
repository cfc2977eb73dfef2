"""Topics, partitions and bounds that do not exist, against the embedded broker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

import kaframe as kf
from tests.bad_input.asking import AT_ONCE, assert_refused, command, fails, within

NOON = dt.datetime(2026, 9, 21, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    """Topics ``orders`` (3 partitions) and ``order-items``; 10 records in each partition of ``orders``, a minute apart."""
    with kf.Broker(topics={"orders": 3, "order-items": 1, "payments": 1}) as broker:
        cluster = kf.connect(broker.bootstrap_servers)
        for partition in range(3):
            rows = [{"n": n, "_timestamp": NOON + dt.timedelta(minutes=n)} for n in range(10)]
            cluster.write(rows, "orders", partition=partition)
        yield broker.bootstrap_servers


@pytest.fixture(scope="module")
def cluster(servers: str) -> kf.Cluster:
    return kf.connect(servers)


def test_unknown_topic_offers_the_nearest(cluster: kf.Cluster, servers: str) -> None:
    with within(AT_ONCE), fails(kf.TopicNotFoundError, "ordres", "orders") as caught:
        cluster.read("ordres")
    assert isinstance(caught.value, LookupError)
    assert caught.value.topic == "ordres"  # type: ignore[attr-defined]
    assert_refused(command("-b", servers, "read", "ordres"), 4, "ordres", "orders")


def test_scan_fails_on_its_own_line(cluster: kf.Cluster) -> None:
    """Not when the first row is asked for."""
    with fails(kf.TopicNotFoundError):
        cluster.scan("ordres")


def test_a_misspelt_topic_is_not_created(cluster: kf.Cluster, servers: str) -> None:
    for ask in (cluster.read, cluster.scan, cluster.describe_topic):
        with fails(kf.TopicNotFoundError):
            ask("ordesr")
    command("-b", servers, "head", "ordesr")
    command("-b", servers, "plan", "ordesr")
    assert sorted(topic.name for topic in cluster.topics() if not topic.internal) == [
        "order-items",
        "orders",
        "payments",
    ]


@pytest.mark.parametrize("name", ["", "no spaces", "a/b", "..", "x" * 250, "new\nline"])
def test_a_name_that_no_topic_can_have(cluster: kf.Cluster, name: str) -> None:
    with within(AT_ONCE), fails(kf.KaframeError) as caught:
        cluster.read(name)
    assert "\n\n" not in str(caught.value) and "new\nline" not in str(caught.value), (
        "control characters of a name are escaped"
    )


def test_unknown_partition(cluster: kf.Cluster, servers: str) -> None:
    with within(AT_ONCE), fails(kf.TopicNotFoundError, "7", "orders", "3") as caught:
        cluster.read("orders", partitions=[0, 7])
    assert caught.value.partition == 7  # type: ignore[attr-defined]
    with fails(kf.TopicNotFoundError, "7"):
        cluster.read("orders", start={7: 0})
    assert_refused(command("-b", servers, "read", "orders", "--partitions", "7"), 4, "7")


def test_end_before_start(cluster: kf.Cluster, servers: str) -> None:
    with fails(kf.ConfigError, "end", "start"):
        cluster.read("orders", start=8, end=3)
    with fails(kf.ConfigError, "end", "start"):
        cluster.read("orders", start=NOON + dt.timedelta(minutes=5), end=NOON)
    assert_refused(command("-b", servers, "read", "orders", "--start", "8", "--end", "3"), 2, "end", "start")


def test_start_behind_every_partition(cluster: kf.Cluster) -> None:
    with fails(kf.OffsetOutOfRangeError, "orders", "11") as caught:
        cluster.read("orders", start=11)
    assert isinstance(caught.value, ValueError)
    assert len(cluster.read("orders", start=10)) == 0, "the end itself is a place to start from"


def test_a_time_in_milliseconds_is_not_an_offset(cluster: kf.Cluster, servers: str) -> None:
    moment = round(NOON.timestamp() * 1000)
    with fails(kf.OffsetOutOfRangeError, "milliseconds", "@"):
        cluster.read("orders", start=moment)
    assert len(cluster.read("orders", start=f"@{moment}")) == 30
    assert_refused(command("-b", servers, "read", "orders", "--start", str(moment)), 1, "@")


def test_end_behind_the_log_is_cut(cluster: kf.Cluster) -> None:
    table = cluster.read("orders", end=1_000_000)
    assert len(table) == 30
    assert [each.end for each in table.report.partitions] == [10, 10, 10]


def test_more_than_there_is_before_the_end(cluster: kf.Cluster) -> None:
    assert len(cluster.read("orders", start=-1000)) == 30


def test_naive_times_are_utc(cluster: kf.Cluster) -> None:
    naive = NOON.replace(tzinfo=None) + dt.timedelta(minutes=4)
    elsewhere = (NOON + dt.timedelta(minutes=4)).astimezone(dt.timezone(dt.timedelta(hours=9)))
    counts = {
        len(cluster.read("orders", start=each)) for each in (naive, naive.isoformat(), elsewhere, elsewhere.isoformat())
    }
    assert counts == {18}


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_times_outside_the_log_are_cut_and_reported(cluster: kf.Cluster) -> None:
    assert len(cluster.read("orders", start="1990-01-01", end="2990-01-01")) == 30
    table = cluster.read("orders", start="2990-01-01")
    assert len(table) == 0
    assert table.report.warnings or any(each.notes for each in table.report.partitions), "an empty result says why"


@pytest.mark.parametrize(
    "bound", ["yesterday", "12:00", "2026-13-01", "-1fortnight", "@soon", "", 1.5, True, b"5", [1]]
)
def test_bounds_that_are_none(cluster: kf.Cluster, bound: object) -> None:
    with within(AT_ONCE), fails((kf.ConfigError, TypeError), "start"):  # type: ignore[arg-type]
        cluster.read("orders", start=bound)


@pytest.mark.parametrize(
    ("keyword", "value", "right"),
    [
        ("group_id", "g", "group"),
        ("auto_offset_reset", "earliest", "start"),
        ("starting_offsets", "earliest", "start"),
        ("value_deserializer", None, "value_format"),
        ("n_rows", 5, "limit"),
        ("limt", 5, "limit"),
    ],
)
def test_foreign_and_misspelt_keywords(cluster: kf.Cluster, keyword: str, value: object, right: str) -> None:
    with fails(TypeError, keyword, right):
        cluster.read("orders", **{keyword: value})


@pytest.mark.parametrize(
    "arguments",
    [
        {"limit": -1},
        {"tail": -1},
        {"limit": 1, "tail": 1},
        {"on_error": "ignore"},
        {"order": "key"},
        {"isolation_level": "serializable"},
        {"value_format": "yaml"},
        {"late": "soon"},
        {"timeout": 0},
        {"timeout": -1},
        {"memory_limit": "lots"},
        {"batch_size": 0},
        {"columns": ["no_such_columns"]},
        {"metadata": ["_nothing"]},
        {"columns": []},
    ],
    ids=lambda arguments: "-".join(f"{name}={value}" for name, value in arguments.items()),
)
def test_values_that_make_no_sense(cluster: kf.Cluster, arguments: dict[str, object]) -> None:
    with within(AT_ONCE), fails((kf.KaframeError, TypeError), next(iter(arguments))):  # type: ignore[arg-type]
        cluster.read("orders", **arguments)


def test_a_result_that_is_too_large(cluster: kf.Cluster) -> None:
    with fails(kf.ResultTooLargeError, "columns", "max_result_bytes"):
        cluster.read("orders", max_result_bytes=10)


@pytest.mark.parametrize(
    "arguments", [["read"], ["read", "orders", "--nonsense"], ["nonsense"], ["read", "orders", "-n", "many"]]
)
def test_commands_that_make_no_sense(servers: str, arguments: list[str]) -> None:
    assert_refused(command("-b", servers, *arguments), 2)
