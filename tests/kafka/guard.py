"""Runs one server process and never outlives the process that asked for it.

``python guard.py DIRECTORY LOGFILE COMMAND...`` starts COMMAND in a process group of its own, prints its process id, and waits. When its own
standard input ends (the test run finished, crashed, or was killed: the kernel closes the pipe in every case) it stops the group and removes
DIRECTORY. A stopped server (SIGSTOP) is continued first, so that it can still end by itself; after a grace period it is killed.

It is a separate program because a ``finally`` or ``atexit`` of the test run does not survive SIGKILL.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time

GRACE_SECONDS = 3.0


def signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def main(directory: str, log_path: str, command: list[str]) -> int:
    with open(log_path, "ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    print(process.pid, flush=True)
    while process.poll() is None:
        readable, _, _ = select.select([sys.stdin], [], [], 0.2)
        if readable and not os.read(sys.stdin.fileno(), 1):
            break
    signal_group(process, signal.SIGCONT)
    signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    signal_group(process, signal.SIGKILL)
    code = process.wait()
    # When the server died by itself the log must outlive it: the asker reads it for its error message, then closes the pipe.
    while True:
        readable, _, _ = select.select([sys.stdin], [], [], 3600)
        if not readable or not os.read(sys.stdin.fileno(), 1):
            break
    shutil.rmtree(directory, ignore_errors=True)
    return 0 if code in (0, -signal.SIGTERM, -signal.SIGKILL, 128 + signal.SIGTERM) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
