"""kaframe's kcat mode beside kcat 1.7.1 on the same broker: the same bytes on standard output, the same exit code."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import struct
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command import kaframe
from tests.conformance import clusters, foreign
from tests.conformance.clusters import Cluster
from tests.conformance.foreign import Record
from tests.conformance.kcat_calls import calls

pytestmark = pytest.mark.only(*clusters.NEWEST)

NOON = 1_790_000_000_000
SECONDS = 1000


@dataclass(frozen=True)
class Ran:
    code: int
    out: bytes
    err: bytes


@pytest.fixture(scope="session")
def kcat() -> str:
    path = shutil.which("kcat")
    if path is None:
        pytest.fail("kcat is not installed: apt install kcat, or brew install kcat")
    version = subprocess.run([path, "-V"], capture_output=True, text=True, check=True).stdout
    if "1.7.1" not in version:
        pytest.skip(f"the comparison is with kcat 1.7.1, this is {version}")
    return path


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Ran]:
    """Runs a program with nobody's configuration files."""
    home = tmp_path_factory.mktemp("home")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}

    def run(program: str, arguments: list[str], stdin: bytes = b"") -> Ran:
        done = subprocess.run(
            [program, *arguments], input=stdin, capture_output=True, timeout=120, check=False, env=environment
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


ODD = [
    Record(b"plain", b"key"),
    Record(b"no key"),
    Record(None, b"tombstone"),
    Record(None, None),
    Record(b"", b""),
    Record(b"", b"empty value"),
    Record(b"empty key", b""),
    Record(b"two\nlines\r\n\ttab", b"k\nk"),
    Record(b'quotes " and \\ and / and \x08\x0c\x1b[31m\x7f', b'"'),
    Record("Zürich 日本語 🦀".encode(), "ключ".encode()),
    Record(b"\xff\xfe\x00\x80 not UTF-8", b"\x00\x01"),
    Record(b"one header", b"h", (("a", b"1"),)),
    Record(b"many headers", b"h", (("a", b"1"), ("a", b"2"), ("b", None), ("c", b""), ("d", b'x,y="z"'))),
    Record(b"binary header", b"h", (("nul", b"a\x00b"), ("raw", b"\xff\x01"))),
    Record(b"percent %s %%", b"%k"),
]


def stamped(records: list[Record]) -> list[Record]:
    return [
        Record(r.value, r.key, r.headers, NOON + i * SECONDS if r.timestamp is None else r.timestamp, r.partition)
        for i, r in enumerate(records)
    ]


@pytest.fixture(scope="session")
def topics(cluster: Cluster) -> dict[str, str]:
    """Topics with what makes a difference in them, by the words that stand for them in the calls."""
    servers = cluster.bootstrap_servers

    def topic(name: str, records: list[Record], partitions: int = 1, **configs: str) -> None:
        foreign.create_topic(servers, f"kcat-{name}", partitions, {k.replace("_", "."): v for k, v in configs.items()})
        foreign.produce(servers, f"kcat-{name}", stamped(records), **{"batch.num.messages": 7})

    topic("plain", [Record(b"value %d" % i) for i in range(100)])
    topic("odd", ODD)
    pack = [Record(struct.pack(">qHbBcc", -i, 65535 - i, -i, i, b"x", b"y"), struct.pack(">i", -i)) for i in range(5)]
    topic("packed", [*pack, Record(None, None), Record(b"\x01", b"\x02")])
    topic("three", [Record(b"value %d" % i, b"key %d" % (i % 7), partition=i % 3) for i in range(100)], partitions=3)
    foreign.create_topic(servers, "kcat-empty")
    topic("trimmed", [Record(b"value %d" % i) for i in range(100)])
    foreign.delete_records(servers, "kcat-trimmed", 40)
    foreign.create_topic(servers, "kcat-stamped", 1, {"message.timestamp.type": "LogAppendTime"})
    foreign.produce(servers, "kcat-stamped", [Record(b"value %d" % i) for i in range(20)])
    topic("big", [Record(b"%06d " % i + bytes([97 + i % 26]) * (i % 300)) for i in range(20_000)])

    foreign.create_topic(servers, "kcat-transactions")
    with foreign.transactional(servers, "kcat-mode") as client:
        for value, end in ((b"kept", client.commit_transaction), (b"dropped", client.abort_transaction)):
            client.begin_transaction()
            foreign.send(client, "kcat-transactions", [Record(value)] * 3)
            end()
    foreign.wait_for_end(servers, "kcat-transactions", 8)
    names = ("plain", "odd", "packed", "three", "empty", "trimmed", "stamped", "transactions", "big")
    words = {name: f"kcat-{name}" for name in names}
    words |= {f"t{i}": str(NOON + i * SECONDS) for i in (0, 20, 50)}
    return {**words, "brokers": servers}


def split(call: str, topics: dict[str, str]) -> list[str]:
    for word, meaning in topics.items():
        call = call.replace("{" + word + "}", meaning)
    return shlex.split(call)


def test_a_hundred_calls(cluster: Cluster, kcat: str, run: Callable[..., Ran], topics: dict[str, str]) -> None:
    """Not one test a call: they wait most of the time, and run eight at a time."""

    def both(call: str) -> str | None:
        arguments = ["-b", cluster.bootstrap_servers, *split(call.removeprefix("~"), topics)]
        theirs, ours = run(kcat, arguments), run(kaframe(), arguments)
        out = (theirs.out, ours.out)
        if call.startswith("~"):
            out = (sorted(out[0].splitlines()), sorted(out[1].splitlines()))
        if out[0] == out[1] and theirs.code == ours.code:
            return None
        return (
            f"{call}\n  kcat    {theirs.code} {theirs.out[:300]!r} {theirs.err[-300:]!r}\n"
            f"  kaframe {ours.code} {ours.out[:300]!r} {ours.err[-300:]!r}"
        )

    every = calls()
    assert len(every) >= 100
    with ThreadPoolExecutor(8) as pool:
        different = [difference for difference in pool.map(both, every) if difference is not None]
    assert not different, f"{len(different)} of {len(every)} calls differ:\n" + "\n".join(different)


def test_following_until_interrupted(cluster: Cluster, kcat: str, topics: dict[str, str]) -> None:
    """``-C`` without ``-e`` and ``-c`` goes on with what comes, and ends well by Ctrl-C."""
    servers = cluster.bootstrap_servers
    foreign.create_topic(servers, "kcat-follow")
    foreign.produce(servers, "kcat-follow", [Record(b"before")])
    arguments = ["-b", servers, "-C", "-u", "-q", "-t", "kcat-follow", "-f", "%o %s\\n"]
    running = [
        subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        for program in (kcat, kaframe())
    ]
    try:
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == b"0 before\n"
        foreign.produce(servers, "kcat-follow", [Record(b"after")])
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == b"1 after\n"
            process.send_signal(signal.SIGINT)
        assert [process.wait(timeout=30) for process in running] == [0, 0]
    finally:
        for process in running:
            process.kill()
            process.wait()


#: What follows ``-P -t TOPIC``, and standard input; ``{a}`` and ``{b}`` are files.
PRODUCED: list[tuple[str, bytes]] = [
    ("", b"one\ntwo\n\nthree"),
    ("-K :", b"k1:v1\nno delimiter\n:empty key\nempty value:\na:b:c\n"),
    ("-Z -K :", b"k1:v1\n:null key\nnull value:\n"),
    ("-K '::' -D ';'", b"k::v;x;;y::z"),
    ("-D '\\x00'", b"a\x00b"),
    ("-D '--'", b"a-b--c---d"),
    ("-k fixed", b"x\ny\n"),
    ("-k fixed -Z -K :", b":v\nk:v\n"),
    ("-H a=1 -H b= -H c -H a=2=3", b"x\n"),
    ("-c 2", b"1\n2\n3\n"),
    ("-z gzip", b"compress\n" * 50),
    ("-z zstd -p 0", b"compress\n" * 50),
    ("-X compression.codec=lz4", b"compress\n" * 50),
    ("{a} {b}", b""),
    ("-l {a}", b""),
    ("-l {a} -K ,", b""),
    ("-k file {a}", b""),
    ("-T", b"tee\nthis\n"),
    ("", bytes(range(1, 256)) * 3),
]


def test_producing(cluster: Cluster, kcat: str, run: Callable[..., Ran], tmp_path: Path) -> None:
    """What kcat writes and what kaframe writes, read back by kcat."""
    servers = cluster.bootstrap_servers
    (tmp_path / "a").write_bytes(b"first,1\nsecond,2\n")
    (tmp_path / "b").write_bytes(b"other\n")
    files = {name: str(tmp_path / name) for name in "ab"}

    def written(program: str, index: int, flags: str, stdin: bytes) -> tuple[int, bytes, list[object]]:
        topic = f"kcat-produce-{index}-{Path(program).name}"
        foreign.create_topic(servers, topic)
        ran = run(program, ["-b", servers, "-P", "-t", topic, *split(flags, files)], stdin)
        back = run(kcat, ["-b", servers, "-C", "-e", "-q", "-t", topic, "-f", "%o|%K|%k|%S|%s|%h;"])
        return ran.code, ran.out, [back.out]

    def both(numbered: tuple[int, tuple[str, bytes]]) -> None:
        index, (flags, stdin) = numbered
        theirs, ours = (written(program, index, flags, stdin) for program in (kcat, kaframe()))
        if "\\x00" in flags:
            # kcat takes a delimiter of a NUL byte for none.
            assert ours[2] == [b"0|-1||1|a|;1|-1||1|b|;"]
        else:
            assert ours == theirs, flags

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(both, enumerate(PRODUCED)))


