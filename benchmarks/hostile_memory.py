"""Memory of a scan of many hostile servers at once: the most of all its processes together, Postgres apart.

    python benchmarks/hostile_memory.py [--targets 600] [--workers 2]

Every target has an address of its own on loopback and one of the behaviours that cost most: bombs, endless bodies and
headers, floods of answers, long lists, templates of megabytes. What counts is the proportional set size (PSS), in which
pages that processes share count once; it is read from /proc, so this runs on Linux. The servers are a process of their
own, which is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.hostile.corpus import CORPUS
from tests.support.program import SCOPE, command, surroundings
from tests.support.wire import listen

BEHAVIOURS = (
    "sends 10 GiB as 10 MiB of gzip",
    "sends gzip and then bytes without end",
    "sends a list without end",
    "sends a page without end, in chunks",
    "sends a hundred headers of 60 kB",
    "sends a hundred trailers of 60 kB",
    "sends status 100 without end",
    "floods with further answers",
    "lists sixty thousand models",
    "lists five thousand models with all they have",
    "lists six hundred thousand empty models",
    "lists more than two megabytes",
    "has sixty templates of two megabytes",
    "has ten thousand capabilities of a model",
    "sends one byte a second of a body",
)
_EVERY = 0.05  # seconds between two readings


async def serve(targets: int, listed: Path) -> None:
    """Listen with every behaviour in turn until standard input ends."""
    async with contextlib.AsyncExitStack() as stack:
        lines = []
        for number in range(targets):
            address = f"127.30.{number // 200}.{number % 200 + 1}"
            made = CORPUS[BEHAVIOURS[number % len(BEHAVIOURS)]].make()
            lines.append(f"{address}:{(await stack.enter_async_context(listen(made, address))).port}")
        listed.write_text("\n".join(lines))  # noqa: ASYNC240  nothing else goes on yet
        await asyncio.to_thread(sys.stdin.read)


def pss(root: int) -> dict[int, int]:
    """Bytes of a process and all under it, by process, without Postgres."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    family = {root}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    found = {}
    for process in family:
        with contextlib.suppress(OSError):
            if "postgres" in Path(f"/proc/{process}/comm").read_text():
                continue
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            found[process] = sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return found


def measure(arguments: list[str], environment: dict[str, str]) -> tuple[int, int, dict[str, object]]:
    """The most of all processes together and of one alone, in bytes, and what the scan told at its end."""
    most = alone = 0
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE) as scan:  # noqa: S603  our own program
        while scan.poll() is None:
            now = pss(scan.pid)
            most, alone = max(most, sum(now.values())), max(alone, *now.values(), 0)
            time.sleep(_EVERY)
        assert scan.stdout is not None
        return most, alone, json.loads(scan.stdout.read().splitlines()[-1])


def scan(targets: int, workers: int, folder: Path) -> tuple[int, int, dict[str, object]]:
    """Serve and scan, with the embedded database in `folder`."""
    listed = folder / "targets.txt"
    (folder / "scope.toml").write_text(SCOPE)
    serving = [sys.executable, __file__, "--serve", str(listed), "--targets", str(targets)]
    with subprocess.Popen(serving, stdin=subprocess.PIPE) as servers:  # noqa: S603  our own program
        while not listed.exists():
            time.sleep(0.05)
        time.sleep(0.2)
        told = measure(
            command("scan", listed, "--scope", folder / "scope.toml", "--json", "--workers", str(workers)),
            surroundings(folder, None),
        )
        assert servers.stdin is not None
        servers.stdin.close()
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, default=600)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve(given.targets, given.serve))
        os._exit(0)
    with tempfile.TemporaryDirectory() as folder:
        most, alone, told = scan(given.targets, given.workers, Path(folder))
    print("| targets | workers | all processes, MB | the largest, MB | seconds | outcomes |")
    print("|--:|--:|--:|--:|--:|---|")
    outcomes = json.dumps(told["outcomes"]).strip("{}").replace('"', "")
    figures = f"{most / 1e6:.0f} | {alone / 1e6:.0f} | {told['seconds']}"
    print(f"| {given.targets} | {given.workers} | {figures} | {outcomes} |")


if __name__ == "__main__":
    main()
