"""Plans, and what one batch of each partition adds to them."""

from __future__ import annotations

import datetime as dt
import pickle


def test_without_a_sample_figures_are_unknown(cluster, numbers):
    plan = cluster.scan(numbers).plan()
    assert plan.estimate is None
    assert "unknown" in str(plan)


def test_a_sample_estimates(cluster, new_topic):
    first = dt.datetime(2026, 11, 1, tzinfo=dt.timezone.utc)
    rows = [{"n": n, "text": "x" * 50, "_timestamp": first + dt.timedelta(seconds=n)} for n in range(5000)]
    topic = new_topic(rows, partitions=2, key="n")
    scan = cluster.scan(topic)
    plan = scan.plan(sample=True)
    estimate = plan.estimate
    assert estimate is not None
    assert estimate.batches == 2
    assert estimate.first_time == first
    assert estimate.last_time == rows[-1]["_timestamp"]
    assert estimate.timestamp_type == "CreateTime"
    # One batch a partition: what is left to estimate is nothing.
    assert estimate.bytes == scan.read().report.bytes_fetched
    assert estimate.memory > 5000 * 50
    assert 0 < estimate.seconds < 60
    for says in (
        "to fetch",
        "as a table",
        "an estimate from one batch",
        "2026-11-01T00:00:00Z to 2026-11-01T01:23:19Z",
    ):
        assert says in str(plan)
    assert pickle.loads(pickle.dumps(plan)) == plan
