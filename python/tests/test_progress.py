"""Progress: to a callback, a bar or a line; never where nobody looks."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

import kaframe as kf
from kaframe import _progress
from kaframe._progress import Watch


def steps(total: int = 100):
    return [(n, n * 10, n, total, 0, 2.0 + n / 10, 0.0) for n in (10, 50, 100)]


def test_a_callback_hears_the_end(cluster, numbers):
    heard: list[kf.Progress] = []
    cluster.read(numbers, progress=heard.append)
    assert heard
    last = heard[-1]
    assert (last.records, last.offsets_done, last.offsets_total, last.malformed) == (1000, 1000, 1000, 0)
    assert last.fraction == 1.0
    assert last.rate > 0
    assert last.bytes > 0
    assert [one.records for one in heard] == sorted(one.records for one in heard)


def test_a_callback_hears_a_write_and_a_stream(cluster, new_topic, numbers):
    heard: list[kf.Progress] = []
    cluster.write([{"n": n} for n in range(100)], new_topic(), progress=heard.append)
    assert heard[-1].records == 100
    heard.clear()
    assert sum(len(batch) for batch in cluster.scan(numbers, progress=heard.append)) == 1000
    assert heard


def test_an_error_of_the_callback_ends_the_read(cluster, numbers):
    def refuse(progress: kf.Progress) -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        cluster.read(numbers, progress=refuse)
    assert len(cluster.read(numbers)) == 1000


def test_by_itself_only_where_a_person_watches_and_after_a_second(monkeypatch):
    assert Watch(None, "t").native is None  # under pytest stderr is no terminal
    monkeypatch.setattr(_progress, "is_watched", lambda: True)
    assert Watch(None, "t", automatic=False).native is None
    assert Watch(False, "t").native is None
    shown = []
    monkeypatch.setattr(_progress, "_bar", lambda label, total: shown.append(label) or _Silent())
    with Watch(None, "t") as watch:
        assert watch.native
        watch.native(1, 1, 1, 10, 0, 0.5, 0.0)
        assert shown == []
        watch.native(1, 1, 1, 10, 0, 1.5, 0.0)
        watch.native(2, 2, 2, 10, 0, 1.6, 0.0)
    assert shown == ["t"]


class _Silent:
    def show(self, progress: kf.Progress) -> None: ...
    def close(self, progress: kf.Progress | None) -> None: ...


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)


def test_a_line_on_a_terminal_leaves_nothing_behind(monkeypatch):
    without_tqdm(monkeypatch)
    monkeypatch.setattr(sys, "stderr", _Terminal())
    with Watch(True, "orders") as watch:
        assert watch.native
        for step in steps():
            watch.native(*step)
        text = sys.stderr.getvalue()
        assert "\rorders: 100 records (100%), 8/s, 12.0 s" in text
    assert sys.stderr.getvalue().endswith("\r" + " " * len("orders: 100 records (100%), 8/s, 12.0 s") + "\r")


def test_a_line_elsewhere_is_only_its_end(monkeypatch):
    without_tqdm(monkeypatch)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with Watch(True, "orders") as watch:
        assert watch.native
        for step in steps():
            watch.native(*step)
    assert sys.stderr.getvalue() == "orders: 100 records (100%), 8/s, 12.0 s\n"


def test_tqdm_is_used_where_it_is_installed(monkeypatch):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", _Terminal())
    with Watch(True, "orders") as watch:
        assert watch.native
        for step in steps():
            watch.native(*step)
    assert "orders:" in sys.stderr.getvalue()


def test_nothing_is_written_to_a_pipe_by_itself(broker, numbers):
    program = f"""
import kaframe as kf
import kaframe._progress
kaframe._progress.PATIENCE = 0.0
assert len(kf.read({numbers!r})) == 1000
"""
    environment = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment, timeout=60, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
