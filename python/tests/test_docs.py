"""Documentation: every example runs and every public function has one or is plain."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

import kaframe as kf

MODULES = sorted(f"kaframe.{module.name}" for module in pkgutil.iter_modules(kf.__path__) if module.name != "_native")
FINDER = doctest.DocTestFinder()


@pytest.fixture
def orders(monkeypatch, tmp_path):
    """The topic that the examples read: a thousand orders on a broker that the environment names. Files that they write go to a folder of their own."""
    monkeypatch.chdir(tmp_path)
    with kf.Broker(topics={"orders": 1}) as broker:
        rows = [{"id": n, "amount": float(n), "country": "de" if n % 2 else "fr"} for n in range(1000)]
        kf.write(rows, "orders", bootstrap_servers=broker.bootstrap_servers)
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", broker.bootstrap_servers)
        yield


@pytest.mark.parametrize("name", ["kaframe", *MODULES])
def test_examples_run(name, orders):
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    # Errors call themselves `kaframe.X`, wherever they stand.
    for test in FINDER.find(module, name, module=False if name == "kaframe.errors" else None):
        test.globs["kf"] = kf
        output: list[str] = []
        runner.run(test, out=output.append)
        assert runner.failures == 0, "".join(output)


def test_the_examples_are_found():
    found = [
        test
        for name in MODULES
        for test in FINDER.find(importlib.import_module(name), name, module=False)
        if test.examples
    ]
    assert len(found) >= 12


@pytest.mark.parametrize("name", sorted(kf.__all__))
def test_everything_public_is_documented(name):
    thing = getattr(kf, name)
    if isinstance(thing, str):
        return
    assert inspect.getdoc(thing)
    if inspect.isclass(thing):
        for attribute, value in vars(thing).items():
            if not attribute.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                assert inspect.getdoc(value), f"{name}.{attribute}"
