"""One worker process: claims chunks, asks their targets at the pace of the scope, writes what came of them.

Async where the network is, sync where the database is, one door between: `_database` runs one call at a time in a
thread. The chunk's row decides who may write; a worker that was superseded drops what it has of that chunk.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import psycopg

from census import __version__, metrics
from census.facts import Outcome, Target
from census.places import Places
from census.probe.look import Prober
from census.probe.pace import Pace, network_of
from census.probe.transport import Manners, tls_context
from census.scan.chunks import OpenChunk
from census.scan.feed import Lane, in_turn, lanes, network_key
from census.scan.settings import Settings
from census.store import claims, exclusions
from census.store.writer import OutdatedError, SupersededError, Writer
from census.targets.gate import Gate

P = ParamSpec("P")
T = TypeVar("T")

_FLUSH = 1.0  # seconds between two writes, which is also what a crash costs
_UNWRITTEN = 20_000  # observations in memory before asking pauses until the database has caught up
_GRACE = 2.5  # seconds that open targets get to end by themselves when the worker is stopped
_RESOLVE = 5.0  # seconds for a name


class Worker:
    """Works on one scan until no chunk of it is left, or until `stop` is set; made inside a running loop.

    `in_flight` bounds the targets asked at one time; `expired` says that the authorisation ended meanwhile.
    """

    def __init__(self, connection: psycopg.Connection[Any], scan: int, settings: Settings, in_flight: int) -> None:
        self.stop = asyncio.Event()
        self.expired = False
        self._connection = connection
        self._scan = scan
        self._scope = settings.scope
        self._name = claims.worker_name()
        self._writer = Writer(connection, Places([Path(file) for file in settings.places]).locate)
        self._gate = Gate(settings.scope)
        self._exclusions = exclusions.EMPTY  # the version of the opt-out list that the gate knows
        self._pace = Pace(settings.rate / settings.workers, settings.scope.rate_per_network)
        self._prober = Prober(self._manners(settings), self._pace, tls_context())
        self._room = asyncio.Semaphore(in_flight)
        self._turns = _Turns(settings.scope.per_host)
        self._chunks: list[OpenChunk] = []
        self._asking: set[asyncio.Task[None]] = set()
        self._written = asyncio.Event()
        self._lock = asyncio.Lock()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._faults = 0

    async def run(self) -> None:
        """Work until done or stopped; raises psycopg's errors when the database is lost."""
        await self._learn()
        flusher = asyncio.create_task(self._flush_again_and_again())
        feeder = asyncio.create_task(self._feed())
        stopper = asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait((flusher, feeder, stopper, self._failed), return_when=asyncio.FIRST_COMPLETED)
            for ended in (flusher, feeder, self._failed):
                if ended.done():
                    ended.result()
        finally:
            for task in (feeder, flusher, stopper):
                task.cancel()
            await asyncio.gather(feeder, flusher, stopper, return_exceptions=True)
            await self._hush()
            await self._pace.close()
        await self._flush(release=True)
        await self._say_alive()

    async def _database(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._lock:
            running = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                await asyncio.wait({running})  # the thread goes on, and until its end the connection is its own
                if running.exception() is None:
                    raise
                task = asyncio.current_task()
                assert task is not None
                task.cancel()  # once more, at its next step: first it is to learn that the call has failed
                return running.result()

    # -- asking

    async def _feed(self) -> None:
        """Take chunk after chunk; the next begins while the slow targets of the last are still being asked."""
        while True:
            claim = await self._database(claims.claim, self._connection, self._scan, self._name)
            if claim is not None:
                known = await self._database(claims.known_endpoints, self._connection, claim)
                chunk = OpenChunk(claim, known)
                self._chunks.append(chunk)
                await self._dispatch(chunk)
            elif self._asking:
                await asyncio.wait(self._asking, return_when=asyncio.FIRST_COMPLETED, timeout=_FLUSH)
            else:
                await self._flush()
                if await self._database(claims.open_chunks, self._connection, self._scan) == 0:
                    return
                await asyncio.sleep(_FLUSH)  # others hold the rest; one of them may go silent

    async def _dispatch(self, chunk: OpenChunk) -> None:
        for at, network, lane in in_turn(lanes(chunk.left(), self._scope.per_host), self._pace.ready):
            delay = at - time.monotonic()
            if delay > 0:
                await asyncio.sleep(delay)
            if all(self._gate.opted_out(target.name, target.address) for _, target in lane):
                for place, _ in lane:
                    chunk.settle_unasked(place, Outcome.OPTED_OUT)
                continue
            await self._room.acquire()
            while sum(len(each.unwritten) for each in self._chunks) > _UNWRITTEN:
                self._written.clear()
                await self._written.wait()
            await self._pace.connection(network)
            task = asyncio.create_task(self._go_along(chunk, lane))
            self._asking.add(task)
            task.add_done_callback(self._asked)

    def _asked(self, task: asyncio.Task[None]) -> None:
        self._asking.discard(task)
        self._room.release()
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._failed.done():
            self._failed.set_exception(error)

    async def _go_along(self, chunk: OpenChunk, lane: Lane) -> None:
        """Ask the targets of one lane one after another; the right for the first connection is already held."""
        for step, (place, target) in enumerate(lane):
            if chunk.lost:
                return
            if step:
                await self._pace.connection(network_key(target))
            address = await self._address(target)
            if isinstance(address, Outcome):
                metrics.TARGETS.labels(address.word).inc()
                chunk.settle_unasked(place, address)
                continue
            if target.name is not None:
                await self._pace.network(network_of(address))  # only now is it known
            async with self._turns.of(address):
                chunk.settle(place, await self._prober.look(target, address))

    async def _address(self, target: Target) -> str | Outcome:
        """Where to ask a target, judged by the opt-outs of this moment; or why it is not asked."""
        if target.name is not None:
            return await self._resolve(target.name, target.port)
        assert target.address is not None
        return self._gate.verdict(target.address) or target.address

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
        """Let what is being asked end, for a moment; then break it off: it will be asked again on resume."""
        if not self._asking:
            return
        _, late = await asyncio.wait(set(self._asking), timeout=_GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    # -- writing

    async def _flush_again_and_again(self) -> None:
        while not self.expired:
            await asyncio.sleep(_FLUSH)
            await self._flush()
            await self._say_alive()
            await self._learn()
            self.expired = datetime.now(UTC).date() > self._scope.valid_until

    async def _say_alive(self) -> None:
        faults = metrics.unexpected_errors() - self._faults
        await self._database(claims.keep_alive, self._connection, self._scan, self._name, faults)
        self._faults += faults

    async def _flush(self, *, release: bool = False) -> None:
        for chunk in list(self._chunks):
            done = await self._write(chunk, release=release)
            if (chunk.lost or done) and chunk in self._chunks:
                self._chunks.remove(chunk)
        self._written.set()

    async def _write(self, chunk: OpenChunk, *, release: bool) -> bool:
        """Write what is new of a chunk; says whether it is done by that."""
        while (batch := chunk.take(self._exclusions, release=release)) is not None:
            try:
                await self._database(self._writer.write, batch)
            except OutdatedError:
                chunk.put_back(batch)
                await self._learn()
                chunk.opt_out(self._gate.opted_out)  # the other task may have learnt while the batch was away
            except SupersededError:
                chunk.lost = True
                return False
            else:
                return batch.done
        return False

    async def _learn(self) -> None:
        """Take up opt-outs that came since the last look: for all that is asked, and for all that is not written."""
        found = await self._database(exclusions.newer, self._connection, self._exclusions)
        if found is None:
            return
        gate = await asyncio.to_thread(Gate, self._scope, found.entries)
        self._gate, self._exclusions = gate, found.version
        for chunk in self._chunks:
            chunk.opt_out(gate.opted_out)

    def _opted_out(self, name: str | None, address: str | None) -> bool:
        """By the gate of this moment, which another takes the place of when the list changes."""
        return self._gate.opted_out(name, address)

    def _manners(self, settings: Settings) -> Manners:
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
        )


class _Turns:
    """At most so many connections to one address at a time, whatever names it has in the list."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._busy: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @contextlib.asynccontextmanager
    async def of(self, address: str) -> AsyncIterator[None]:
        semaphore, users = self._busy.get(address, (None, 0))
        semaphore = semaphore or asyncio.Semaphore(self._per_host)
        self._busy[address] = (semaphore, users + 1)
        try:
            async with semaphore:
                yield
        finally:
            semaphore, users = self._busy[address]
            if users == 1:
                del self._busy[address]
            else:
                self._busy[address] = (semaphore, users - 1)
