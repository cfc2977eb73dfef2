"""kafkarrow, tuned: record batches with the values as bytes, decoded by Polars (``str.json_decode``). Where they are
no JSON, the bytes alone."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa
from kafkarrow import ConsumerManager, SourceTopic

from bench.job import TUNED, Job
from bench.measure import measured


def work(job: Job) -> Any:
    config = {
        "bootstrap.servers": job.servers,
        "group.id": "bench",
        **{name: str(value) for name, value in TUNED.items()},
    }
    manager = ConsumerManager(config=config, topics=[SourceTopic.from_earliest(job.topic)])
    batches, rows = [], 0
    while rows < job.rows:
        batch = manager.poll(timeout_ms=1000)
        batches.append(batch)
        rows += batch.num_rows
    values = pl.from_arrow(pa.Table.from_batches(batches).select(["value"]))
    assert isinstance(values, pl.DataFrame)
    if job.values != "json":
        return values
    text = values["value"].cast(pl.String)
    return text.str.json_decode(infer_schema_length=1000).struct.unnest()


if __name__ == "__main__":
    measured(work)
