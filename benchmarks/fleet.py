"""What a scan of a fleet like the Internet costs, beside a floor, and beside zgrab2 and httpx if they are on the PATH.

    python benchmarks/fleet.py [--targets 10000 100000] [--workers 1] [--clients census floor] [--rate 1000] [--json]

The fleet (`fleet_servers.py`) is served by processes of its own in a network namespace of its own, where its ports are
free and nothing but loopback can be reached; Linux's `unshare` and `ip` make it. `census` is the whole chain: list,
plan, workers, Postgres, whose processor time stands apart; `census-few` is the same without details of models. The
floor opens a connection to each target with nothing but uvloop and httptools, asks three questions over it (list,
version, canary) and throws the answers away; zgrab2 and httpx ask the same three and write what came as JSON.
Processor seconds are those of the client's whole process tree, memory is the most that the tree had resident. Rates
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
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeAlias

import own_network
from fleet_peers import PEERS
from fleet_servers import group, serving, target

from census.store import migrate
from census.store.connect import connect
from census.store.embedded import Embedded

_SAMPLE = 0.5  # seconds between two looks at the memory
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_EACH = 10_000  # targets for which processor seconds are told
_CONNECT, _DEADLINE = 3, 15  # seconds, as `census scan` has them
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


Client: TypeAlias = Callable[[Path, Path, int, int], "Run"]  # by folder, list, rate and workers


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


# --- what a process tree takes


def _parents() -> dict[int, list[int]]:
    """The children of every process."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    return children


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name, none if the process is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _tree(top: int) -> Iterator[list[str]]:
    children, waiting = _parents(), [top]
    while waiting:
        process = waiting.pop()
        waiting += children.get(process, [])
        if fields := _stat(process):
            yield fields


def _resident(top: int) -> int:
    return sum(int(fields[21]) for fields in _tree(top)) * _PAGE


def _cpu(top: int) -> float:
    """Processor seconds of a tree, also of those in it that have ended."""
    return sum(sum(map(int, fields[11:15])) for fields in _tree(top)) / _TICKS


def watched(command: list[str], folder: Path, errors: int | None = None) -> tuple[Run, str]:
    """A program run to its end, and what it said; its settings are looked for in `folder`, not in anybody's home."""
    began = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    peaks = [0]
    mine = {**os.environ, "HOME": str(folder)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=mine) as done:  # noqa: S603  ours, or a scanner that was asked for
        over = threading.Event()

        def sample() -> None:
            while not over.wait(_SAMPLE):
                peaks.append(_resident(done.pid))

        watching = threading.Thread(target=sample)
        watching.start()
        assert done.stdout is not None
        said = done.stdout.read()
        code = done.wait()
        over.set()
        watching.join()
    assert code == 0, f"{command[0]} ended with {code}"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(time.monotonic() - began, cpu, max(peaks)), said


# --- the clients


def census(folder: Path, listed: Path, rate: int, workers: int, *, details: bool = True) -> Run:
    """The whole chain into an embedded Postgres."""
    scope, today = folder / "scope.toml", date.today().isoformat()  # noqa: DTZ011  the scope's day, wherever it is
    scope.write_text(_SCOPE.format(today=today, rate=rate, details=str(details).lower()))
    with Embedded(folder / "home") as server:
        migrate.upgrade(server.url)
        with connect(server.url) as connection:
            postmaster = int(_stat(connection.info.backend_pid)[1])
        before = _cpu(postmaster)
        command = [sys.executable, "-m", "census", "scan", str(listed), "--scope", str(scope), "--database", server.url]
        run, said = watched([*command, "--workers", str(workers), "--quiet", "--json"], folder)
        run.postgres = _cpu(postmaster) - before
    outcomes = json.loads(said.splitlines()[-1])["outcomes"]
    run.found = sum(outcomes.get(word, 0) for word in ("served", "empty", "locked"))
    return run


def floor(folder: Path, listed: Path, rate: int, _workers: int) -> Run:
    """The bare client of `fleet_floor.py`."""
    bare = Path(__file__).with_name("fleet_floor.py")
    return watched([sys.executable, str(bare), str(listed), str(rate), str(_CONNECT), str(_DEADLINE)], folder)[0]


def _peer(name: str) -> Client:
    def run(folder: Path, listed: Path, rate: int, _workers: int) -> Run:
        return watched(PEERS[name](folder, listed, rate, _CONNECT, _DEADLINE), folder, subprocess.DEVNULL)[0]

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


def measure(client: str, count: int, rate: int, workers: int) -> Run:
    """One client on a fleet of so many targets."""
    with listing(count) as (folder, listed):
        with serving() as counted:
            run = CLIENTS[client](folder, listed, rate, workers)
        live = sum(group(number) == "live" for number in range(count))
        run.requests, run.connections = counted["requests"] / live, counted["connections"] / live
        return run


def row(client: str, count: int, workers: int, run: Run) -> str:
    """A line of the table."""
    found = "" if run.found is None else f"{run.found:,}"
    postgres = "" if run.postgres is None else f"{run.postgres / count * _EACH:.1f}"
    name = f"{client}, {workers} workers" if workers > 1 else client
    return (
        f"| {name} | {count:,} | {count / run.seconds:,.0f} | {run.cpu / count * _EACH:.1f} | {postgres} | {found} |"
        f" {run.requests:.2f} | {run.connections:.2f} | {run.memory / 1e6:,.0f} |"
    )


def main() -> None:
    here = [name for name in CLIENTS if name not in PEERS or shutil.which(name)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1], help="of census")
    parser.add_argument("--clients", nargs="+", choices=here, default=here)
    parser.add_argument("--rate", type=int, default=1_000, help="new connections a second")
    parser.add_argument("--json", action="store_true", help="the ratio to the floor at the first size, as one object")
    given = parser.parse_args()
    own_network.enter()
    if given.json:
        spent = {client: measure(client, given.targets[0], given.rate, 1).cpu for client in ("floor", "census")}
        print(json.dumps({"fleet": spent["floor"] / spent["census"]}))
        return
    print(
        "| client | targets | targets a second | CPU-seconds for 10,000 targets | of Postgres | live found |"
        " requests a live host | connections a live host | memory, MB |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
    for client in given.clients:
        for count in given.targets:
            for workers in given.workers if client.startswith("census") else [1]:
                print(row(client, count, workers, measure(client, count, given.rate, workers)), flush=True)


if __name__ == "__main__":
    main()
