"""Fixtures of the conformance suite: a cluster (one at a time, shared by the tests that use it) and topics of a test's own."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator

import pytest

from tests.conformance import clusters, foreign, tunings
from tests.conformance.clusters import Cluster

MakeTopic = Callable[..., str]
numbers = itertools.count(1)


#: Which clusters are tuned.
TUNED = {"few": ("embedded-4.1",), "pairs": clusters.NEWEST, "whole": clusters.NAMES}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--tunings", choices=tuple(tunings.TUNINGS), default="few", help="how reads are run beside the default"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes ``cluster`` runs on every cluster, or on those that ``@only(...)`` names; on some of them tuned in several ways."""
    if "cluster" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("only")
        names = list(marker.args if marker else clusters.NAMES)
        which = metafunc.config.getoption("--tunings", "few")
        untuned = metafunc.definition.get_closest_marker("untuned")
        tunable = [name for name in names if not untuned and name in TUNED[which]]
        tuned = [(name, tuning) for name in tunable for tuning in tunings.TUNINGS[which]]
        params = [*names, *(f"{name}, {tuning}" for name, tuning in tuned)]
        metafunc.parametrize("cluster", params, indirect=True, scope="session")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only(*names): the clusters that a test of something they alone have runs on")
    config.addinivalue_line("markers", "untuned: runs by default only, since it sets what tunings replace")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = getattr(item, "callspec", None) and item.callspec.params.get("cluster")  # type: ignore[attr-defined]
        if name and name.partition(", ")[0] in clusters.REAL:
            item.add_marker("live")


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    name, _, tuning = request.param.partition(", ")
    with clusters.running(name) as running:
        yield dataclasses.replace(running, tuned=bool(tuning))


@pytest.fixture(autouse=True)
def tuned(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tuning holds for the whole process, and a cluster lives until another one is wanted: so it ends with each test."""
    callspec = getattr(request.node, "callspec", None)
    name = callspec.params.get("cluster", "") if callspec else ""
    _, _, tuning = name.partition(", ")
    tunings.apply({**tunings.FEW, **tunings.WHOLE}[tuning] if tuning else {})
    yield
    tunings.apply({})


@pytest.fixture
def make_topic(cluster: Cluster, request: pytest.FixtureRequest) -> MakeTopic:
    """Creates a topic that only this test uses: ``make_topic(partitions=3, **{"cleanup.policy": "compact"})``."""

    def make(partitions: int = 1, **configs: str) -> str:
        base = re.sub(r"[^a-zA-Z0-9]+", "-", request.node.originalname)
        name = f"{base}-{next(numbers)}"
        foreign.create_topic(cluster.bootstrap_servers, name, partitions, configs)
        return name

    return make


@pytest.fixture
def topic(make_topic: MakeTopic) -> str:
    """A topic of one partition with the default settings."""
    return make_topic()
