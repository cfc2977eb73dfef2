"""Counts the instructions of the hot loops and fails where one takes 5 % more than the committed baseline.

``make instructions``, or ``python bench/instructions.py [--update] [CASE ...]``. A count does not depend on what else the machine does, so that a
regression shows where a clock would drown it in noise. Two examples, ``batch_instructions`` and ``json_instructions``, do one fixed piece of work
each time; Valgrind's callgrind runs each case with one pass and with two and the difference is a pass without its preparation. The baseline,
``bench/instructions.json``, holds instructions per record, and names the compiler, the Valgrind and the C library (whose copy loops are counted
too) that it was made with. A case stands there for each instruction set; those that a machine lacks are named and not compared.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ROOT / "bench" / "instructions.json"
EXAMPLES = ("batch_instructions", "json_instructions")
TOLERANCE = 0.05


def output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def build() -> list[Path]:
    """The examples, built; where each is."""
    # No package is named: with the features of the whole workspace nothing is compiled a second time for this.
    wanted = [argument for example in EXAMPLES for argument in ("--example", example)]
    # Incremental builds are parted into more units, which costs inlining: a walk takes 13 % more.
    os.environ["CARGO_INCREMENTAL"] = "0"
    messages = output("cargo", "build", "--release", "--locked", "--message-format=json", *wanted)
    built = [json.loads(line) for line in messages.splitlines()]
    return [Path(each["executable"]) for each in built if each.get("executable") and each["target"]["name"] in EXAMPLES]


def instructions(program: Path, case: str, passes: int) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(program), case, str(passes)]
    done = subprocess.run(command, capture_output=True, text=True)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or collected is None:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    return int(collected[1])


def count(program: Path, case: str, records: int) -> float:
    """Instructions per record."""
    # The second pass finds buffers grown and keys known: it is the loop itself.
    return round((instructions(program, case, 3) - instructions(program, case, 2)) / records, 1)


def cases(programs: list[Path]) -> dict[str, tuple[Path, int]]:
    found = {}
    for program in programs:
        for line in output(str(program)).splitlines():
            case, records = line.split("\t")
            found[case] = (program, int(records))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Instructions of the hot loops, beside the committed baseline.")
    parser.add_argument("case", nargs="*", help="parts of the names of the cases wanted (all)")
    parser.add_argument("--update", action="store_true", help="write what was counted as the new baseline")
    arguments = parser.parse_args()
    found = cases(build())
    wanted = {
        case: how for case, how in found.items() if not arguments.case or any(part in case for part in arguments.case)
    }
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {"cases": {}}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = dict(
            zip(wanted, pool.map(lambda case: count(wanted[case][0], case, wanted[case][1]), wanted), strict=True)
        )
    worse = []
    for case, now in counted.items():
        before = baseline["cases"].get(case)
        change = "new" if before is None else f"{(now / before - 1) * 100:+.1f} %"
        print(f"{case:44} {now:10.1f} a record   {change}")
        if before is None or now > before * (1 + TOLERANCE):
            worse.append(case)
    for case in baseline["cases"]:
        if case not in found:
            print(f"{case:44} not on this machine")
    if arguments.update:
        made_with = {
            "rustc": output("rustc", "--version").strip(),
            "valgrind": output("valgrind", "--version").strip(),
            "libc": " ".join(platform.libc_ver()),
            "machine": platform.machine(),
        }
        kept = {case: value for case, value in baseline["cases"].items() if case not in counted and case in found}
        BASELINE.write_text(
            json.dumps({"made_with": made_with, "cases": {**kept, **counted}}, indent=2, sort_keys=True) + "\n"
        )
        print(f"written: {BASELINE.relative_to(ROOT)}")
        return 0
    if worse:
        print(
            f"\nmore than {TOLERANCE:.0%} over {BASELINE.relative_to(ROOT)}, or not in it: {', '.join(worse)}",
            file=sys.stderr,
        )
        print("Mend it, or say why in the commit and run it again with --update.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
