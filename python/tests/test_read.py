"""Reading: which rows, which columns, what is accounted for."""

from __future__ import annotations

import json

import pytest

import kaframe as kf


def test_a_whole_topic_as_a_frame(cluster, numbers):
    table = cluster.read(numbers)
    assert len(table) == 1000
    assert table.shape == (1000, 5)
    assert table.columns == ["number", "_key", "_partition", "_offset", "_timestamp"]
    frame = table.to_polars()
    assert frame["number"].to_list() == list(range(1000))
    assert frame["_offset"].to_list() == list(range(1000))


def test_the_report_accounts_for_every_offset(cluster, numbers):
    report = cluster.read(numbers).report
    assert report.topics[0].topic == numbers
    assert (report.delivered, report.offsets, report.complete) == (1000, 1000, True)
    assert report.value_format == "json"
    assert report.warnings == ()
    (one,) = report.partitions
    terms = (one.delivered, one.filtered, one.skipped, one.aborted, one.control, one.absent, one.lost, one.not_read)
    assert sum(terms) == one.end - one.start == 1000
    assert json.loads(json.dumps(report.to_dict()))["partitions"][0]["delivered"] == 1000
    assert "1,000" in str(report) or "1000" in str(report)


def test_module_functions_take_brokers_from_argument_config_and_environment(broker, numbers, monkeypatch):
    servers = broker.bootstrap_servers
    assert len(kf.read(numbers, bootstrap_servers=servers, limit=3)) == 3
    assert len(kf.read(numbers, bootstrap_servers=[servers], limit=3)) == 3
    assert len(kf.read(numbers, config={"bootstrap.servers": servers}, limit=3)) == 3
    assert len(kf.read(numbers, bootstrap_servers=servers, config={"bootstrap.servers": "127.0.0.1:1"}, limit=3)) == 3
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", servers)
    assert len(kf.read(numbers, limit=3)) == 3


@pytest.mark.parametrize("partitions", [1, 3])
def test_limit_gives_exactly_so_many(cluster, new_topic, partitions):
    topic = new_topic([{"n": n} for n in range(100)], partitions=partitions, key="n")
    assert len(cluster.read(topic, limit=10)) == 10
    assert len(cluster.read(topic, limit=1000)) == 100
    assert len(cluster.read(topic, limit=0)) == 0


def test_tail_gives_the_newest(cluster, numbers):
    assert cluster.read(numbers, tail=3).to_polars()["number"].to_list() == [997, 998, 999]


def test_columns_are_exactly_those_in_that_order(cluster, new_topic):
    topic = new_topic([{"user": {"id": 7, "name": "x"}, "amount": 1.5}])
    table = cluster.read(topic, columns=["_offset", "user.id", "amount"])
    assert table.columns == ["_offset", "user.id", "amount"]
    assert table.to_polars().row(0) == (0, 7, 1.5)


def test_an_unknown_column_is_a_schema_error(cluster, numbers):
    with pytest.raises(kf.SchemaError, match="nunber"):
        cluster.read(numbers, columns=["nunber"])


def test_metadata_is_chosen(cluster, numbers):
    assert cluster.read(numbers, metadata=False).columns == ["number"]
    wanted = ["_topic", "_offset", "_timestamp_type", "_headers", "_error", "_tombstone"]
    table = cluster.read(numbers, metadata=wanted, limit=1)
    assert table.columns == ["number", *wanted]
    assert table.to_polars()["_topic"].to_list() == [numbers]


def test_next_start_resumes_exactly_behind(cluster, new_topic):
    topic = new_topic([{"n": n} for n in range(5)])
    first = cluster.read(topic)
    assert first.next_start.topics == (topic,)
    assert first.next_start.offsets == {topic: {0: 5}}
    cluster.write([{"n": 5}, {"n": 6}], topic)
    bookmark = kf.Bookmark(str(first.next_start))
    assert cluster.read(topic, start=bookmark).to_polars()["n"].to_list() == [5, 6]


