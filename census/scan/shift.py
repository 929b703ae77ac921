"""What a worker process works on: one scan, or whichever scan of the database is open, one after another."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import psycopg

from census.places import usual_folders
from census.scan.logs import SCAN
from census.scan.settings import Settings
from census.scan.worker import Worker
from census.store import scans, workers
from census.store.door import Door
from census.store.embedded import home

P = ParamSpec("P")
T = TypeVar("T")

DONE, EXPIRED = 0, 2
_LOOK = 1.0  # seconds between two looks for an open scan

_log = logging.getLogger(__name__)


class Shift:
    """Work until `stop` is set; `places` are this machine's place files, None where it was given none."""

    def __init__(self, door: Door, stop: asyncio.Event, in_flight: int, places: Sequence[str] | None) -> None:
        self._door = door
        self._stop = stop
        self._in_flight = in_flight
        self._places = places
        self._warned: set[int] = set()

    async def roam(self, *, drain: bool) -> int:
        """Join one open scan after another; with `drain` until none is left."""
        while not self._stop.is_set():
            scan = await self._next()
            if scan is not None:
                await self.work_on(scan, elsewhere=True)
            elif drain:
                break
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), _LOOK)
        return DONE

    async def work_on(self, scan: int, *, elsewhere: bool = False) -> int:
        """Work on a scan until it is over; with `elsewhere` leave an idle place when another scan has work."""
        SCAN.set(scan)
        settings = Settings.from_json(await self._ask(scans.settings, scan))
        other = (lambda connection: workers.open_elsewhere(connection, scan)) if elsewhere else None
        worker = Worker(
            self._door, scan, settings, in_flight=self._in_flight, places=self._place_files(settings), elsewhere=other
        )  # fmt: skip
        stopping = asyncio.create_task(self._pass_on(worker))
        _log.info("joined")
        try:
            await worker.run()
        finally:
            stopping.cancel()
            SCAN.set(None)
        return EXPIRED if worker.expired else DONE

    async def _next(self) -> int | None:
        """The scan to join: the oldest that has chunks to take, else the oldest that is open at all."""
        there = await self._ask(workers.open_scans)
        for each in there:
            if each.expired and each.scan not in self._warned:
                self._warned.add(each.scan)
                _log.warning(
                    "the authorisation of scan %d has ended, so it is left alone; `census resume %d --scope FILE` "
                    "goes on with it under one that holds", each.scan, each.scan,
                )  # fmt: skip
        valid = [each for each in there if not each.expired]
        first = next((each for each in valid if each.claimable), valid[0] if valid else None)
        return None if first is None else first.scan

    async def _ask(
        self, work: Callable[Concatenate[psycopg.Connection[Any], P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await asyncio.wrap_future(self._door.submit(work, *args, **kwargs))

    async def _pass_on(self, worker: Worker) -> None:
        await self._stop.wait()
        worker.stop.set()

    def _place_files(self, settings: Settings) -> list[Path]:
        """This machine's place files: those given, else the scan's where they are here too, else the usual ones."""
        if self._places is not None:
            return [Path(file) for file in self._places]
        named = [Path(file) for file in settings.places]
        here = [file for file in named if file.is_file()]
        if here or not named:
            return here
        found = [file for folder in usual_folders(home()) for file in sorted(folder.glob("*.mmdb"))]
        if not found and 0 not in self._warned:
            self._warned.add(0)
            _log.warning(
                "the scan's place databases are not on this machine and none is in the usual folders, so this worker "
                "locates nothing; give it one with --geoip FILE"
            )
        return found
