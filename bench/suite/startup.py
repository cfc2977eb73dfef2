"""How long it takes to begin: fresh processes, whole lives, ours and another's in turn."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time

FOO = "foo"
#: A package that pip installed has its bytecode beside it: so has the tree, after the first of the runs.
INSTALLED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def life(command: list[str], expect: str = "") -> float:
    """Seconds from the start of a process to its end."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=INSTALLED)
    seconds = time.perf_counter() - began
    if done.returncode or expect not in done.stdout.replace(" ", ""):
        raise SystemExit(f"{' '.join(command)}: {done.stderr}{done.stdout}")
    return seconds


def startup(servers: str, repeats: int = 15) -> dict[str, float]:
    """Medians in milliseconds, on a topic of a thousand records."""
    program = shutil.which("kaframe", path=os.path.dirname(sys.executable))
    if program is None:
        raise SystemExit("the command `kaframe` is not in this environment; `make build` puts it there")
    python = [sys.executable, "-c"]
    read = f"kf.read({FOO!r}, bootstrap_servers={servers!r})"
    commands = {
        "kaframe head foo": [program, "-b", servers, "head", FOO],
        "kcat -c 5": ["kcat", "-C", "-b", servers, "-t", FOO, "-c", "5", "-q", "-o", "beginning"],
        "python, nothing": [*python, "pass"],
        "import kaframe": [*python, "import kaframe"],
        "import pandas": [*python, "import pandas"],
        "import kaframe, read foo, print a row": [*python, f"import kaframe as kf; print({read}.head(1))"],
        "import pandas and kaframe, read foo to pandas": [
            *python,
            f"import pandas, kaframe as kf; print({read}.to_pandas().iloc[0])",
        ],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            times[name].append(life(command, '"number":0' if name in ("kaframe head foo", "kcat -c 5") else ""))
    return {name: 1000 * statistics.median(each) for name, each in times.items()}
