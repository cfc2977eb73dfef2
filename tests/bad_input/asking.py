"""How these tests ask: through the Python package and through the command, in a process of its own, with time and end observed."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.command import kaframe

AT_ONCE = 2.0


@contextlib.contextmanager
def fails(kind: type[Exception], *words: str) -> Iterator[pytest.ExceptionInfo[Exception]]:
    """The block raises ``kind``, and the message holds each of the words."""
    with pytest.raises(kind) as caught:
        yield caught
    for word in words:
        assert word.lower() in str(caught.value).lower(), f"{word!r} is not in: {caught.value}"


@contextlib.contextmanager
def within(limit: float, at_least: float = 0.0) -> Iterator[None]:
    """The block takes no longer than that, and no less than ``at_least``."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    assert at_least <= took <= limit, f"took {took:.2f} s, not {at_least} to {limit}"


def command(*arguments: str, timeout: float = 30.0, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``kaframe``; brokers come from the arguments only."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")}
    return subprocess.run(
        [kaframe(), *arguments], capture_output=True, text=True, timeout=timeout, input=stdin, env=environment
    )


def assert_refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """The command ended with that exit code, wrote no rows, and said what is wrong without a panic."""
    assert done.returncode == code, f"exit code {done.returncode}, not {code}: {done.stderr}"
    assert done.stdout == "", "an error gives no rows"
    assert "panicked" not in done.stderr
    for word in words:
        assert word.lower() in done.stderr.lower(), f"{word!r} is not in: {done.stderr}"
