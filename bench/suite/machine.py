"""Where a run took place, and with what."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.suite.environment import ROOT

OURS = ("kaframe", "pandas", "pyarrow", "polars")
PEERS = (
    "kafka-python",
    "confluent-kafka",
    "orjson",
    "kafkarrow",
    "daft",
    "ray",
    "polars",
    "duckdb",
    "pandas",
    "pyarrow",
)


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip()


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (each.partition(":")[2].strip() for each in lines if each.startswith("model name"))
    return next(names, platform.processor())


def memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def own_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "from the tree"


def facts(peers_python: Path) -> dict[str, str]:
    """As the result file states them."""
    program = f"import json, importlib.metadata as m; print(json.dumps({{n: m.version(n) for n in {PEERS!r}}}))"
    theirs = json.loads(output(str(peers_python), "-c", program))
    kcat = output("kcat", "-V")
    kcat = next((line.strip() for line in kcat.splitlines() if line.startswith("Version")), kcat)
    return {
        "processor": f"{os.cpu_count()} x {processor()}, {memory_gb():.0f} GB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}, Python {platform.python_version()}",
        "commit": output("git", "describe", "--always", "--dirty"),
        "kaframe's environment": ", ".join(f"{name} {own_version(name)}" for name in OURS),
        "the peers'": ", ".join(f"{name} {number}" for name, number in theirs.items()),
        "kcat": kcat,
        "Kafka": "Apache Kafka 4.1.1 on the same machine, loopback, heap 1 GB",
        "load before the run": f"{os.getloadavg()[0]:.2f}",
    }
