"""A real Apache Kafka for tests and benchmarks: one node (KRaft, broker and controller in one), loopback only, gone when the caller is gone.

Not a cluster manager: one broker, no security, data in a temporary folder. What the settings mean is written in Kafka's own documentation,
https://kafka.apache.org/documentation/#brokerconfigs.

    with KafkaServer("4.1") as server:
        print(server.bootstrap_servers)
"""

from __future__ import annotations

import base64
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from types import TracebackType

from . import jars

HERE = Path(__file__).resolve().parent
START_SECONDS = 90.0

# What differs from Kafka's defaults, and why.
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    # One broker cannot hold three replicas of the internal topics.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    # Kafka's own default, stated because a test relies on it: a reader that would create a misspelt topic is found out.
    "auto.create.topics.enable": "true",
    # Tests write records of any age; by default those older than a week are deleted half a minute after the start.
    "log.retention.ms": "-1",
    # Compaction tests wait for the cleaner; by default it sleeps for 15 s and holds 128 MB.
    "log.cleaner.backoff.ms": "100",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "log.cleaner.io.buffer.size": "1048576",
    # Room for the 5 MB records of the tests.
    "message.max.bytes": "16777216",
    "replica.fetch.max.bytes": "16777216",
}
SINCE_4 = {
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}


class StartError(RuntimeError):
    """The server did not come up; the message ends with the last lines of its log."""


class KafkaServer:
    """One running server of a line of Kafka (``"3.9"`` or ``"4.1"``: the exact versions are pinned in ``<line>/pom.xml``)."""

    def __init__(self, line: str = "4.1", *, heap: str = "512m", settings: dict[str, str] | None = None) -> None:
        self.line = line
        self.heap = heap
        self.settings = settings or {}
        self.port = 0
        self.pid = 0
        self._guards: list[subprocess.Popen[str]] = []
        self._command: list[str] = []
        self._directory = Path()

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """The last lines that the server wrote."""
        path = self._directory / "kafka.log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def start(self) -> KafkaServer:
        for attempt in (1, 2, 3):
            try:
                self._start_once()
                return self
            except StartError as error:
                self.stop()
                # Between finding a free port and the server taking it, somebody else may have been faster.
                if attempt == 3 or "Address already in use" not in str(error):
                    raise
        return self

    def _start_once(self) -> None:
        libs = jars.jars(self.line)
        self._directory = Path(tempfile.mkdtemp(prefix=f"kaframe-kafka-{self.line}-"))
        self.port, controller_port = free_ports(2)
        properties = self._directory / "server.properties"
        properties.write_text(self._properties(controller_port))
        java = [jars.java(), f"-Dlog4j2.configurationFile={HERE / 'log4j2.xml'}", "-cp", f"{libs}/*"]
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        storage = "kafka.tools.StorageTool"
        done = subprocess.run(
            [
                java[0],
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                *java[1:],
                storage,
                "format",
                "--standalone",
                # One of sixty-four begins with "-": as a word of its own it would be taken for an option.
                f"--cluster-id={cluster_id}",
                "-c",
                str(properties),
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode != 0:
            raise StartError(
                f"formatting the storage of Kafka {self.line} failed:\n{done.stdout[-1500:]}{done.stderr[-1500:]}"
            )
        self._command = [java[0], f"-Xms{self.heap}", f"-Xmx{self.heap}", *java[1:], "kafka.Kafka", str(properties)]
        self._launch()

    def _launch(self) -> None:
        log = str(self._directory / "kafka.log")
        guard = subprocess.Popen(
            [sys.executable, str(HERE / "guard.py"), str(self._directory), log, *self._command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C, `timeout` and a closed terminal signal the whole group; only the end of the pipe may end the guard, or the server would stay.
            start_new_session=True,
        )
        self._guards.append(guard)
        assert guard.stdout is not None
        self.pid = int(guard.stdout.readline())
        self._wait_until_up()

    def _properties(self, controller_port: int) -> str:
        settings = {
            **SETTINGS,
            **(SINCE_4 if self.line.startswith("4") else {}),
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{controller_port}",
            "listeners": f"PLAINTEXT://{self.bootstrap_servers},CONTROLLER://127.0.0.1:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap_servers}",
            "log.dir": str(self._directory / "data"),
            **self.settings,
        }
        return "".join(f"{key}={value}\n" for key, value in settings.items())

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            # An open port is not enough: until the broker is unfenced, Metadata names no broker and every client would have to retry.
            if brokers_in_metadata(self.port) > 0:
                return
            if not alive(self.pid):
                raise StartError(f"Kafka {self.line} ended while starting:\n{self.log}")
            time.sleep(0.05)
        raise StartError(f"Kafka {self.line} named no broker within {START_SECONDS:.0f} s:\n{self.log}")

    def pause(self) -> None:
        """Stop the process as a machine that hangs would: connections stay open, nothing answers."""
        suspend(self.pid)

    def resume(self) -> None:
        """Continue after :meth:`pause`."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End the process as a crash would (SIGKILL). Its data stays."""
        os.killpg(self.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while alive(self.pid) and time.monotonic() < deadline:
            time.sleep(0.02)

    def start_again(self) -> None:
        """A new process on the same port and the same data, after :meth:`kill`."""
        self._launch()

    def stop(self) -> None:
        """Stop the server and remove its data. Safe to call twice."""
        guards, self._guards = self._guards, []
        # The last one first: the others have nothing left to guard but the data.
        for guard in reversed(guards):
            assert guard.stdin is not None
            guard.stdin.close()
            guard.wait(timeout=30)

    def __enter__(self) -> KafkaServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def alive(pid: int) -> bool:
    """Whether the process still runs; one that has ended but was not yet collected does not."""
    return state(pid) not in (None, "Z")


def suspend(pid: int) -> None:
    """Stop a process (SIGSTOP); returns when none of its threads runs any more.

    A signal is only asked for: on a busy machine the others go on, and answer, until the thread that is to take it has had its turn.
    """
    os.kill(pid, signal.SIGSTOP)
    while alive(pid) and state(pid) != "T":
        time.sleep(0.005)


def state(pid: int) -> str | None:
    """The letter the system shows for a process (``T`` stopped, ``Z`` ended but not collected), ``None`` when there is no such process."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return status.rpartition(")")[2].split()[0]


def free_ports(count: int) -> list[int]:
    """Different loopback ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def brokers_in_metadata(port: int) -> int:
    """How many brokers a Metadata v1 response names; 0 while nothing answers. By hand, so that waiting needs no client library."""
    request = struct.pack(">hhih", 3, 1, 7, -1) + struct.pack(">i", 0)
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            connection.settimeout(2)
            response = b""
            while len(response) < 12:
                part = connection.recv(4096)
                if not part:
                    return 0
                response += part
    except OSError:
        return 0
    return max(0, struct.unpack(">i", response[8:12])[0])
