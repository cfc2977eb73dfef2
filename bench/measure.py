"""What one reader took: wall time, CPU time of all its threads and of the programs it started, peak memory. Imports are done before; the process
does nothing else.

A peer calls :func:`measured` with its whole work, from the first connection to the finished result, and prints one line of JSON. What it
returned is checked after the clock has stopped.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.job import Job

#: When the parts of a reader's work ended, in seconds from its start; filled by :func:`mark`.
_marks: dict[str, float] = {}
_began = 0.0


def mark(name: str) -> None:
    """Notes that a part of the work is done."""
    _marks[name] = time.perf_counter() - _began


def memory(field: str) -> int:
    """Bytes from the kernel's account of this process: ``VmHWM`` is the peak, ``VmRSS`` now.

    Not ``ru_maxrss``: a process inherits the value of the one that started it.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the kernel does not report {field}")


def measured(work: Callable[[Job], Any]) -> None:
    """Runs ``work(job)`` with the job of the command line and prints what it took.

    ``work`` returns a pandas or Polars frame, anything with Arrow's C stream, or a number of rows.
    """
    job = Job.of_command_line()
    result, took = clocked(work, job)
    took |= {"rows": result} if isinstance(result, int) else seen(result, job)
    print(json.dumps(took))


def answered(work: Callable[[Job], Any]) -> None:
    """As :func:`measured`, for work that gives an answer to compare as it is: a number or a list of them."""
    job = Job.of_command_line()
    answer, took = clocked(work, job)
    print(json.dumps({**took, "rows": job.rows, "answer": answer}))


def begin() -> None:
    """Says that everything is imported and waits for a line, where a program asked for that: what it prepares must not grow old."""
    if "BENCH_WAIT" in os.environ:
        print("ready", flush=True)
        sys.stdin.readline()


def clocked(work: Callable[[Job], Any], job: Job) -> tuple[Any, dict[str, Any]]:
    """The result of the work and what it took."""
    global _began
    before = memory("VmRSS")
    begin()
    _began, cpu = time.perf_counter(), time.process_time()
    result = work(job)
    seconds, cpu = time.perf_counter() - _began, time.process_time() - cpu
    peak = memory("VmHWM")
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return result, {
        "seconds": seconds,
        "cpu_seconds": cpu + children.ru_utime + children.ru_stime,
        # A child's figure begins with what its parent had when it was started: an upper bound.
        "peak_bytes": peak + children.ru_maxrss * 1024,
        "bytes_before": before,
        "marks": _marks,
    }


def seen(result: Any, job: Job) -> dict[str, Any]:
    """Rows, types and checksums of a result."""
    import pyarrow as pa

    from bench.checksum import sums

    pandas = hasattr(result, "dtypes") and hasattr(result, "iloc")
    table = pa.Table.from_pandas(result, preserve_index=False) if pandas else pa.table(result)
    types = result.dtypes.items() if pandas else zip(table.column_names, table.schema.types, strict=True)
    facts = {"rows": table.num_rows, "arrow_bytes": table.nbytes}
    if job.options.get("unchecked"):
        return facts
    if job.partial and "number" in table.column_names:
        Path(job.numbers).write_bytes(table["number"].to_numpy().astype("int64").tobytes())
    return {**facts, "types": {str(name): str(kind) for name, kind in types}, "sums": sums(table)}
