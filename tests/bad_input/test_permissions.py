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


def rule(servers: str, kind: ResourceType, name: str, operation: AclOperation, permission: AclPermissionType) -> None:
    binding = AclBinding(kind, name, ResourcePatternType.LITERAL, "User:ANONYMOUS", "*", operation, permission)
    admin = AdminClient({"bootstrap.servers": servers})
    for done in admin.create_acls([binding]).values():
        done.result(timeout=30)


@pytest.fixture(scope="module")
def cluster() -> Iterator[kf.Cluster]:
    with KafkaServer("4.1", settings=SETTINGS) as server:
        cluster = kf.connect(server.bootstrap_servers)
        for topic in ("open", "unreadable", "hidden"):
            cluster.create_topic(topic)
            cluster.write([{"n": n} for n in range(10)], topic)
        allow, deny = AclPermissionType.ALLOW, AclPermissionType.DENY
        topic, group = ResourceType.TOPIC, ResourceType.GROUP
        # What has a rule is forbidden but for what is allowed.
        for kind, name, operation, permission in (
            (topic, "unreadable", AclOperation.DESCRIBE, allow),
            (topic, "hidden", AclOperation.DESCRIBE, deny),
            # Nobody needs a group to read.
            (group, "kaframe", AclOperation.READ, deny),
        ):
            rule(server.bootstrap_servers, kind, name, operation, permission)
        yield cluster


def test_what_is_allowed_needs_nothing_else(cluster: kf.Cluster) -> None:
    assert cluster.read("open").to_pandas()["n"].tolist() == list(range(10))


@pytest.mark.parametrize(("topic", "permission"), [("unreadable", "READ"), ("hidden", "DESCRIBE")])
def test_a_read_names_the_permission(cluster: kf.Cluster, topic: str, permission: str) -> None:
    with pytest.raises(kf.AuthError, match=f'needs {permission} on topic "{topic}"'):
        cluster.read(topic)


def test_one_topic_of_several(cluster: kf.Cluster) -> None:
    with pytest.raises(kf.AuthError, match='needs READ on topic "unreadable"'):
        cluster.read(["open", "unreadable"])


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
