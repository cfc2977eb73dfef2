"""Types: what users write is accepted, mistakes are found, and the stub of the native half tells the truth."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pyright(*files: Path) -> list[dict]:
    if importlib.util.find_spec("pyright") is None:
        pytest.skip("pyright is not installed")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    return json.loads(done.stdout)["generalDiagnostics"]


def test_what_users_write_is_accepted():
    found = [f"{one['range']['start']['line'] + 1}: {one['message']}" for one in pyright(HERE / "typing" / "good.py")]
    assert found == []


def test_every_mistake_is_found_and_nothing_else():
    file = HERE / "typing" / "bad.py"
    expected = {
        number: match[1]
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if (match := re.search(r"# \[(\w+)\]$", line))
    }
    found = {one["range"]["start"]["line"] + 1: one.get("rule") for one in pyright(file) if one["severity"] == "error"}
    assert found == expected


def test_the_package_says_that_it_is_typed():
    spec = importlib.util.find_spec("kaframe")
    assert spec
    assert spec.origin
    assert (Path(spec.origin).parent / "py.typed").exists()


def test_the_stub_of_the_native_half_is_true():
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    command = [sys.executable, "-m", "mypy.stubtest", "kaframe._native"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
