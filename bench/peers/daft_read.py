"""Daft, tuned: its Kafka source with librdkafka's queue kept full and large chunks, its JSON decoding, pandas.

It waits one ``timeout_ms`` (by default ten seconds) at the end of nearly every read: a second is the best that can be set without risk.
"""

from __future__ import annotations

from typing import Any

import daft
import pandas  # noqa: F401
import pyarrow  # noqa: F401

from bench.job import TUNED, Job
from bench.measure import measured

TYPES = {
    "number": daft.DataType.int64(),
    "user": daft.DataType.string(),
    "ts": daft.DataType.string(),
    "amount": daft.DataType.float64(),
    "ok": daft.DataType.bool(),
    "event": daft.DataType.string(),
    "cc": daft.DataType.string(),
}


def work(job: Job) -> Any:
    frame = daft.read_kafka(
        job.servers,
        job.topic,
        start=dict.fromkeys(range(job.partitions), 0),
        end=job.ends(),
        chunk_size=65_536,
        timeout_ms=1000,
        kafka_client_config={name: str(value) for name, value in TUNED.items()},
    )
    fields = TYPES if job.options["shape"] == "flat" else {"number": TYPES["number"]}
    value = daft.col("value").decode("utf-8").deserialize("json", daft.DataType.struct(fields))
    parsed = frame.select(value.alias("parsed"))
    return parsed.select(*(daft.col("parsed").get(name).alias(name) for name in fields)).to_pandas()


if __name__ == "__main__":
    measured(work)
