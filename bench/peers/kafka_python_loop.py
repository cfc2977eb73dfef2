"""kafka-python as the tutorials show it: subscribe from the earliest offset, poll a hundred, parse with json, a DataFrame of the list.

As a plain ``pip install kafka-python pandas`` gives it: without the package ``crc32c``, which it would use if it could import it. (The packages
that it needs for lz4 and zstd are there; it cannot read those topics without.)
"""

from __future__ import annotations

import json
import sys
from typing import Any

sys.modules["crc32c"] = None  # type: ignore[assignment]  # the tutorial does not install it

import pandas as pd  # noqa: E402
import pyarrow  # noqa: E402, F401  (pandas would import it inside the measured time)
from kafka import KafkaConsumer  # noqa: E402

from bench.job import Job  # noqa: E402
from bench.measure import measured  # noqa: E402


def work(job: Job) -> Any:
    consumer = KafkaConsumer(
        job.topic,
        bootstrap_servers=job.servers,
        auto_offset_reset="earliest",
        value_deserializer=lambda value: json.loads(value.decode("utf-8")),
    )
    numbers = []
    while len(numbers) < job.rows:
        for records in consumer.poll(timeout_ms=1000, max_records=100).values():
            numbers.extend(record.value for record in records)
    consumer.close()
    return pd.DataFrame(numbers)


if __name__ == "__main__":
    measured(work)
