"""The simulated neighbourhood as a process of its own: how it runs, and how another process starts and asks it.

The child says READY on its standard output, then answers each line `record` on standard input with one line of JSON;
it ends at the end of its standard input or on SIGTERM, so that it never outlives who started it.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final

import uvloop

from census.demo.history import Moments
from census.demo.population import Population
from census.demo.servers import DemoError, Record, Servers

READY: Final = "READY"
_RECORD: Final = "record"
_STOP_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A neighbourhood that is being served by a child process."""

    population: Population
    _child: subprocess.Popen[str]

    def record(self) -> Record:
        """What it was asked so far. Raises DemoError if it is gone."""
        told = _ask(self._child, _RECORD)
        if not told:
            raise DemoError("the simulated neighbourhood has ended; start it again")
        return Record.from_json(json.loads(told))


@contextmanager
def launch(seed: int, endpoints: int = 3000, moment: int = 1) -> Iterator[Neighbourhood]:
    """Serve the population of `seed`, as it is at a moment, from a child process as long as the context lasts.

    Raises DemoError, in the child's own words, when it cannot be served.
    """
    drawn = ("--seed", str(seed), "--endpoints", str(endpoints), "--moment", str(moment))
    command = [sys.executable, "-m", "census.demo", *drawn]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603  ours
        try:
            said = _pipe(child.stdout).readline().strip()
            if said != READY:
                raise DemoError(said or "the simulated neighbourhood did not start; its error stands above")
            yield Neighbourhood(Moments(seed, endpoints).at(moment).population, child)
        finally:
            _end(child)


def _ask(child: subprocess.Popen[str], line: str) -> str:
    try:
        print(line, file=_pipe(child.stdin), flush=True)
    except BrokenPipeError:
        return ""
    return _pipe(child.stdout).readline()


def _end(child: subprocess.Popen[str]) -> None:
    child.terminate()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise DemoError("the simulated neighbourhood was started without pipes")
    return stream


def serve(seed: int, endpoints: int, moment: int, say: Callable[[str], None]) -> None:
    """Serve until the end of standard input or a signal to end; `say` gets READY and the records. Raises DemoError."""
    uvloop.run(_serve(Moments(seed, endpoints).at(moment).population, say))


async def _serve(population: Population, say: Callable[[str], None]) -> None:
    servers = Servers(population)
    await servers.start()
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    say(READY)
    listening = asyncio.create_task(_listen(lines, servers, say, ended))
    await ended.wait()
    listening.cancel()
    await servers.stop()


async def _listen(
    lines: asyncio.StreamReader, servers: Servers, say: Callable[[str], None], ended: asyncio.Event
) -> None:
    """Answer what standard input asks, until it ends."""
    async for line in lines:
        if line.strip() == _RECORD.encode():
            say(json.dumps(servers.record.to_json()))
    ended.set()
