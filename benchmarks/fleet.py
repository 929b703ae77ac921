"""What a scan of a fleet like the Internet costs, beside a floor, and beside zgrab2 and httpx if they are on the PATH.

    python benchmarks/fleet.py [--targets 10000 100000] [--workers 1] [--clients census floor] [--rate 1000]

The fleet (`fleet_servers.py`) is served by processes of its own in a network namespace of its own, where its ports are
free and nothing but loopback can be reached; Linux's `unshare` and `ip` make it. `census` is the whole chain: list,
plan, workers, Postgres, whose processor time stands apart; `census-few` is the same without details of models. The
floor opens a connection to each target with nothing but uvloop and httptools, asks three questions over it (list,
version, canary) and throws the answers away; zgrab2 and httpx ask the same three and write what came as JSON.
Processor seconds are those of the client's whole process tree, memory is the most that the tree had resident; with
`--trace FILE` a line a moment says how far a scan is, and what each of its processes has. Rates
and time-outs are the same for all, where they can be told.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import own_network
import psycopg
from fleet_peers import PEERS
from fleet_processes import Trace, cpu, parent, resident
from fleet_servers import group, serving, target

from census.store import migrate
from census.store.connect import connect
from census.store.embedded import Embedded

_SAMPLE = 0.5  # seconds between two looks at the memory
_EACH = 10_000  # targets for which processor seconds are told
_CONNECT, _DEADLINE = 3, 15  # seconds, as `census scan` has them
_DONE = "select coalesce(sum(ended), 0) from chunk, unnest(counts) its(ended)"
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
rate = {rate}
rate_per_network = {rate}
[probe]
details = {details}
"""


@dataclass(frozen=True)
class Order:
    """What a client is to do: `folder` is its own, `rate` new connections a second, `trace` a file for `Trace`."""

    folder: Path
    listed: Path
    rate: int
    workers: int = 1
    trace: Path | None = None


@dataclass
class Run:
    """What one client took for all targets: seconds, processor seconds, bytes; `found` are inference servers."""

    seconds: float
    cpu: float
    memory: float
    postgres: float | None = None
    found: int | None = None
    requests: float = 0
    connections: float = 0
    servers: float = 0


Client: TypeAlias = Callable[[Order], Run]
Watch: TypeAlias = Callable[[int], AbstractContextManager[object]]  # by process


def watched(
    command: list[str], folder: Path, errors: int | None = None, watch: Watch = lambda _: nullcontext()
) -> tuple[Run, str]:
    """A program run to its end, and what it said; its settings are looked for in `folder`, not in anybody's home."""
    began = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    peaks = [0]
    mine = {**os.environ, "HOME": str(folder)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=mine) as done:  # noqa: S603  ours, or a scanner that was asked for
        over = threading.Event()

        def sample() -> None:
            while not over.wait(_SAMPLE):
                peaks.append(resident(done.pid))

        watching = threading.Thread(target=sample)
        watching.start()
        assert done.stdout is not None
        with watch(done.pid):
            said = done.stdout.read()
            code = done.wait()
        over.set()
        watching.join()
    assert code == 0, f"{command[0]} ended with {code}"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(time.monotonic() - began, spent, max(peaks)), said


# --- the clients


def census(order: Order, *, details: bool = True) -> Run:
    """The whole chain into an embedded Postgres."""
    scope, today = order.folder / "scope.toml", date.today().isoformat()  # noqa: DTZ011  the scope's day, wherever it is
    scope.write_text(_SCOPE.format(today=today, rate=order.rate, details=str(details).lower()))
    with Embedded(order.folder / "home") as server:
        migrate.upgrade(server.url)
        with connect(server.url) as connection:
            postmaster = parent(connection.info.backend_pid)
            before = cpu(postmaster)
            command = [sys.executable, "-m", "census", "scan", str(order.listed), "--scope", str(scope)]
            command += ["--database", server.url, "--workers", str(order.workers), "--quiet", "--json"]
            run, said = watched(command, order.folder, watch=partial(_trace, order, postmaster, connection))
        run.postgres = cpu(postmaster) - before
    outcomes = json.loads(said.splitlines()[-1])["outcomes"]
    run.found = sum(outcomes.get(word, 0) for word in ("served", "empty", "locked"))
    return run


