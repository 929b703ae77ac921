"""What a live Ollama (0.30 and above: list, version, canary, loaded models) costs, as a ratio to a floor.

    python benchmarks/live_hosts.py [--hosts 10000] [--rounds 3] [--json]

The floor asks the same questions with nothing but uvloop and httptools and throws the answers away. Beside it: the
conversation (what the probe sends and receives, unread), the look (with everything that is read and judged), and the
whole chain: a scan by one worker, with lineage, places and the rows in Postgres, once as the processor time of census
alone and once with that of all processes of Postgres. Each is a process of its own, and processor seconds are compared,
so that other work on the machine disturbs little. All ask the same four questions of the same hosts, over one
connection each. Hosts list one to five models, of which there are a third as many as hosts, drawn by Zipf's law; each
host wrote them at another instant. There are so many hosts that the beginning and the end of a scan, some 30 ms, count
for little. A Markdown table goes to standard output.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import cast

import httptools
import psycopg
import uvloop

from census.exchanges import Question
from census.facts import Outcome, Target
from census.probe.look import Prober
from census.probe.pace import Pace
from census.probe.transport import Conversation, Manners, tls_context
from census.scan import plan as planning
from census.scan import run
from census.scan.process import calm
from census.scan.settings import Settings
from census.scan.worker import Worker
from census.store import migrate, scans
from census.store.door import Door
from census.store.embedded import Embedded
from census.targets.lists import Problems
from census.targets.order import Spool
from census.targets.scope import Scope

_PORT = 11434
_AT_ONCE = 50
_LOWEST = 19  # of all priorities
_WARM = 200  # hosts asked before the clock runs
_CANARY = "/0123456789abcdef"
_PATHS = ("/api/tags", "/api/version", _CANARY, "/api/ps")
_MANNERS = Manners("census/benchmark (mailto:a@example.edu)", "a@example.edu", lambda _: True)
_MODELS = 0.343  # for each host, as in the study
_NAMES = ("llama3.2:3b", "qwen2.5:7b", "mistral:7b", "gemma3:12b", "deepseek-r1:14b", "nomic-embed-text:latest")
_SERVED = "select count(*) from export.observations where scan = %s and outcome = 'served'"
_SCOPE = """
[authorization]
reference = "BENCHMARK"
basis = "our own machine"
contact = "mailto:a@example.edu"
valid_from = {today}
valid_until = {today}
[scope]
networks = ["127.0.0.0/8"]
[limits]
rate = 100000
rate_per_network = 100000
"""


def addresses(count: int) -> list[str]:
    """Loopback addresses, 200 of them in each /24."""
    return [f"127.{20 + place // 51_200}.{place // 200 % 256}.{1 + place % 200}" for place in range(count)]


# --- the servers


def _answer(status: str, body: bytes, kind: str = "application/json; charset=utf-8") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def _models(address: str, popularity: list[float]) -> bytes:
    draw = random.Random(address)
    listed = dict.fromkeys(draw.choices(range(len(popularity)), cum_weights=popularity, k=draw.randint(1, 5)))
    return json.dumps({"models": [_model(number, draw) for number in listed]}, separators=(",", ":")).encode()


def _model(number: int, draw: random.Random) -> dict[str, object]:
    name = _NAMES[number % len(_NAMES)] + (f"-{number}" if number >= len(_NAMES) else "")
    return {
        "name": name,
        "model": name,
        "modified_at": f"2026-05-01T10:00:{draw.uniform(10, 59):.9f}Z",
        "size": 4_000_000_000 + number,
        "digest": hashlib.sha256(f"manifest of {name}".encode()).hexdigest(),
        "details": {
            "parent_model": "", "format": "gguf", "family": name.partition(":")[0], "families": ["llama"],
            "parameter_size": "7.6B", "quantization_level": "Q4_K_M", "context_length": 32_768,
        },
        "capabilities": ["completion", "tools"],
    }  # fmt: skip


_FIXED = {
    b"/api/version": _answer("200 OK", b'{"version":"0.31.1"}'),
    b"/api/ps": _answer("200 OK", b'{"models":[]}'),
}
_MISSING = _answer("404 Not Found", b"404 page not found", "text/plain")


class _Server(asyncio.Protocol):
    """As little of an Ollama as the questions need."""

    def __init__(self, popularity: list[float]) -> None:
        self._popularity = popularity

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._unread = b""

    def data_received(self, data: bytes) -> None:
        *requests, self._unread = (self._unread + data).split(b"\r\n\r\n")
        for request in requests:
            path = request.split(b" ", 2)[1]
            if path == b"/api/tags":
                body = _models(self._transport.get_extra_info("sockname")[0], self._popularity)
                self._transport.write(_answer("200 OK", body))
            else:
                self._transport.write(_FIXED.get(path, _MISSING))


async def serve(count: int) -> None:
    """Listen on all addresses until standard input ends; a line says when all stand.

    It never sleeps, but gives way to everybody. To wake a process on another processor is dear for whoever sends to it,
    and the floor, which keeps its server busy, hardly ever would: of a host on a network no client wakes anything.
    (The chain no longer wakes a processor for its own Postgres either, which it does once for each statement.)
    """
    loop = asyncio.get_running_loop()

    def stay_awake() -> None:
        loop.call_soon(stay_awake)

    os.nice(_LOWEST)
    stay_awake()
    popularity = list(itertools.accumulate(1 / rank for rank in range(1, max(1, round(count * _MODELS)) + 1)))
    for address in addresses(count):
        await loop.create_server(lambda: _Server(popularity), address, _PORT, backlog=64)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


# --- the clients


class _Bare(asyncio.Protocol):
    """The floor: asks, counts the ends of answers, and reads nothing."""

    def __init__(self, done: asyncio.Future[None], host: str) -> None:
        self._done = done
        self._left = iter(_PATHS)
        self._head = f"Host: {host}:{_PORT}\r\n{_MANNERS.head}\r\n"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.on_message_complete()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        path = next(self._left, None)
        if path is None:
            self._transport.abort()
            self._done.set_result(None)
            return
        self._parser = httptools.HttpResponseParser(self)
        self._transport.write(f"GET {path} HTTP/1.1\r\n{self._head}".encode())


async def _floor(address: str) -> None:
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    await loop.create_connection(lambda: _Bare(done, address), address, _PORT)
    await done


def _conversation() -> Callable[[str], Awaitable[None]]:
    pace, context = Pace(1e6, 1e6), tls_context()
    questions = [Question("GET", path) for path in _PATHS]

    async def ask(address: str) -> None:
        talk = Conversation(Target(address, _PORT), address, _MANNERS, pace, context)
        async with asyncio.timeout(15):
            await talk.open()
            for question in questions:
                await talk.ask(question)
        await talk.close()

    return ask


def _look() -> Callable[[str], Awaitable[None]]:
    prober = Prober(_MANNERS, Pace(1e6, 1e6), tls_context())

    async def look(address: str) -> None:
        seen = await prober.look(Target(address, _PORT), address)
        assert seen.outcome is Outcome.SERVED, "whoever fails is cheaper"

    return look


async def _clocked(one: Callable[[str], Awaitable[None]], hosts: list[str]) -> float:
    """Processor seconds for all hosts, some of them asked before the clock runs."""

    async def lane(addresses: list[str]) -> None:
        for address in addresses:
            await one(address)

    async def all_of(addresses: list[str]) -> None:
        await asyncio.gather(*(lane(addresses[start::_AT_ONCE]) for start in range(_AT_ONCE)))

    await all_of(hosts[:_WARM])
    began = time.process_time()
    await all_of(hosts)
    return time.process_time() - began


def _chain(hosts: list[str]) -> tuple[float, float]:
    """Processor seconds of a whole scan by one worker, the second scan of the database: its own, and with Postgres'."""
    with tempfile.TemporaryDirectory() as folder, Embedded(Path(folder) / "home") as server:
        migrate.upgrade(server.url)
        for listed in (hosts[:_WARM], hosts):
            scan = _plan(server.url, Path(folder), listed)
            began, theirs = time.process_time(), _of_postgres(Path(folder))
            uvloop.run(_work(server.url, scan))
            spent, theirs = time.process_time() - began, _of_postgres(Path(folder)) - theirs
            with psycopg.connect(server.url) as connection:
                served = connection.execute(_SERVED, [scan]).fetchone()
            assert served == (len(listed),), "whoever fails is cheaper"
        return spent, spent + theirs


