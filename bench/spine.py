"""The first benchmark: whole topics of a real Kafka into pandas, kaframe beside the tutorial's loop and tuned confluent-kafka.

``make bench``, or ``python -m bench.spine [--rounds 3] [--scale 1.0]``. It starts Apache Kafka 4.1 on this machine, writes the topics, lets the
readers take turns (so that a slow minute of the machine hits all of them), verifies rows and sums of each, prints medians and ratios, and
writes them with date and machine to ``bench/runs/``. Absolute figures belong to the machine and the hour; ratios travel.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.topics import Topic, write
from tests.kafka.kafka_server import KafkaServer

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "bench" / "runs"
TUTORIAL_ROWS = 500_000
# The first aims: times the tutorial's rows/s, times tuned confluent-kafka's, peak memory in Arrow results, milliseconds for a fresh `head`.
AIMS = {"tutorial": 20.0, "confluent": 8.0, "memory": 2.5, "head_ms": 50.0}

Measured = dict[str, Any]


def run_peer(peer: str, bootstrap_servers: str, topic: Topic, rows: int) -> Measured:
    """One reader in a process of its own; fails unless rows and sum are right."""
    command = [sys.executable, "-m", f"bench.peers.{peer}", bootstrap_servers, topic.name, str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=1800)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-3000:]}")
    took: Measured = json.loads(done.stdout.splitlines()[-1])
    # The loops stop at the first poll that brought enough; they may hold a few rows more.
    exact = peer.startswith("kaframe")
    if took["rows"] < rows or (exact and took["rows"] != rows) or took["number_sum"] != topic.number_sum(took["rows"]):
        raise SystemExit(f"{peer} read {topic.name} wrongly: {took}")
    return took


def median(runs: list[Measured]) -> Measured:
    """Medians of a peer's runs; rows/s from the median time."""
    seconds = statistics.median(run["seconds"] for run in runs)
    arrow = runs[0]["arrow_bytes"]
    peak = statistics.median(run["peak_bytes"] for run in runs)
    return {
        "rows": runs[0]["rows"],
        "seconds": seconds,
        "rows_per_second": runs[0]["rows"] / seconds,
        "cpu_seconds": statistics.median(run["cpu_seconds"] for run in runs),
        "peak_mb": peak / 1e6,
        "arrow_mb": None if arrow is None else arrow / 1e6,
        "above_imports_mb": statistics.median(run["peak_bytes"] - run["bytes_before"] for run in runs) / 1e6,
        "all_seconds": [run["seconds"] for run in runs],
        "dtypes": runs[0]["dtypes"],
    }


def head_seconds(bootstrap_servers: str, repeats: int) -> list[float]:
    """Whole lives of fresh ``kaframe head foo`` processes, on a topic of a thousand records."""
    program = shutil.which("kaframe", path=os.path.dirname(sys.executable))
    if program is None:
        raise SystemExit("the command `kaframe` is not in this environment; `make build` puts it there")
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        done = subprocess.run(
            [program, "-b", bootstrap_servers, "head", "foo"], capture_output=True, text=True, timeout=60
        )
        times.append(time.perf_counter() - began)
        if done.returncode != 0 or '"number":0' not in done.stdout.replace(" ", ""):
            raise SystemExit(f"kaframe head failed: {done.stderr}{done.stdout}")
    return times


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(
        (each.partition(":")[2].strip() for each in lines if each.startswith("model name")), platform.processor()
    )


def machine() -> dict[str, str]:
    """Where this ran, and with what."""
    names = ("kaframe", "confluent-kafka", "kafka-python", "orjson", "pandas", "pyarrow")
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT
    ).stdout.strip()
    return {
        "cpu": f"{os.cpu_count()} x {processor()}",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "commit": commit,
        **{name: version(name) for name in names},
    }


def line(name: str, result: Measured) -> str:
    arrow = "" if result["arrow_mb"] is None else f"{result['arrow_mb']:.0f}"
    return (
        f"| {name} | {result['rows']:,} | {result['seconds']:.2f} | {result['rows_per_second']:,.0f} | {result['cpu_seconds']:.2f} "
        f"| {result['peak_mb']:.0f} | {result['above_imports_mb']:.0f} | {arrow} |"
    )


