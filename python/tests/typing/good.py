"""What users write, as a type checker sees it. Nothing here may be an error."""

import datetime as dt
from collections.abc import Iterator
from typing import assert_type

import pandas as pd
import polars as pl
import pyarrow as pa

import kaframe as kf

table = kf.read("orders", bootstrap_servers="localhost:9092", start="-1h", columns=["id", "amount"])
assert_type(table, kf.Table)
assert_type(table.to_pandas(), pd.DataFrame)
assert_type(table.to_pandas(dtype_backend="pyarrow"), pd.DataFrame)
assert_type(table.to_polars(), pl.DataFrame)
assert_type(table.to_arrow(), pa.Table)
assert_type(table.shape, tuple[int, int])
assert_type(table.report.partitions[0].delivered, int)
assert_type(table.errors, kf.RecordBatch)
assert_type(table.next_start, kf.Bookmark)
assert_type(table.schema["id"], str)

scan = kf.scan(
    "orders", start={0: 5, 1: dt.datetime(2026, 11, 1)}, end=dt.timedelta(minutes=5), late="scan", partitions=[0, 1]
)
assert_type(scan, kf.Scan)
assert_type(scan.plan().partitions[0].start, int)
assert_type(scan.splits(), list[kf.Split])
assert_type(iter(scan), Iterator[kf.RecordBatch])
for batch in scan:
    assert_type(batch, kf.RecordBatch)

cluster = kf.connect("a:9092", config={"client.id": "me"})
assert_type(cluster, kf.Cluster)
assert_type(cluster.read("orders", start=table.next_start, limit=5), kf.Table)
assert_type(cluster.topics(), list[kf.TopicInfo])
report = cluster.write([{"id": 1, "name": None}], "orders", key="id", compression="zstd")
assert_type(report, kf.WriteReport)
cluster.write(pd.DataFrame({"n": [1]}), "orders")
cluster.write(pl.DataFrame({"n": [1]}), "orders")
cluster.write(pa.table({"n": [1]}), "orders")
cluster.write(table, "copy")
cluster.write(scan, "copy")
cluster.write(({"n": n} for n in range(3)), "orders")


def show(progress: kf.Progress) -> None:
    assert_type(progress.records, int)
    assert_type(progress.fraction, float)


kf.read("orders", progress=show)
with kf.Broker(topics={"foo": 1}, version="4.1") as broker:
    assert_type(broker.bootstrap_servers, str)
try:
    kf.read("orders")
except kf.TopicNotFoundError as error:
    assert_type(error.topic, str | None)
    assert_type(error.offset, int | None)
