"""Full disks, targets that are there, interrupts in the middle: files are whole or not there, and a state stands where its files do."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import kaframe as kf
from tests.bad_input.asking import assert_refused, command
from tests.command import kaframe

ROWS = 40_000
FORMATS = ["parquet", "arrow", "csv", "ndjson", "csv.gz", "ndjson.zst"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with kf.Broker(topics={"orders": 3}) as broker:
        rows = ({"n": n, "noise": os.urandom(96).hex(), "kind": n % 50} for n in range(ROWS))
        kf.write(rows, "orders", bootstrap_servers=broker.bootstrap_servers)
        yield broker.bootstrap_servers


def on_a_full_disk(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Runs a shell line in a folder that is a disk of one MiB, in a mount namespace that ends with it."""
    folder.mkdir()
    mount = f"mount -t tmpfs -o size=1m tmpfs {shlex.quote(str(folder))} && cd {shlex.quote(str(folder))} && {line}"
    for unshare in (["unshare", "-rm"], ["unshare", "-m"]):
        if (
            subprocess.run([*unshare, "sh", "-c", f"mount -t tmpfs tmpfs {folder}"], capture_output=True).returncode
            == 0
        ):
            return subprocess.run(
                [*unshare, "sh", "-c", mount], capture_output=True, text=True, timeout=60, check=False
            )
    pytest.skip("this system lets nobody mount a small disk")


@pytest.mark.parametrize("ending", FORMATS)
def test_a_full_disk(address: str, tmp_path: Path, ending: str) -> None:
    line = f"{kaframe()} -q -b {address} export orders -w orders.{ending}; echo code $?; ls -A"
    done = on_a_full_disk(tmp_path / "disk", line)
    assert done.stdout == "code 1\n", "nothing is left of it"
    assert f"cannot write orders.{ending}: No space left on device" in done.stderr
    assert "bytes)" in done.stderr and "free some space" in done.stderr


@pytest.mark.parametrize("flags", ["", "--partition-by kind", "--state ../orders.state"])
def test_a_full_disk_and_a_folder_of_files(address: str, tmp_path: Path, flags: str) -> None:
    run = f"{kaframe()} -q -b {address} export orders -w folder/ {flags}"
    done = on_a_full_disk(tmp_path / "disk", f"{run}; echo code $?; find . -type f; ls -A; cat ../orders.state")
    assert done.stdout == "code 1\n", "neither files nor folders, and the state has not moved"
    assert "No space left on device" in done.stderr


def test_a_full_disk_under_the_state(address: str, tmp_path: Path) -> None:
    fill = "head -c 2000000 /dev/zero > filler"
    run = f"{kaframe()} -q -b {address} export orders -w {tmp_path}/folder/ --state orders.state"
    done = on_a_full_disk(tmp_path / "disk", f"{fill}; {run}; echo code $?; ls -A")
    left = set(done.stdout.split())
    assert {"code", "1"} <= left and "orders.state" not in left, done
    assert not [path for path in (tmp_path / "folder").rglob("*") if path.is_file()]
    # With room again the next run does it all.
    again = command(
        "-b", address, "export", "orders", "-w", f"{tmp_path}/folder/", "--state", f"{tmp_path}/orders.state"
    )
    assert again.returncode == 0, again.stderr
    assert json.loads((tmp_path / "orders.state").read_text())["topics"]["orders"]["rows"] == ROWS


def test_a_full_disk_in_python(address: str, tmp_path: Path) -> None:
    program = f"""
import kaframe as kf
try: kf.scan("orders", bootstrap_servers={address!r}).write_parquet("orders.parquet")
except OSError as error: print(type(error).__name__, error)
"""
    done = on_a_full_disk(tmp_path / "disk", f"{sys.executable} -c {shlex.quote(program)}; ls -A")
    assert "cannot write orders.parquet: No space left on device" in done.stdout, done
    assert len(done.stdout.splitlines()) <= 2, "the error and its hint, and no file"


def test_a_limit_on_the_size_of_files(address: str, tmp_path: Path) -> None:
    # As Python does it for itself; a program that does not would be ended by the signal.
    line = f"trap '' XFSZ; ulimit -f 512; {kaframe()} -q -b {address} export orders -w {tmp_path}/orders.csv"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert_refused(done, 1, "orders.csv", "File too large", "bytes)", "ulimit")
    assert not list(tmp_path.iterdir())


