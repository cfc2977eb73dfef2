"""A real Kafka with access rules: what is not allowed is named, and what is allowed needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

import kaframe as kf
from tests.kafka.kafka_server import KafkaServer

pytestmark = pytest.mark.live
SETTINGS = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
}


def deny(servers: str, kind: ResourceType, name: str, operation: AclOperation) -> None:
    rule = AclBinding(kind, name, ResourcePatternType.LITERAL, "User:ANONYMOUS", "*", operation, AclPermissionType.DENY)
    for done in AdminClient({"bootstrap.servers": servers}).create_acls([rule]).values():
        done.result(timeout=30)


@pytest.fixture(scope="module")
def cluster() -> Iterator[kf.Cluster]:
    with KafkaServer("4.1", settings=SETTINGS) as server:
        cluster = kf.connect(server.bootstrap_servers)
        for topic in ("open", "unreadable", "hidden"):
            cluster.create_topic(topic)
            cluster.write([{"n": n} for n in range(10)], topic)
        deny(server.bootstrap_servers, ResourceType.TOPIC, "unreadable", AclOperation.READ)
        deny(server.bootstrap_servers, ResourceType.TOPIC, "hidden", AclOperation.DESCRIBE)
        # Nobody needs a group to read, nor anything of the cluster.
        for operation in (AclOperation.READ, AclOperation.DESCRIBE):
            deny(server.bootstrap_servers, ResourceType.GROUP, "kaframe", operation)
        deny(server.bootstrap_servers, ResourceType.BROKER, "kafka-cluster", AclOperation.DESCRIBE_CONFIGS)
        yield cluster


def test_what_is_allowed_needs_nothing_else(cluster: kf.Cluster) -> None:
    assert cluster.read("open").to_pandas()["n"].tolist() == list(range(10))


@pytest.mark.parametrize("topic", ["unreadable", "hidden"])
def test_a_read_names_the_permission(cluster: kf.Cluster, topic: str) -> None:
    with pytest.raises(kf.AuthError) as failed:
        cluster.read(topic)
    said = str(failed.value)
    assert "READ" in said or "DESCRIBE" in said
    assert topic in said


def test_one_topic_of_several(cluster: kf.Cluster) -> None:
    with pytest.raises(kf.AuthError) as failed:
        cluster.read(["open", "unreadable"])
    assert "unreadable" in str(failed.value)
    assert "READ" in str(failed.value)


def test_a_sample_that_may_not_read_leaves_figures_unknown(cluster: kf.Cluster) -> None:
    plan = cluster.scan("unreadable").plan(sample=True)
    assert plan.offsets == 10
    assert plan.estimate is not None
    assert (plan.estimate.batches, plan.estimate.bytes, plan.estimate.seconds) == (0, None, None)
    assert plan.estimate.unknown is not None
    assert "unreadable" in plan.estimate.unknown
    assert "bytes    unknown" in str(plan)
    several = cluster.scan(["open", "unreadable"]).plan(sample=True)
    assert several.estimate is not None
    assert several.estimate.batches == 1
    assert several.estimate.unknown is not None


def test_a_topic_that_may_not_be_described_is_not_listed(cluster: kf.Cluster) -> None:
    names = {topic.name for topic in cluster.topics()}
    assert {"open", "unreadable"} <= names
    assert "hidden" not in names
