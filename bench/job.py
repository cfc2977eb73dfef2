"""What a reader is told, as JSON on its command line: where, which topic, how many records, and how it is set."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Job:
    """One run of one reader."""

    servers: str
    topic: str
    partitions: int
    #: How many records to read; below ``whole`` for readers that are too slow for all of them.
    rows: int
    whole: int
    #: "json", "text" or "binary".
    values: str = "json"
    #: How the reader is set, where one program stands for several.
    options: dict[str, Any] = field(default_factory=dict)
    #: Where a reader that took only a part of the records leaves the numbers of those it took, so that it can be checked.
    numbers: str = ""

    @property
    def partial(self) -> bool:
        return self.rows < self.whole

    def ends(self) -> dict[int, int]:
        """An end for each partition, for readers that take bounds: the same number of records from each."""
        return dict.fromkeys(range(self.partitions), self.rows // self.partitions)

    def text(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def of_command_line() -> Job:
        return Job(**json.loads(sys.argv[1]))


#: Settings that keep librdkafka's queue full. With its defaults it pauses for a second whenever the queue is full, and most of its time is
#: that pause: a comparison with the defaults would flatter.
TUNED = {
    "queued.min.messages": 1_000_000,
    "fetch.message.max.bytes": 8_388_608,
    "queued.max.messages.kbytes": 1_048_576,
    "fetch.queue.backoff.ms": 5,
}
