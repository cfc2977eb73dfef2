"""kcat into a file, DuckDB's NDJSON reader over it, then pandas. (From a pipe DuckDB's reader fails.)"""

from __future__ import annotations

import subprocess
import tempfile
from typing import Any

import duckdb
import pandas  # noqa: F401
import pyarrow  # noqa: F401

from bench.job import Job
from bench.measure import measured
from bench.peers.kcat_polars import kcat, newest_librdkafka


def work(job: Job) -> Any:
    with tempfile.NamedTemporaryFile(suffix=".ndjson") as file:
        subprocess.run(kcat(job), stdout=file, check=True, env=newest_librdkafka())
        return duckdb.sql(f"select * from read_ndjson_auto('{file.name}', timestampformat = 'none')").df()


if __name__ == "__main__":
    measured(work)
