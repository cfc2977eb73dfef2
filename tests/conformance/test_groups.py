"""Where a consumer group stands, as another client committed it: looked at, never joined or moved."""

from __future__ import annotations

import pytest
from confluent_kafka import Consumer, TopicPartition

import kaframe as kf
from tests.conformance import foreign
from tests.conformance.clusters import Cluster
from tests.conformance.conftest import MakeTopic
from tests.conformance.foreign import Record
from tests.conformance.tunings import ways


def commit(cluster: Cluster, group: str, topic: str, offsets: dict[int, int]) -> None:
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap_servers, "group.id": group})
    try:
        places = [TopicPartition(topic, partition, offset) for partition, offset in offsets.items()]
        consumer.commit(offsets=places, asynchronous=False)
    finally:
        consumer.close()


def committed(cluster: Cluster, group: str, topic: str, partitions: int) -> list[int]:
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap_servers, "group.id": group})
    try:
        places = [TopicPartition(topic, partition) for partition in range(partitions)]
        return [place.offset for place in consumer.committed(places, timeout=foreign.SECONDS)]
    finally:
        consumer.close()


def test_from_and_up_to_where_a_group_stands(cluster: Cluster, make_topic: MakeTopic) -> None:
    topic = make_topic(partitions=3)
    records = [Record(b"%d" % number, partition=number % 2) for number in range(20)]
    foreign.produce(cluster.bootstrap_servers, topic, records)
    group = f"group-of-{topic}"
    commit(cluster, group, topic, {0: 4, 1: 10})
    kafka = kf.connect(cluster.bootstrap_servers)
    for _ in ways():
        rest = kafka.read(topic, start=f"group:{group}", value_format="string")
        assert rest.to_polars()["value"].to_list() == ["8", "10", "12", "14", "16", "18"]
        # Partition 2 has nothing committed: that is at its start, and said.
        assert any("committed no offset" in note for note in rest.report.partitions[2].notes)
        done = kafka.read(topic, end=f"group:{group}", value_format="string")
        assert done.to_polars()["_offset"].to_list() == [*range(4), *range(10)]
        assert len(rest) + len(done) == 20
    assert committed(cluster, group, topic, 3) == [4, 10, -1001]


def test_a_group_that_is_not_there_or_fell_behind(cluster: Cluster, topic: str) -> None:
    foreign.produce(cluster.bootstrap_servers, topic, [Record(b"%d" % number) for number in range(10)])
    kafka = kf.connect(cluster.bootstrap_servers)
    with pytest.raises(kf.OffsetOutOfRangeError, match="committed no offset"):
        kafka.scan(topic, start="group:nobody-at-all")
    group = f"group-of-{topic}"
    commit(cluster, group, topic, {0: 3})
    foreign.delete_records(cluster.bootstrap_servers, topic, 5)
    with pytest.raises(kf.DataLossError, match="since the offset of group"):
        kafka.scan(topic, start=f"group:{group}")
    for _ in ways():
        table = kafka.read(topic, start=f"group:{group}", allow_partial=True)
        assert (len(table), table.report.partitions[0].lost) == (5, 2)
