"""The page that a run leaves behind."""

from __future__ import annotations

import datetime as dt
from typing import Any

from bench.suite.claims import Claim, Results
from bench.suite.turns import Measured

HEADER = ["| reader | records | s | rows/s | CPU s | peak MB | Arrow MB |", "|---|---:|---:|---:|---:|---:|---:|"]


def row(name: str, took: Measured) -> str:
    if "failed" in took:
        return f"| {name} | failed: {' '.join(took['failed'].split())[:200]} | | | | | |".replace("\n", " ")
    arrow = f"{took['arrow_bytes'] / 1e6:.0f}" if name.startswith("kaframe") and "arrow_bytes" in took else ""
    return (
        f"| {name} | {took['rows']:,} | {took['seconds']:.3f} | {took['rows_per_second']:,.0f} | {took['cpu_seconds']:.2f} "
        f"| {took['peak_bytes'] / 1e6:.0f} | {arrow} |"
    )


def number(claim: Claim) -> str:
    digits = 0 if claim.unit == " MiB" else 2 if claim.value < 10 and claim.unit == " times" else 1
    return f"{claim.value:.{digits}f}{claim.unit}"


def limit(claim: Claim, value: float) -> str:
    return f"{'≤' if claim.below else '≥'} {value:g}{claim.unit}" if value else ""


def claims_table(claims: list[Claim]) -> list[str]:
    lines = ["| | measured | at least | aim | reached |", "|---|---:|---:|---:|---|"]
    for claim in claims:
        promised = claim.at_least != 0
        lines.append(
            f"| {claim.text} | **{number(claim)}** | {limit(claim, claim.at_least)} | {limit(claim, claim.aim)} "
            f"| {claim.reached if promised else ''} |"
        )
    return lines


def page(
    facts: dict[str, str],
    topics: dict[str, dict[str, Any]],
    results: Results,
    growth: dict[str, Measured],
    startup: dict[str, float],
    claims: list[Claim],
    command: str,
) -> str:
    lines = [f"# {dt.datetime.now():%Y-%m-%d %H:%M}, `{command}`", ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    library = next((t["librdkafka"] for peers in results.values() for t in peers.values() if "librdkafka" in t), "")
    lines += [
        f"- librdkafka under the C program: {library}, from confluent-kafka's wheel",
        "- Readers in turn, each in a process of its own, medians; imports outside the time; rows and checksums of every reader were right "
        "unless it says failed. Readers that took fewer records than the topic holds are compared by rows/s "
        "(in a run by default they had two turns).",
        "- Absolute figures belong to this machine and this hour; ratios travel.",
        "",
        "## Ratios",
        "",
        *claims_table(claims),
    ]
    for case, peers in results.items():
        what = topics[case]
        partitions = "1 partition" if what["partitions"] == 1 else f"{what['partitions']} partitions"
        lines += ["", f"## {case}", ""]
        lines += [
            f"{what['rows']:,} records of {what['bytes_a_value']} bytes, {partitions}, compression {what['compression']}",
            "",
        ]
        lines += [*HEADER, *(row(name, took) for name, took in peers.items())]
    if growth:
        lines += [
            "",
            "## Growth (flat lz4, one partition)",
            "",
            *HEADER,
            *(row(name, took) for name, took in growth.items()),
        ]
    if startup:
        lines += ["", "## Start", "", "| whole process, median | ms |", "|---|---:|"]
        lines += [f"| {name} | {value:.1f} |" for name, value in startup.items()]
    return "\n".join(lines) + "\n"
