"""Whether time grows with the records, and memory of a stream does not: reads of ever more of one large topic."""

from __future__ import annotations

from bench.job import Job
from bench.suite.cases import ARROW, STREAM
from bench.suite.topics import Topic
from bench.suite.turns import Measured, Programs, median, run

STEPS = (0.02, 0.1, 0.4, 1.0)


def growth(programs: Programs, topic: Topic, rounds: int) -> dict[str, Measured]:
    """Reads to Arrow of 2, 10, 40 and 100 % of the topic (of one partition), and a stream over all of it."""
    runs: dict[str, list[Measured]] = {}
    for _ in range(rounds):
        for share in STEPS:
            rows = int(topic.rows * share)
            runs.setdefault(f"{rows:,} records to Arrow", []).append(take(programs, topic, ARROW.options, rows))
        runs.setdefault(f"{topic.rows:,} records, streamed", []).append(
            take(programs, topic, STREAM.options, topic.rows)
        )
    return {name: median(each) for name, each in runs.items()}


def take(programs: Programs, topic: Topic, options: dict[str, object], rows: int) -> Measured:
    """One read of the first ``rows`` records."""
    peer = STREAM if options["into"] == "stream" else ARROW
    job = Job(topic.servers, topic.name, 1, rows, topic.rows, options={**options, "unchecked": True})
    took = run(programs, peer, job)
    if "failed" not in took and took["rows"] != rows:
        took["failed"] = f"{took['rows']} rows instead of {rows}"
    return took
