"""kaframe, asked for a part or a sum of a topic instead of all of it. Option ``ask`` names the question; the answer is printed as ``answer``."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import kaframe as kf
from bench.job import Job
from bench.measure import answered


def moment(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)


def bounds(job: Job) -> dict[str, Any]:
    return {name: moment(job.options[name]) for name in ("start", "end") if name in job.options}


def read(job: Job, **part: Any) -> int:
    return len(kf.read(job.topic, bootstrap_servers=job.servers, metadata=False, **bounds(job), **part))


def scan(job: Job, **part: Any) -> kf.Scan:
    return kf.scan(job.topic, bootstrap_servers=job.servers, **part)


def export(job: Job) -> int:
    """Written to a folder that is gone afterwards; the rows are those that the file's own footer states."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "export.parquet"
        scan(job, end=job.rows).write_parquet(file)
        return pq.ParquetFile(file).metadata.num_rows


def sql(job: Job) -> list[Any]:
    query = f'select count(*) as n, sum(amount) as s from "{job.topic}"'
    row = kf.sql(query, bootstrap_servers=job.servers).to_arrow().to_pylist()[0]
    return [row["n"], round(row["s"], 2)]


ASKS: dict[str, Callable[[Job], Any]] = {
    "all": read,
    "window": read,
    "count": lambda job: scan(job).count(),
    "head": lambda job: read(job, limit=100),
    "tail": lambda job: read(job, tail=100),
    "where": lambda job: read(job, where=job.options["where"]),
    "sql": sql,
    "export": export,
}

if __name__ == "__main__":
    answered(lambda job: ASKS[job.options["ask"]](job))
