"""The worker processes of one scan on this machine: started together, watched, stopped together."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

_PATIENCE = 4.5  # seconds between the word to stop and the end, enforced


class Crew:
    """`count` worker processes for a scan; leaving the context stops those that still run."""

    def __init__(self, database: str, scan: int, count: int, *, metrics_port: int | None, verbose: bool) -> None:
        self._orders = [
            {
                "database": database,
                "scan": scan,
                "verbose": verbose,
                "metrics_port": None if metrics_port is None else metrics_port + number,
            }
            for number in range(count)
        ]
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        for orders in self._orders:
            process = subprocess.Popen(
                [sys.executable, "-m", "census.scan.process"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
            )
            self._processes.append(process)
            assert process.stdin is not None
            process.stdin.write(json.dumps(orders).encode() + b"\n")
            process.stdin.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> int:
        """How many of the processes are alive."""
        return sum(process.poll() is None for process in self._processes)

    @property
    def codes(self) -> list[int]:
        """The exit codes of those that have ended."""
        return [process.returncode for process in self._processes if process.poll() is not None]

    def stop(self) -> None:
        """Tell all to stop, give them a few seconds to put away what they have, then end them."""
        for process in self._processes:
            process.terminate() if process.poll() is None else None
        end = time.monotonic() + _PATIENCE
        for process in self._processes:
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None and not process.stdin.closed:
                process.stdin.close()
