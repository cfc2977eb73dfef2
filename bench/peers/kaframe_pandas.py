"""kaframe: the whole topic into pandas."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow  # noqa: F401  (an import that pandas would do inside the measured time)

import kaframe as kf
from bench.measure import measured


def work(bootstrap_servers: str, topic: str, rows: int) -> tuple[pd.DataFrame, Any]:
    table = kf.read(topic, bootstrap_servers=bootstrap_servers, metadata=False)
    return table.to_pandas(), table


if __name__ == "__main__":
    measured(work, lambda table: table.to_arrow().nbytes)
