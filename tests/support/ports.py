"""Ports that are free, for programs that are told on which to listen."""

from __future__ import annotations

import contextlib
import random
import socket


def free_ports(count: int) -> int:
    """The first of some ports in a row that nobody listens on, below those that the system gives to connections."""
    while True:
        first = random.randrange(20_000, 30_000)
        with contextlib.ExitStack() as taken, contextlib.suppress(OSError):
            for port in range(first, first + count):
                taken.enter_context(socket.create_server(("127.0.0.1", port)))
            return first
