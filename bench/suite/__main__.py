"""``make bench``, or ``python -m bench.suite [--full] [--rounds 3] [--only flat,tiny] [--scale 0.01]``.

Starts Apache Kafka 4.1 on this machine, writes a topic, lets its readers take turns, goes on to the next; then prints a page of ratios and keeps
it, with the figures as JSON and pictures, in bench/runs/ and bench/pictures/. With ``--scale`` or ``--only`` it is a trial: nothing is kept.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import platform
import sys
from pathlib import Path
from typing import Any

from bench.suite import environment
from bench.suite.cases import CASES
from bench.suite.claims import Results, claims
from bench.suite.growth import growth
from bench.suite.machine import facts
from bench.suite.page import page
from bench.suite.picture import bars
from bench.suite.startup import FOO, startup
from bench.suite.topics import Topic
from bench.suite.turns import Measured, Programs, measure
from tests.kafka.kafka_server import KafkaServer

BENCH = Path(__file__).resolve().parents[1]
GROWTH_ROWS = 50_000_000
PICTURED = ("flat", "flat lz4", "tiny")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--full", action="store_true", help="the sizes of the promises, more records for the slow readers"
    )
    parser.add_argument("--rounds", type=int, default=3, help="turns of each reader; medians are kept (3)")
    parser.add_argument("--only", default="", help="these cases, comma-separated, also `growth` and `startup`")
    parser.add_argument("--scale", type=float, default=1.0, help="fraction of the records, to try the benchmark itself")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    only = {each.strip() for each in options.only.split(",") if each.strip()}
    python = environment.peers_python()
    programs = Programs(python)
    produce = environment.native("produce", python)
    where = facts(python)
    topics: dict[str, dict[str, Any]] = {}
    results: Results = {}
    grown: dict[str, Measured] = {}
    times: dict[str, float] = {}
    with KafkaServer("4.1", heap="1g") as server:
        if not only or "startup" in only:
            Topic(server.bootstrap_servers, FOO, "tiny", "none", 1000).write(produce, keep=False)
            times = startup(server.bootstrap_servers)
        for case in CASES:
            if only and case.name not in only:
                continue
            size = case.size(options.full, options.scale)
            topic = Topic(server.bootstrap_servers, case.name, case.shape, case.compression, size, case.partitions)
            print(f"{case.name}: writing {size:,} records", file=sys.stderr, flush=True)
            topic.write(produce)
            results[case.name] = measure(programs, case, topic, options.rounds, options.full)
            topics[case.name] = topic.facts()
            topic.delete()
        if not only or "growth" in only:
            size = max(1000, int(GROWTH_ROWS * options.scale))
            print(f"growth: writing {size:,} records", file=sys.stderr, flush=True)
            topic = Topic(server.bootstrap_servers, "growth", "flat", "lz4", size).write(produce, keep=False)
            grown = growth(programs, topic, min(options.rounds, 2))
    kept = not only and options.scale == 1.0
    command = "python -m bench.suite " + " ".join(sys.argv[1:])
    text = page(where, topics, results, grown, times, claims(results, grown, times), command.strip())
    print(text)
    if kept:
        keep(text, {"machine": where, "topics": topics, "results": results, "growth": grown, "startup_ms": times})
    broken = [
        f"{case}: {name}: {took['failed']}"
        for case, peers in {**results, "growth": grown}.items()
        for name, took in peers.items()
        if "failed" in took
    ]
    if broken:
        raise SystemExit("\n".join(["failed:", *broken]))


def keep(text: str, figures: dict[str, Any]) -> None:
    """Writes the result files and the pictures."""
    name = f"{dt.datetime.now():%Y-%m-%d-%H%M}-{platform.node()}"
    (BENCH / "runs").mkdir(exist_ok=True)
    (BENCH / "runs" / f"{name}.md").write_text(text)
    (BENCH / "runs" / f"{name}.json").write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    (BENCH / "pictures").mkdir(exist_ok=True)
    for case in PICTURED:
        if case in figures["results"]:
            what = figures["topics"][case]
            title = f"{case}: {what['rows']:,} JSON records of {what['bytes_a_value']:.0f} bytes, records per second"
            note = f"{figures['machine']['processor']}; Apache Kafka 4.1.1 on the same machine; {name[:10]}"
            picture = bars(title, note, figures["results"][case])
            (BENCH / "pictures" / f"{case.replace(' ', '-')}.svg").write_text(picture)
    print(f"kept as bench/runs/{name}.md", file=sys.stderr)


if __name__ == "__main__":
    main()
