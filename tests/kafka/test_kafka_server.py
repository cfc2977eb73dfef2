"""The harness itself: it starts, hangs and wakes on demand, and leaves nothing behind, however its owner ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.kafka import jars
from tests.kafka.kafka_server import KafkaServer, alive, brokers_in_metadata

OWNER = """
import sys, time
from tests.kafka.kafka_server import KafkaServer
server = KafkaServer("4.1").start()
print(server.pid, server.port, server._directory, flush=True)
time.sleep(600)
"""


def wait_until_gone(pid: int, directory: Path) -> None:
    deadline = time.monotonic() + 15
    while alive(pid) or directory.exists():
        assert time.monotonic() < deadline, f"process {pid} or {directory} is still there"
        time.sleep(0.05)


@pytest.mark.live
def test_pause_and_resume() -> None:
    with KafkaServer("4.1") as server:
        assert brokers_in_metadata(server.port) == 1
        server.pause()
        assert brokers_in_metadata(server.port) == 0
        server.resume()
        assert brokers_in_metadata(server.port) == 1
        pid, directory = server.pid, server._directory
    wait_until_gone(pid, directory)


@pytest.mark.live
@pytest.mark.parametrize(
    ("end", "whole_group"),
    [
        (signal.SIGKILL, False),
        (signal.SIGINT, False),
        (signal.SIGINT, True),
        (signal.SIGTERM, True),
        (signal.SIGKILL, True),
    ],
)
def test_nothing_outlives_its_owner(end: signal.Signals, whole_group: bool) -> None:
    """Ended alone, or with the whole group, as Ctrl-C in a terminal, ``timeout`` and a cancelled job do."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    ) as owner:
        assert owner.stdout is not None
        pid, _, directory = owner.stdout.readline().split()
        assert alive(int(pid))
        (os.killpg if whole_group else os.kill)(owner.pid, end)
        owner.wait(timeout=10)
    wait_until_gone(int(pid), Path(directory))


def test_a_missing_java_is_a_failure_that_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(jars.MissingTool, match="openjdk-17"):
        jars.java()
    monkeypatch.setenv("KAFRAME_KAFKA_CACHE", str(tmp_path))
    with pytest.raises(jars.MissingTool, match=r"apt-get install .* maven"):
        jars.jars("4.1")


def test_an_unknown_line_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"3\.9, 4\.1"):
        jars.jars("9.9")
