"""confluent-kafka, tuned: the offsets of a window of time (``offsets_for_times``), then its records into a list of dicts."""

from __future__ import annotations

import gc

import orjson
from confluent_kafka import Consumer, TopicPartition

from bench.job import TUNED, Job
from bench.measure import answered


def work(job: Job) -> int:
    gc.disable()
    consumer = Consumer({"bootstrap.servers": job.servers, "group.id": "bench", "enable.auto.commit": False, **TUNED})
    first, last = (
        consumer.offsets_for_times([TopicPartition(job.topic, 0, job.options[name])], 30)[0].offset
        for name in ("start", "end")
    )
    if last < 0:
        last = consumer.get_watermark_offsets(TopicPartition(job.topic, 0))[1]
    consumer.assign([TopicPartition(job.topic, 0, first)])
    values = []
    while len(values) < last - first:
        values.extend(orjson.loads(message.value()) for message in consumer.consume(10_000, timeout=1.0))
    consumer.close()
    return last - first


if __name__ == "__main__":
    answered(work)
