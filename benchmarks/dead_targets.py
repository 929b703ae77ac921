"""What a refused target costs, as a ratio to a bare connection attempt; and the memory of open attempts.

    python benchmarks/dead_targets.py [--targets 5000] [--silent 15000] [--rounds 5] [--json]

Refused targets are looked at by the prober and, in turns with it, tried by `loop.create_connection` alone; processor
seconds are compared. The silent targets are a listener whose queue is full, so that Linux drops what else comes, as a
firewall would; their memory is what the process has grown by while all attempts are open, besides that of the same
number of bare attempts. The limit of open files must allow it (`ulimit -n`). A Markdown table goes to standard output.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

import uvloop

from census.facts import Outcome, Target
from census.probe.look import Prober
from census.probe.pace import Pace
from census.probe.transport import Manners, tls_context
from census.scan.process import calm

_AT_ONCE = 50
_WAIT = 20.0  # seconds until a silent attempt is given up; all must be open by then
_SPARE_FILES = 200
_MANNERS = Manners("census/benchmark (mailto:a@example.edu)", None, lambda _: True, _WAIT, _WAIT + 5)

Attempt = Callable[[str, int], Awaitable[None]]


async def bare(address: str, port: int) -> None:
    """The floor: an attempt, and nothing made of its failure."""
    try:
        async with asyncio.timeout(_WAIT):
            await asyncio.get_running_loop().create_connection(asyncio.Protocol, address, port)
    except OSError:
        pass


def looked(outcome: Outcome) -> Attempt:
    """The prober's look, which must end in `outcome`."""
    prober = Prober(_MANNERS, Pace(1e6, 1e6), tls_context())

    async def look(address: str, port: int) -> None:
        seen = await prober.look(Target(address, port), address)
        assert seen.outcome is outcome, seen

    return look


# --- refused


async def _refused(rounds: int, count: int) -> dict[str, float]:
    """Microseconds of processor time for each attempt, the median of all rounds."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else takes the port
        port = unused.getsockname()[1]
        attempts = {"bare": bare, "look": looked(Outcome.REFUSED)}
        spent: dict[str, list[float]] = {name: [] for name in attempts}
        for _ in range(rounds + 1):
            for name, attempt in attempts.items():
                spent[name].append(await _clocked(attempt, port, count))
    return {name: median(times[1:]) for name, times in spent.items()}


async def _clocked(attempt: Attempt, port: int, count: int) -> float:
    async def lane() -> None:
        for _ in range(count // _AT_ONCE):
            await attempt("127.0.0.1", port)

    began = time.process_time()
    await asyncio.gather(*(lane() for _ in range(_AT_ONCE)))
    return (time.process_time() - began) / count * 1e6


# --- silent


async def _silent(name: str, count: int) -> float:
    """Bytes that the process grew by for each open attempt."""
    with socket.socket() as listener, socket.socket() as first:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        first.connect(("127.0.0.1", port))  # takes the one place in the queue
        attempt = {"bare": bare, "look": looked(Outcome.TIMED_OUT)}[name]
        gc.collect()
        before = _resident()
        tasks = [asyncio.create_task(_quiet(attempt, port)) for _ in range(count)]
        await asyncio.sleep(_WAIT / 2)
        grown = _resident() - before
        assert not any(task.done() for task in tasks), "an attempt ended before all were open"
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return grown / count


async def _quiet(attempt: Attempt, port: int) -> None:
    await attempt("127.0.0.1", port)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _apart(name: str, count: int) -> float:
    """In a process of its own, since memory that was once taken is not given back."""
    command = [sys.executable, __file__, "--silent", str(count), "--measure", name]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603  this script


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, default=5_000)
    parser.add_argument("--silent", type=int, default=15_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="the ratios as one object")
    parser.add_argument("--measure", choices=("bare", "look"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    calm()  # as a worker is
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, given.silent + _SPARE_FILES), hard))
    if given.measure:
        print(uvloop.run(_silent(given.measure, given.silent)))
        return
    refused = uvloop.run(_refused(given.rounds, given.targets))
    silent = {name: _apart(name, given.silent) for name in ("bare", "look")}
    if given.json:
        print(json.dumps({"refused": refused["bare"] / refused["look"], "silent": silent["bare"] / silent["look"]}))
        return
    print("| | bare attempt | look | ratio |\n|---|--:|--:|--:|")
    print(f"| refused, µs | {refused['bare']:.0f} | {refused['look']:.0f} | {refused['bare'] / refused['look']:.2f} |")
    print(
        f"| silent, {given.silent:,} at once, KB each | {silent['bare'] / 1024:.1f} | {silent['look'] / 1024:.1f} |"
        f" {silent['bare'] / silent['look']:.2f} |"
    )


if __name__ == "__main__":
    main()
