"""What `census serve` answers with, kept until the data changes and read anew by a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from census.report.extras import ReportError
from census.report.findings import Findings, gather
from census.report.page import render
from census.report.series import metrics
from census.report.together import SAME_MOMENT
from census.store.connect import DatabaseError

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_STOP_SECONDS = 1.0

# Counters of written rows cost nothing to read and see every change, deletions too, but come some seconds late; what
# scans tell of themselves is there at once. What is kept of statistics is written by reading them.
_MARK = text("""
    select
        (select max(id) from scan), (select max(heartbeat) from scan), (select count(ended) from scan),
        (select max(id) from sighting), (select digest from laid),
        (
            select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables
            where schemaname = 'public' and relname not in ('kept', 'change')
        )
""")


class Read(NamedTuple):
    """What was read of the data, in Prometheus' format, and when."""

    metrics: bytes
    at: datetime


class Kept:
    """Metrics and page as of the last change of the data; None until they were read for the first time.

    The page is made once somebody has asked for it, and from then on with every change. While data changes all the
    time, the database is asked for at most half of the time.
    """

    def __init__(self, engine: Engine) -> None:
        self.read: Read | None = None
        self.page: tuple[str, str] | None = None  # type of the content, and the content
        self._engine = engine
        self._page_wanted = False
        self._wake = threading.Event()
        self._stopped = False
        self._mark: tuple[Any, ...] | None = None
        self._busy: Connection | None = None
        self._thread = threading.Thread(target=self._keep, name="kept", daemon=True)

    def start(self) -> None:
        """Begin to look at the data."""
        self._thread.start()

    def want_page(self) -> None:
        """Have the page made, if it is not."""
        if not self._page_wanted:
            self._page_wanted = True
            self._wake.set()

    def stop(self) -> None:
        """End within a second, also in the middle of a statistic, which is cancelled."""
        self._stopped = True
        self._wake.set()
        end = time.monotonic() + _STOP_SECONDS
        while self._thread.is_alive() and time.monotonic() < end:
            self._cancel()
            self._thread.join(0.1)

    def _keep(self) -> None:
        failed = ""
        while not self._stopped:
            self._wake.clear()
            began = time.monotonic()
            try:
                self._look()
                failed = ""
            except (SQLAlchemyError, DatabaseError) as error:
                if not self._stopped and str(error) != failed:
                    failed = str(error)
                    _log.warning("the data cannot be read, what was read before is kept: %s", error)
            took = time.monotonic() - began
            self._wake.wait(max(_LOOK_SECONDS, took))

    def _look(self) -> None:
        """The mark is taken before the data is read: a change in between is read twice and never missed."""
        with self._reading() as connection:
            mark = tuple(connection.execute(_MARK).one())
        changed = mark != self._mark
        if changed:
            with self._reading() as connection:
                # At once, for a page takes many seconds more; and in one step, for others look at it meanwhile.
                self.read = Read(metrics(connection), datetime.now(UTC))
        if self._page_wanted and (changed or self.page is None):
            with self._reading() as connection:
                findings = gather(connection)
            self.page = self._drawn(findings)
        if changed:
            self._mark = mark

    def _drawn(self, findings: Findings) -> tuple[str, str] | None:
        """The page, made by another process: Vega's libraries keep the interpreter to themselves for seconds."""
        context = multiprocessing.get_context("spawn")
        mine, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_draw, args=(findings, theirs), daemon=True)
        process.start()
        theirs.close()
        try:
            while not self._stopped:
                if mine.poll(0.1):
                    drawn: tuple[str, str] = mine.recv()
                    return drawn
        except EOFError:
            _log.warning("the report page could not be made: its process ended with %s", process.exitcode)
        finally:
            mine.close()
            process.kill()
            process.join()
        return self.page

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A connection that sees one moment, and that `stop` can reach."""
        with self._engine.connect().execution_options(**SAME_MOMENT) as connection:
            self._busy = connection
            try:
                yield connection
            finally:
                self._busy = None

    def _cancel(self) -> None:
        busy = self._busy
        # It may be given back at this very moment; the next turn of the loop sees that.
        with contextlib.suppress(SQLAlchemyError, psycopg.Error):
            driver = busy.connection.driver_connection if busy is not None and not busy.closed else None
            if isinstance(driver, psycopg.Connection):
                driver.cancel_safe(timeout=_STOP_SECONDS / 2)


def _draw(findings: Findings, result: Pipe) -> None:
    """In a process of its own: give the page, or the sentence that says why there is none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to parent and child, and the parent decides
    with contextlib.suppress(BrokenPipeError):
        try:
            result.send(("text/html", render(findings)))
        except ReportError as error:
            result.send(("text/plain", f"The report page cannot be made: {error}\n\nThe metrics are under /metrics.\n"))
