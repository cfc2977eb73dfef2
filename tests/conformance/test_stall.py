"""A broker that hangs for 50 seconds in the middle of a read: the process is stopped (SIGSTOP), connections stay open, nothing answers.

Other readers have returned part of a topic as a success after such a stall. Here nothing may be lost: 50 s without progress is under the
limit of 60 s (``timeout``), so the read goes on where it was. Once against the real Kafka, once against ``kaframe broker``.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

import kaframe as kf
from tests.command import kaframe
from tests.conformance import foreign
from tests.conformance.check import RAW, assert_law, rows, terms
from tests.conformance.foreign import Record
from tests.kafka.kafka_server import KafkaServer, suspend

STALL_SECONDS = 50
Start = Callable[[], AbstractContextManager[tuple[str, int]]]
COUNT = 4000
SIZE = 10_000


@contextlib.contextmanager
def real() -> Iterator[tuple[str, int]]:
    with KafkaServer("4.1") as server:
        yield server.bootstrap_servers, server.pid


@contextlib.contextmanager
def embedded() -> Iterator[tuple[str, int]]:
    """``kaframe broker`` as a process of its own: one that runs inside the test could not be stopped without stopping the test."""
    with subprocess.Popen(
        [kaframe(), "broker", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            said = ""
            while not (found := re.search(r"127\.0\.0\.1:\d+", said)):
                line = process.stdout.readline()
                assert line, f"`kaframe broker` ended: {said}"
                said += line
            yield found.group(), process.pid
        finally:
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGINT)
            process.wait(timeout=10)


@pytest.mark.slow
@pytest.mark.parametrize("start", [pytest.param(real, marks=pytest.mark.live), embedded])
def test_nothing_is_lost(start: Start) -> None:
    with start() as (bootstrap_servers, pid):
        foreign.create_topic(bootstrap_servers, "stalled", 2)
        records = [
            Record(b"%0*d" % (SIZE, number), timestamp=1_790_000_000_000, partition=number % 2)
            for number in range(COUNT)
        ]
        foreign.produce(bootstrap_servers, "stalled", records)
        # 40 MB under a memory limit of 2 MiB: most of it cannot have been fetched when the first batch is in our hands.
        scan = kf.scan("stalled", bootstrap_servers=bootstrap_servers, batch_size=100, memory_limit="2MiB", **RAW)
        stream = iter(scan)
        got = rows(next(stream))
        suspend(pid)
        wake = threading.Timer(STALL_SECONDS, os.kill, (pid, signal.SIGCONT))
        wake.start()
        began = time.monotonic()
        try:
            got += [row for batch in stream for row in rows(batch)]
        finally:
            wake.cancel()
            os.kill(pid, signal.SIGCONT)
        waited = time.monotonic() - began
        assert waited > STALL_SECONDS - 5, f"the stall was not in the middle of the read: it took {waited:.1f} s"
        got.sort(key=lambda row: row[:2])  # a stream keeps the order inside a partition only
        assert [row[:2] for row in got] == [(partition, offset) for partition in (0, 1) for offset in range(COUNT // 2)]
        assert got == foreign.read(bootstrap_servers, "stalled")
        assert terms(scan.report) == {0: {"delivered": COUNT // 2}, 1: {"delivered": COUNT // 2}}
        assert_law(scan.report)
        assert scan.report.complete
