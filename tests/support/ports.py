"""Free TCP ports for brokers that tests start.

Kafka's clients need a port that is known before the broker listens, so a port is tried and given back. It is
taken below the range from which the system serves outgoing connections: a port from that range could be some
client's own end when the broker comes back after a restart.
"""

import random
import socket

LOWEST_PORT = 12_000
HIGHEST_PORT = 31_999
# With this many misses in a row the machine has no free port worth looking for.
ATTEMPTS = 1_000


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    for _ in range(ATTEMPTS):
        port = random.randint(LOWEST_PORT, HIGHEST_PORT)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port found between {LOWEST_PORT} and {HIGHEST_PORT}")
