"""One embedded broker for all tests; every test gets topics of its own."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

import kaframe as kf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_numbers = itertools.count()


@pytest.fixture(scope="session")
def broker() -> Iterator[kf.Broker]:
    with kf.Broker() as broker:
        yield broker


@pytest.fixture
def cluster(broker: kf.Broker) -> kf.Cluster:
    return kf.connect(broker.bootstrap_servers)


@pytest.fixture
def new_topic(cluster: kf.Cluster) -> Callable[..., str]:
    """Makes a topic with these rows and gives its name."""

    def make(rows: list[dict[str, object]] | None = None, partitions: int = 1, **write: object) -> str:
        name = f"topic-{next(_numbers)}"
        cluster.create_topic(name, partitions=partitions)
        if rows:
            cluster.write(rows, name, **write)  # pyright: ignore[reportArgumentType]
        return name

    return make


@pytest.fixture
def numbers(new_topic: Callable[..., str]) -> str:
    """A topic of one partition with a thousand records ``{"number": i}``."""
    return new_topic([{"number": number} for number in range(1000)])
