"""A TCP proxy in front of a broker that cuts connections in the middle of producing.

Not a broker and not a client: it knows of the protocol that a frame is four bytes of length and that the next two say which API a request is for.
Answers are given on a little late, so that a client that keeps several requests on the way has them there when the connection is cut.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
import time

PRODUCE = 0


class Cutter:
    """Listens on ``port`` of loopback; ``target`` is set once the broker behind it is known.

    ``cuts`` says at which Produce requests, counted over all connections from 1 on, the connection ends, and how: ``"lost request"`` after half of it
    was given on, ``"lost answer"`` after all of it was, so that the broker writes what nobody hears of.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.target = ("127.0.0.1", 0)
        self.delay = 0.02
        self.cuts: dict[int, str] = {}
        self.produced = 0
        # For each cut: requests of that connection that were on the way.
        self.on_the_way: list[int] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Cutter:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(self.target, 5)
                except OSError:
                    near.close()  # the broker is not there now: the client sees that
                    continue
                far.settimeout(None)
                _Pair(self, near, far)

    def cut(self, frame: bytes) -> str | None:
        """What is to be done to the connection of this request, which is counted."""
        if struct.unpack_from(">h", frame, 4)[0] != PRODUCE:
            return None
        with self._lock:
            self.produced += 1
            return self.cuts.get(self.produced)


class _Pair:
    """One connection of a client and the one behind it."""

    def __init__(self, cutter: Cutter, near: socket.socket, far: socket.socket) -> None:
        self.cutter, self.near, self.far = cutter, near, far
        self.open = 0
        for each in (near, far):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        threads = [threading.Thread(target=run, daemon=True) for run in (self._requests, self._take_answers)]
        for thread in threads:
            thread.start()
        self._give_answers()
        # Both are at their end here: the broker has closed its side, and that of the client is shut.
        for thread in threads:
            thread.join()
        self.near.close()
        self.far.close()

    def _requests(self) -> None:
        with contextlib.suppress(OSError):
            while frame := read_frame(self.near):
                self.open += 1
                how = self.cutter.cut(frame)
                self.far.sendall(frame[: len(frame) // 2] if how == "lost request" else frame)
                if how:
                    self.cutter.on_the_way.append(self.open)
                    self.near.shutdown(socket.SHUT_RDWR)
                    break
        # What was given on whole is to be handled by the broker, so only this direction ends.
        with contextlib.suppress(OSError):
            self.far.shutdown(socket.SHUT_WR)

    def _take_answers(self) -> None:
        with contextlib.suppress(OSError):
            while frame := read_frame(self.far):
                self.answers.put((time.monotonic() + self.cutter.delay, frame))
        self.answers.put((0, b""))

    def _give_answers(self) -> None:
        while (due_frame := self.answers.get())[1]:
            due, frame = due_frame
            time.sleep(max(0.0, due - time.monotonic()))
            self.open -= 1
            # Nobody hears the answers behind a cut; they are taken in all the same, until the broker has handled what it has.
            with contextlib.suppress(OSError):
                self.near.sendall(frame)
        with contextlib.suppress(OSError):
            self.near.shutdown(socket.SHUT_RDWR)


def read_frame(connection: socket.socket) -> bytes:
    """A frame with its length; nothing at the end of the connection."""
    length = read_exactly(connection, 4)
    rest = read_exactly(connection, struct.unpack(">i", length)[0]) if length else b""
    return length + rest if rest else b""


def read_exactly(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            return b""
        parts += part
    return bytes(parts)