def _of_postgres(folder: Path) -> float:
    """Processor seconds that the server in a folder has used, with its processes that are and those that were."""
    (file,) = folder.rglob("postmaster.pid")
    parent = file.read_text().split()[0]
    spent = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile: then it counts among those of its parent
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if parent in (process.name, fields[1]):
                spent += sum(map(int, fields[11 : 15 if process.name == parent else 13]))
    assert spent, "the server is not among the processes"
    return spent / os.sysconf("SC_CLK_TCK")


def _plan(url: str, folder: Path, hosts: list[str]) -> int:
    file, listed = folder / "scope.toml", folder / "list.txt"
    file.write_text(_SCOPE.format(today=date.today().isoformat()))  # noqa: DTZ011  the scope's day, wherever it is
    listed.write_text("\n".join(hosts))
    scope = Scope.read(file)
    plan = planning.Plan(scope, 1, Problems())
    with Spool(1) as spool:
        planning.fill(spool, [str(listed)], plan, (_PORT,))
        return run.create(
            url, plan, Settings(scope, scope.rate), planning.chunks(plan, spool, 1), name=None, lists=[str(listed)]
        )


async def _work(url: str, scan: int) -> None:
    door = Door(url)
    try:
        await Worker(door, scan, Settings.from_json(door.call(scans.settings, scan)), in_flight=500).run()
    finally:
        door.close(1.0)


