"""confluent-kafka, tuned: ten thousand records a call, orjson, a DataFrame of the list.

The settings keep librdkafka's queue full. With its defaults it pauses for a second whenever the queue is full, and most of its time is that pause:
a comparison with the defaults would flatter.
"""

from __future__ import annotations

from typing import Any

import orjson
import pandas as pd
from confluent_kafka import Consumer, KafkaException, TopicPartition

from bench.measure import measured

TUNED = {
    "queued.min.messages": 1_000_000,
    "fetch.message.max.bytes": 8_388_608,
    "queued.max.messages.kbytes": 1_048_576,
    "fetch.queue.backoff.ms": 5,
}


def work(bootstrap_servers: str, topic: str, rows: int) -> tuple[pd.DataFrame, Any]:
    consumer = Consumer(
        {"bootstrap.servers": bootstrap_servers, "group.id": "bench", "enable.auto.commit": False, **TUNED}
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    values = []
    loads = orjson.loads
    while len(values) < rows:
        for message in consumer.consume(10_000, timeout=1.0):
            if message.error():
                raise KafkaException(message.error())
            values.append(loads(message.value()))
    consumer.close()
    return pd.DataFrame(values), None


if __name__ == "__main__":
    measured(work)
