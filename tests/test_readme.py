"""The README's code runs, and prints what the README says it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kaframe as kf
from tests.command import shell
from tests.conformance import foreign
from tests.kafka.kafka_server import KafkaServer

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
EXAMPLE, CHANGED_LINE = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
#: Topics that the README takes for granted.
OTHER_TOPICS = {"orders": 1, "orders-de": 1, "returns": 1, "prices": 1}
(OUTPUT,) = re.findall(r"```text\n(.*?)```", README, flags=re.DOTALL)


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def without_figures(text: str) -> str:
    """Times, durations and byte counts differ from run to run; everything else does not."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\+00:00", "<time>", text)
    text = re.sub(r"\d+(\.\d+)? ?(ms|µs|s)\b", "<duration>", text)
    text = re.sub(r"\d+(\.\d+)? ?([KM]i?B|bytes)\b", "<size>", text)
    return re.sub(r" +", " ", text)


def test_the_example_prints_what_is_shown() -> None:
    assert len([line for line in EXAMPLE.splitlines() if line.strip()]) == 8
    assert without_figures(run(EXAMPLE)) == without_figures(OUTPUT)


def test_the_demo_is_the_example() -> None:
    demo = (ROOT / "examples" / "demo.py").read_text()
    assert demo == EXAMPLE


@pytest.mark.live
def test_the_changed_line_reads_a_real_cluster() -> None:
    """The example with its one changed line, the address apart: the embedded broker is not asked for anything."""
    line = next(each for each in EXAMPLE.splitlines() if "kf.connect(" in each)
    with KafkaServer("4.1") as server:
        address = re.search(r'"(.+?)"', CHANGED_LINE)
        assert address, CHANGED_LINE
        foreign.create_topic(server.bootstrap_servers, "foo")
        changed = CHANGED_LINE.rstrip("\n").replace(address.group(1), server.bootstrap_servers)
        assert without_figures(run(EXAMPLE.replace(line, changed))) == without_figures(OUTPUT)
        assert len(foreign.read(server.bootstrap_servers, "foo")) == 1000


def rows_of_the_table() -> list[list[str]]:
    section = README.split("## The same in one line each")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_the_python_column(tmp_path: Path) -> None:
    """Every whole statement of the table, in one program, against the embedded broker."""
    statements = [
        cell for _, python, _ in rows_of_the_table() for cell in re.findall(r"`(kf\.[^`]+|for [^`]+)`", python)
    ]
    assert len(statements) >= 7
    with kf.Broker(topics=OTHER_TOPICS) as broker:
        last = [each for each in statements if "delete_topic" in each]
        # A scan that follows goes on until it is stopped.
        statements = [each.replace("follow(): ...", "follow(): break") for each in statements]
        program = "\n".join(
            [
                "import re, threading, time",
                "import kaframe as kf",
                "rows = [{'id': str(n), 'n': n, 'country': 'DE'} for n in range(10)]",
                "kf.write(rows, 'orders', key='id'); kf.write(rows, 'returns', key='id'); kf.write(rows, 'prices', key='id')",
                "def more():",
                "    while True: time.sleep(0.1); kf.write(rows[:1], 'orders')",
                "threading.Thread(target=more, daemon=True).start()",
                *(each for each in statements if each not in last and "table." not in each),
                "table = kf.read('foo')",
                *(each for each in statements if "table." in each),
                "assert len(table) == 10",
                *last,
                f"assert sorted(topic.name for topic in kf.topics()) == {sorted(OTHER_TOPICS)}",
            ]
        )
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env={**os.environ, "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers},
        )
    assert done.returncode == 0, f"{program}\n{done.stderr}"


def test_the_command_column(tmp_path: Path) -> None:
    """The commands of the table, as they stand there, in a shell."""
    with kf.Broker(topics=OTHER_TOPICS) as broker:
        cluster = kf.connect(broker.bootstrap_servers)
        for topic in OTHER_TOPICS:
            cluster.write([{"id": "a"}], topic, key="id")
        (tmp_path / "rows.ndjson").write_text('{"id": "a"}\n{"id": "b"}\n')
        commands = [cell for _, _, command in rows_of_the_table() for cell in re.findall(r"`(kaframe [^`]+)`", command)]
        # These two go on until they are stopped.
        commands = [each for each in commands if not each.startswith("kaframe broker") and "--follow" not in each]
        assert len(commands) >= 5
        last = ["kaframe topics describe foo", "kaframe topics delete foo"]
        shell([*commands, *last], broker.bootstrap_servers, tmp_path, seconds=60)
    assert (tmp_path / "foo.ndjson").read_text().count("\n") == 2
