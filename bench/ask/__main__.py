"""``python -m bench.ask [--scale 0.01] [--only window,sql]``: what questions cost.

Writes a topic of 50,000,000 records with timestamps spread over thirty days, a small one and a wide one to a real Kafka, asks, checks that answers
agree, and prints ratios; without ``--scale`` they are kept in bench/runs/.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import platform
import sys
from pathlib import Path

from bench.ask import questions as q
from bench.job import Job
from bench.suite import environment
from bench.suite.claims import Claim
from bench.suite.machine import facts
from bench.suite.page import claims_table
from bench.suite.topics import Topic
from bench.suite.turns import Measured, Programs, median, run
from tests.kafka.kafka_server import KafkaServer

RUNS = Path(__file__).resolve().parents[1] / "runs"
Results = dict[tuple[str, str], Measured]


def ask(programs: Programs, servers: str, scale: float, only: str) -> Results:
    """Asks all questions; every answer that can be compared is."""
    produce = environment.native("produce", programs.peers_python)
    written = q.topics(scale)
    names: dict[str, str] = {}
    results: Results = {}
    for question in q.QUESTIONS:
        peers = [peer for peer in question.peers if not only or any(word in peer.name for word in only.split(","))]
        what = written[question.topic]
        store = what.of or question.topic
        if peers and store not in names:
            of = written[store]
            print(f"writing {of.rows:,} records of {store}", file=sys.stderr, flush=True)
            topic = Topic(servers, store, of.shape, of.compression, of.rows)
            names[store] = topic.write(produce, keep=False, first_ms=of.first_ms, step_us=of.step_us).name
        runs: dict[str, list[Measured]] = {peer.name: [] for peer in peers}
        for _ in range(question.rounds):
            for peer in peers:
                job = Job(servers, names[store], 1, what.rows, what.rows, options=peer.options)
                took = run(programs, peer, job)
                answers = {
                    json.dumps(each[0].get("answer")) for each in runs.values() if each and "failed" not in each[0]
                }
                if question.same and "failed" not in took and answers - {json.dumps(took.get("answer"))}:
                    took["failed"] = f"answers {took.get('answer')}, another {answers}"
                runs[peer.name].append(took)
                print(
                    f"  {question.topic}: {peer.name}: {took.get('failed') or took['seconds']}",
                    file=sys.stderr,
                    flush=True,
                )
        for name, each in runs.items():
            answer = each[0].get("answer")
            results[question.topic, name] = {**median(each), **({} if answer is None else {"answer": answer})}
    return results


def claims(results: Results) -> list[Claim]:
    """The costs that the project promises, as far as they were measured."""

    def seconds(topic: str, peer: q.Peer) -> float | None:
        found = results.get((topic, peer.name), {})
        return None if not found or "failed" in found else found["seconds"]

    def share(text: str, part: float | None, whole: float | None, most: float, extra: float = 0.0) -> None:
        if part is not None and whole is not None:
            found.append(Claim(text, 100 * (part - extra) / whole, most, most, below=True, unit=" %"))

    def times(text: str, mine: float | None, theirs: float | None, least: float) -> None:
        if mine is not None and theirs is not None:
            found.append(Claim(text, theirs / mine, least, least))

    found: list[Claim] = []
    for window in q.WINDOWS.values():
        text = f"{window.name}, beyond 20 ms, of a full read"
        share(text, seconds("large", window), seconds("large", q.ALL), 3, 0.020)
    times(
        "a window of 1 %, beside offsets_for_times + consume",
        seconds("large", q.WINDOWS[0.5]),
        seconds("large", q.TIMES),
        5,
    )
    times("count(), share of the raw-socket limit", seconds("large", q.COUNT), seconds("large", q.LIMIT_1), 0.6)
    for peer in (q.HEAD, q.TAIL):
        small, large = seconds("small", peer), seconds("large", peer)
        if small is not None and large is not None:
            text = f"{peer.name}: on 50 times the records"
            found.append(Claim(text, large / small, 1.5, 1.5, below=True))
    share(
        "a filter that keeps 1 % of records of 60 fields, of a full read",
        seconds("wide", q.WHERE),
        seconds("wide", q.ALL),
        33.4,
    )
    # Nothing is promised of it: no filter on values can cost less than bringing and decompressing all of them.
    share(
        f"{q.UNPACK_2.name}: the same records, of a full read",
        seconds("wide", q.UNPACK_2),
        seconds("wide", q.ALL),
        0,
    )
    for peer, least in ((q.DUCKDB, 5), (q.JQ, 20)):
        times(f"{q.SQL.name}, beside {peer.name}", seconds("small", q.SQL), seconds("small", peer), least)
    export = results.get(("ten", q.EXPORT.name), {})
    if export and "failed" not in export:
        text = f"export of {export['rows']:,} records to Parquet: peak memory of the process"
        found.append(Claim(text, export["peak_bytes"] / 2**20, 512, 512, below=True, unit=" MiB"))
    return found


def page(where: dict[str, str], results: Results) -> str:
    lines = [f"# {dt.datetime.now():%Y-%m-%d %H:%M}, `python -m bench.ask {' '.join(sys.argv[1:])}`", ""]
    lines += [f"- {name}: {value}" for name, value in where.items()]
    lines += ["", "## Ratios", "", *claims_table(claims(results)), "", "## Figures", ""]
    lines += ["| topic | asked | s | CPU s | peak MB | answer |", "|---|---|---:|---:|---:|---|"]
    for (topic, name), took in results.items():
        if "failed" in took:
            reason = " ".join(took["failed"].split())[-160:].replace("|", "\\|")
            lines.append(f"| {topic} | {name} | failed: {reason} | | | |")
        else:
            figures = f"{took['seconds']:.3f} | {took['cpu_seconds']:.2f} | {took['peak_bytes'] / 1e6:.0f}"
            lines.append(f"| {topic} | {name} | {figures} | {took.get('answer', '')} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="fraction of the records, to try the benchmark itself")
    parser.add_argument("--only", default="", help="only readers whose name contains one of these words")
    options = parser.parse_args()
    programs = Programs(environment.peers_python())
    where = facts(programs.peers_python)
    with KafkaServer("4.1", heap="1g") as server:
        results = ask(programs, server.bootstrap_servers, options.scale, options.only)
    text = page(where, results)
    print(text)
    if options.scale == 1.0 and not options.only:
        (RUNS / f"{dt.datetime.now():%Y-%m-%d-%H%M}-{platform.node()}-ask.md").write_text(text)
    failed = [f"{topic}: {name}" for (topic, name), took in results.items() if "failed" in took]
    if failed:
        raise SystemExit("\n".join(["failed:", *failed]))


if __name__ == "__main__":
    main()
