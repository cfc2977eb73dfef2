"""Record batches (version 2) by hand, so that they can be wrong: https://kafka.apache.org/documentation/#recordbatch.

None of the project's code, and none of a client library's: those refuse to write what these tests need.
"""

from __future__ import annotations

import struct

NONE, GZIP = 0, 1


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli), bit-reflected, a byte at a time."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def table_row(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value


TABLE = [table_row(value) for value in range(256)]


def varint(value: int) -> bytes:
    """Zigzag, seven bits a byte."""
    left = (value << 1) ^ (value >> 63)
    made = bytearray()
    while left > 0x7F:
        made.append(left & 0x7F | 0x80)
        left >>= 7
    made.append(left)
    return bytes(made)


def record(value: bytes, delta: int) -> bytes:
    """One record without key and headers."""
    body = b"\0" + varint(0) + varint(delta) + varint(-1) + varint(len(value)) + value + varint(0)
    return varint(len(body)) + body


def batch(records: bytes, count: int, *, base_offset: int = 0, codec: int = NONE, declared: int | None = None) -> bytes:
    """A batch of ``count`` records whose bytes, compressed as ``codec`` says, are given. ``declared`` is a count that lies."""
    moment = 1_790_000_000_000
    stated = count if declared is None else declared
    checked = struct.pack(">hiqqqhii", codec, count - 1, moment, moment, -1, -1, -1, stated) + records
    body = struct.pack(">ibI", 0, 2, crc32c(checked)) + checked
    return struct.pack(">qi", base_offset, len(body)) + body


def plain(values: list[bytes], base_offset: int = 0) -> bytes:
    """A right batch of these values."""
    return batch(
        b"".join(record(value, delta) for delta, value in enumerate(values)), len(values), base_offset=base_offset
    )
