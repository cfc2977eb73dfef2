"""kafka-python at its best: ten thousand records a poll, large fetches, orjson, and the package ``crc32c``."""

from __future__ import annotations

from typing import Any

import crc32c  # noqa: F401  (kafka-python uses it if it is there)
import orjson
import pandas as pd
import pyarrow  # noqa: F401
from kafka import KafkaConsumer, TopicPartition

from bench.job import Job
from bench.measure import measured


def work(job: Job) -> Any:
    consumer = KafkaConsumer(
        bootstrap_servers=job.servers,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_bytes=64 << 20,
        max_partition_fetch_bytes=8 << 20,
    )
    consumer.assign([TopicPartition(job.topic, partition) for partition in range(job.partitions)])
    values = []
    loads = orjson.loads
    while len(values) < job.rows:
        for records in consumer.poll(timeout_ms=1000, max_records=10_000).values():
            values.extend(loads(record.value) for record in records)
    consumer.close()
    return pd.DataFrame(values)


if __name__ == "__main__":
    measured(work)
