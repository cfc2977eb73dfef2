"""What one reader took: wall time, CPU time of all its threads, peak memory. Imports are done before; the process does nothing else.

A peer calls :func:`measured` with its whole work, from the first connection to the finished DataFrame, and prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def memory(field: str) -> int:
    """Bytes from the kernel's account of this process: ``VmHWM`` is the peak, ``VmRSS`` now.

    Not ``ru_maxrss``: a process inherits the value of the one that started it.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the kernel does not report {field}")


def measured(work: Callable[[str, str, int], Any], arrow_bytes: Callable[[Any], int] | None = None) -> None:
    """Run ``work(bootstrap_servers, topic, rows)`` with the arguments of the command line and print what it took."""
    bootstrap_servers, topic, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
    before = memory("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    frame, table = work(bootstrap_servers, topic, rows)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = memory("VmHWM")
    print(
        json.dumps(
            {
                "rows": len(frame),
                "number_sum": int(frame["number"].sum()),
                "dtypes": {str(name): str(kind) for name, kind in frame.dtypes.items()},
                "seconds": wall,
                "cpu_seconds": cpu,
                "peak_bytes": peak,
                "bytes_before": before,
                "arrow_bytes": None if arrow_bytes is None else arrow_bytes(table),
            }
        )
    )