def test_more_folders_than_files_may_be_open(address: str, tmp_path: Path) -> None:
    run = f"{kaframe()} -q -b {address} export orders -n 600 -w {tmp_path}/by_n/ --partition-by n"
    done = subprocess.run(
        ["bash", "-c", f"ulimit -n 150; {run}"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("by_n/n=*/part-*.parquet"))) == 600


def test_targets_that_are_there(address: str, tmp_path: Path) -> None:
    target, link, folder = tmp_path / "orders.csv", tmp_path / "link.csv", tmp_path / "closed"
    target.write_text("mine\n")
    link.symlink_to(target)
    dangling = tmp_path / "dangling.csv"
    dangling.symlink_to(tmp_path / "nowhere")
    folder.mkdir()
    (folder / "mine.txt").write_text("mine\n")
    for path, words in [
        (target, ["is there already", "--force"]),
        (link, ["is there already", "--force"]),
        (dangling, ["is there already"]),
        (folder, ["is not empty", "--force"]),
        (tmp_path / "missing" / "orders.csv", ["its folder must exist"]),
        (target / "orders.csv", ["orders.csv"]),
        (Path("/dev/full"), ["/dev/full"]),
    ]:
        done = command("-b", address, "export", "orders", "-n", "5", "-f", "csv", "-w", str(path))
        assert done.returncode in (1, 2), path
        assert_refused(done, done.returncode, *words)
    assert command("-b", address, "export", "orders", "-f", "csv", "--force", "-w", "/dev/full").returncode == 2
    assert target.read_text() == "mine\n" and sorted(os.listdir(folder)) == ["mine.txt"]
    # Replaced through the link, which stays one.
    assert command("-b", address, "export", "orders", "-n", "5", "--force", "-w", str(link)).returncode == 0
    assert link.is_symlink() and len(target.read_text().splitlines()) == 6
    assert sorted(os.listdir(tmp_path)) == ["closed", "dangling.csv", "link.csv", "orders.csv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_may_not_be_written(address: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    done = command("-b", address, "export", "orders", "-w", str(tmp_path / "orders.csv"))
    tmp_path.chmod(0o755)
    assert_refused(done, 1, "orders.csv", "denied")


def standing(home: Path) -> tuple[int | None, list[str]]:
    """Where the state stands, or None, and what is in the folder."""
    state = home / "orders.state"
    rows = json.loads(state.read_text())["topics"]["orders"]["rows"] if state.exists() else None
    return rows, sorted(str(path.relative_to(home)) for path in (home / "folder").rglob("*"))


@pytest.mark.parametrize("flags", [[], ["--partition-by", "kind"]])
def test_ctrl_c_during_an_export(address: str, tmp_path: Path, flags: list[str]) -> None:
    """At moments all over its run: exit code 130 and nothing, or (a moment too late) all of it."""
    interrupted = 0
    for tenths in range(1, 12):
        home = tmp_path / str(tenths)
        home.mkdir()
        arguments = ["-q", "-b", address, "export", "orders", "-w", str(home / "folder") + "/", *flags]
        arguments += ["--state", str(home / "orders.state")] if tenths % 2 else []
        process = subprocess.Popen([kaframe(), *arguments], stderr=subprocess.PIPE, text=True)
        time.sleep(tenths * 0.02)
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        _, said = process.communicate(timeout=30)
        # Before it watches for the signal, the signal itself ends it.
        assert process.returncode in (0, 130, -signal.SIGINT), said
        rows, files = standing(home)
        named = [name for name in files if name.endswith(".parquet") and not Path(name).name.startswith(".")]
        if rows is not None or process.returncode == 0:
            assert named and rows in (None, ROWS)
        else:
            assert time.monotonic() - sent < 9.0
            assert not named or "--state" not in arguments, named
            assert not [name for name in files if Path(name).name.startswith(".")], files
            interrupted += not named
    assert interrupted >= 2, "the interrupts came too late to test anything"


def test_ctrl_c_during_a_write_in_python(address: str, tmp_path: Path) -> None:
    program = f"""
import time, kaframe as kf
scan = kf.scan("orders", bootstrap_servers={address!r})
print("going", flush=True)
try:
    while True: scan.write_parquet("out/", partition_by="kind", overwrite=True)
except KeyboardInterrupt:
    # On a busy machine they go a moment after the interrupt.
    time.sleep(3)
    print("interrupted", flush=True)
"""
    for tenths in range(1, 5):
        home = tmp_path / str(tenths)
        home.mkdir()
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=home)
        assert process.stdout is not None and process.stdout.readline() == "going\n"
        time.sleep(tenths * 0.06)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[0] == "interrupted\n"
        hidden = list(home.rglob(".*"))
        assert not hidden, hidden
