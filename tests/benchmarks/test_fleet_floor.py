"""The floor of a fleet's benchmark: it asks its three questions, and no target decides what it costs."""

from __future__ import annotations

import contextlib
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "fleet_floor.py"
DEADLINE = 600  # seconds: nobody waits for it here


@contextmanager
def served(handler: type[socketserver.BaseRequestHandler], listed: Path) -> Iterator[None]:
    """A server whose address alone stands in the list."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        listed.write_text("{}:{}\n".format(*server.server_address))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield
        server.shutdown()


def run(listed: Path) -> None:
    """The floor, from start to end."""
    subprocess.run([sys.executable, str(SCRIPT), str(listed), "100", "3", str(DEADLINE)], check=True, timeout=60)


def test_it_asks_three_questions_over_one_connection(tmp_path: Path) -> None:
    asked: list[list[bytes]] = []

    class Answering(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.append([])
            while line := self.rfile.readline():
                if line.startswith(b"GET "):
                    asked[-1].append(line.split()[1])
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with served(Answering, tmp_path / "list"):
        run(tmp_path / "list")
    assert asked == [[b"/api/tags", b"/api/version", b"/0123456789abcdef"]]


def test_an_answer_that_never_ends_is_left_long_before_the_deadline(tmp_path: Path) -> None:
    class Endless(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                while True:
                    self.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    with served(Endless, tmp_path / "list"):
        run(tmp_path / "list")
