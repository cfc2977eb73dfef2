"""The benchmark: whole topics of a real Kafka, kaframe beside every peer, in one run. ``make bench``; see bench/README.md."""
