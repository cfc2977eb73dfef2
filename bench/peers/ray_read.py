"""Ray Data, tuned: its Kafka source with librdkafka's queue kept full, then Polars' NDJSON reader over the values, since Ray leaves them as bytes.

Ray itself is started before the clock.
"""

from __future__ import annotations

import io
import os
from typing import Any

os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import pandas  # noqa: F401
import polars as pl
import pyarrow  # noqa: F401
import ray

from bench.job import TUNED, Job
from bench.measure import measured


def work(job: Job) -> Any:
    records = ray.data.read_kafka(
        job.topic,
        bootstrap_servers=job.servers,
        end_offset={job.topic: job.ends()},
        consumer_config=dict(TUNED),
    )
    values = records.select_columns(["value"]).to_pandas()["value"]
    return pl.read_ndjson(io.BytesIO(b"\n".join(values))).to_pandas()


if __name__ == "__main__":
    ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR", num_cpus=os.cpu_count())
    ray.data.DataContext.get_current().enable_progress_bars = False
    measured(work)
