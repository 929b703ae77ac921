"""The census over HTTP: metrics for Prometheus, the report page, and whether the database answers.

Answers come from what is kept (`census.report.kept`): neither a scrape nor a reader makes the database compute.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import threading
from collections.abc import AsyncIterator, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from census.report.kept import Kept
from census.report.series import state
from census.store.connect import DatabaseError, engine

_HEALTH_SECONDS = 2.0  # a database that takes longer for `select true` does not answer
_FIRST_SECONDS = 60.0  # a request before the first reading waits so long
_STOP_SECONDS = 0.5  # for requests that are being answered


class ServeError(OSError):
    """It cannot listen where it should; the sentence says why and what helps."""


def run(url: str, host: str, port: int, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve the database at `url` until SIGINT or SIGTERM; port 0 is any that is free.

    `ready` is called with the address to open, such as `http://127.0.0.1:9464`, once it can be. Raises ServeError.
    """
    made = engine(url)
    try:
        serve(made, host, port, ready)
    finally:
        made.dispose()


def serve(made: Engine, host: str, port: int, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve on a host and port until SIGINT or SIGTERM, then stop within two seconds. Raises ServeError."""
    asyncio.run(_until_signalled(made, host, port, ready))


async def _until_signalled(made: Engine, host: str, port: int, ready: Callable[[str], None]) -> None:
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    async with serving(made, host, port) as address:
        ready(address)
        await stopped.wait()


@contextlib.asynccontextmanager
async def serving(made: Engine, host: str, port: int) -> AsyncIterator[str]:
    """Serve as long as the block lasts; gives the address to open. Raises ServeError."""
    kept = Kept(made)
    runner = web.AppRunner(_application(kept, made), access_log=None, shutdown_timeout=_STOP_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise _cannot_listen(host, port, error) from error
        kept.start()
        yield f"http://{_bracketed(host)}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        kept.stop()


def _cannot_listen(host: str, port: int, error: OSError) -> ServeError:
    where = f"{_bracketed(host)}:{port}"
    if error.errno == errno.EADDRINUSE:
        return ServeError(f"another program listens on {where} already: choose another port with --listen")
    if error.errno == errno.EACCES:
        return ServeError(f"this user may not listen on {where}: choose a port above 1023 with --listen")
    reason = error.strerror or str(error)
    return ServeError(f"cannot listen on {where}: {reason}; name an address of this machine with --listen")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _application(kept: Kept, made: Engine) -> web.Application:
    health = _Health(made)

    async def metrics(_: web.Request) -> web.Response:
        await _soon(lambda: kept.read is not None)
        answers, read = await health.database_answers(), kept.read
        if read is None:
            return _not_yet()
        now = state(answers=answers, read_at=read.at)
        return web.Response(body=read.metrics + now, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def page(_: web.Request) -> web.Response:
        kept.want_page()
        await _soon(lambda: kept.page is not None)
        if kept.page is None:
            return _not_yet()
        kind, content = kept.page
        return web.Response(text=content, content_type=kind)

    async def healthy(_: web.Request) -> web.Response:
        answers = await health.database_answers()
        told = {"database": "answers" if answers else "does not answer", "read_at": None}
        if kept.read is not None:
            told["read_at"] = kept.read.at.isoformat(timespec="seconds")
        return web.json_response(told, status=200 if answers else 503)

    application = web.Application()
    application.add_routes([web.get("/", page), web.get("/metrics", metrics), web.get("/health", healthy)])
    application.on_response_prepare.append(_be_careful)
    return application


async def _be_careful(_: web.Request, response: web.StreamResponse) -> None:
    """Names of strangers are in every answer: no browser shall guess what it is, keep it, or frame it."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Cache-Control"] = "no-store"


async def _soon(condition: Callable[[], bool]) -> bool:
    """Whether a condition, which a thread brings about, comes true in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_FIRST_SECONDS):
            while not condition():  # noqa: ASYNC110  set by a thread, which no asyncio event may be
                await asyncio.sleep(0.05)
    return condition()


def _not_yet() -> web.Response:
    return web.Response(status=503, text="The data has not been read yet.\n", headers={"Retry-After": "10"})


class _Health:
    """Asks the database in a thread that nobody has to wait for, one at a time, however many ask for it."""

    def __init__(self, made: Engine) -> None:
        self._engine = made
        self._asked: asyncio.Future[bool] | None = None

    async def database_answers(self) -> bool:
        """Whether the database answers within two seconds."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.get_running_loop().create_future()
            threading.Thread(target=self._ask, args=(self._asked,), name="health", daemon=True).start()
        try:
            return await asyncio.wait_for(asyncio.shield(self._asked), _HEALTH_SECONDS)
        except TimeoutError:
            return False

    def _ask(self, asked: asyncio.Future[bool]) -> None:
        # Twice, for the first may get a connection that was left over from before the server was restarted.
        answer = self._selects() or self._selects()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            asked.get_loop().call_soon_threadsafe(_settle, asked, answer)

    def _selects(self) -> bool:
        try:
            with self._engine.connect() as connection:
                return bool(connection.scalar(text("select true")))
        except (SQLAlchemyError, DatabaseError):
            return False


def _settle(asked: asyncio.Future[bool], answer: bool) -> None:
    if not asked.done():
        asked.set_result(answer)
