"""Ctrl-C: stops within a quarter of a second wherever the read is, and leaves the interpreter and the scan usable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from tests.kafka.kafka_server import suspend

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot stop a process")

#: What design promises, in seconds.
PROMISE = 0.25

# A broker in a process of its own: stopped, it keeps its connections and answers nothing. It holds several times what one Fetch brings, so that no reader has
# everything before the broker stops.
BROKER = """
import kaframe as kf, sys
with kf.Broker(topics={"foo": 1, "other": 1}) as broker:
    kf.connect(broker.bootstrap_servers).write(({"n": n, "pad": "x" * 2000} for n in range(20_000)), "foo")
    print(broker.bootstrap_servers, flush=True)
    sys.stdin.read()
"""

# Says when it is about to wait, and what it got. Afterwards the same scan must give all its rows.
READER = """
import sys, time
import kaframe as kf
scan = kf.scan("foo", batch_size=1000, memory_limit=1, timeout=50)
{before}
print("ready", flush=True)
sys.stdin.readline()
print("going", flush=True)
try:
    {wait}
except KeyboardInterrupt:
    print("interrupted", flush=True)
else:
    print("not interrupted", flush=True)
sys.stdin.readline()
assert len(scan.read()) == 20_000
print("usable", flush=True)
"""

WAYS = {
    "read": ("", "scan.read()"),
    "schema": ("", "scan.schema"),
    "connect": ("", "kf.topics()"),
    "iteration": ("batches = iter(scan); next(batches)", "for _ in batches: pass"),
    "arrow stream": ("import pyarrow", "pyarrow.table(scan)"),
    # An interrupted write may still arrive: it goes where nobody counts.
    "write": ("", "kf.connect().write([{'n': 1}], 'other')"),
}


@pytest.fixture(scope="module")
def broker_process():
    process = subprocess.Popen([sys.executable, "-c", BROKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGCONT)
        process.stdin.close()
        process.wait(10)


@pytest.mark.parametrize("way", WAYS)
def test_an_interrupt_while_the_broker_is_silent(broker_process, way):
    if way == "arrow stream":
        pytest.importorskip("pyarrow")
    # A busy machine may delay one try; it does not delay three.
    took = [_interrupt(*broker_process, *WAYS[way]) for _ in range(3)]
    assert min(took) < PROMISE, took


def _interrupt(broker: subprocess.Popen[str], servers: str, before: str, wait: str) -> float:
    environment = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": servers}
    program = READER.format(before=before, wait=wait)
    reader = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert reader.stdin
    assert reader.stdout
    try:
        assert reader.stdout.readline() == "ready\n", reader.communicate(timeout=10)[1]
        suspend(broker.pid)
        reader.stdin.write("go\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "going\n"
        time.sleep(0.3)
        reader.send_signal(signal.SIGINT)
        sent = time.perf_counter()
        answer = reader.stdout.readline()
        took = time.perf_counter() - sent
        broker.send_signal(signal.SIGCONT)
        assert answer == "interrupted\n", reader.communicate(timeout=10)
        output, errors = reader.communicate("go\n", timeout=30)
        assert (output, reader.returncode) == ("usable\n", 0), errors
        return took
    finally:
        broker.send_signal(signal.SIGCONT)
        reader.kill()
        reader.wait(10)
