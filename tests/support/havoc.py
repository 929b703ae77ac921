"""A scan by real processes that are killed again and again, and what must be true of it in the end."""

from __future__ import annotations

import contextlib
import functools
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from census.store.embedded import Embedded
from tests.support.crowd import Crowd
from tests.support.program import command, surroundings

SCOPE = """
[authorization]
reference   = "TEST-3"
basis       = "our own machine"
contact     = "mailto:scans@example.edu"
valid_from  = 2020-01-01
valid_until = 2099-12-31
[scope]
networks    = ["127.0.0.0/8"]
[limits]
rate             = {rate}
rate_per_network = 2000
"""


def prepare(folder: Path, targets: list[str], rate: float) -> tuple[Path, Path]:
    """A list and a scope, as files."""
    listed, scope = folder / "targets.txt", folder / "scope.toml"
    listed.write_text("\n".join(targets))
    scope.write_text(SCOPE.format(rate=rate))
    return listed, scope


def workers_of(parent: int) -> list[int]:
    """The worker processes that a process has started."""
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [
            int(child) for child in children if b"census.scan.process" in Path(f"/proc/{child}/cmdline").read_bytes()
        ]
    except (FileNotFoundError, ProcessLookupError):
        return []


@dataclass
class Havoc:
    """Runs `census scan` and `census resume` in `folder`, on the embedded server there, and kills at random."""

    folder: Path
    seed: int
    blows: Counter[str] = field(default_factory=Counter)
    _process: subprocess.Popen[str] | None = None
    _log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def begin(self, *arguments: str | Path) -> None:
        """Start the program; what it says is kept in a file."""
        log = (self.folder / "said.txt").open("a")
        self._process = subprocess.Popen(
            command(*arguments), env=surroundings(self.folder, None), stdout=log, stderr=log, text=True
        )
        log.close()

    def strike(self, kind: str) -> bool:
        """One blow; False if there is nobody to strike. A parent that died is followed by `census resume`."""
        assert self._process is not None
        if kind in ("worker", "postgres"):
            find = self._postgres if kind == "postgres" else functools.partial(workers_of, self._process.pid)
            end = time.monotonic() + 20
            while not (victims := find()):
                if self._process.poll() is not None or time.monotonic() > end:
                    return False
                time.sleep(0.05)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._random.choice(victims), signal.SIGKILL)
        else:
            if self._process.poll() is not None:
                return False
            self._process.send_signal(signal.SIGKILL if kind == "parent" else signal.SIGTERM)
            self._process.wait(30)
        self.blows[kind] += 1
        return True

    def go_on(self) -> bool:
        """Resume when nothing runs; False once the scan is done."""
        assert self._process is not None
        if self._process.poll() is None:
            return True
        if self._process.returncode == 0:
            return False
        self.begin("resume", "--workers", "2", "--json")
        return True

    def rage(self, kinds: list[str], gap: tuple[float, float]) -> None:
        """Deal the blows in this order, each until it hits, with a random time between them, while the scan lasts."""
        for kind in kinds:
            time.sleep(self._random.uniform(*gap))
            struck = False
            while not struck:
                if not self.go_on():
                    return
                struck = self.strike(kind)

    def finish(self, seconds: float) -> None:
        """Leave it alone until the scan is done."""
        end = time.monotonic() + seconds
        while self.go_on():
            assert time.monotonic() < end, (self.folder / "said.txt").read_text()
            time.sleep(0.1)

    def _postgres(self) -> list[int]:
        """The embedded server, if it runs: after a blow its file still names the dead one."""
        data = self.folder / "home/postgres/data"
        with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
            pid = int((data / "postmaster.pid").read_text().split()[0])
            return [pid] if os.path.realpath(f"/proc/{pid}/cwd") == str(data) else []
        return []


def judge(url: str, crowd: Crowd, silent: int) -> dict[str, int]:
    """Hold what must be true of a finished scan, and give figures: targets, contacts, asked again, most at once.

    Each target has one outcome; each server one observation, and that of the last time that it was asked: nobody was
    asked again after its row had been stored.
    """
    with psycopg.connect(url) as connection:
        outcomes: dict[str, int] = dict(
            connection.execute("select outcome, count(*) from export.targets group by 1").fetchall()
        )
        twice = connection.execute(
            "select address, port, count(*) from export.targets group by 1, 2 having count(*) > 1"
        ).fetchall()
        counted = connection.execute("select sum(n) from chunk, unnest(counts) as n").fetchone()
        stored = connection.execute(
            """select host(address), extract(epoch from observed_at)::float8 from observation
               join endpoint on endpoint.id = endpoint_id join host on host.id = host_id"""
        ).fetchall()
        sightings = connection.execute("select sum(observations) from sighting").fetchone()
    servers = len(crowd.addresses)
    assert outcomes == {"served": servers, **({"refused": silent} if silent else {})}
    assert twice == []
    assert counted == (servers + silent,)
    assert sorted(address for address, _ in stored) == sorted(crowd.addresses)
    assert sightings == (servers,)
    last = crowd.last()
    late = {address: last[address] - at for address, at in stored if last[address] - at > 1.0}
    assert late == {}, "asked again after their rows were stored"
    again = sum(crowd.times().values()) - servers
    return {"targets": servers + silent, "contacts": len(crowd.contacts), "asked_again": again}


@contextlib.contextmanager
def looking_at(folder: Path) -> Iterator[str]:
    """The address of the embedded server's database, after all."""
    with Embedded(folder / "home") as server:
        yield server.url
