"""The examples below the help of every command run as they stand there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import kaframe as kf
from tests.command import kaframe, shell

#: These go on until they are stopped, or change the shell they run in.
GO_ON = re.compile(r"--follow|^kaframe broker|^kaframe sql  #|completions")


def help_of(command: str) -> str:
    return subprocess.run([kaframe(), command, "--help"], capture_output=True, text=True, check=True, timeout=30).stdout


def test_every_command_has_examples_that_run(tmp_path: Path) -> None:
    listed = subprocess.run([kaframe(), "--help"], capture_output=True, text=True, check=True, timeout=30).stdout
    commands = re.findall(r"^  ([a-z]+) ", listed.split("Commands:")[1].split("Options:")[0], re.MULTILINE)
    assert len(commands) >= 15
    examples = []
    for command in commands:
        _, found, lines = help_of(command).partition("Examples:\n")
        assert found, f"kaframe {command} --help has no example"
        examples += [line.strip() for line in lines.splitlines() if line.strip()]
    assert all("kaframe" in each for each in examples), examples
    first = [each for each in examples if "topics create" in each]
    last = [each for each in examples if "topics delete" in each]
    others = [each for each in examples if each not in first + last and not GO_ON.search(each)]
    (tmp_path / "rows.ndjson").write_text('{"id": "a", "sku": 1, "amount": 200, "country": "DE"}\n' * 30)
    (tmp_path / "prices.csv").write_text("sku,price\n1,2.5\n")
    with kf.Broker(topics={"returns": 1, "copy": 1}) as broker:
        fill = "kaframe write orders < rows.ndjson; kaframe write returns < rows.ndjson"
        # The files that some of them need are made by others.
        make = "kaframe read orders > more.ndjson; kaframe export orders -w rows.parquet"
        shell([*first, fill, make, *others, *last], broker.bootstrap_servers, tmp_path, seconds=120)
