"""What a tree of processes takes, as Linux tells it: processor seconds, and memory, by process and over time."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SAMPLE = 5.0  # seconds between two lines of a trace, for each costs some milliseconds
_WORKER = "census.scan.process"  # in the command line of each
_MB = 1e6


def stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name, none if the process is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def parent(process: int) -> int:
    """The process that started this one."""
    return int(stat(process)[1])


def tree(top: int) -> Iterator[tuple[int, list[str]]]:
    """A process and all below it, with the fields of `stat`."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := stat(int(folder.name))):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    waiting = [top]
    while waiting:
        process = waiting.pop()
        waiting += children.get(process, [])
        if fields := stat(process):
            yield process, fields


def resident(top: int) -> int:
    """Bytes that a tree has in memory; what several processes share counts for each."""
    return sum(int(fields[21]) for _, fields in tree(top)) * _PAGE


def cpu(top: int) -> float:
    """Processor seconds of a tree, also of those in it that have ended."""
    return sum(sum(map(int, fields[11:15])) for _, fields in tree(top)) / _TICKS


def _memory(process: int) -> dict[str, float]:
    """MB of a process: resident, and its proportional share of what it has in common with others."""
    found = {}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]:
            name, value, *_ = line.split()
            found[name] = int(value) * 1024 / _MB
    return {"rss": round(found.get("Rss:", 0), 1), "pss": round(found.get("Pss:", 0), 1)}


def _is_worker(process: int) -> bool:
    with contextlib.suppress(OSError):
        return _WORKER in Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8", errors="replace")
    return False


class Trace:
    """Writes a line of JSON to `file` every five seconds, as a context, so that a run broken off tells something too.

    `done` says how many targets are done; `top` is the process that plans and watches, `database` Postgres' uppermost.
    """

    def __init__(self, file: Path, top: int, database: int, done: Callable[[], int]) -> None:
        self._file = file
        self._top = top
        self._database = database
        self._done = done
        self._began = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def _write(self) -> None:
        with self._file.open("a", encoding="ascii") as out:
            while not self._over.wait(_SAMPLE):
                out.write(json.dumps(self._line()) + "\n")
                out.flush()

    def _line(self) -> dict[str, object]:
        below = [process for process, _ in tree(self._top)]
        return {
            "seconds": round(time.monotonic() - self._began),
            "done": self._done(),
            "planner": _memory(self._top),
            "workers": [_memory(process) for process in sorted(below) if _is_worker(process)],
            "postgres": round(sum(_memory(process)["pss"] for process, _ in tree(self._database))),
            "cpu": round(cpu(self._top)),
            "cpu_postgres": round(cpu(self._database)),
        }
