"""Unknown keywords: a TypeError that names the right one."""

from __future__ import annotations

import inspect

import pytest

import kaframe as kf
from kaframe._keywords import NEEDLESS, RENAMED


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("group_id", "never join a consumer group"),
        ("auto_offset_reset", "use start="),
        ("starting_offsets", "use start="),
        ("start_offset", "use start="),
        ("end_offset", "use end="),
        ("n_rows", "use limit="),
        ("nrows", "use limit="),
        ("max_messages", "use limit="),
        ("value_deserializer", "use value_format="),
        ("key_deserializer", "use key_format="),
        ("topics", "first argument"),
        ("consumer_config", "use config="),
        ("sasl_plain_username", "config="),
        ("enable_auto_commit", "never commit"),
        ("consumer_timeout_ms", "in seconds"),
        ("return_type", "to_pandas"),
        ("colums", "did you mean columns=?"),
        ("strat", "did you mean start=?"),
    ],
)
@pytest.mark.parametrize("verb", [kf.read, kf.scan])
def test_foreign_and_misspelt_keywords(verb, word, advice):
    with pytest.raises(TypeError) as caught:
        verb("foo", **{word: 1})
    text = str(caught.value)
    assert verb.__name__ in text
    assert repr(word) in text
    assert advice in text


def test_every_unknown_keyword_is_named_at_once():
    with pytest.raises(TypeError, match=r"'n_rows'.*limit.*'group_id'"):
        kf.read("foo", n_rows=5, group_id="g")  # type: ignore[call-arg]


def test_advice_only_names_what_the_function_takes(cluster):
    with pytest.raises(TypeError) as caught:
        kf.write([], "foo", n_rows=1)  # type: ignore[call-arg]
    assert "limit" not in str(caught.value)
    with pytest.raises(TypeError, match="brokers are those of the cluster"):
        cluster.read("foo", bootstrap_servers="x:1")
    with pytest.raises(TypeError, match="use partitions="):
        kf.create_topic("foo", num_partitions=3)  # type: ignore[call-arg]


def test_a_keyword_without_any_likeness_gets_no_advice():
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'zzz'$"):
        kf.read("foo", zzz=1)  # type: ignore[call-arg]


def test_everything_behind_the_topic_is_given_by_name():
    with pytest.raises(TypeError, match="by name"):
        kf.read("foo", "localhost:9092")  # type: ignore[misc]


def test_a_missing_topic_is_pythons_own_error():
    with pytest.raises(TypeError, match="topic"):
        kf.read()  # type: ignore[call-arg]


def test_signatures_stay_visible():
    signature = inspect.signature(kf.read)
    assert next(iter(signature.parameters)) == "topic"
    kinds = {parameter.kind for name, parameter in signature.parameters.items() if name != "topic"}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}
    assert "Reads a topic" in (kf.read.__doc__ or "")


def test_read_scan_and_their_methods_share_their_parameters():
    def parameters(function):
        found = dict(inspect.signature(function).parameters)
        for name in ("self", "bootstrap_servers", "config"):
            found.pop(name, None)
        return {name: (one.default, one.annotation) for name, one in found.items()}

    assert parameters(kf.read) == parameters(kf.scan) == parameters(kf.Cluster.read) == parameters(kf.Cluster.scan)
    assert parameters(kf.write) == parameters(kf.Cluster.write)
    assert parameters(kf.create_topic) == parameters(kf.Cluster.create_topic)


def test_the_tables_name_parameters_that_exist():
    ours = set()
    for function in (kf.read, kf.write, kf.create_topic):
        ours |= set(inspect.signature(function).parameters)
    assert set(RENAMED.values()) <= ours
    assert not (set(RENAMED) | set(NEEDLESS)) & (ours - {"partition"})


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"allow_partial": "no"}, TypeError, "allow_partial takes True or False, not 'no'"),
        ({"value_format": "JSON"}, kf.ConfigError, "value_format is auto, raw, string or json, not 'JSON'"),
        ({"value_format": "int"}, kf.ConfigError, "value_format is auto, raw, string or json, not 'int'"),
        ({"key_format": "avro"}, kf.ConfigError, "key_format is auto, raw, string, json, int or long, not 'avro'"),
    ],
)
def test_values_that_make_no_sense_are_told_what_does(cluster, numbers, parameters, error, message):
    with pytest.raises(error) as raised:
        cluster.read(numbers, **parameters)
    assert message in str(raised.value)


def test_text_is_no_yes_for_sql_either(cluster):
    with pytest.raises(TypeError, match="allow_files takes True or False"):
        cluster.sql("select 1", allow_files="no")


@pytest.mark.parametrize("servers", [5, [5], {"localhost": 9092}, b"localhost:9092"])
def test_servers_are_text(servers):
    with pytest.raises(TypeError, match="bootstrap_servers takes"):
        kf.connect(servers)


def test_an_odd_property_is_told_by_every_verb(broker, cluster, numbers):
    config = {"bootstrap.servers": broker.bootstrap_servers, "nonsense.key": "x"}
    verbs = {
        "read": lambda: kf.read(numbers, config=config),
        "scan": lambda: kf.scan(numbers, config=config),
        "sql": lambda: kf.sql("select 1", config=config),
        "write": lambda: kf.write([], numbers, config=config),
        "topics": lambda: kf.topics(config=config),
    }
    for call in verbs.values():
        with pytest.warns(kf.KaframeWarning, match='unknown property "nonsense.key"'):
            call()
