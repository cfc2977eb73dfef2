"""Counts the tests that ran against a real Kafka and says so at the end; with ``CI=true`` a run without any is a failure.

A live test that cannot start its server fails like any other: nothing here skips.

``make test`` runs several tests at once (``pytest -n``), since most of their time is waiting: those of one cluster stay together, and so do those
of one file.
"""

from __future__ import annotations

import os
import re
import signal
from typing import Any

import pytest

LIVE = "live"


class LiveCount:
    """Pytest plugin: how many live-broker tests ran, printed as the last line of the run."""

    def __init__(self) -> None:
        self.ran = 0
        self.collect_only = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and LIVE in report.keywords and not report.skipped:
            self.ran += 1

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.collect_only = bool(session.config.option.collectonly)
        if os.environ.get("CI") == "true" and self.ran == 0 and not self.collect_only:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_unconfigure(self) -> None:
        if self.collect_only:
            return
        print(f"live-broker tests run: {self.ran}")
        if os.environ.get("CI") == "true" and self.ran == 0:
            print("FAILED: with CI=true at least one test must have run against a real Apache Kafka")


#: The cluster in the name of a test of the conformance suite: "[embedded-4.1-zstd]".
CLUSTER = re.compile(r"\[((?:embedded|kafka)-[\d.]+)")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A cluster is started once and the fixtures of a file are made once, also where several tests run at once."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            cluster = CLUSTER.search(nodeid)
            return cluster[1] if cluster else nodeid.partition("::")[0]

    return Together(config, log)


def pytest_configure(config: pytest.Config) -> None:
    # What a shell starts in the background ignores Ctrl-C, and so would the tests of it and what they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Where several run at once, the process that shares them out hears of all of them.
    if hasattr(config, "workerinput"):
        return
    config.pluginmanager.register(LiveCount(), "kaframe-live-count")
