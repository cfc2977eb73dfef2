"""Benchmarks: what kaframe's first promise of speed is measured with. ``make bench`` runs :mod:`bench.spine`."""
