"""The log of a worker: one line of key=value for each event, with level, scan, chunk and worker, and no password."""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime

from census.store.connect import hide
from census.store.workers import worker_name

SCAN: ContextVar[int | None] = ContextVar("scan", default=None)
CHUNK: ContextVar[int | None] = ContextVar("chunk", default=None)


class KeyValue(logging.Formatter):
    """Lines as `time=... level=... scan=... chunk=... worker=... logger=... message="..."`; `-` is none.

    A message, traceback included, is one quoted word with its line ends escaped; `url` is the address of the database,
    of which no password is shown.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._worker = worker_name()

    def format(self, record: logging.LogRecord) -> str:
        """One event as one line."""
        chunk = getattr(record, "chunk", CHUNK.get())
        message = hide(super().format(record), self._url)
        words = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "scan": SCAN.get() or "-",
            "chunk": "-" if chunk is None else chunk,
            "worker": self._worker,
            "logger": record.name,
            "message": json.dumps(message, ensure_ascii=False),
        }
        return " ".join(f"{key}={value}" for key, value in words.items())


def to_standard_error(url: str, *, verbose: bool) -> None:
    """Log warnings, or with `verbose` everything, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(KeyValue(url))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.WARNING, handlers=[handler])
