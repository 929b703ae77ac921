"""What a worker has in the database: its row, its share of the rate, its chunks, and what of them is still to write.

Once a second all that is new is written and a sign of life is given, which brings the share of the next seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

import psycopg

from census import metrics
from census.facts import Outcome
from census.places import Place
from census.probe.pace import Pace, clock
from census.scan.chunks import OpenChunk
from census.scan.feed import Feed
from census.store import claims, exclusions, scans, workers
from census.store.door import BusyError, Door
from census.store.writer import Batch, OutdatedError, SupersededError, Writer

P = ParamSpec("P")
T = TypeVar("T")
OptedOut = Callable[[str | None, str | None], bool]  # whether a name and an address asked to be left alone

FLUSH = 1.0  # seconds between two writes, which is also what a crash costs
_WORTH = 32  # targets that are worth a chunk of their own when another worker is idle

_log = logging.getLogger(__name__)


class Books:
    """A worker's books on one scan; `over` is set when the scan is over for it.

    The scan was stopped then, has ended, was begun again, or its authorisation ended (`expired`).
    """

    def __init__(
        self,
        door: Door,
        scan: int,
        pace: Pace,
        locate: Callable[[str], Place],
        *,
        valid_until: date,
        learnt: Callable[[exclusions.OptOuts], Awaitable[OptedOut]],
    ) -> None:
        self.over = asyncio.Event()
        self.expired = False
        self.working = False
        self.scan = scan
        self._door = door
        self._pace = pace
        self._locate = locate
        self._valid_until = valid_until
        self._learnt = learnt
        self._exclusions = exclusions.EMPTY  # the version of the opt-out list that `opted_out` goes by
        self._opted_out: OptedOut = lambda _name, _address: False
        self._joined: workers.Joined | None = None
        self._writer: Writer | None = None
        self._chunks: list[OpenChunk] = []
        self._current: tuple[OpenChunk, Feed] | None = None
        self._taking: asyncio.Task[OpenChunk | None] | None = None
        self._splitting: asyncio.Task[None] | None = None
        self._written = asyncio.Event()
        self._lock = asyncio.Lock()
        self._beating = asyncio.Lock()
        self._faults = metrics.unexpected_errors()
        self._beaten = clock()

    async def ask(
        self, work: Callable[Concatenate[psycopg.Connection[Any], P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What the database gives; raises DatabaseLostError, BusyError and psycopg's errors."""
        return await asyncio.wrap_future(self._door.submit(work, *args, **kwargs))

    async def join(self) -> None:
        """Become one of the scan's workers; what dead ones of this machine hold is free from now on."""
        await self.ask(workers.bury, self.scan)
        self._joined = await self.ask(workers.join, self.scan)
        while not await self._learn():  # noqa: ASYNC110  the database is asked again; nobody else before it answers
            await asyncio.sleep(FLUSH)

    async def keep(self) -> None:
        """Write and give signs of life, until the authorisation ends."""
        while not self.expired:
            await asyncio.sleep(FLUSH)
            await self.flush()
            standing = await self.beat()
            async with self._lock:
                await self._learn()
            if standing is not None and standing.idle:
                await self._share()
            self.expired = datetime.now(UTC).date() > self._valid_until
        self.over.set()

    # -- chunks

    async def claim(self) -> OpenChunk | None:
        """The next chunk to ask, with a share of the rate for it; None when there is none to take."""
        # Not to be broken off in the middle: a chunk that nobody knows of would be nobody's until it is stale.
        self._taking = asyncio.create_task(self._take())
        chunk = await asyncio.shield(self._taking)
        if chunk is not None and self._pace.rate == 0:
            await self.beat()
        return chunk

    async def _take(self) -> OpenChunk | None:
        assert self._joined is not None
        try:
            claim = await self.ask(claims.claim, self.scan, workers.worker_name(), self._joined.run)
        except BusyError:
            return None
        if claim is None:
            return None
        chunk = OpenChunk(claim, await self.ask(claims.known_endpoints, claim))
        self._chunks.append(chunk)
        self.working = True
        _log.info("claimed", extra={"chunk": claim.number})
        return chunk

    def dispatching(self, chunk: OpenChunk, feed: Feed) -> None:
        """Note which chunk is being let go, for that is the one to be shared when another worker is idle."""
        self._current = (chunk, feed)

    def unwritten(self, address: str, port: int, *, tls: bool) -> Outcome | None:
        """What was recognised at an endpoint, with `tls` by TLS, and is in memory only; None if nothing was."""
        return next(filter(None, (chunk.recognised(address, port, tls=tls) for chunk in self._chunks)), None)

    async def room(self, most: int) -> None:
        """Wait while more than `most` observations, models and capabilities are in memory only."""
        while sum([chunk.waiting for chunk in self._chunks]) > most:
            self._written.clear()
            await self._written.wait()

    async def rest(self) -> bool:
        """Nothing is left to ask: give the share back, and end the scan if it is done; says whether it has ended."""
        self.working, self._current = False, None
        self._pace.grant(0)
        await self.flush()
        await self.beat()
        try:
            await self.ask(workers.bury, self.scan)
            return await self.ask(claims.open_chunks, self.scan) == 0 and await self.ask(scans.end, self.scan)
        except BusyError:
            return False

    async def _share(self) -> None:
        """Split the chunk that is being asked, so that an idle worker can take a part of it."""
        if self._current is None:
            return
        chunk, feed = self._current
        moved = feed.spare(_WORTH)
        if moved and not chunk.lost:
            # Not to be broken off in the middle: what is written of the chunk afterwards must fit what is stored.
            self._splitting = asyncio.create_task(self._split(chunk, moved))
            await asyncio.shield(self._splitting)

    async def _split(self, chunk: OpenChunk, moved: list[int]) -> None:
        async with self._lock:
            if await self.ask(claims.split, chunk.claim, chunk.size, chunk.stored_places(moved)):
                chunk.give_away(moved)
                _log.info("gave %d targets to an idle worker", len(moved), extra={"chunk": chunk.claim.number})
            else:
                self._lose(chunk)

    # -- writing

    async def beat(self) -> workers.Standing | None:
        """Give a sign of life and take what share it brings; None when the database was busy."""
        async with self._beating:  # each tells what the answer to the last one has set
            assert self._joined is not None
            sent, met = clock(), metrics.unexpected_errors()
            held = [(chunk.claim.number, chunk.claim.attempt) for chunk in self._chunks]
            sign = workers.Sign(self._pace.rate, self.working, held, met - self._faults)
            try:
                standing = await self.ask(workers.beat, self._joined, sign)
            except BusyError:
                return None
            self._faults, self._beaten = met, clock()
            if not standing.known:  # silent for so long that it was forgotten
                self._joined = replace(await self.ask(workers.join, self.scan), run=self._joined.run)
                return None
            self._obey(standing, sent)
            return standing

    def _obey(self, standing: workers.Standing, sent: float) -> None:
        if standing.rate != self._pace.rate:
            _log.debug("share is now %.1f connections a second", standing.rate)
        self._pace.grant(standing.rate, sent + workers.LEASE)
        if standing.over:
            self.over.set()

    async def flush(self, *, release: bool = False) -> None:
        """Write what is new of all chunks; with `release` give them back too."""
        async with self._lock:
            for chunk in list(self._chunks):
                finished = await self._write_out(chunk)
                if release and not finished:
                    await self._write_out(chunk, release=True)
                if clock() - self._beaten > 2 * FLUSH and not release:
                    await self.beat()
            self._written.set()

    async def _write_out(self, chunk: OpenChunk, *, release: bool = False) -> bool:
        """Write the next batch of a chunk, if it has one; says whether nothing more will come of it."""
        batch = chunk.batch(self._exclusions, release=release)
        while batch is not None and not chunk.lost:
            try:
                await self.ask(self._write, batch)
            except OutdatedError:
                chunk.put_back()
                # The list may have been learnt while the batch was away.
                if not (await self._learn() and await self._heed(chunk)):
                    return False
                batch = chunk.batch(self._exclusions, release=release)
            except SupersededError:
                self._lose(chunk)
            except BusyError:
                return False
            else:
                chunk.written()
                break
        finished = chunk.lost or (batch is not None and batch.done)
        if finished:
            self._chunks.remove(chunk)
            _log.info("done" if not chunk.lost else "dropped", extra={"chunk": chunk.claim.number})
        return finished

    async def _learn(self) -> bool:
        """Take up opt-outs that came since the last look, also for what is not written; False if none could be had."""
        try:
            found = await self.ask(exclusions.newer, self._exclusions)
        except BusyError:
            return False
        if found is not None:
            self._opted_out = await self._learnt(found)
            for chunk in list(self._chunks):
                if not await self._heed(chunk):
                    return False
            self._exclusions = found.version
        return True

    async def _heed(self, chunk: OpenChunk) -> bool:
        """Apply the opt-outs to what a chunk has in memory; False if the database was busy."""
        try:
            stored = await self.ask(claims.outcomes, chunk.claim)
        except BusyError:
            return False
        if stored is None:
            self._lose(chunk)
        else:
            chunk.opt_out(self._opted_out, stored)
        return True

    def _lose(self, chunk: OpenChunk) -> None:
        chunk.lost = True
        _log.warning("another worker has taken this chunk over", extra={"chunk": chunk.claim.number})

    def _write(self, connection: psycopg.Connection[Any], batch: Batch) -> None:
        if self._writer is None or self._writer.connection is not connection:
            self._writer = Writer(connection, self._locate)
        self._writer.write(batch)

    async def close(self) -> None:
        """Write the rest, give the chunks back, and leave the scan."""
        under_way = {task for task in (self._taking, self._splitting) if task is not None}
        await asyncio.gather(*under_way, return_exceptions=True)
        await self.flush(release=True)
        if self._joined is not None:
            await self.beat()
            await self.ask(workers.leave, self._joined)
