"""What a read meets on its way (moved leaders, throttling, lost connections) is told to Python's logger ``kaframe``, where somebody listens."""

from __future__ import annotations

import logging
import struct
import subprocess
import sys

import pytest

import kaframe as kf
from tests.bad_input import batches, peers, scripted
from tests.bad_input.scripted import FETCH, Script

NOT_LEADER = 6


def troubled() -> Script:
    """A broker that says first that it is not the leader, then that it wants to be left alone."""
    answers = iter([NOT_LEADER, 0])

    def fetch(script: Script, request: bytes) -> bytes:
        body = bytearray(scripted.fetch(script, request))
        code = next(answers, None)
        if code == NOT_LEADER:
            at = 4 + 4 + 2 + len(scripted.TOPIC) + 4 + 4
            body[at : at + 2] = struct.pack(">h", code)
        elif code == 0:
            body[:4] = struct.pack(">i", 120)
        return bytes(body)

    return Script(records=batches.plain([b'{"n": 1}']), end=1, replies={FETCH: fetch})


def test_trouble_is_told_to_who_listens(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="kaframe"), scripted.broker(troubled()) as address:
        assert len(kf.read("foo", bootstrap_servers=address)) == 1
    assert {record.name for record in caplog.records} == {"kaframe"}
    told = {record.levelno: [] for record in caplog.records}
    for record in caplog.records:
        told[record.levelno].append(record.getMessage())
    assert any("connected" in line and address in line for line in told[logging.DEBUG])
    assert any(line.startswith("fetching again") and "foo" in line for line in told[logging.INFO])
    assert any("left alone" in line and "120ms" in line for line in told[logging.INFO])


def test_who_does_not_listen_is_told_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="kaframe"), scripted.broker(troubled()) as address:
        assert len(kf.read("foo", bootstrap_servers=address)) == 1
    assert not caplog.records
    # What was not heard then is not told later.
    with caplog.at_level(logging.INFO, logger="kaframe"), scripted.broker(Script(end=0)) as address:
        kf.read("foo", bootstrap_servers=address)
    assert not caplog.records


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("", False),
        ("import logging", False),
        ("import logging; logging.basicConfig()", False),
        ("import logging; logging.basicConfig(level='INFO')", True),
    ],
)
def test_a_program_says_whether_it_listens(before: str, said: bool) -> None:
    address = peers.refused()
    program = f"""
{before}
import sys, kaframe as kf
try: kf.read("foo", bootstrap_servers={address!r}, timeout=1)
except kf.ConnectError: pass
with kf.Broker(topics={{"foo": 1}}) as broker:
    kf.read("foo", bootstrap_servers=broker.bootstrap_servers)
print("logging" in sys.modules)
"""
    with scripted.broker(troubled()) as address:
        program += f'kf.read("foo", bootstrap_servers={address!r})\n'
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ("INFO:kaframe:" in done.stderr) == said, done.stderr
    if not said:
        assert done.stderr == ""
    if not before:
        assert done.stdout == "False\n", "kaframe does not import logging"
