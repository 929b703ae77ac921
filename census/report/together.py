"""Questions to one database answered side by side: over two connections that see the same moment."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

import psycopg
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from census.machine import processors
from census.store.connect import DatabaseError, cut

# Options of a connection that sees one moment, however long it reads.
SAME_MOMENT: Mapping[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

_CANCEL_SECONDS = 0.5
_LOCK_SECONDS = 2
_BUSY = 2  # processors that two questions keep busy

T = TypeVar("T")


def together(connection: Connection, questions: Sequence[Callable[[Connection], T]]) -> list[T]:
    """The answers, in order; a question may be put to this connection or to another one beside it.

    All are put to this one where the database lets no second connection in, and in a transaction that may write, for
    nobody else sees what it wrote. The first failure ends all; but where the other one has to wait for a lock, which
    may be that of somebody who waits for this one (`vacuum full`), this one answers the rest.
    """
    waiting = deque(enumerate(questions))
    answers: dict[int, T] = {}

    def work(asked: Connection) -> None:
        try:
            while True:
                try:
                    place, question = waiting.popleft()
                except IndexError:
                    return
                try:
                    answers[place] = question(asked)
                except OperationalError as error:
                    if asked is connection or not isinstance(error.orig, LockNotAvailable):
                        raise
                    waiting.append((place, question))
                    return
        except BaseException:
            waiting.clear()
            raise

    with _beside(connection) as other:
        if other is None:
            work(connection)
        else:
            with ThreadPoolExecutor(1) as pool, _each_by_itself(connection, other, many=len(questions)):
                beside = pool.submit(_to_the_end, work, other)
                try:
                    work(connection)
                    beside.result()
                except BaseException:
                    _end(other, beside)  # or the pool would wait for what nobody wants any more
                    raise
                work(connection)
    return [answers[place] for place in range(len(questions))]


def _to_the_end(work: Callable[[Connection], None], other: Connection) -> None:
    """Have the other one answer, and let go what it has read, for somebody may wait for that and we for him."""
    try:
        work(other)
    finally:
        with contextlib.suppress(SQLAlchemyError):
            other.rollback()


@contextlib.contextmanager
def _beside(connection: Connection) -> Iterator[Connection | None]:
    """Another connection that sees what this one sees now; None if there can be none."""
    with contextlib.ExitStack() as stack:
        other = None
        if connection.scalar(text("select current_setting('transaction_read_only')")) != "on":
            yield None
            return
        with contextlib.suppress(SQLAlchemyError, DatabaseError):
            other = stack.enter_context(connection.engine.connect().execution_options(**SAME_MOMENT))
        if other is not None:
            moment = connection.scalar(text("select pg_export_snapshot()"))
            other.exec_driver_sql(f"set transaction snapshot '{moment}'")
            other.exec_driver_sql(f"set local lock_timeout = '{_LOCK_SECONDS}s'")
        yield other


@contextlib.contextmanager
def _each_by_itself(*connections: Connection, many: int) -> Iterator[None]:
    """No parallel workers where all processors have a question already: what workers do twice is a twelfth of all."""
    here = str(connections[0].engine.url.query.get("host", "")).startswith("/")  # a socket of this machine
    if not here or many < _BUSY or processors() > _BUSY:
        yield
        return
    for connection in connections:
        connection.exec_driver_sql("set local max_parallel_workers_per_gather = 0")
    try:
        yield
    finally:
        with contextlib.suppress(SQLAlchemyError):  # its transaction may have failed
            connections[0].exec_driver_sql("set local max_parallel_workers_per_gather to default")


def _end(connection: Connection, beside: Future[None]) -> None:
    """Have what is asked beside us ended, by the server, or where it does not answer by closing our side."""
    with contextlib.suppress(SQLAlchemyError, psycopg.Error):
        driver = connection.connection.driver_connection
        if isinstance(driver, psycopg.Connection):
            driver.cancel_safe(timeout=_CANCEL_SECONDS)
            wait([beside], _CANCEL_SECONDS)
            if not beside.done():
                cut(driver)
