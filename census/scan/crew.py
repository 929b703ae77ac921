"""The worker processes on this machine: started together, replaced when something killed one, stopped together."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

_PATIENCE = 4.0  # seconds between the word to stop and the end, enforced
_BRIEF = 5.0  # seconds of life after which a death is no longer counted as one at the start
_TRIES = 5  # deaths at the start, one after another, after which no more are started
# Words for glibc, else it keeps what a large answer took, for each of the threads: some 6 MB in the course of a scan.
_MALLOC = "glibc.malloc.mmap_threshold=262144:glibc.malloc.trim_threshold=1048576:glibc.malloc.arena_max=1"


class Crew:
    """`count` worker processes on a database; leaving the context stops those that still run.

    They work on `scan`, or where that is None on whatever is open, with `drain` until nothing is. `places` are this
    machine's place files; None leaves them to what the scan and the machine have.
    """

    def __init__(
        self,
        database: str,
        scan: int | None,
        count: int,
        *,
        metrics_port: int | None,
        verbose: bool,
        places: Sequence[str] | None = None,
        drain: bool = False,
    ) -> None:
        common = {"database": database, "scan": scan, "verbose": verbose, "drain": drain, "places": places}
        ports = [None if metrics_port is None else metrics_port + number for number in range(count)]
        self._orders: list[dict[str, Any]] = [{**common, "metrics_port": port} for port in ports]
        self._processes: list[subprocess.Popen[bytes]] = []
        self._began = [0.0] * count
        self._brief = 0

    def __enter__(self) -> Self:
        self._processes = [self._start(place) for place in range(len(self._orders))]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def tend(self) -> int:
        """Start another for each process that something killed; gives how many are alive.

        One that ended by itself has said why. When one after another is killed at its start, no more are started.
        """
        for place, process in enumerate(self._processes):
            code = process.poll()
            if code is None or code >= 0:
                continue
            self._brief = self._brief + 1 if time.monotonic() - self._began[place] < _BRIEF else 0
            if self._brief < _TRIES:
                _close(process)
                self._processes[place] = self._start(place)
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
            _close(process)

    def _start(self, place: int) -> subprocess.Popen[bytes]:
        self._began[place] = time.monotonic()
        with _deaf_to_ctrl_c():
            process = subprocess.Popen(
                [sys.executable, "-m", "census.scan.process"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                env={"GLIBC_TUNABLES": _MALLOC, **os.environ},
            )  # fmt: skip
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # killed before it had read them, as the next look will find
            process.stdin.write(json.dumps(self._orders[place]).encode() + b"\n")
            process.stdin.flush()
        return process


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """What is started meanwhile never hears Ctrl-C, not even while Python loads it; we hear it afterwards.

    The terminal sends it to the whole group. We decide what it means, and tell the workers.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None and not process.stdin.closed:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