def report(results: dict[str, dict[str, Measured]], head: list[float], facts: dict[str, str], rounds: int) -> str:
    """The page that a run leaves behind."""
    lines = [f"# Spine, {dt.datetime.now():%Y-%m-%d %H:%M}", ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    lines += [
        f"- Apache Kafka 4.1.1 on the same machine, loopback, one partition, uncompressed; medians of {rounds}, readers in turn",
        "",
    ]
    for topic, peers in results.items():
        lines += [f"## {topic}", ""]
        lines += [
            "| reader | rows | s | rows/s | CPU s | peak MB | above imports MB | Arrow MB |",
            "|---|---|---|---|---|---|---|---|",
        ]
        lines += [line(name, result) for name, result in peers.items()]
        ours = peers["kaframe_pandas"]
        tutorial, confluent = (peers[name]["rows_per_second"] for name in ("kafka_python_tutorial", "confluent_orjson"))
        lines += [
            "",
            f"- times the tutorial's loop: **{ours['rows_per_second'] / tutorial:.1f}** (aim {AIMS['tutorial']:.0f})",
            f"- times tuned confluent-kafka + orjson: **{ours['rows_per_second'] / confluent:.1f}** (aim {AIMS['confluent']:.0f})",
            f"- peak memory in Arrow results: **{ours['peak_mb'] / ours['arrow_mb']:.2f}**, above imports "
            f"**{ours['above_imports_mb'] / ours['arrow_mb']:.2f}** (aim {AIMS['memory']})",
            "",
        ]
    milliseconds = [each * 1000 for each in head]
    lines += [
        "## fresh `kaframe head foo`",
        "",
        f"median **{statistics.median(milliseconds):.1f} ms** of {len(head)}, {min(milliseconds):.1f} to {max(milliseconds):.1f} "
        f"(aim {AIMS['head_ms']:.0f} ms)",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="fraction of the rows, for trying the benchmark itself; nothing is kept then",
    )
    options = parser.parse_args()
    topics = [Topic("tiny", int(1_000_000 * options.scale)), Topic("flat", int(3_000_000 * options.scale))]
    results: dict[str, dict[str, Measured]] = {}
    with KafkaServer("4.1", heap="1g") as server:
        write(server.bootstrap_servers, Topic("foo", 1000))
        head = head_seconds(server.bootstrap_servers, 15)
        for topic in topics:
            size = write(server.bootstrap_servers, topic)
            print(f"{topic.name}: {topic.rows:,} records, {size / topic.rows:.1f} bytes a value", file=sys.stderr)
            peers = {
                "kaframe_pandas": topic.rows,
                "kaframe_pandas_metadata": topic.rows,
                "kafka_python_tutorial": min(topic.rows, TUTORIAL_ROWS),
                "confluent_orjson": topic.rows,
            }
            runs: dict[str, list[Measured]] = {peer: [] for peer in peers}
            for number in range(options.rounds):
                for peer, rows in peers.items():
                    runs[peer].append(run_peer(peer, server.bootstrap_servers, topic, rows))
                    print(f"  round {number + 1}, {peer}: {runs[peer][-1]['seconds']:.2f} s", file=sys.stderr)
            results[topic.name] = {peer: median(each) for peer, each in runs.items()}
    facts = machine()
    page = report(results, head, facts, options.rounds)
    print(page)
    if options.scale == 1.0:
        name = f"{dt.datetime.now():%Y-%m-%d-%H%M}-{platform.node()}"
        RUNS.mkdir(exist_ok=True)
        (RUNS / f"{name}.md").write_text(page)
        (RUNS / f"{name}.json").write_text(
            json.dumps({"machine": facts, "results": results, "head_seconds": head}, indent=1) + "\n"
        )
        print(f"kept as bench/runs/{name}.md", file=sys.stderr)


if __name__ == "__main__":
    main()
