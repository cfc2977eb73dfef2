"""Runs the readers of a case in turn (A B C, A B C, ...), each in a process of its own, so that a slow minute of the machine hits all of them,
and checks what each one returned."""

from __future__ import annotations

import json
import mmap
import os
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.checksum import differences
from bench.job import Job
from bench.suite import environment
from bench.suite.cases import Case, Peer
from bench.suite.topics import Topic

Measured = dict[str, Any]
SECONDS = 900
IMPORT_SECONDS = 60
#: Memory that is at hand when a turn begins.
AT_HAND = 900 << 20
HELD_SECONDS = 2.2
#: Before a program that does not wait by itself (``bench.measure.begin`` does).
WAITING = ["sh", "-c", 'echo ready; read -r line; exec "$0" "$@"']


class Programs:
    """Where everything that a reader may need lies."""

    def __init__(self, peers_python: Path) -> None:
        self.peers_python = peers_python
        self.count = environment.native("count", peers_python)
        self.limit = environment.socket_limit()
        self.librdkafka = environment.librdkafka_folder(peers_python)

    def command(self, peer: Peer, job: Job) -> list[str]:
        where = [job.servers, job.topic, str(job.partitions)]
        if peer.program == "count":
            return [*WAITING, str(self.count), *where, str(job.rows)]
        if peer.program == "limit":
            decompress = ["decompress"] if peer.options.get("decompress") else []
            return [*WAITING, str(self.limit), *where, str(peer.options["sockets"]), *decompress]
        python = sys.executable if peer.ours else str(self.peers_python)
        return [python, "-m", f"bench.peers.{peer.program}", job.text()]

    def warm_up(self, topic: Topic) -> None:
        """Has the broker send the topic: what it compiles and opens on its first reads would be the first reader's to wait for."""
        words = [topic.servers, topic.name, str(topic.partitions), "2"]
        for _ in range(2):
            subprocess.run([self.limit, *words], check=True, stdout=subprocess.DEVNULL, timeout=SECONDS)


@contextmanager
def memory_kept() -> Iterator[None]:
    """Holds ``AT_HAND`` bytes, in huge pages and written to, for two seconds at least: what runs next finds them at hand.

    The host of a virtual machine takes back what lies idle for two seconds, and a page that it must bring again costs five times what the kernel
    needs to clear one; a huge page, which NumPy asks for, twenty times. Without this a reader pays for what the reader before it gave back, or
    it does not, and the same read takes half a second or one.
    """
    began = time.monotonic()
    with mmap.mmap(-1, AT_HAND, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        if hasattr(mmap, "MADV_HUGEPAGE"):
            memory.madvise(mmap.MADV_HUGEPAGE)
        memory[:: mmap.PAGESIZE] = bytes(AT_HAND // mmap.PAGESIZE)
        yield
        # By now the host has what others gave back before, and what is given back here is the first of its next two seconds.
        time.sleep(max(0.0, began + HELD_SECONDS - time.monotonic()))


def end(process: subprocess.Popen[str], why: str) -> Measured:
    process.kill()
    process.communicate()
    return {"failed": why}


def run(programs: Programs, peer: Peer, job: Job) -> Measured:
    """One run; ``failed`` in the result says what went wrong."""
    variables = {**os.environ, "BENCH_LIBRDKAFKA": str(programs.librdkafka), "BENCH_WAIT": "1"}
    with tempfile.TemporaryFile("w+") as errors:
        with memory_kept():
            process = subprocess.Popen(
                programs.command(peer, job),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=environment.ROOT,
                env=variables,
            )
            # It imports what it needs, says so, and waits for a line to begin.
            ready = select.select([process.stdout], [], [], IMPORT_SECONDS)[0]
            if ready:
                ready[0].readline()
        if not ready:
            return end(process, f"not ready to begin after {IMPORT_SECONDS} s")
        try:
            out, _ = process.communicate("begin\n", timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return end(process, f"not done after {SECONDS} s")
        if process.returncode != 0:
            errors.seek(0)
            return {"failed": errors.read().strip()[-600:] or f"exit code {process.returncode}"}
        return json.loads(out.splitlines()[-1])


def check(peer: Peer, job: Job, topic: Topic, took: Measured) -> None:
    """Notes in ``took`` what is wrong with what a reader returned."""
    if "failed" in took:
        return
    # A loop stops at the first poll that brought enough: it may hold a few rows more.
    if took["rows"] < job.rows or (took["rows"] > job.rows and not job.partial):
        took["failed"] = f"{took['rows']} rows instead of {job.rows}"
    elif "sums" in took:
        expected = topic.expected(job, peer.options.get("value_format") == "raw")
        wrong = differences(took.pop("sums"), expected) if expected else []
        if wrong:
            took["failed"] = "; ".join(wrong)


def median(runs: list[Measured]) -> Measured:
    """Medians of a reader's runs; rows/s from the median time. A reader that failed once has failed."""
    failed = [each["failed"] for each in runs if "failed" in each]
    if failed:
        return {"failed": failed[0]}

    def middle(name: str) -> float:
        return statistics.median(each[name] for each in runs)

    first = runs[0]
    result = {
        "rows": first["rows"],
        "seconds": middle("seconds"),
        "rows_per_second": first["rows"] / middle("seconds"),
        "cpu_seconds": middle("cpu_seconds"),
        "peak_bytes": middle("peak_bytes"),
        "all_seconds": [round(each["seconds"], 4) for each in runs],
    }
    for name in ("arrow_bytes", "types", "librdkafka", "bytes_before"):
        if name in first:
            result[name] = first[name]
    for name in first.get("marks", {}):
        result[f"seconds_{name}"] = statistics.median(each["marks"][name] for each in runs)
    return result


def measure(programs: Programs, case: Case, topic: Topic, rounds: int, full: bool) -> dict[str, Measured]:
    """All turns of a case."""
    runs: dict[str, list[Measured]] = {peer.name: [] for peer in case.peers}
    programs.warm_up(topic)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            for peer in case.peers:
                rows = peer.rows(topic.rows, full)
                # Readers that take a part only are the slow ones, and the least noisy.
                if number >= 2 and rows < topic.rows and not full:
                    continue
                options = {"shape": case.shape, **peer.options}
                job = Job(
                    topic.servers,
                    topic.name,
                    topic.partitions,
                    rows,
                    topic.rows,
                    case.values,
                    options,
                    f"{folder}/numbers",
                )
                took = run(programs, peer, job)
                check(peer, job, topic, took)
                runs[peer.name].append(took)
                text = (
                    took.get("failed")
                    or f"{took['seconds']:.2f} s, {took['rows'] / took['seconds'] / 1e6:.2f} M rows/s"
                )
                print(f"  {case.name}, round {number + 1}, {peer.name}: {text}", file=sys.stderr, flush=True)
    return {name: median(each) for name, each in runs.items()}
