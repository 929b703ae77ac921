"""What a server may send on one connection: read by aiohttp's parser, with an end to what that does not bound."""

from __future__ import annotations

import asyncio
from typing import Final, cast

from aiohttp import ClientOSError, ClientPayloadError, ServerDisconnectedError, StreamReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpResponseParser, RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import EMPTY_PAYLOAD

_FIELD_CAP: Final = 64 * 1024  # bytes of one header; a server with more is not worth reading
_BUFFER: Final = 16 * 1024  # bytes of a body that aiohttp holds before it stops reading
_SWITCHING: Final = 101  # an answer, though what comes before an answer has a status from 100 to 199
_INTERIM: Final = frozenset(range(100, 200)) - {_SWITCHING}
_HEAD_CAP: Final = 128 * 1024  # bytes received without an answer, or any of its body, coming nearer
_OVERHEAD: Final = 3  # bytes received for each of a body; chunks of one byte, which cost most to read, take six
_UNASKED_CAP: Final = 16  # answers, those with status 1xx among them, that may lie there unread
_BODILESS: Final = _INTERIM | {_SWITCHING, 204, 304}  # status of answers without a body, whatever they say


class Answers(BaseProtocol):
    """The answers that come over one connection, each with its head parsed and its body as it comes in.

    aiohttp's own protocol does the same for its session, with timers, WebSockets and a queue that cost more
    than the parser. And it forgets in two cases that what came is no HTTP, which `garbled` remembers here: of a server
    that speaks before it is asked, and where the framing of a body breaks in a later packet. Nor does it bound the sum
    of headers and trailers, or the number of answers that lie unread: who floods with either is not read any further.
    """

    __slots__ = (
        "_barren", "_body", "_came", "_error", "_gone", "_held", "_last", "_leaver", "_left", "_unread", "_waiter",
        "garbled",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.garbled: HttpProcessingError | None = None
        self._unread: list[tuple[RawResponseMessage, StreamReader]] = []  # few; an empty deque is ten times as large
        self._body: StreamReader | None = None  # of the last answer
        self._waiter: asyncio.Future[None] | None = None  # for an answer
        self._leaver: asyncio.Future[None] | None = None  # for the end of the connection
        self._error: BaseException | None = None  # why no further answer will come
        self._barren = 0  # bytes since something came of them
        self._came = 0  # bytes since the last head
        self._last = False  # the server will not answer on this connection again
        self._held = False  # more came than was read, so the transport does not read on
        self._left = False  # nobody will read what comes
        self._gone = False  # the socket is closed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; event loops set TCP_NODELAY themselves, and once is enough."""
        self.transport = cast("asyncio.Transport", transport)
        # One parser for all answers: it counts each of its limits anew when an answer begins.
        self._parser = HttpResponseParser(
            self,
            self._loop,
            _BUFFER,
            payload_exception=ClientPayloadError,
            read_until_eof=True,
            auto_decompress=False,
            max_line_size=_FIELD_CAP,
            max_field_size=_FIELD_CAP,
        )

    @property
    def usable(self) -> bool:
        """Whether another question can be asked: an answer that lies there already is to no question of ours."""
        read = self._body is None or self._body.is_eof()
        quiet = read and not (self._last or self._upgraded or self._unread or self._error)
        return quiet and self.transport is not None and not self.transport.is_closing()

    async def ask(self, request: bytes) -> tuple[RawResponseMessage, StreamReader]:
        """Send a request; the head of its answer, and the body as it comes in. Raises aiohttp's errors.

        aiohttp's session would do the same in twice the time, and build the same request for every target anew.
        """
        if self.garbled is not None:
            raise self.garbled
        if self.transport is None:
            raise ServerDisconnectedError
        self.transport.write(request)
        while True:
            while not self._unread:
                if self._error is not None:
                    raise self._error
                self._waiter = self._loop.create_future()
                await self._waiter
            message, content = self._unread.pop(0)
            if message.code not in _INTERIM:
                return message, content

    def data_received(self, data: bytes) -> None:
        """Take what came, and refuse the server when that only adds to what nobody reads."""
        if self._parser is None:
            return
        length = self._body.total_bytes if self._body is not None else 0
        try:
            messages, self._upgraded, _ = ((), True, b"") if self._upgraded else self._parser.feed_data(data)
        except Exception as error:  # noqa: BLE001  as aiohttp has it: whatever its parser stumbles over is no HTTP
            self._refuse(error if isinstance(error, HttpProcessingError) else HttpProcessingError(message=str(error)))
            return
        self._came += len(data)
        if messages:
            self._take(messages)
        elif self._body is None or self._body.total_bytes == length:
            self._barren += len(data)
        else:
            self._barren = 0
        wasted = self._came - _OVERHEAD * (self._body.total_bytes if self._body is not None else 0)
        if max(self._barren, wasted) > _HEAD_CAP or len(self._unread) > _UNASKED_CAP:
            self._refuse(HttpProcessingError(message="a flood of headers, of answers, or of chunks of nearly nothing"))

    def _take(self, messages: list[tuple[RawResponseMessage, StreamReader]]) -> None:
        self._barren = self._came = 0
        for message, body in messages:
            self._body = body
            self._last = self._last or message.should_close
            self._unread.append((message, EMPTY_PAYLOAD if message.code in _BODILESS else body))
        self._wake(self._waiter)

    def _refuse(self, error: HttpProcessingError) -> None:
        """Keep what tells that this is no HTTP, also for who is reading a body, and hang up."""
        self.garbled = error
        while len(self._unread) > _UNASKED_CAP:
            self._unread.pop()
        self._fail(error)
        if self.transport is not None:
            self.transport.abort()

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        if self._body is not None and not self._body.is_eof():
            self._body.set_exception(error)
        self._wake(self._waiter)

    @staticmethod
    def _wake(waiter: asyncio.Future[None] | None) -> None:
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def pause_reading(self) -> None:
        """Hold the transport: more came than has been read."""
        self._held = True
        super().pause_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Let it go on, if it is held: aiohttp resumes after each answer, by parsing nothing once more."""
        if self._held:
            self._held = False
            super().resume_reading(resume_parser)

    async def leave(self) -> None:
        """Close the connection at once, and wait until the socket is gone; broken off, it can be waited for again."""
        self._left = True
        self._forget()
        if self.transport is not None:
            self.transport.abort()
        while not self._gone:
            self._leaver = self._loop.create_future()
            await self._leaver

    def _forget(self) -> None:
        """Let go of what went wrong: errors hold the frames that they went through, and these hold all of a look."""
        damage = None if self._body is None else self._body.exception()
        for error in (self._error, self.garbled, damage):
            if error is not None:
                error.__traceback__ = None
        self._error = self.garbled = self._body = None

    def connection_lost(self, exc: BaseException | None) -> None:
        """End what is being read, if anybody still reads: a body that only the end of the connection ends is whole."""
        parser, self._parser = self._parser, None  # which holds this protocol, as this holds it
        super().connection_lost(exc)
        self._gone = True
        if parser is not None and not self._left:
            try:
                parser.feed_eof()
            except Exception as error:  # noqa: BLE001  likewise
                self._fail(ClientPayloadError(f"the body ended before its end: {error}"))
            self._fail(ClientOSError(*exc.args) if isinstance(exc, OSError) else ServerDisconnectedError())
        self._wake(self._leaver)
