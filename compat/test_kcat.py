"""kcat: produce, consume, list, query."""

import json
import subprocess

import pytest


@pytest.fixture
def run(kcat, broker):
    def run(*arguments, stdin=""):
        done = subprocess.run(
            [kcat, "-b", broker, *arguments], input=stdin, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_list(run, topic):
    run("-P", "-t", topic, stdin="x\n")
    listed = json.loads(run("-L", "-J"))
    assert [broker["id"] for broker in listed["brokers"]] == [1]
    assert [known["topic"] for known in listed["topics"]] == [topic]
    assert len(listed["topics"][0]["partitions"]) == 1


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_round_trip(run, topic, codec):
    lines = [f"key{i}|value {i} " + "x" * i for i in range(200)]
    run("-P", "-t", topic, "-z", codec, "-K", "|", "-H", "a=1", "-H", "a=2", stdin="\n".join(lines) + "\n")
    out = run("-C", "-t", topic, "-e", "-q", "-f", "%o %k|%s %h\\n").splitlines()
    assert out == [f"{i} {line} a=1,a=2" for i, line in enumerate(lines)]


def test_offsets(run, topic):
    run("-P", "-t", topic, stdin="".join(f"{i}\n" for i in range(100)))

    def consumed(*where):
        return run("-C", "-t", topic, "-e", "-q", *where).split()

    assert consumed("-o", "beginning", "-c", "3") == ["0", "1", "2"]
    assert consumed("-o", "95") == ["95", "96", "97", "98", "99"]
    assert consumed("-o", "-2") == ["98", "99"]
    assert consumed("-o", "end") == []


def test_times(run, topic):
    # kcat cannot set timestamps: the times come from what it reads back.
    for i in range(3):
        run("-P", "-t", topic, stdin=f"{i}\n")
    times = [int(line) for line in run("-C", "-t", topic, "-e", "-q", "-f", "%T\\n").split()]
    assert times == sorted(times)
    for at, time in enumerate(times):
        found = run("-Q", "-t", f"{topic}:0:{time}").strip()
        assert found == f"{topic} [0] offset {times.index(time)}"
        read = run("-C", "-t", topic, "-e", "-q", "-o", f"s@{time}").split()
        assert read == [str(i) for i in range(times.index(time), 3)], at
    before_last = run("-C", "-t", topic, "-e", "-q", "-o", f"s@{times[0]}", "-o", f"e@{times[2]}").split()
    assert before_last == [str(i) for i in range(times.index(times[2]))]


@pytest.mark.parametrize(("isolation", "expected"), [("read_committed", ["a"]), ("read_uncommitted", ["a", "b"])])
def test_isolation(run, broker, topic, isolation, expected):
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": broker, "transactional.id": "tx"})
    producer.init_transactions(15)
    for value, end in (("a", producer.commit_transaction), ("b", producer.abort_transaction)):
        producer.begin_transaction()
        producer.produce(topic, value=value)
        producer.flush(15)
        end(15)
    assert run("-C", "-t", topic, "-e", "-q", "-X", f"isolation.level={isolation}").split() == expected


def test_nulls_and_tombstones(run, topic):
    run("-P", "-t", topic, "-Z", "-K", ":", stdin="a:\n:b\n")
    out = run("-C", "-t", topic, "-e", "-q", "-J").splitlines()
    assert [(json.loads(line)["key"], json.loads(line)["payload"]) for line in out] == [("a", None), (None, "b")]


def test_transactional_producer(run, topic):
    run("-P", "-t", topic, "-X", "transactional.id=kcat", stdin="a\nb\n")
    out = run("-C", "-t", topic, "-e", "-q", "-X", "isolation.level=read_committed", "-f", "%o %s\\n").splitlines()
    assert out == ["0 a", "1 b"]
