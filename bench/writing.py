"""Writing a DataFrame to a topic, beside confluent-kafka's produce loop: run by hand, on the real Kafka that it starts.

    .venv/bin/python -m bench.writing [--rows 1000000] [--rounds 3] [--python PYTHON]

PYTHON is an interpreter that has confluent-kafka and orjson beside pandas and pyarrow (the peers' environment). Writers take turns, each in a
process of its own; the frame is made before the clock starts, and the clock stops when every record is acknowledged (acks=all). What arrived is
counted afterwards.

confluent-kafka is tuned: linger.ms=50, batch.size=1000000, batch.num.messages=100000, a queue that never fills, idempotence on as kaframe has it;
it polls as its manual says. Rows come from ``to_dict("records")``, values from ``json.dumps`` or ``orjson.dumps``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

TUNED = {
    "linger.ms": 50,
    "batch.size": 1_000_000,
    "batch.num.messages": 100_000,
    "queue.buffering.max.messages": 10_000_000,
    "queue.buffering.max.kbytes": 2_000_000,
    "enable.idempotence": True,
}
WRITERS = (
    "kaframe, pandas",
    "kaframe, Arrow",
    "kaframe, dicts",
    "confluent-kafka, json",
    "confluent-kafka, orjson",
)


def frame(rows: int):
    """Flat records of seven columns, about 115 bytes of JSON each."""
    import numpy as np
    import pandas as pd

    n = np.arange(rows)
    return pd.DataFrame(
        {
            "id": n,
            "user": np.char.add("user-", (n % 5000).astype(str)),
            "country": np.array(["DE", "FR", "US", "JP"])[n % 4],
            "amount": (n % 10_007) / 4,
            "quantity": n % 17,
            "paid": n % 3 == 0,
            "note": np.char.add("note ", (n % 97).astype(str)),
        }
    )


def with_kaframe(kind: str, topic: str, rows: int, compression: str) -> float:
    import pyarrow as pa

    import kaframe as kf

    data = frame(rows)
    if kind == "Arrow":
        data = pa.Table.from_pandas(data, preserve_index=False)
    elif kind == "dicts":
        data = data.to_dict("records")
    cluster = kf.connect(os.environ["KAFKA_BOOTSTRAP_SERVERS"])
    began = time.perf_counter()
    report = cluster.write(data, topic, compression=compression)
    took = time.perf_counter() - began
    assert report.rows == rows
    return took


def with_confluent(kind: str, topic: str, rows: int, compression: str) -> float:
    from confluent_kafka import Producer

    if kind == "orjson":
        from orjson import dumps
    else:
        from json import dumps
    data = frame(rows)
    settings = {"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"], "compression.type": compression, **TUNED}
    producer = Producer(settings)
    began = time.perf_counter()
    for number, row in enumerate(data.to_dict("records")):
        producer.produce(topic, dumps(row))
        if number % 1000 == 0:
            producer.poll(0)
    left = producer.flush()
    took = time.perf_counter() - began
    assert left == 0
    return took


def one(writer: str, topic: str, rows: int, compression: str) -> None:
    """The work of a child process."""
    import resource

    client, _, kind = writer.partition(", ")
    write = with_kaframe if client == "kaframe" else with_confluent
    seconds = write(kind, topic, rows, compression)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak}))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--partitions", type=int, default=4)
    arguments.add_argument("--compression", default="none,lz4")
    arguments.add_argument("--python", default=sys.executable, help="the interpreter of confluent-kafka")
    arguments.add_argument("--servers", help="a broker that runs already")
    arguments.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.one:
        writer, topic, rows, compression = given.one
        one(writer, topic, int(rows), compression)
        return
    if given.servers:
        compare(given, given.servers)
        return
    from tests.kafka.kafka_server import KafkaServer

    with KafkaServer("4.1") as kafka:
        compare(given, kafka.bootstrap_servers)


def compare(given: argparse.Namespace, servers: str) -> None:
    import kaframe as kf

    cluster = kf.connect(servers)
    for compression in given.compression.split(","):
        took: dict[str, list[float]] = {writer: [] for writer in WRITERS}
        peaks: dict[str, int] = {}
        for turn in range(given.rounds):
            for number, writer in enumerate(WRITERS):
                topic = f"writing-{compression}-{turn}-{number}-{int(time.time())}"
                cluster.create_topic(topic, partitions=given.partitions)
                python = sys.executable if writer.startswith("kaframe") else given.python
                command = [python, __file__, "--one", writer, topic, str(given.rows), compression]
                environment = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": servers}
                done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
                if done.returncode:
                    sys.exit(f"{writer}: {done.stderr}")
                result = json.loads(done.stdout.splitlines()[-1])
                arrived = sum(one.end - one.start for one in cluster.scan(topic).plan().partitions)
                assert arrived == given.rows, f"{writer}: {arrived} records arrived"
                took[writer].append(result["seconds"])
                peaks[writer] = max(peaks.get(writer, 0), result["peak_mib"])
                cluster.delete_topic(topic)
        base = statistics.median(took["kaframe, Arrow"])
        print(f"{given.rows:,} rows, {given.partitions} partitions, compression {compression}")
        for writer, seconds in took.items():
            median = statistics.median(seconds)
            rate = f"{given.rows / median:12,.0f} rows/s"
            print(f"  {writer:26}{median:8.3f} s {rate}  {median / base:6.2f} x  {peaks[writer]:6} MiB peak")


if __name__ == "__main__":
    # As a script it is run by the peers' interpreter, which does not know this package.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()
