"""Topics: create, list, describe, delete."""

from __future__ import annotations

import pytest

import kaframe as kf


def test_the_life_of_a_topic(cluster):
    cluster.create_topic("life", partitions=3, configs={"cleanup.policy": "compact", "retention.ms": 1000})
    assert kf.TopicInfo("life", 3, False) in cluster.topics()
    topic = cluster.describe_topic("life")
    assert (topic.name, topic.internal) == ("life", False)
    assert topic.id
    assert [one.id for one in topic.partitions] == [0, 1, 2]
    assert topic.configs["cleanup.policy"] == "compact"
    assert topic.configs["retention.ms"] == "1000"
    cluster.delete_topic("life")
    assert "life" not in {topic.name for topic in cluster.topics()}


def test_offsets_of_a_described_topic(cluster, numbers):
    (partition,) = cluster.describe_topic(numbers).partitions
    assert (partition.log_start_offset, partition.high_watermark, partition.last_stable_offset) == (0, 1000, 1000)
    assert partition.leader in partition.replicas
    assert partition.isr == partition.replicas


def test_module_functions(broker, monkeypatch):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", broker.bootstrap_servers)
    kf.create_topic("by-module", partitions=2)
    assert kf.TopicInfo("by-module", 2, False) in kf.topics()
    assert len(kf.describe_topic("by-module").partitions) == 2
    kf.delete_topic("by-module")
    with pytest.raises(kf.TopicNotFoundError):
        kf.describe_topic("by-module")


def test_what_cannot_be_created(cluster, numbers):
    for name, parameters in (("bad name!", {}), ("zero", {"partitions": 0}), (numbers, {})):
        with pytest.raises(kf.ConfigError):
            cluster.create_topic(name, **parameters)


def test_what_is_not_there_cannot_be_deleted_or_described(cluster):
    for call in (cluster.delete_topic, cluster.describe_topic):
        with pytest.raises(kf.TopicNotFoundError) as caught:
            call("not-there")
        assert caught.value.topic == "not-there"
