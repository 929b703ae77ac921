"""What somebody had asked before a scan is asked once more when it has ended, so that who comes next need not wait."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from census.errors import FailedError
from census.report.together import SAME_MOMENT, together
from census.store import idle, kept
from census.store.connect import connect, engine
from census.store.statistics import again

_log = logging.getLogger(__name__)

_LOCK: Final = 0x0F707561  # of the advisory locks of this database; any number that nothing else uses
SECONDS: Final = 300.0  # after which no further question is begun; the longest ones come first

# Told with each answer: how many there are, of how many, and the seconds that the others may take (None: not known).
Tell = Callable[[int, int, float | None], None]


class _OverError(Exception):
    """Another scan has begun, which ends every result, or it has taken long enough."""


def renew(url: str, tell: Tell) -> None:
    """Ask once more what was asked lately and holds no more; never fails, for only time is lost if it cannot be done.

    Not while a scan is running: what that writes would end every result. Nor while another process does the same:
    a scan and the workers that helped it find at one moment that it has ended.
    """
    made = engine(url)
    try:
        with connect(url) as watching:
            if idle.running(watching) is None and _is_first(watching):
                kept.move_on(made)
                with made.connect().execution_options(**SAME_MOMENT) as connection:
                    _renew(connection, watching, tell)
    except (SQLAlchemyError, psycopg.Error, FailedError) as error:
        _log.info("results are not renewed: %s", error)
    except _OverError:
        pass
    finally:
        made.dispose()


def _is_first(watching: psycopg.Connection[Any]) -> bool:
    """Whether nobody else renews, which nobody will until this connection is closed."""
    row = watching.execute("select pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
    return bool(row and row[0])


def _renew(connection: Connection, watching: psycopg.Connection[Any], tell: Tell) -> None:
    due = kept.due(connection)
    if due:
        course = _Course(due, watching, tell)
        together(connection, [partial(course.answer, due=each) for each in due])


class _Course:
    """How far a renewal is; answers may come from two threads."""

    def __init__(self, due: Sequence[kept.Due], watching: psycopg.Connection[Any], tell: Tell) -> None:
        self._watching = watching
        self._tell = tell
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._done, self._of = 0, len(due)
        self._past, self._whole = 0.0, sum(each.seconds for each in due)  # as long as it took the last time
        tell(0, self._of, None)

    def answer(self, connection: Connection, due: kept.Due) -> None:
        """Answer one question; one that the database does not know any more is passed over."""
        if time.monotonic() - self._began > SECONDS or idle.running(self._watching) is not None:
            raise _OverError
        try:
            with connection.begin_nested():
                again(connection, due.question)
        except OperationalError:
            raise
        except DBAPIError as error:
            _log.info("a result is not renewed: %s", error)
        with self._lock:
            self._done += 1
            self._past += due.seconds
            took = time.monotonic() - self._began
            self._tell(self._done, self._of, took * (self._whole - self._past) / self._past)
