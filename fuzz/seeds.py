#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets into fuzz/corpus, from the fixtures of crates/wire/tests."""

import pathlib

here = pathlib.Path(__file__).parent
fixtures = here.parent / "crates/wire/tests/fixtures"


def seed(target, name, data):
    folder = here / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


for log in fixtures.glob("*.log"):
    seed("batch", log.stem, log.read_bytes())
for line in (fixtures / "frames.txt").read_text().splitlines():
    key, version, direction, text = line.split()
    data, name = bytes.fromhex(text), f"{key}-{version}-{direction}"
    # A response is read in the version that the first byte chooses.
    seed("frame", name, bytes([int(version)]) + data)
    # Where the body begins differs; the fuzzer moves it. Both places are given.
    for at in (4, 5) if direction == "response" else (8 + 2 + data[9], 8 + 3 + data[9]):
        seed("body", f"{name}-{at}", bytes([int(key), int(version), int(direction == "response")]) + data[at:])

record = b'{"number": 1000001, "user": "u5", "ts": "2026-01-01T00:00:00.025Z", "a": -12.5, "ok": true, "b": {"c": [1, null]}}'
odd = b'{"a":"na\\u00efve \xc3\xa9 \\"x\\" and longer than a block of bytes","b":{"c":[{"d":1e3}]},"n":123456789012345678}'
drift = [b'{"a":1}', b'{"a":2.5}', b'{"b":null,"a":"x"}', b"17", b"NaN", b'["x"]', b" { } "]
for options in range(16):
    for name, lines in {"same": [record] * 3, "odd": [odd, odd], "drift": drift}.items():
        seed("json", f"{name}-{options}", bytes([options]) + b"\n".join(lines))
