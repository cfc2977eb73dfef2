"""Keys, values and names of strangers on a terminal: nothing of them may act on it, in any format."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

import kaframe as kf
from tests.command import kaframe

#: Every byte, a write into the clipboard, a hidden turn of the writing direction, and a C1 sequence.
EVIL = bytes(range(256)) + b"\x1b]52;c;cm0=\x07" + "\u202e\x9b31m".encode()
FORMATS = ["table", "ndjson", "json", "csv", "markdown", "vertical", r"%k %s %h\n"]
COMMANDS = [
    *(["read", "evil", "-q", "--color", "never", "-f", form] for form in FORMATS),
    ["read", "evil", "-q", "-J"],
    ["summarize", "evil", "--color", "never"],
    ["-C", "-t", "evil", "-e", "-q"],
    ["-C", "-t", "evil", "-e", "-q", "-J"],
    ["-C", "-t", "evil", "-e", "-q", "-f", r"%k|%s|%h\n"],
]


def on_a_terminal(arguments: list[str]) -> tuple[bytes, int]:
    """What a command sends to a terminal, and how it ends."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(arguments[0], arguments)
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # How Linux says that the other end is closed.
            break
        if not piece:
            break
        shown += piece
    os.close(terminal)
    return shown, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_nothing_acts_on_the_terminal(arguments: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("evil") / "value"
    file.write_bytes(EVIL)
    with kf.Broker(topics={"evil": 1}) as broker:
        base = [kaframe(), "-b", broker.bootstrap_servers]
        wrote = subprocess.run(
            [*base, "-P", "-t", "evil", "-k", "k\x1b[2J", "-H", "h\x1b=\x1b[2J", str(file)], check=False
        )
        assert wrote.returncode == 0
        shown, code = on_a_terminal([*base, *arguments])
    assert code == 0, shown
    assert shown
    acting = [
        c
        for c in shown.decode("utf-8", "replace")
        if (ord(c) < 32 and c not in "\r\n") or 127 <= ord(c) < 160 or c == "\u202e"
    ]
    assert not acting, shown


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_binary_formats_are_refused(form: str) -> None:
    with kf.Broker(topics={"foo": 1}) as broker:
        shown, code = on_a_terminal([kaframe(), "-b", broker.bootstrap_servers, "read", "foo", "-f", form])
    assert code == 2
    assert b"is a terminal" in shown
