"""With nothing optional installed: everything but the conversions works, and those say what to install."""

from __future__ import annotations

import subprocess
import sys

BLOCK = """
import sys

class Blocked:
    names = {"pandas", "pyarrow", "polars", "duckdb", "numpy", "tqdm"}
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
"""

PROGRAM = """
import kaframe as kf
with kf.Broker(topics={"foo": 1}) as broker:
    cluster = kf.connect(broker.bootstrap_servers)
    cluster.write([{"number": n} for n in range(1000)], "foo", key="number")
    table = cluster.read("foo", progress=True)
    assert len(table) == 1000 and table.complete
    assert "number" in repr(table) and "<td>999</td>" not in table._repr_html_()
    assert sum(len(batch) for batch in cluster.scan("foo")) == 1000
    assert table.head(3).shape == (3, 5)
    for convert, package in ((table.to_pandas, "pandas"), (table.to_polars, "polars"), (table.to_arrow, "pyarrow"), (table.to_duckdb, "duckdb")):
        try:
            convert()
        except ImportError as error:
            assert f'pip install "kaframe[{package}]"' in str(error), error
        else:
            raise AssertionError(convert)
print("fine")
"""


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_everything_but_the_conversions_works():
    assert run(BLOCK + PROGRAM) == "fine\n"


def test_to_pandas_needs_pyarrow_too():
    program = BLOCK.replace('"pandas", ', "").replace('"numpy", ', "") + PROGRAM.split("    for convert")[0]
    check = """
    try:
        table.to_pandas()
    except ImportError as error:
        assert "pyarrow" in str(error) and "pip install" in str(error), error
    else:
        raise AssertionError
print("fine")
"""
    assert run(program + check) == "fine\n"


#: What the modules of this package need of the standard library, and what those need: a third of the time of an import.
NEEDED = [
    "__future__",
    "collections",
    "contextlib",
    "copyreg",
    "datetime",
    "enum",
    "functools",
    "importlib",
    "itertools",
    "json",
    "keyword",
    "math",
    "operator",
    "re",
    "reprlib",
    "threading",
    "types",
    "typing",
    "warnings",
]

LOADED = """
import sys
before = set(sys.modules)
{what}
print(*sorted({{name.partition(".")[0] for name in set(sys.modules) - before if not name.startswith("_")}}))
"""


def loaded(what: str) -> set[str]:
    """Packages that are loaded by some lines and were not before, without private ones."""
    return set(run(LOADED.format(what=what)).split())


def test_importing_loads_nothing_optional_and_little_else():
    assert loaded("import kaframe") - {"kaframe"} <= set(NEEDED)


def test_reading_loads_nothing_more_before_it_converts():
    what = """
import kaframe as kf
with kf.Broker(topics={"foo": 1}) as broker:
    cluster = kf.connect(broker.bootstrap_servers)
    before |= {name for name in sys.modules}
    table = cluster.read("foo")
    assert len(table) == 0 and repr(table) and table.report.complete
    assert sum(len(batch) for batch in cluster.scan("foo")) == 0"""
    assert loaded(what) - {"kaframe"} <= {"shutil", "tqdm"}
