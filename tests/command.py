"""The command ``kaframe`` of this environment, never the one of another folder of the path; and a shell whose path finds it first."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path


def kaframe() -> str:
    """The program that the wheel installed beside the interpreter."""
    program = Path(sys.executable).parent / "kaframe"
    assert program.exists(), f"{program} does not exist: the wheel that is installed has no command"
    return str(program)


def shell(commands: Iterable[str], bootstrap_servers: str, folder: Path, seconds: float) -> None:
    """Runs commands as a user types them, in ``folder``; one that fails is an error that shows what it said."""
    environment = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    script = "\n".join(["set -eu", *commands])
    done = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        timeout=seconds,
        cwd=folder,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
