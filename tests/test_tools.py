"""The check of tools says what is missing and how to get it; it never lets a run go on without."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

TOOLS = Path(__file__).resolve().parent / "tools.sh"


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """A machine with a shell and no package manager."""
    for name in ("bash", "sed", "head", "id", "cat"):
        found = shutil.which(name)
        assert found
        (tmp_path / name).symlink_to(found)
    done = subprocess.run(["bash", str(TOOLS)], capture_output=True, text=True, env={"PATH": str(tmp_path)}, timeout=30)
    assert done.returncode == 1
    for word in ("openjdk-17", "maven", "kcat", "apt-get install", "brew install"):
        assert word in done.stderr


def test_nothing_is_said_when_all_is_there() -> None:
    done = subprocess.run(["bash", str(TOOLS)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
