"""The census over HTTP: metrics for Prometheus, the report page, and whether the database answers.

A background thread looks each second whether the data changed, and only then reads it anew. A request is answered
from what is kept, so neither a scrape nor a reader ever makes the database compute.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from census.report.extras import ReportError
from census.report.page import page
from census.report.series import metrics
from census.store.connect import DatabaseError, engine

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_HEALTH_SECONDS = 2.0
_FIRST_SECONDS = 60.0  # a request before the first reading waits so long for it
_STOP_SECONDS = 1.0

# Counters of written rows cost nothing to read and see every change, purges too; but they come up to a second late,
# while scans tell of theirs at once.
_MARK = text("""
    select
        (select max(id) from scan), (select max(heartbeat) from scan), (select count(ended) from scan),
        (select max(id) from observation),
        (select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables
         where relname in ('scan', 'chunk', 'observation', 'sighting', 'endpoint', 'host', 'inventory', 'model')),
        (select digest from laid)
""")


class ServeError(Exception):
    """The server cannot listen where it should; the sentence says why and what helps."""


def run(url: str, listen: str, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve the database at `url` on `listen` (`127.0.0.1:9464`, `[::1]:9464`) until SIGINT or SIGTERM.

    `ready` is called with the address to open, such as `http://127.0.0.1:9464`. Raises ServeError.
    """
    host, port = _parse(listen)
    made = engine(url)
    try:
        serve(made, host, port, ready)
    finally:
        made.dispose()


def serve(made: Engine, host: str, port: int, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve on a host and port until SIGINT or SIGTERM; port 0 is any free one. Raises ServeError."""
    asyncio.run(_serve(made, host, port, ready))
