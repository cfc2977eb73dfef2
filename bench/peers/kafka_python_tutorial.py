"""kafka-python as the tutorials show it: subscribe from the earliest offset, poll a hundred, parse with json, a DataFrame of the list.

As a plain ``pip install kafka-python pandas`` gives it: without the package ``crc32c``, which it would use if it were there.
"""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import pandas as pd
from kafka import KafkaConsumer

from bench.measure import measured


def work(bootstrap_servers: str, topic: str, rows: int) -> tuple[pd.DataFrame, Any]:
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=bootstrap_servers,
        auto_offset_reset="earliest",
        value_deserializer=lambda value: json.loads(value.decode("utf-8")),
    )
    numbers = []
    while len(numbers) < rows:
        for records in consumer.poll(timeout_ms=1000, max_records=100).values():
            numbers.extend(record.value for record in records)
    consumer.close()
    return pd.DataFrame(numbers), None


if __name__ == "__main__":
    if importlib.util.find_spec("crc32c"):
        raise SystemExit("the package crc32c is installed: this is not what the tutorial installs")
    measured(work)
