"""The prompt of ``kaframe sql`` on a terminal, typed at as a person would."""

from __future__ import annotations

import os
import pty
import select
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import kaframe as kf
from tests.command import kaframe

PROMPT = "kaframe> "
UP, TAB, CTRL_C, CTRL_D = "\x1b[A", "\t", "\x03", "\x04"


class Prompt:
    """A prompt that runs on a terminal of its own."""

    def __init__(self, address: str, home: Path, *arguments: str) -> None:
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            environment = {
                **os.environ,
                "TERM": "xterm",
                "NO_COLOR": "1",
                "HOME": str(home),
                "XDG_STATE_HOME": str(home),
            }
            os.execve(kaframe(), ["kaframe", "-b", address, "sql", *arguments], environment)
        self.shown = ""
        self.seen = 0
        self.code: int | None = None

    def until(self, text: str, seconds: float = 20.0) -> str:
        """What is shown from here to the text."""
        deadline = time.monotonic() + seconds
        while (at := self.shown.find(text, self.seen)) < 0:
            assert time.monotonic() < deadline, f"{text!r} did not come, but {self.shown[self.seen :]!r}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self.terminal, 65536).decode(errors="replace")
                except OSError:
                    pytest.fail(f"the prompt has ended, and {text!r} did not come: {self.shown[self.seen :]!r}")
        before, self.seen = self.shown[self.seen : at], at + len(text)
        return before

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def ask(self, line: str) -> str:
        """A line, and what is shown before the next prompt."""
        self.type(line + "\r")
        self.until("\n")
        return self.until(PROMPT)

    def end(self) -> int:
        """Reads to its end; the exit code."""
        if self.code is None:
            deadline = time.monotonic() + 20
            while True:
                assert time.monotonic() < deadline, "it does not end"
                if select.select([self.terminal], [], [], 0.1)[0]:
                    try:
                        if not os.read(self.terminal, 65536):
                            break
                    except OSError:
                        break
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
            os.close(self.terminal)
        return self.code


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with kf.Broker(topics={"orders": 2, "returns-eu": 1}) as broker:
        kafka = kf.connect(broker.bootstrap_servers)
        kafka.write(
            [{"id": n, "country": "DE" if n % 2 else "FR", "user": {"name": f"u{n}"}} for n in range(3000)], "orders"
        )
        kafka.write([{"reason": "\x1b[2Jbroken"}], "returns-eu")
        yield broker.bootstrap_servers


@pytest.fixture
def prompt(address: str, tmp_path: Path) -> Iterator[Prompt]:
    prompt = Prompt(address, tmp_path)
    prompt.until(PROMPT)
    yield prompt
    if prompt.code is None:
        prompt.type(CTRL_C + CTRL_D)
        prompt.end()


def test_queries_are_answered_until_the_end(prompt: Prompt) -> None:
    assert "3000" in prompt.ask("select count(*) as n from orders;")
    prompt.type("select country, count(*) as n\r")
    prompt.type("from orders group by country;\r")
    answer = prompt.until(PROMPT)
    assert "DE" in answer and "1500" in answer
    prompt.type("\\q\r")
    assert prompt.end() == 0


def test_the_end_of_the_input_is_an_end(prompt: Prompt) -> None:
    prompt.type(CTRL_D)
    assert prompt.end() == 0


def test_topics_and_columns_are_shown(prompt: Prompt) -> None:
    assert prompt.ask("\\d").split() == ["orders", "returns-eu"]
    columns = prompt.ask("\\d orders")
    assert [line.split()[0] for line in columns.splitlines() if line.strip()][:2] == ["id", "country"]
    assert "orders" in prompt.ask("\\d orderz")
    assert "\\q" in prompt.ask("\\?")


def test_errors_leave_it_alive(prompt: Prompt) -> None:
    assert "country" in prompt.ask("select contry from orders;")
    assert "orders" in prompt.ask("select * from ordrs;")
    assert "not SQL" in prompt.ask("selec 1;")
    assert "only asks questions" in prompt.ask("drop table orders;")
    assert "2" in prompt.ask("select 1 + 1 as two;")


def test_ctrl_c_stops_a_query_and_not_the_prompt(prompt: Prompt) -> None:
    prompt.type("select count(*) from orders a, orders b, orders c where a.id + b.id + c.id = 7.5;\r")
    prompt.until("\n")
    time.sleep(1)
    prompt.type(CTRL_C)
    began = time.monotonic()
    assert "stopped" in prompt.until(PROMPT)
    assert time.monotonic() - began < 2
    assert "4" in prompt.ask("select 2 + 2 as four;")
    # What was typed is given up too.
    prompt.type("select nothing")
    prompt.type(CTRL_C)
    prompt.until(PROMPT)
    assert "6" in prompt.ask("select 3 + 3 as six;")


def test_names_are_completed(prompt: Prompt) -> None:
    prompt.type("select count(*) from ord" + TAB)
    prompt.until("orders")
    prompt.type(";\r")
    assert "3000" in prompt.until(PROMPT)
    prompt.type('select reason from "ret' + TAB)
    prompt.until('"returns-eu"')
    prompt.type(CTRL_C)
    prompt.until(PROMPT)
    # Columns of a topic that the line names already.
    prompt.type("select 1 from orders where coun" + TAB)
    prompt.until("country")
    prompt.type(" = 'DE' limit 1;\r")
    assert "1" in prompt.until(PROMPT)


def test_the_history_outlives_it(address: str, tmp_path: Path) -> None:
    first = Prompt(address, tmp_path)
    first.until(PROMPT)
    assert "42" in first.ask("select 40 + 2 as answer;")
    first.type("\\q\r")
    assert first.end() == 0
    second = Prompt(address, tmp_path)
    second.until(PROMPT)
    second.type(UP)
    second.type(UP)
    second.until("select 40 + 2 as answer;")
    second.type("\r")
    assert "42" in second.until(PROMPT)
    second.type(CTRL_D)
    assert second.end() == 0


def test_nothing_in_the_data_acts_on_the_terminal(prompt: Prompt) -> None:
    shown = prompt.ask('select reason from "returns-eu";')
    assert "broken" in shown and "\x1b[2J" not in shown
