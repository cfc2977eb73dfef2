"""What the peers need: a virtual environment of their own from requirements/bench.txt, two C programs on the librdkafka inside confluent-kafka's
wheel (the newest that can be had as a package), and the Rust program that measures the limit.

Kept in ``.bench/`` and made again when its sources change.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / ".bench"
NATIVE = ROOT / "bench" / "native"
REQUIREMENTS = ROOT / "requirements" / "bench.txt"


def run(command: list[str], cwd: Path = ROOT) -> None:
    """Runs a step of the preparation; its output is shown only if it fails."""
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}")


def peers_python() -> Path:
    """The interpreter of the peers' environment."""
    python = PLACE / "venv" / "bin" / "python"
    stamp = PLACE / "venv" / f"made-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]}"
    if not stamp.exists():
        print("making the peers' environment in .bench/venv (some 1 GB, a minute)", file=sys.stderr)
        shutil.rmtree(PLACE / "venv", ignore_errors=True)
        run([sys.executable, "-m", "venv", str(PLACE / "venv")])
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        run([*pip, "-r", str(REQUIREMENTS)])
        stamp.touch()
    return python


def librdkafka(python: Path) -> Path:
    """The library inside confluent-kafka's wheel."""
    found = list((python.parent.parent / "lib").glob("python3*/site-packages/confluent_kafka.libs/librdkafka*.so*"))
    if len(found) != 1:
        raise SystemExit(f"one librdkafka is expected in confluent-kafka's wheel, found {found}")
    return found[0]


def librdkafka_folder(python: Path) -> Path:
    """A folder that holds the same library under the name by which kcat loads it: Debian's kcat brings an old one, which lacks a setting that
    tuning needs."""
    link = PLACE / "lib" / "librdkafka.so.1"
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(librdkafka(python))
    return link.parent


def native(name: str, python: Path) -> Path:
    """``count`` or ``produce``, compiled."""
    library, source, program = librdkafka(python), NATIVE / f"{name}.c", PLACE / name
    newest = max(each.stat().st_mtime for each in (source, NATIVE / "rdkafka_abi.h", library))
    if not program.exists() or program.stat().st_mtime < newest:
        options = ["-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE", f"-Wl,-rpath,{library.parent}"]
        run(["cc", *options, "-o", str(program), str(source), str(library)])
    return program


def socket_limit() -> Path:
    """The program of crates/wire/examples/socket_limit.rs."""
    run(["cargo", "build", "--release", "--quiet", "-p", "kaframe-wire", "--example", "socket_limit"])
    return ROOT / "target" / "release" / "examples" / "socket_limit"
