"""One program for each reader that the benchmark compares, as its users write it; each runs in a process of its own."""
