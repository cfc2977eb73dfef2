"""A Kafka broker by hand: one topic, one partition, low versions of five APIs, and any reply can be replaced.

It encodes the protocol itself (https://kafka.apache.org/protocol.html), with none of the project's code, so that it can lie in every field.
Versions: ApiVersions 0, Metadata 4, ListOffsets 2, Fetch 4, DescribeConfigs 1.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.bad_input.peers import peer

PRODUCE, FETCH, LIST_OFFSETS, METADATA, API_VERSIONS, DESCRIBE_CONFIGS = 0, 1, 2, 3, 18, 32
# Produce is named because clients take it as the sign of record batches of version 2; nobody asks for it here.
VERSIONS = {
    PRODUCE: (3, 3),
    FETCH: (4, 4),
    LIST_OFFSETS: (1, 2),
    METADATA: (1, 4),
    API_VERSIONS: (0, 0),
    DESCRIBE_CONFIGS: (1, 1),
}
UNSUPPORTED_VERSION = 35
TOPIC = "foo"
Reply = Callable[["Script", bytes], bytes]


@dataclass
class Script:
    """What the broker holds and says. ``replies`` maps an API key to a function that makes the body in place of the right one."""

    records: bytes = b""
    end: int = 0
    advertised: tuple[str, int] | None = None
    replies: dict[int, Reply] = field(default_factory=dict)
    port: int = 0

    def body(self, key: int, request: bytes) -> bytes:
        reply = self.replies.get(key)
        return reply(self, request) if reply else DEFAULTS[key](self, request)


def text(value: str) -> bytes:
    return struct.pack(">h", len(value)) + value.encode()


def api_versions(script: Script, request: bytes) -> bytes:
    rows = b"".join(struct.pack(">hhh", key, low, high) for key, (low, high) in VERSIONS.items())
    return struct.pack(">hi", 0, len(VERSIONS)) + rows


def metadata(script: Script, request: bytes, *, brokers: int = 1, topics: int = 1, partitions: int = 1) -> bytes:
    """Metadata v4. The counts may lie: one broker, one topic and one partition follow whatever they say."""
    host, port = script.advertised or ("127.0.0.1", script.port)
    return (
        struct.pack(">ii", 0, brokers)
        + struct.pack(">i", 1) + text(host) + struct.pack(">i", port) + struct.pack(">h", -1)
        + text("scripted") + struct.pack(">i", 1)
        + struct.pack(">i", topics) + struct.pack(">h", 0) + text(TOPIC) + b"\0"
        + struct.pack(">i", partitions)
        + struct.pack(">hii", 0, 0, 1) + struct.pack(">ii", 1, 1) + struct.pack(">ii", 1, 1)
    )  # fmt: skip


def list_offsets(script: Script, request: bytes) -> bytes:
    """Earliest (-2) is 0, everything else the end."""
    moment = struct.unpack(">q", request[-8:])[0]
    offset = 0 if moment == -2 else script.end
    return struct.pack(">ii", 0, 1) + text(TOPIC) + struct.pack(">i", 1) + struct.pack(">ihqq", 0, 0, -1, offset)


def fetch(
    script: Script,
    request: bytes,
    *,
    topics: int = 1,
    partitions: int = 1,
    aborted: int = 0,
    size: int | None = None,
    high_watermark: int | None = None,
) -> bytes:
    """Fetch v4: all records whatever the offset asked. The counts and the size of the records may lie."""
    length = len(script.records) if size is None else size
    watermark = script.end if high_watermark is None else high_watermark
    return (
        struct.pack(">ii", 0, topics) + text(TOPIC)
        + struct.pack(">i", partitions) + struct.pack(">ihqq", 0, 0, watermark, watermark)
        + struct.pack(">i", aborted) + struct.pack(">i", length) + script.records
    )  # fmt: skip


def describe_configs(script: Script, request: bytes) -> bytes:
    return (
        struct.pack(">ii", 0, 1)
        + struct.pack(">h", 0)
        + struct.pack(">h", -1)
        + b"\x02"
        + text(TOPIC)
        + struct.pack(">i", 0)
    )


DEFAULTS: dict[int, Reply] = {
    API_VERSIONS: api_versions,
    METADATA: metadata,
    LIST_OFFSETS: list_offsets,
    FETCH: fetch,
    DESCRIBE_CONFIGS: describe_configs,
}


def take(connection: socket.socket, count: int) -> bytes:
    taken = b""
    while len(taken) < count:
        part = connection.recv(count - len(taken))
        if not part:
            raise ConnectionError
        taken += part
    return taken


@contextlib.contextmanager
def broker(script: Script) -> Iterator[str]:
    """The address of a broker that follows the script."""

    def serve(connection: socket.socket) -> None:
        while True:
            request = take(connection, struct.unpack(">i", take(connection, 4))[0])
            key, version, correlation = struct.unpack(">hhi", request[:8])
            low, high = VERSIONS.get(key, (0, -1))
            if key == API_VERSIONS and version > high:
                reply = struct.pack(
                    ">hi", UNSUPPORTED_VERSION, 0
                )  # KIP-511: the answer to a version it does not know is in version 0
            elif not low <= version <= high:
                return  # as Kafka does: it closes the connection
            else:
                reply = script.body(key, request)
            frame = struct.pack(">i", correlation) + reply
            connection.sendall(struct.pack(">i", len(frame)) + frame)

    with peer(serve) as address:
        script.port = int(address.rpartition(":")[2])
        yield address
