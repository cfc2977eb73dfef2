"""confluent-kafka, tuned: ten thousand records a call, orjson, a DataFrame of the list. Option ``collector``: whether Python's garbage collector
runs meanwhile; it costs more than the decoding does, and few users know."""

from __future__ import annotations

import gc
from typing import Any

import orjson
import pandas as pd
import pyarrow  # noqa: F401
from confluent_kafka import Consumer, KafkaException, TopicPartition

from bench.job import TUNED, Job
from bench.measure import measured


def work(job: Job) -> Any:
    if not job.options["collector"]:
        gc.disable()
    consumer = Consumer({"bootstrap.servers": job.servers, "group.id": "bench", "enable.auto.commit": False, **TUNED})
    consumer.assign([TopicPartition(job.topic, partition, 0) for partition in range(job.partitions)])
    values = []
    loads = orjson.loads
    while len(values) < job.rows:
        for message in consumer.consume(10_000, timeout=1.0):
            if message.error():
                raise KafkaException(message.error())
            values.append(loads(message.value()))
    consumer.close()
    return pd.DataFrame(values)


if __name__ == "__main__":
    measured(work)
