"""Fixtures of the conformance suite: a cluster (one at a time, shared by the tests that use it) and topics of a test's own."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Generator, Iterator

import pytest

from tests.conformance import clusters, foreign, tunings
from tests.conformance.clusters import Cluster

MakeTopic = Callable[..., str]
numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--tunings",
        choices=tuple(tunings.TUNINGS),
        default="few",
        help="how every read is run, beside the default: in a few odd ways, or in every combination",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only(*names): the clusters that a test of something they alone have runs on")
    tunings.chosen = tunings.TUNINGS[config.getoption("--tunings", "few")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes ``cluster`` runs on every cluster, or on those that ``@only(...)`` names."""
    if "cluster" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("only")
        names = marker.args if marker else clusters.NAMES
        metafunc.parametrize("cluster", names, indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec and callspec.params.get("cluster") in clusters.REAL:
            item.add_marker("live")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure names the way in which the read was run."""
    report = yield
    if report.failed and tunings.now is not None:
        report.sections.append(("how it was read", tunings.now))
    return report


@pytest.fixture(autouse=True)
def ways_end() -> Iterator[None]:
    """Also where a test failed in the middle of them: what is fixed holds for the whole process."""
    yield
    tunings.end()


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with clusters.running(request.param) as running:
        yield running


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