def test_a_bookmark_of_a_recreated_topic_is_data_loss(cluster, new_topic):
    topic = new_topic([{"n": 1}])
    bookmark = cluster.read(topic).next_start
    cluster.delete_topic(topic)
    cluster.create_topic(topic)
    with pytest.raises(kf.DataLossError) as caught:
        cluster.read(topic, start=bookmark)
    assert caught.value.topic == topic


def test_an_empty_topic_is_an_empty_table(cluster, new_topic):
    table = cluster.read(new_topic())
    assert table.shape == (0, 4)
    assert table.columns == ["_key", "_partition", "_offset", "_timestamp"]
    assert table.complete
    assert table.to_pandas().shape == (0, 4)


@pytest.fixture
def spoilt(cluster, new_topic):
    """Nine JSON objects in ten, and one value that is none."""
    topic = new_topic([{"n": n} for n in range(18)])
    cluster.write([{"v": "{broken"}], topic, value_format="string")
    cluster.write([{"n": 19}], topic)
    return topic


def test_a_malformed_value_is_a_row_of_nulls_and_one_warning(cluster, spoilt):
    with pytest.warns(kf.KaframeWarning) as caught:
        table = cluster.read(spoilt)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert table.to_polars()["n"].to_list() == [*range(18), None, 19]
    errors = table.errors.to_polars()
    assert errors.columns == ["partition", "offset", "reason", "value"]
    assert errors["offset"].to_list() == [18]
    assert errors["value"].to_list() == [b"{broken"]
    assert table.report.malformed == 1


def test_a_malformed_value_may_be_left_out_or_raise(cluster, spoilt):
    with pytest.warns(kf.KaframeWarning):
        table = cluster.read(spoilt, on_error="skip")
    assert len(table) == 19
    assert table.report.partitions[0].skipped == 1
    with pytest.raises(kf.DecodeError) as caught:
        cluster.read(spoilt, on_error="raise")
    assert (caught.value.topic, caught.value.partition, caught.value.offset) == (spoilt, 0, 18)


def test_nothing_that_decodes_is_an_error_not_a_frame_of_nulls(cluster, new_topic):
    topic = new_topic([{"v": "plain"}] * 3, value_format="string")
    with pytest.raises(kf.DecodeError):
        cluster.read(topic, value_format="json")


def test_formats(cluster, new_topic):
    topic = new_topic([{"_key": "a", "v": "plain"}], value_format="string")
    assert cluster.read(topic).report.value_format == "string"
    assert cluster.read(topic).to_polars()["value"].to_list() == ["plain"]
    assert cluster.read(topic, value_format="raw").to_polars()["value"].to_list() == [b"plain"]
    assert cluster.read(topic, key_format="raw").to_polars()["_key"].to_list() == [b"a"]


def test_a_result_that_is_too_large_says_so_before(cluster, numbers):
    with pytest.raises(kf.ResultTooLargeError) as caught:
        cluster.read(numbers, max_result_bytes=100)
    assert "columns" in str(caught.value)


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ({"limit": "5"}, TypeError),
        ({"limit": True}, TypeError),
        ({"limit": -1}, kf.ConfigError),
        ({"columns": "number"}, TypeError),
        ({"partitions": 0}, TypeError),
        ({"metadata": "_offset"}, TypeError),
        ({"timeout": 0}, kf.ConfigError),
        ({"timeout": "1s"}, TypeError),
        ({"memory_limit": "much"}, kf.ConfigError),
        ({"batch_size": 0}, kf.ConfigError),
        ({"on_error": "ignore"}, kf.ConfigError),
        ({"value_format": "yaml"}, kf.ConfigError),
        ({"isolation_level": "serializable"}, kf.ConfigError),
        ({"late": "soon"}, kf.ConfigError),
        ({"progress": "yes"}, TypeError),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(cluster, numbers, parameters, kind):
    (name,) = parameters
    with pytest.raises(kind, match=name.replace("_", ".")):
        cluster.read(numbers, **parameters)


def test_sizes_are_numbers_or_text(cluster, numbers):
    for size in (2**20, "1MiB", "1 MB", "1048576", "0.5GiB"):
        assert len(cluster.read(numbers, memory_limit=size, max_result_bytes=size)) == 1000
