"""Counts the tests that ran against a real Kafka and says so at the end; with ``CI=true`` a run without any is a failure.

A live test that cannot start its server fails like any other: nothing here skips.
"""

from __future__ import annotations

import os

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


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(LiveCount(), "kaframe-live-count")
