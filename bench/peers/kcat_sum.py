"""kcat, tuned, into something that counts and sums the field ``amount``: option ``into`` is ``duckdb`` (over a file) or ``jq``."""

from __future__ import annotations

import json
import subprocess
import tempfile
from typing import Any

import duckdb

from bench.job import Job
from bench.measure import answered
from bench.peers.kcat_polars import kcat, newest_librdkafka

JQ = "reduce inputs as $r ([0, 0]; [.[0] + 1, .[1] + $r.amount])"


def work(job: Job) -> list[Any]:
    if job.options["into"] == "jq":
        with subprocess.Popen(kcat(job), stdout=subprocess.PIPE, env=newest_librdkafka()) as program:
            text = subprocess.run(["jq", "-nc", JQ], stdin=program.stdout, capture_output=True, check=True).stdout
            program.terminate()
        count, total = json.loads(text)
    else:
        with tempfile.NamedTemporaryFile(suffix=".ndjson") as file:
            subprocess.run(kcat(job), stdout=file, check=True, env=newest_librdkafka())
            query = f"select count(*), sum(amount) from read_ndjson('{file.name}', columns = {{amount: 'double'}})"
            ((count, total),) = duckdb.sql(query).fetchall()
    return [count, round(total, 2)]


if __name__ == "__main__":
    answered(work)
