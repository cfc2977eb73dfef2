"""``python -m tests.kafka``: the harness from the command line.

python -m tests.kafka fetch                    get the jars of every line of Kafka into the cache
python -m tests.kafka 4.1                      run a server until Ctrl-C; prints its address
python -m tests.kafka 4.1 -- COMMAND ...       run COMMAND with the address in KAFRAME_TEST_KAFKA and KAFKA_BOOTSTRAP_SERVERS
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

from tests.kafka import jars
from tests.kafka.kafka_server import KafkaServer


def main(arguments: list[str]) -> int:
    try:
        if arguments == ["fetch"]:
            for line in jars.LINES:
                print(f"Kafka {line}: {jars.jars(line)}")
            return 0
        if not arguments or arguments[0] not in jars.LINES or (len(arguments) > 1 and arguments[1] != "--"):
            print(__doc__, file=sys.stderr)
            return 2
        with KafkaServer(arguments[0]) as server:
            command = arguments[2:]
            if command:
                names = ("KAFRAME_TEST_KAFKA", "KAFKA_BOOTSTRAP_SERVERS")
                return subprocess.call(command, env={**os.environ, **dict.fromkeys(names, server.bootstrap_servers)})
            print(server.bootstrap_servers, flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
            return 0
    except jars.MissingTool as missing:
        print(missing, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