def _trace(
    order: Order, postmaster: int, connection: psycopg.Connection[Any], scan: int
) -> AbstractContextManager[object]:
    """Where it is wanted, how far a scan is and what its processes have in memory, all the time."""

    def done() -> int:
        row = connection.execute(_DONE).fetchone()
        connection.rollback()
        return int(row[0]) if row else 0

    return nullcontext() if order.trace is None else Trace(order.trace, scan, postmaster, done)


def floor(order: Order) -> Run:
    """The bare client of `fleet_floor.py`."""
    bare = Path(__file__).with_name("fleet_floor.py")
    told = [str(order.listed), str(order.rate), str(_CONNECT), str(_DEADLINE)]
    return watched([sys.executable, str(bare), *told], order.folder)[0]


def _peer(name: str) -> Client:
    def run(order: Order) -> Run:
        command = PEERS[name](order.folder, order.listed, order.rate, _CONNECT, _DEADLINE)
        return watched(command, order.folder, subprocess.DEVNULL)[0]

    return run


CLIENTS: dict[str, Client] = {
    "floor": floor,
    "census": census,
    "census-few": partial(census, details=False),
    **{name: _peer(name) for name in PEERS},
}


# --- the table


@contextmanager
def listing(count: int) -> Iterator[tuple[Path, Path]]:
    """A folder, and in it the list of so many targets."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        listed = folder / "list.txt"
        with listed.open("w", encoding="ascii") as out:
            out.writelines("{}:{}\n".format(*target(number)) for number in range(count))
        yield folder, listed


def measure(client: str, count: int, rate: int, workers: int, trace: Path | None = None) -> Run:
    """One client on a fleet of so many targets."""
    with listing(count) as (folder, listed):
        with serving() as counted:
            run = CLIENTS[client](Order(folder, listed, rate, workers, trace))
        live = sum(group(number) == "live" for number in range(count))
        run.requests, run.connections = counted["requests"] / live, counted["connections"] / live
        run.servers = counted["milliseconds"] / 1e3
        return run


def row(client: str, count: int, workers: int, run: Run) -> str:
    """A line of the table."""
    found = "" if run.found is None else f"{run.found:,}"
    postgres = "" if run.postgres is None else f"{run.postgres / count * _EACH:.1f}"
    name = f"{client}, {workers} workers" if workers > 1 else client
    return (
        f"| {name} | {count:,} | {count / run.seconds:,.0f} | {run.cpu / count * _EACH:.1f} | {postgres} | {found} |"
        f" {run.requests:.2f} | {run.connections:.2f} | {run.memory / 1e6:,.0f} | {run.servers / count * _EACH:.1f} |"
    )


def main() -> None:
    here = [name for name in CLIENTS if name not in PEERS or shutil.which(name)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1], help="of census")
    parser.add_argument("--clients", nargs="+", choices=here, default=here)
    parser.add_argument("--rate", type=int, default=1_000, help="new connections a second")
    parser.add_argument("--trace", type=Path, help="a file for how far a scan is and its memory, every five seconds")
    parser.add_argument("--json", action="store_true", help="the ratio to the floor at the first size, as one object")
    given = parser.parse_args()
    own_network.enter()
    if given.json:
        spent = {client: measure(client, given.targets[0], given.rate, 1).cpu for client in ("floor", "census")}
        print(json.dumps({"fleet": spent["floor"] / spent["census"]}))
        return
    print(
        "| client | targets | targets a second | CPU-seconds for 10,000 targets | of Postgres | live found |"
        " requests a live host | connections a live host | memory, MB | of the servers |\n"
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
    for client in given.clients:
        for count in given.targets:
            for workers in given.workers if client.startswith("census") else [1]:
                run = measure(client, count, given.rate, workers, given.trace)
                print(row(client, count, workers, run), flush=True)


if __name__ == "__main__":
    main()