def measure(what: str, hosts: list[str]) -> tuple[float, ...]:
    """Processor seconds of one client for all hosts; of the chain also with those of Postgres."""
    calm()  # as workers are; the floor, which has little to look through, takes the same with it
    if what == "chain":
        return _chain(hosts)
    one = {"floor": lambda: _floor, "conversation": _conversation, "look": _look}[what]()
    return (uvloop.run(_clocked(one, hosts)),)


# --- the table

_CLIENTS = {"floor": ("floor",), "conversation": ("conversation",), "look": ("look",), "chain": ("chain", "postgres")}
_ROWS = {
    "floor": "floor: uvloop and httptools",
    "conversation": "conversation",
    "look": "look",
    "chain": "whole chain",
    "postgres": "whole chain, and Postgres itself",
}


def compare(count: int, rounds: int) -> dict[str, float]:
    """Microseconds a host of each client, the median of all rounds."""
    me = [sys.executable, __file__, "--hosts", str(count)]
    server = subprocess.Popen([*me, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603  this script
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdout.readline()
    try:
        spent: dict[str, list[float]] = {what: [] for what in _ROWS}
        for _ in range(rounds):
            for client, rows in _CLIENTS.items():
                for what, told in zip(rows, _told([*me, "--measure", client]), strict=True):
                    spent[what].append(told / count * 1e6)
    finally:
        server.stdin.close()
        server.wait()
    return {what: median(times) for what, times in spent.items()}


def _told(command: list[str]) -> list[float]:
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  this script
    return [float(number) for number in answer.split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="the ratios as one object")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--measure", choices=_CLIENTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        uvloop.run(serve(given.hosts))
    elif given.measure:
        print(*measure(given.measure, addresses(given.hosts)))
    else:
        times = compare(given.hosts, given.rounds)
        if given.json:
            print(json.dumps({f"live_{what}": times["floor"] / times[what] for what in _ROWS}))
            return
        print("| client | µs of processor time a host | hosts a CPU-second | ratio to the floor |\n|---|--:|--:|--:|")
        for what, name in _ROWS.items():
            print(f"| {name} | {times[what]:.0f} | {1e6 / times[what]:,.0f} | {times['floor'] / times[what]:.2f} |")


if __name__ == "__main__":
    main()
