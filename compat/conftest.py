"""Foreign Kafka clients, unmodified, against the embedded broker.

`broker` starts one on loopback and stops it after the test. The executable is `KAFRAME_BROKER_BIN` with the flags of
`kaframe broker`, or else the example `serve` of the crate kaframe-broker, built by cargo once per session.
"""

import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


class RunningBroker:
    def __init__(self, command: list[str]):
        # Standard input stays open while the broker runs: it stops when we go, however we go.
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"{command} printed no address, exit code {self.process.poll()}")
        # The address is the last word, whatever is said before it.
        self.bootstrap_servers = line.split()[-1]

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def broker_command() -> list[str]:
    given = os.environ.get("KAFRAME_BROKER_BIN")
    if given:
        return given.split()
    subprocess.run(["cargo", "build", "--quiet", "-p", "kaframe-broker", "--example", "serve"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return [str(target / "debug" / "examples" / "serve")]


@pytest.fixture
def start_broker(broker_command):
    """Starts a broker with further flags; all of them stop with the test."""
    running: list[RunningBroker] = []

    def start(*flags: str) -> str:
        broker = RunningBroker([*broker_command, "--port", "0", *flags])
        running.append(broker)
        return broker.bootstrap_servers

    yield start
    for broker in running:
        broker.stop()


@pytest.fixture
def broker(start_broker) -> str:
    """Addresses of a fresh broker without topics."""
    return start_broker()


@pytest.fixture
def topic() -> str:
    """A name that no other test uses."""
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def kcat() -> str:
    path = shutil.which("kcat")
    if path is None:
        pytest.fail("kcat is not installed: apt install kcat, or brew install kcat")
    return path
