"""The second benchmark: what questions about a topic cost, beside reading all of it and beside other tools. ``python -m bench.ask``."""
