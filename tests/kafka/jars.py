"""The jars of a Kafka server: fetched once by Maven, kept in a cache folder.

Not a downloader: Maven resolves, verifies and stores; the versions are pinned in ``<line>/pom.xml`` beside this file. The cache is ``.kafka/`` in
the checkout (git-ignored), or the folder that ``KAFRAME_KAFKA_CACHE`` names, which several checkouts may share.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
LINES = tuple(sorted(path.parent.name for path in HERE.glob("*/pom.xml")))

INSTALL_HINT = (
    "The live-broker tests start a real Apache Kafka and need Java 17 or newer and Maven.\n"
    "  Debian, Ubuntu:  apt-get install openjdk-17-jre-headless maven\n"
    "  Fedora:          dnf install java-17-openjdk-headless maven\n"
    "  macOS:           brew install openjdk@17 maven"
)


class MissingTool(RuntimeError):
    """A program that the live tests need is not installed. Never a reason to skip: the run fails with how to get it."""


def cache_root() -> Path:
    """The folder that holds one subfolder of jars for each line of Kafka."""
    named = os.environ.get("KAFRAME_KAFKA_CACHE")
    return Path(named) if named else HERE.parent.parent / ".kafka"


def java() -> str:
    """The ``java`` to run servers with."""
    home = os.environ.get("JAVA_HOME")
    candidate = shutil.which("java", path=str(Path(home) / "bin")) if home else None
    found = candidate or shutil.which("java")
    if not found:
        raise MissingTool(f"`java` was not found.\n{INSTALL_HINT}")
    return found


def jars(line: str) -> Path:
    """The folder of jars for a line of Kafka, ``"4.1"`` for instance; fetched by Maven when it is not there yet."""
    if line not in LINES:
        raise ValueError(f"no pom.xml for Kafka {line!r}; there is one for each of {', '.join(LINES)}")
    root = cache_root()
    libs = root / line / "libs"
    if libs.is_dir():
        return libs
    root.mkdir(parents=True, exist_ok=True)
    with open(root / f"{line}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run of the tests may be fetching the same jars
        if not libs.is_dir():
            fetch(line, libs)
    return libs


def fetch(line: str, libs: Path) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise MissingTool(f"`mvn` was not found, and {libs} does not exist yet.\n{INSTALL_HINT}")
    libs.parent.mkdir(parents=True, exist_ok=True)
    # Into a folder of another name first: a fetch that was interrupted must not look like a complete one.
    partial = Path(tempfile.mkdtemp(prefix="partial-", dir=libs.parent))
    command = [
        maven,
        "-q",
        "-B",
        "-f",
        str(HERE / line / "pom.xml"),
        "dependency:copy-dependencies",
        f"-DoutputDirectory={partial}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode != 0 or not any(partial.glob("kafka_*.jar")):
        shutil.rmtree(partial, ignore_errors=True)
        raise RuntimeError(
            f"Maven could not fetch the jars of Kafka {line} ({' '.join(command)}):\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    partial.rename(libs)
