"""kaframe: the whole topic into Arrow, pandas or Polars, or batch after batch past a counter. Options: ``into``, ``metadata``."""

from __future__ import annotations

from typing import Any

import kaframe as kf
from bench.job import Job
from bench.measure import mark, measured


def work(job: Job) -> Any:
    part: dict[str, Any] = {"metadata": job.options.get("metadata", False)}
    if job.values == "binary" or "value_format" in job.options:
        part["value_format"] = job.options.get("value_format", "raw")
    if job.partial:
        part["end"] = job.ends()
    if job.options["into"] == "stream":
        return sum(len(batch) for batch in kf.scan(job.topic, bootstrap_servers=job.servers, **part))
    table = kf.read(job.topic, bootstrap_servers=job.servers, **part)
    mark("read")
    return table if job.options["into"] == "arrow" else getattr(table, f"to_{job.options['into']}")()


if __name__ == "__main__":
    into = Job.of_command_line().options["into"]
    if into == "pandas":
        import pandas  # noqa: F401
        import pyarrow  # noqa: F401  (pandas would import it inside the measured time)
    elif into == "polars":
        import polars  # noqa: F401
    measured(work)
