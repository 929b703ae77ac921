"""One look at one target: connect, ask what is needed, read it with the kind that takes it, and say the outcome."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from census import kinds, metrics
from census.exchanges import CANARY_PATH, Exchange, Exchanges, Question
from census.facts import Observation, Outcome, Reading, Target
from census.kinds.kind import Kind, Wishes
from census.probe.bodies import Budget
from census.probe.draws import digits, one_in
from census.probe.errors import ForbiddenError, outcome_of
from census.probe.limit import Limit
from census.probe.memory import Memory, Recall
from census.probe.pace import Pace
from census.probe.pauses import retry_after
from census.probe.transport import Conversation, Manners

log = logging.getLogger(__name__)

# What servers answer to plain HTTP on a TLS port: one more try, with TLS, is worth it then.
_WANTS_TLS = (b"HTTP request to an HTTPS server", b"plain HTTP request was sent to HTTPS port")
_PATIENCE = 2  # further questions that may fail before a host is left alone
_SIGNS = (Outcome.TIMED_OUT, Outcome.UNREACHABLE, Outcome.BROKEN_OFF)  # that a network has enough of us
_FAILED = 0  # the status of an exchange that was tried after the list had been read, and failed


class Prober:
    """Looks at targets one by one, as often at a time as the caller likes; one for each worker process.

    What servers told is taken into `memory`, and what it knows is not asked again.
    """

    def __init__(self, manners: Manners, pace: Pace, context: ssl.SSLContext, memory: Memory | None = None) -> None:
        self._manners = manners
        self._pace = pace
        self._context = context
        self._budget = Budget()
        self._memory = Memory() if memory is None else memory
        self._visits: dict[asyncio.Task[Any] | None, _Visit] = {}
        metrics.IN_FLIGHT.set_function(lambda: len(self._visits))

    def talking(self) -> set[asyncio.Task[Any] | None]:
        """The tasks whose targets have let us connect, and are being asked."""
        return {task for task, visit in self._visits.items() if visit.connected}

    async def look(self, target: Target, address: str) -> Observation:
        """The observation of `target` at its admitted `address`; the caller holds the right to connect.

        An address that asked for a pause is waited for; if the pause is longer than a scan waits, it is opted out.

        Never raises but on cancellation: a fault of the target's is its outcome, a fault of ours is logged,
        counted, and makes it `misread`.
        """
        if self._pace.paused(address) and not await self._pace.rested(address):
            metrics.TARGETS.count(Outcome.OPTED_OUT.word)
            return Observation(target, Outcome.OPTED_OUT, datetime.now(UTC), address)
        recall = Recall(self._memory) if self._manners.details else None
        visit = _Visit(target, address, self._manners, self._pace, self._context, budget=self._budget, recall=recall)
        task = asyncio.current_task()
        self._visits[task] = visit
        try:
            observation = await visit.run()
        finally:
            del self._visits[task]
        if observation.told:
            self._memory.hear(address, observation.told)
        if observation.recalled:
            metrics.RECALLED.inc(len(observation.recalled))
        metrics.TARGETS.count(observation.outcome.word)
        return observation


class _PausedError(Exception):
    """The address asked for a pause that the target has no time for, or for a second one: it is left alone."""


class _Visit:
    """The course of one look, with what has been learnt so far."""

    __slots__ = (  # there may be many thousands that only wait for a connection
        "_address", "_asked", "_at", "_attempt", "_began", "_connections", "_context", "_end", "_kind", "_latency",
        "_manners", "_pace", "_recall", "_sent", "_share", "_talk", "_target",
    )  # fmt: skip

    def __init__(
        self,
        target: Target,
        address: str,
        manners: Manners,
        pace: Pace,
        context: ssl.SSLContext,
        *,
        budget: Budget,
        recall: Recall | None,
    ) -> None:
        self._target = target
        self._address = address
        self._manners = manners
        self._pace = pace
        self._context = context
        self._share = budget.share()
        self._talk = Conversation(target, address, manners, pace, context, share=self._share)
        self._recall = recall
        self._asked = Exchanges(recall=recall)
        self._kind: Kind | None = None
        self._began = time.perf_counter()
        self._latency: float | None = None
        self._sent: tuple[tuple[str, int], ...] = ()  # in the conversations that are over
        self._connections = 0
        self._at = datetime.now(UTC)
        self._end = time.monotonic() + manners.deadline
        self._attempt = pace.begin(address)

    @property
    def connected(self) -> bool:
        """Whether there is anything to lose: a connection that stands, or stood."""
        return self._talk.connected

    async def run(self) -> Observation:
        failure: Outcome | None = None
        try:
            now = asyncio.get_running_loop().time()
            with Limit(now + min(self._manners.connect_timeout, self._manners.deadline)) as limit:
                await self._talk.connect()
                limit.move(now + self._manners.deadline)
                await self._talk.secure()
                await self._converse()
        except asyncio.CancelledError:
            raise
        except TimeoutError:
            failure = Outcome.TOO_SLOW if self._talk.connected else Outcome.TIMED_OUT
        except _PausedError:
            failure = None if len(self._asked) else Outcome.OPTED_OUT
        except ForbiddenError as error:
            failure = self._unexpected(error) if self._manners.admits(self._address) else Outcome.OUT_OF_SCOPE
        except Exception as error:  # noqa: BLE001  the one broad except: our fault must not pass for the target's
            failure = outcome_of(error) or self._unexpected(error)
            if failure is Outcome.BROKEN_OFF and len(self._asked):
                failure = None  # the first question was answered, and its answer decides
        finally:
            await self._hang_up()
            self._share.close()  # what was kept is read in the next line, before anybody else gets a turn
        return self._conclude(failure)

    async def _converse(self) -> None:
        for question in kinds.opening(self._target.port):
            if not self._talk.may_ask():
                break
            await self._ask(question)
            if self._wants_tls() and self._talk.may_ask():
                await self._start_over_with_tls(question)
            if self._recognise():
                break
        else:
            further = kinds.confirm(self._asked)
            if further is not None and self._talk.may_ask():
                await self._ask(further)
                self._recognise()
        await self._ask_further()

    async def _ask_further(self) -> None:
        """What the kind still wants to know; a question that fails is not asked again and costs nothing learnt."""
        wishes = Wishes(details=self._manners.details, loaded=one_in(self._manners.loaded))
        failures = 0
        while self._kind is not None and self._talk.may_ask() and not self._share.spent:
            question = self._kind.ask(self._asked, wishes)
            if question is None:
                return
            try:
                await self._ask(question)
            except Exception as error:
                if outcome_of(error) is None:
                    raise
                self._asked.add(Exchange(question, _FAILED, {}, b""))
                failures += 1
                if failures == _PATIENCE:
                    return
            self._recognise()

    async def _ask(self, question: Question) -> None:
        asked = question
        if question.path == CANARY_PATH:
            asked = Question("GET", f"/{digits()}")
        for _ in range(2):
            if self._pace.paused(self._address):
                await self._wait_for_pause()
            if self._hear(await self._talk.ask(asked)):
                return
            if not self._talk.may_ask():
                break
        raise _PausedError

    def _hear(self, exchange: Exchange) -> bool:
        """Keep an answer; says whether it is one: not a request for a pause."""
        if self._latency is None:
            self._latency = (time.perf_counter() - self._began) * 1000
            self._pace.end(self._address, self._attempt, answered=True)
        self._asked.add(exchange)
        pause = retry_after(exchange)
        if pause is not None:
            self._pace.pause(self._address, pause)
        return pause is None

    async def _wait_for_pause(self) -> None:
        """Wait as long as the address asked for, if the target has the time; else leave it alone."""
        while (left := self._pace.paused(self._address)) > 0:
            if time.monotonic() + left >= self._end:
                raise _PausedError
            await asyncio.sleep(left)

    def _recognise(self) -> bool:
        found = kinds.recognise(self._asked)
        self._kind = found[0] if found else None
        return found is not None

    def _wants_tls(self) -> bool:
        if self._target.tls is not None or len(self._asked) != 1 or self._talk.tls:
            return False
        exchange = next(iter(self._asked))
        return exchange.status == 400 and any(text in exchange.body for text in _WANTS_TLS)  # noqa: PLR2004  Bad Request

    async def _start_over_with_tls(self, question: Question) -> None:
        await self._hang_up()
        self._asked = Exchanges(recall=self._recall)
        target = msgspec.structs.replace(self._target, tls=True)
        self._talk = Conversation(
            target, self._address, self._manners, self._pace, self._context, share=self._share, before=len(self._sent)
        )
        await self._talk.reopen()
        await self._ask(question)

    async def _hang_up(self) -> None:
        await self._talk.close()
        self._sent += self._talk.sent
        self._connections += self._talk.connections
        self._talk.sent, self._talk.connections = (), 0

    def _unexpected(self, error: Exception) -> Outcome:
        metrics.UNEXPECTED_ERRORS.inc()
        log.error("fault of ours while asking %s", self._target, exc_info=error)
        return Outcome.MISREAD

    def _conclude(self, failure: Outcome | None) -> Observation:
        """The outcome: what was learnt before something went wrong is kept."""
        reading: Reading | None = None
        if self._kind is not None:
            try:
                reading = self._kind.read(self._asked)
            except Exception as error:  # noqa: BLE001  readers never raise; if one does, it is counted as our fault
                failure = self._unexpected(error)
        self._count()
        if self._latency is None:
            self._pace.end(self._address, self._attempt, answered=failure not in _SIGNS)
        if self._manners.opted_out(self._target.name, self._address):
            reading = Reading(Outcome.OPTED_OUT)  # even if all was read: nothing of it is to be kept
        if reading is None:
            outcome = failure or kinds.unrecognised(self._asked)
            reading = Reading(outcome)
        return Observation(
            target=self._target,
            outcome=reading.outcome,
            observed_at=self._at,
            address=self._address,
            software=self._kind.name if self._kind is not None else None,
            version=reading.version,
            models=reading.models,
            cut=reading.cut,
            running=reading.running,
            relay=reading.relay,
            imprint=reading.imprint,
            signals=reading.signals,
            told=reading.told,
            recalled=reading.recalled,
            latency_ms=self._latency,
            certificate=self._talk.certificate,
            requests=len(self._sent),
            connections=self._connections,
        )

    def _count(self) -> None:
        kind = self._kind.name if self._kind is not None else "unknown"
        for label, status in self._sent:
            metrics.REQUESTS.count(kind, label, metrics.status_class(status))
