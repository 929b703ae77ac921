"""The door to the database: one connection in a thread of its own, made anew whenever it is lost.

Whoever calls waits; the calls queue up. A call must be such that it may be done again, for when a connection breaks
nobody knows whether what was asked last was still done.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextvars import Context, copy_context
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

import psycopg
from psycopg import errors

from census.errors import FailedError
from census.store.connect import DatabaseError, connect, cut, hide

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 300.0  # seconds that the database may be away
_FIRST, _LONGEST = 0.2, 5.0  # seconds between two attempts to reach it

# A server must not keep the locks of a client that was cut off or froze in the middle of a transaction: others wait
# for them. Where the connection is no TCP, the keepalives say nothing and do no harm.
_SESSION = (
    "SELECT set_config('idle_in_transaction_session_timeout', '10s', false), set_config('lock_timeout', '5s', false),"
    " set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),"
    " set_config('tcp_keepalives_count', '3', false)"
)

_BUSY = (errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure)

_log = logging.getLogger(__name__)


class DatabaseLostError(FailedError):
    """The database was away for longer than we wait; the message says since when and what it said last."""


class BusyError(Exception):
    """Somebody else holds what this call needs; nothing was done, and it can be tried again in a while."""


class Door:
    """Calls on one connection to `url`, each in its turn, in a thread; a lost connection is made anew.

    `patience` is how many seconds the database may be away before a call fails with DatabaseLostError; `revive` is
    tried whenever it cannot be reached, and may raise FailedError.
    """

    def __init__(self, url: str, *, patience: float = PATIENCE, revive: Callable[[], None] | None = None) -> None:
        self._url = url
        self._patience = patience
        self._revive = revive
        self._hurried = threading.Event()
        self._shut = False
        self._away: float | None = None  # since when, on the monotonic clock
        self._connection: psycopg.Connection[Any] | None = None
        self._calls: queue.SimpleQueue[tuple[Future[Any], Context, Callable[..., Any]] | None] = queue.SimpleQueue()
        # A daemon, so that a server that never answers cannot keep the process from ending.
        self._thread = threading.Thread(target=self._serve, name="database", daemon=True)
        self._thread.start()

    def submit(
        self, work: Callable[Concatenate[psycopg.Connection[Any], P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Have `work` done with the connection and these arguments, once what was asked before is done."""
        future: Future[T] = Future()
        self._calls.put((future, copy_context(), partial(_given, work, args, kwargs)))
        return future

    def call(self, work: Callable[Concatenate[psycopg.Connection[Any], P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `submit`, and wait for what it gives."""
        return self.submit(work, *args, **kwargs).result()

    def hurry(self) -> None:
        """No more patience: from now on each call is tried once, and one that waits for the database fails."""
        self._hurried.set()

    def close(self, within: float = 0.0) -> None:
        """Give what is under way `within` seconds, then break it off; the connection is closed."""
        self._calls.put(None)
        self.hurry()
        self._thread.join(within)
        connection = self._connection
        if self._thread.is_alive():
            self._shut = True
            if connection is not None:
                cut(connection)
                self._thread.join(0.5)

    def _serve(self) -> None:
        while (entry := self._calls.get()) is not None:
            future, context, work = entry
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = context.run(self._insist, work)  # so that log lines are of the scan that called
            except BaseException as error:  # noqa: BLE001  it is the caller's, in the other thread
                future.set_exception(error)
            else:
                future.set_result(result)
        self._drop()

    def _insist(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        """Do it, over a new connection if the one there is lost; as often as patience allows."""
        if self._shut:
            raise DatabaseLostError("the database did not answer in time")
        for pause in _pauses():
            try:
                result = work(self._open())
            except Exception as error:
                if self._is_lost(error):
                    self._wait(error, pause)
                    continue
                self._note_back()
                if isinstance(error, _BUSY):
                    raise BusyError(hide(str(error), self._url)) from None
                raise
            self._note_back()
            return result
        raise AssertionError("pauses never end")

    def _wait(self, error: Exception, pause: float) -> None:
        """After a failure: drop the connection, try to bring the server up, wait a moment."""
        self._drop()
        said = " ".join(hide(str(error), self._url).split())
        if self._away is None:
            _log.warning("the database is away: %s", said)
            self._away = time.monotonic()
        away = time.monotonic() - self._away
        if self._hurried.is_set() or away > self._patience:
            raise DatabaseLostError(f"the database was away for {away:.0f} s: {said}")
        if self._revive is not None:
            try:
                self._revive()
            except FailedError as failed:
                _log.warning("%s", failed)
        self._hurried.wait(pause)

    def _note_back(self) -> None:
        if self._away is not None:
            _log.warning("the database is back after %.1f s", time.monotonic() - self._away)
            self._away = None

    def _is_lost(self, error: Exception) -> bool:
        """Whether the server is what failed, and not what was asked of it."""
        if isinstance(error, _BUSY):
            return False
        if isinstance(error, (DatabaseError, psycopg.OperationalError, psycopg.InterfaceError)):
            return True
        closed = self._connection is not None and self._connection.closed
        return closed or isinstance(error, errors.ReadOnlySqlTransaction)  # the latter while a standby takes over

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connection = connect(self._url)
            self._connection.execute(_SESSION)
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                connection.close()


def _given(
    work: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], connection: psycopg.Connection[Any]
) -> T:
    return work(connection, *args, **kwargs)


def _pauses() -> Iterator[float]:
    """Seconds between attempts, each twice the last, spread so that many workers do not come back at one instant."""
    pause = _FIRST
    while True:
        yield pause * random.uniform(0.5, 1.0)  # noqa: S311  no secret
        pause = min(_LONGEST, pause * 2)
