"""Where the command ``kaframe`` of this environment is; never the one of another folder of the path."""

from __future__ import annotations

import sys
from pathlib import Path


def kaframe() -> str:
    """The program that the wheel installed beside the interpreter."""
    program = Path(sys.executable).parent / "kaframe"
    assert program.exists(), f"{program} does not exist: the wheel that is installed has no command"
    return str(program)
