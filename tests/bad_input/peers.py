"""Servers on loopback that are not Kafka, or stop being it: each speaks just enough to be mistaken for one."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from tests.kafka.kafka_server import free_ports

Serve = Callable[[socket.socket], None]


@contextlib.contextmanager
def peer(serve: Serve) -> Iterator[str]:
    """A server that hands each connection to ``serve``; yields its address. Connections are closed at the end."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            serve(connection)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        # Closing alone does not wake a thread that waits in accept or recv.
        for each in (listener, *connections):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        acceptor.join(timeout=5)


def answers(reply: bytes, *, after_request: bool = True) -> Serve:
    """Sends ``reply``, and waits for the other side to close."""

    def serve(connection: socket.socket) -> None:
        if after_request:
            connection.recv(65536)
        connection.sendall(reply)
        while connection.recv(65536):
            pass

    return serve


def silence(connection: socket.socket) -> None:
    """Takes everything and says nothing."""
    while connection.recv(65536):
        pass


def hangs_up(connection: socket.socket) -> None:
    """Closes as soon as it was asked something."""
    connection.recv(65536)


HTTP = answers(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
TLS_ALERT = answers(bytes.fromhex("15030300020246"))
TLS_HANDSHAKE = answers(bytes.fromhex("160303004a020000460303") + bytes(64))
SSH = answers(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", after_request=False)
SMTP = answers(b"220 mail.example.org ESMTP\r\n", after_request=False)
TWO_GIBIBYTES = answers(bytes.fromhex("7fffffff") + bytes(1000))
NEGATIVE_LENGTH = answers(bytes.fromhex("80000000") + bytes(1000))
TOO_SHORT = answers(bytes.fromhex("00000002") + bytes(2))
WRONG_CORRELATION = answers(bytes.fromhex("0000000a") + bytes.fromhex("7ffffff0") + bytes(6))


def refused() -> str:
    """An address at which nobody listens."""
    return f"127.0.0.1:{free_ports(1)[0]}"
