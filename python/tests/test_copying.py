"""Copies share what never changes; what cannot be pickled says what to pickle in its place."""

from __future__ import annotations

import copy
import pickle

import pytest

MAKE = {
    "Scan": lambda cluster, topic: cluster.scan(topic),
    "Table": lambda cluster, topic: cluster.read(topic),
    "RecordBatch": lambda cluster, topic: next(iter(cluster.scan(topic))),
    "Query": lambda cluster, topic: cluster.sql(f'select number from "{topic}"'),
    "Cluster": lambda cluster, topic: cluster,
}


@pytest.mark.parametrize("name", MAKE)
def test_copies_are_as_good(cluster, numbers, name):
    made = MAKE[name](cluster, numbers)
    for one in (copy.copy(made), copy.deepcopy({"inside": [made]})["inside"][0]):
        assert type(one) is type(made)
        assert (one.read(numbers) if name == "Cluster" else one).to_polars().height == 1000


def test_a_copied_scan_has_a_stream_of_its_own(cluster, numbers):
    scan = cluster.scan(numbers, batch_size=100)
    other = copy.deepcopy(scan)
    assert sum(len(batch) for batch in scan) == 1000
    next(iter(other))
    assert scan.report.complete
    assert not other.report.complete


@pytest.mark.parametrize("name", MAKE)
def test_what_cannot_be_pickled_says_what_can(cluster, numbers, name):
    with pytest.raises(TypeError, match=f"a {name} cannot be pickled: (hand over|pickle) "):
        pickle.dumps(MAKE[name](cluster, numbers))


def test_splits_are_read_elsewhere(cluster, numbers):
    splits = pickle.loads(pickle.dumps(cluster.scan(numbers).splits()))
    tables = [cluster.read(one.topic, partitions=[one.partition], start=one.start, end=one.end) for one in splits]
    assert sum(map(len, tables)) == 1000
