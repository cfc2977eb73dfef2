"""kcat into Polars' NDJSON reader, then pandas: what a shell user puts together. The time is that of both programs, kcat's start included.

kcat runs on the librdkafka of confluent-kafka's wheel: that of its own package is years older and lacks ``fetch.queue.backoff.ms``.
"""

from __future__ import annotations

import io
import os
import subprocess
from typing import Any

import pandas  # noqa: F401
import polars as pl
import pyarrow  # noqa: F401

from bench.job import TUNED, Job
from bench.measure import measured


def newest_librdkafka() -> dict[str, str]:
    return {**os.environ, "LD_LIBRARY_PATH": os.environ["BENCH_LIBRDKAFKA"]}


def kcat(job: Job) -> list[str]:
    # An offset as a number, and a short wait at the end: without these it idles for half a second before the first record and after the last.
    settings = [
        word for name, value in {**TUNED, "fetch.wait.max.ms": 10}.items() for word in ("-X", f"{name}={value}")
    ]
    count = ["-c", str(job.rows)] if job.partial else []
    return [
        "kcat",
        "-C",
        "-q",
        "-e",
        "-o",
        "0",
        "-b",
        job.servers,
        "-t",
        job.topic,
        "-X",
        "check.crcs=true",
        *settings,
        *count,
    ]


def work(job: Job) -> Any:
    with subprocess.Popen(kcat(job), stdout=subprocess.PIPE, env=newest_librdkafka()) as program:
        assert program.stdout is not None
        lines = program.stdout.read()
    return pl.read_ndjson(io.BytesIO(lines)).to_pandas()


if __name__ == "__main__":
    measured(work)