def test_keys_go_to_the_same_partitions(cluster: Cluster, kcat: str, run: Callable[..., Ran]) -> None:
    servers = cluster.bootstrap_servers
    keys = ["a", "key", "Zürich", "x" * 1000, *(f"user-{n}" for n in range(200))]
    lines = "".join(f"{key}|{n}\n" for n, key in enumerate(keys)).encode()
    where = {}
    for name, program, flags in [
        ("kcat", kcat, []),
        ("kaframe", kaframe(), []),
        ("kcat, Java's", kcat, ["-X", "topic.partitioner=murmur2_random"]),
        ("kaframe, Java's", kaframe(), ["-X", "topic.partitioner=murmur2_random"]),
    ]:
        topic = f"kcat-keys-{name.replace(', ', '-').replace(chr(39), '')}"
        foreign.create_topic(servers, topic, 12)
        assert run(program, ["-b", servers, "-P", "-t", topic, "-K", "|", *flags], lines).code == 0
        back = run(kcat, ["-b", servers, "-C", "-e", "-q", "-t", topic, "-f", "%k %p\\n"])
        where[name] = sorted(back.out.decode().splitlines())
    assert len(where["kcat"]) == len(keys)
    assert where["kaframe"] == where["kcat"] != where["kcat, Java's"] == where["kaframe, Java's"]
    ran = run(kaframe(), ["-b", servers, "-P", "-t", "kcat-keys-kcat", "-X", "partitioner=fnv1a"])
    assert ran.code == 1 and b"partitioner=fnv1a" in ran.err


