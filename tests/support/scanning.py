"""A scan inside a test's own event loop: real lists, real sockets, a real database, one worker."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from census.scan import plan as planning
from census.scan import run
from census.scan.settings import Settings
from census.scan.worker import Worker
from census.store import scans
from census.store.door import Door
from census.targets.lists import Problems
from census.targets.order import Spool
from census.targets.scope import Scope

SCOPE = """
[authorization]
reference   = "TEST-1"
basis       = "our own machine"
contact     = "mailto:scans@example.edu"
valid_from  = 2020-01-01
valid_until = 2099-12-31
[scope]
networks    = {networks}
hosts       = ["localhost", "no-such-name.invalid"]
exclude     = {exclude}
[limits]
rate             = 2000
rate_per_network = 1000
"""


def scope(folder: Path, networks: str = '["127.0.0.0/8"]', exclude: str = "[]") -> Scope:
    """A scope for loopback."""
    file = folder / "scope.toml"
    file.write_text(SCOPE.format(networks=networks, exclude=exclude))
    return Scope.read(file)


def create(url: str, folder: Path, targets: list[str], allowed: Scope | None = None, **settings: object) -> int:
    """Store a scan of these list lines and give its number."""
    listed = folder / "targets.txt"
    listed.write_text("\n".join(targets))
    allowed = allowed or scope(folder)
    chosen = replace(Settings(allowed, allowed.rate, timeout=1.0, deadline=2.0), **settings)  # type: ignore[arg-type]
    plan = planning.Plan(allowed, 1, Problems())
    with Spool(1) as spool:
        planning.fill(spool, [str(listed)], plan, (11434,))
        return run.create(url, plan, chosen, planning.chunks(plan, spool, 1), name=None, lists=[str(listed)])


async def work(
    url: str,
    scan: int,
    *,
    stop_after: float | None = None,
    stop_when: asyncio.Event | None = None,
    in_flight: int = 500,
) -> Worker:
    """Let one worker do a scan, so many targets at a time; or stop it after some seconds, or when something is so."""
    door = Door(url)
    try:
        settings = Settings.from_json(door.call(scans.settings, scan))
        worker = Worker(door, scan, settings, in_flight=in_flight)
        if stop_after is not None:
            asyncio.get_running_loop().call_later(stop_after, worker.stop.set)
        stopping = None if stop_when is None else asyncio.create_task(_pass_on(stop_when, worker))
        await worker.run()
        if stopping is not None:
            stopping.cancel()
    finally:
        door.close(1.0)
    return worker


async def _pass_on(stop: asyncio.Event, worker: Worker) -> None:
    await stop.wait()
    worker.stop.set()
