"""The prompt of ``kaframe sql`` on a terminal, typed at as a person would."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import time
from collections.abc import Callable, Iterator
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
            environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
            environment |= {"HOME": str(home), "XDG_STATE_HOME": str(home)}
            os.execve(kaframe(), ["kaframe", "-b", address, "sql", *arguments], environment)
        self.raw = ""
        self.seen = 0
        self.code: int | None = None
        self.answer()

    @property
    def shown(self) -> str:
        """What came since the last keys, without what moves the cursor."""
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.raw[self.seen :])

    def wait(self, come: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not come():
            assert time.monotonic() < deadline, f"{what} did not come, but {self.shown!r}"
            self.take(0.1)

    def take(self, seconds: float) -> bool:
        """Takes what comes within that time."""
        if not select.select([self.terminal], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self.terminal, 65536)
        except OSError:
            piece = b""
        assert piece, f"the prompt has ended: {self.shown!r}"
        self.raw += piece.decode(errors="replace")
        return True

    def type(self, keys: str) -> None:
        self.seen = len(self.raw)
        os.write(self.terminal, keys.encode())

    def until(self, text: str) -> None:
        """Waits for a text."""
        self.wait(lambda: text in self.shown, repr(text))

    def answer(self) -> str:
        """What is shown up to the next empty prompt, at which nothing more comes."""

        def asked() -> bool:
            return self.shown.rstrip("\r").endswith(PROMPT) and not self.take(0.2)

        self.wait(asked, "the prompt")
        return self.shown.replace(PROMPT, "")

    def ask(self, line: str) -> str:
        """A line, and what is shown after it."""
        self.type(line + "\r")
        return self.answer().rpartition(line)[2]

    def end(self) -> int:
        """Reads to its end; the exit code."""
        if self.code is None:
            try:
                with contextlib.suppress(AssertionError):
                    self.wait(lambda: False, "the end")
            finally:
                os.close(self.terminal)
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
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
    yield prompt
    if prompt.code is None:
        os.kill(prompt.child, signal.SIGKILL)
        prompt.end()


def test_queries_are_answered_until_the_end(prompt: Prompt) -> None:
    assert "3000" in prompt.ask("select count(*) as n from orders;")
    prompt.type("select country, count(*) as n\r")
    prompt.type("from orders group by country;\r")
    answer = prompt.answer()
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


def test_ctrl_c_gives_up_what_was_typed_and_not_the_prompt(prompt: Prompt) -> None:
    prompt.type("select nothing")
    prompt.until("nothing")
    prompt.type(CTRL_C)
    prompt.answer()
    assert "6" in prompt.ask("select 3 + 3 as six;")


def test_names_are_completed(prompt: Prompt) -> None:
    # As far as the candidates agree; then they are listed.
    prompt.type("select count(*) from ord" + TAB)
    prompt.until("order")
    prompt.type(TAB)
    prompt.until("order by")
    prompt.type("s" + TAB + ";\r")
    assert "3000" in prompt.answer()
    prompt.type('select reason from "ret' + TAB)
    prompt.until('"returns-eu"')
    prompt.type(CTRL_C)
    prompt.answer()
    # Columns of a topic that the line names already.
    prompt.type("select 1 from orders where countr" + TAB)
    prompt.until("country")
    prompt.type(" = 'DE' limit 1;\r")
    assert "1" in prompt.answer()


def test_the_history_outlives_it(address: str, tmp_path: Path) -> None:
    first = Prompt(address, tmp_path)
    assert "42" in first.ask("select 40 + 2 as answer;")
    first.type("\\q\r")
    assert first.end() == 0
    second = Prompt(address, tmp_path)
    second.type(UP)
    second.until("\\q")
    second.type(UP)
    second.until("select 40 + 2 as answer;")
    second.type("\r")
    assert "42" in second.answer()
    second.type(CTRL_D)
    assert second.end() == 0


def test_nothing_in_the_data_acts_on_the_terminal(prompt: Prompt) -> None:
    shown = prompt.ask('select reason from "returns-eu";')
    assert "broken" in shown and "\x1b[2J" not in prompt.raw


def test_ctrl_c_stops_a_query_and_a_second_one_the_prompt(prompt: Prompt) -> None:
    # Hours of work without a single row.
    endless = (
        "select count(*) from generate_series(1, 300000) a(x) join generate_series(1, 300000) b(y) on a.x * b.y = -1;"
    )
    prompt.type(endless + "\r")
    time.sleep(1)
    prompt.type(CTRL_C)
    assert "stopped" in prompt.answer()
    assert "6" in prompt.ask("select 3 + 3 as six;")
    prompt.type(endless + "\r")
    time.sleep(1)
    os.kill(prompt.child, signal.SIGINT)
    os.kill(prompt.child, signal.SIGINT)
    time.sleep(0.1)
    os.kill(prompt.child, signal.SIGINT)
    assert prompt.end() == 130