def test_what_is_not_there_is_said(cluster: Cluster, run: Callable[..., Ran]) -> None:
    base = ["-b", cluster.bootstrap_servers]
    for flags, says in [
        (["-G", "group", "topic"], b"consumer groups"),
        (["-C", "-t", "x", "-o", "stored"], b"-o stored"),
        (["-C", "-t", "x", "-s", "avro"], b"schema registry"),
        (["-P", "-t", "x", "-X", "transactional.id=t"], b"no transactions"),
        (["-L", "-X", "dump"], b"-X dump"),
    ]:
        ran = run(kaframe(), base + flags)
        assert ran.code == 1 and ran.out == b"" and says in ran.err, (flags, ran)
    ran = run(kaframe(), [*base, "-L", "-J", "-X", "no.such.property=1"])
    assert json.loads(ran.out)["brokers"] and b'unknown property "no.such.property"' in ran.err


def test_a_configuration_file(cluster: Cluster, run: Callable[..., Ran], tmp_path: Path) -> None:
    file = tmp_path / "kcat.conf"
    file.write_text(f"# ours\nbootstrap.servers={cluster.bootstrap_servers}\nclient.id=me\n")
    ran = run(kaframe(), ["-F", str(file), "-L", "-J"])
    assert ran.code == 0 and json.loads(ran.out)["brokers"]
    assert run(kaframe(), ["-F", str(tmp_path / "none"), "-L"]).code == 1
