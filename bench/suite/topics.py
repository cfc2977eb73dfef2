"""Makes a topic of the benchmark, and knows what a reader must find in it."""

from __future__ import annotations

import json
import re
import subprocess
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from confluent_kafka.admin import AdminClient, NewTopic

from bench.checksum import Sums, sums
from bench.job import Job
from bench.suite.records import SHAPES


class Topic:
    """A topic that has been written; ``keep`` holds on to its rows, so that readers can be checked."""

    def __init__(self, servers: str, name: str, shape: str, compression: str, rows: int, partitions: int = 1) -> None:
        self.servers, self.shape, self.rows, self.partitions = servers, shape, rows, partitions
        self.name = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        self.compression = compression
        self.value_bytes = 0
        self._rows: pa.Table | None = None
        self._crc = 0
        self._whole: Sums | None = None

    def write(self, produce: Path, *, keep: bool = True, first_ms: int = 0, step_us: int = 0) -> Topic:
        admin = AdminClient({"bootstrap.servers": self.servers})
        admin.create_topics([NewTopic(self.name, num_partitions=self.partitions, replication_factor=1)])[
            self.name
        ].result(60)
        words = [self.servers, self.name, self.partitions, self.compression, first_ms, step_us]
        frames: list[pl.DataFrame] = []
        with subprocess.Popen([produce, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
            assert program.stdin is not None and program.stdout is not None
            for frame, lines in SHAPES[self.shape].portions(self.rows):
                program.stdin.write(lines)
                if keep:
                    self._crc = zlib.crc32(lines.replace(b"\n", b""), self._crc)
                    frames.append(frame)
            program.stdin.close()
            wrote = json.loads(program.stdout.read())
        if program.returncode or wrote["rows"] != self.rows:
            raise SystemExit(f"{self.name} was not written: {wrote}")
        self.value_bytes = wrote["value_bytes"]
        if keep:
            self._rows = pl.concat(frames).to_arrow()
        return self

    def delete(self) -> None:
        admin = AdminClient({"bootstrap.servers": self.servers})
        admin.delete_topics([self.name])[self.name].result(60)

    def expected(self, job: Job, raw: bool) -> Sums:
        """What a reader of ``job`` must have found."""
        assert self._rows is not None
        if raw or "number" not in self._rows.column_names:
            # A reader that took only a part of such a topic is checked by its count alone.
            if job.partial:
                return {}
            return {"": {"rows": self.rows}, "value": {"nulls": 0, "sum": self.value_bytes, "crc": self._crc}}
        if job.partial:
            taken = np.fromfile(job.numbers, dtype=np.int64)
            if len(taken) and (taken.min() < 0 or taken.max() >= self.rows):
                return {"": {"rows": -1}}
            return sums(self._rows.take(pa.array(taken)))
        if self._whole is None:
            self._whole = sums(self._rows)
        return self._whole

    def facts(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "partitions": self.partitions,
            "compression": self.compression,
            "bytes_a_value": round(self.value_bytes / self.rows, 1),
        }
