"""One worker process: claims chunks, asks their targets at the pace of the scope, writes what came of them.

Async where the network is, sync where the database is, one door between (`store/door.py`). The chunk's row decides
who may write; a worker that was superseded drops what it has of that chunk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from contextvars import copy_context
from pathlib import Path
from typing import Any

import psycopg

from census import __version__, metrics
from census.facts import Outcome, Target
from census.places import Places
from census.probe.look import Prober
from census.probe.memory import Memory
from census.probe.pace import Pace, network_of
from census.probe.transport import Manners, tls_context
from census.scan.aliases import Aliases
from census.scan.books import FLUSH, Books, OptedOut
from census.scan.chunks import OpenChunk
from census.scan.feed import Feed, Lane, Turns, network_key
from census.scan.logs import CHUNK
from census.scan.settings import Settings
from census.store import exclusions, sayings
from census.store.door import BusyError, Door
from census.targets.gate import Gate

# Observations, models and capabilities in memory before asking pauses until the database has caught up: some 50 MB.
_UNWRITTEN = 200_000
_GRACE = 1.8  # seconds that targets which are being asked get to end by themselves when the worker is stopped
_BRIEF = 0.3  # seconds for those that have not even let us connect: most of a list, and nothing of them is lost
_LAST = 1.2  # seconds for the last words to the database
_RESOLVE = 5.0  # seconds for a name
_BREATH = 1_000  # sayings taken in before others get their turn

_log = logging.getLogger(__name__)


class Worker:
    """Works on one scan until it is over, or until `stop` is set; made inside a running loop.

    `in_flight` bounds the targets asked at one time; `places` are its place files; `elsewhere` tells whether it should
    leave when it has nothing to do, for another scan has. `expired` says that the authorisation ended meanwhile.
    """

    def __init__(
        self,
        door: Door,
        scan: int,
        settings: Settings,
        *,
        in_flight: int,
        places: Sequence[Path] = (),
        elsewhere: Callable[[psycopg.Connection[Any]], bool] | None = None,
    ) -> None:
        self.stop = asyncio.Event()
        self._elsewhere = elsewhere
        self._scope = settings.scope
        self._places = Places(places)
        self._gate = Gate(settings.scope)
        self._pace = Pace(0, settings.scope.rate_per_network)
        self._memory = Memory() if settings.scope.recall else Memory(known=0, unknown=0)  # which keeps nothing
        self._heard = 0  # saying.id of the last that the memory has from the database
        self._prober = Prober(self._manners(settings), self._pace, tls_context(), self._memory)
        self._books = Books(
            door, scan, self._pace, self._places.locate, valid_until=settings.scope.valid_until, learnt=self._learn
        )
        self._aliases = Aliases(self._books, names=bool(settings.scope.hosts))
        self._room = asyncio.Semaphore(in_flight)
        self._turns = Turns(settings.scope.per_host)
        self._asking: set[asyncio.Task[None]] = set()
        self._quiet = asyncio.Event()  # nobody is being asked any more
        self._leaving = False
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def expired(self) -> bool:
        """Whether it ended because the authorisation did."""
        return self._books.expired

    async def run(self) -> None:
        """Work until the scan is over or `stop` is set; raises DatabaseLostError and psycopg's errors."""
        try:
            await self._books.join()
            waits = (self._feed(), self._books.keep(), self.stop.wait(), self._books.over.wait())
            tasks: list[asyncio.Task[Any]] = [asyncio.create_task(wait) for wait in waits]
            await asyncio.wait((*tasks, self._failed), return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel() if not task.done() else None
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            _raise_first([*ended, self._failed.exception() if self._failed.done() else None])
        finally:
            await self._end()

    async def _end(self) -> None:
        """Let what is being asked end, write it, give the rest back: some four seconds at most."""
        await self._hush()
        try:
            async with asyncio.timeout(_LAST):
                await self._books.close()
        except TimeoutError:
            _log.warning("the database does not answer; what the last seconds brought will be asked again")
        self._places.close()

    # -- asking

    async def _feed(self) -> None:
        """Take chunk after chunk; the next begins while the slow targets of the last are still being asked."""
        while True:
            chunk = await self._books.claim()
            if chunk is not None:
                await self._aliases.begin(chunk)
                await self._listen()
                await self._dispatch(chunk)
            elif self._asking:
                # Not for each that answers: to wait for the first of all goes through all, and they may be thousands.
                self._quiet.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FLUSH):  # `wait_for` may swallow a cancellation in Python 3.11
                        await self._quiet.wait()
            elif await self._books.rest() or await self._is_wanted_elsewhere():
                return
            else:
                await asyncio.sleep(FLUSH)  # others hold the rest; one of them may share it, or go silent

    async def _is_wanted_elsewhere(self) -> bool:
        return self._elsewhere is not None and await self._books.ask(self._elsewhere)

    async def _listen(self) -> None:
        """Take in what servers told in scans before, and to the other workers of this one."""
        if not self._scope.recall:
            return
        with contextlib.suppress(BusyError):  # then it is heard with the next chunk
            last, told = await self._books.ask(sayings.newer, self._heard)
            for number, (addresses, saying) in enumerate(told):
                for address in addresses:
                    self._memory.hear(address, (saying,))
                if number % _BREATH == 0:
                    await asyncio.sleep(0)
            self._heard = last

    async def _dispatch(self, chunk: OpenChunk) -> None:
        feed = Feed(chunk.claim.targets, chunk.left(), self._scope.per_host)
        self._books.dispatching(chunk, feed)
        context = copy_context()  # one for all that is asked of the chunk, for their log lines
        context.run(CHUNK.set, chunk.claim.number)
        for at, network, lane in feed.in_turn(self._pace.ready):
            delay = at - time.monotonic()
            if delay > 0:
                await asyncio.sleep(delay)
            if self._leave_alone(chunk, lane):
                continue
            await self._room.acquire()
            await self._books.room(_UNWRITTEN)
            await self._pace.connection(network)
            if chunk.lost:
                self._room.release()
                return
            task = asyncio.create_task(self._go_along(chunk, lane), context=context)
            self._asking.add(task)
            task.add_done_callback(self._asked)

    def _leave_alone(self, chunk: OpenChunk, lane: Lane) -> bool:
        """Settle a lane without asking if all in it asked to be left alone; says whether that is so."""
        for _, target in lane:
            if not self._gate.opted_out(target.name, target.address):
                return False
        for place, _ in lane:
            metrics.TARGETS.count(Outcome.OPTED_OUT.word)
            chunk.settle_unasked(place, Outcome.OPTED_OUT)
        return True

    def _asked(self, task: asyncio.Task[None]) -> None:
        self._asking.discard(task)
        if not self._asking:
            self._quiet.set()
        self._room.release()
        error: BaseException | None
        if (
            task.cancelled()
        ):  # which nobody does but `_hush`; a target without an outcome would keep the scan from ending
            error = None if self._leaving else RuntimeError("a look was broken off")
        else:
            error = task.exception()
        if error is not None and not self._failed.done():
            self._failed.set_exception(error)

    async def _go_along(self, chunk: OpenChunk, lane: Lane) -> None:
        """Ask the targets of one lane one after another; the right for the first connection is already held."""
        for step, (place, target) in enumerate(lane):
            if step and not (chunk.lost or self._leaving):
                await self._books.room(_UNWRITTEN)
                await self._pace.connection(network_key(target))
            if chunk.lost or self._leaving:
                return
            if target.name is not None:
                address = await self._resolve(target.name, target.port)
            else:
                assert target.address is not None
                address = self._gate.verdict(target.address) or target.address  # by the opt-outs of this moment
            if isinstance(address, Outcome):
                metrics.TARGETS.count(address.word)
                chunk.settle_unasked(place, address)
                continue
            if target.name is not None:
                await self._pace.network(network_of(address))  # only now is it known
            await self._turns.take(address)
            try:
                await self._ask(chunk, place, target, address)
            finally:
                self._turns.leave(address)

    async def _ask(self, chunk: OpenChunk, place: int, target: Target, address: str) -> None:
        """Look at a target, unless its endpoint has been recognised under another name."""
        known = await self._aliases.outcome(target, address)
        if known is not None:
            metrics.TARGETS.count(known.word)
            chunk.settle_unasked(place, known)
            return
        seen = await self._prober.look(target, address)
        self._aliases.note(seen)
        chunk.settle(place, seen)

    async def _resolve(self, name: str, port: int) -> str | Outcome:
        """The first admitted address of a name, or why there is none."""
        refused = self._gate.verdict_name(name)
        if refused is not None:
            return refused
        try:
            async with asyncio.timeout(_RESOLVE):
                found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return Outcome.UNRESOLVED
        verdicts = {str(entry[4][0]): self._gate.verdict(str(entry[4][0])) for entry in found}
        if Outcome.OPTED_OUT in verdicts.values():
            return Outcome.OPTED_OUT
        return next((address for address, verdict in verdicts.items() if verdict is None), Outcome.OUT_OF_SCOPE)

    async def _hush(self) -> None:
        """Let what is being asked end, for a moment; then break it off: it will be asked again on resume.

        Time is given to those that have let us connect; connecting may take longer than all that we have.
        """
        self._leaving = True
        end = time.monotonic() + _GRACE
        await _wait(self._asking, _BRIEF)
        await _break_off(self._asking - self._prober.talking())
        await _wait(self._asking, end - time.monotonic())
        await _break_off(self._asking)

    # -- opt-outs

    async def _learn(self, found: exclusions.OptOuts) -> OptedOut:
        """Take up another opt-out list, for all that is asked from now on."""
        self._gate = await asyncio.to_thread(Gate, self._scope, found.entries)
        return self._gate.opted_out

    def _opted_out(self, name: str | None, address: str | None) -> bool:
        return self._gate.opted_out(name, address)

    def _manners(self, settings: Settings) -> Manners:
        """By the gate of the moment, which another takes the place of when the opt-out list changes."""
        scope = settings.scope
        return Manners(
            user_agent=scope.user_agent(__version__),
            sender=scope.from_header(),
            admits=lambda address: self._gate.verdict(address) is None,
            opted_out=self._opted_out,
            connect_timeout=settings.timeout,
            deadline=settings.deadline,
            requests=scope.requests_per_host,
            details=scope.details,
            loaded=settings.loaded,
        )


def _raise_first(ended: Sequence[object]) -> None:
    for each in ended:
        if isinstance(each, BaseException) and not isinstance(each, asyncio.CancelledError):
            raise each


async def _wait(tasks: AbstractSet[asyncio.Task[None]], seconds: float) -> None:
    if tasks:
        await asyncio.wait(set(tasks), timeout=seconds)


async def _break_off(tasks: AbstractSet[asyncio.Task[None]]) -> None:
    late = set(tasks)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
