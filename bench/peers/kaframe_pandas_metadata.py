"""kaframe as it is called without options: the fields of the values and key, partition, offset, timestamp beside them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow  # noqa: F401  (an import that pandas would do inside the measured time)

import kaframe as kf
from bench.measure import measured


def work(bootstrap_servers: str, topic: str, rows: int) -> tuple[pd.DataFrame, Any]:
    table = kf.read(topic, bootstrap_servers=bootstrap_servers)
    return table.to_pandas(), table


if __name__ == "__main__":
    measured(work, lambda table: table.to_arrow().nbytes)
