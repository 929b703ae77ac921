"""What a server may send on one connection: aiohttp's protocol, with an end to what aiohttp does not bound."""

from __future__ import annotations

import asyncio
from typing import cast

from aiohttp import ServerDisconnectedError, StreamReader
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError

_FIELD_CAP = 64 * 1024  # bytes of one header; a server with more is not worth reading
_BUFFER = 16 * 1024  # bytes of a body that aiohttp holds before it stops reading
_SWITCHING, _FINAL = 101, 200  # what comes before an answer has a status between 100 and 199; 101 is an answer
_HEAD_CAP = 128 * 1024  # bytes received without an answer, or any of its body, coming nearer
_UNASKED_CAP = 16  # answers, those with status 1xx among them, that may lie there unread


class Answers(ResponseHandler):
    """aiohttp's protocol, which forgets in two cases that what came is no HTTP; `garbled` remembers it.

    A server that speaks before it is asked makes the sending of the request fail; and when the framing of a body
    breaks in a later packet, its reader would wait for ever. Nor does aiohttp bound the sum of headers and trailers,
    or the number of answers that lie unread: who floods with either is not read any further.
    """

    garbled: HttpProcessingError | None = None
    _barren = 0  # bytes since something came of them
    _asked = False
    _held = False  # more came than was read, so the transport does not read on
    _left = False  # nobody will read what comes
    _gone = False  # the socket is closed
    _leaver: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As aiohttp has it, but that event loops set TCP_NODELAY themselves, and once is enough."""
        self.transport = cast("asyncio.Transport", transport)

    async def ask(self, request: bytes) -> tuple[RawResponseMessage, StreamReader]:
        """Send a request; the head of its answer, and the body as it comes in. Raises aiohttp's errors.

        aiohttp's session would do the same in twice the time, and build the same request for every target anew.
        """
        if not self._asked:  # one parser for all answers: it counts each of its limits anew when an answer begins
            self._asked = True
            self.set_response_params(
                read_until_eof=True,
                auto_decompress=False,
                read_bufsize=_BUFFER,
                max_line_size=_FIELD_CAP,
                max_field_size=_FIELD_CAP,
            )
        if self.garbled is not None:
            raise self.garbled
        if self.transport is None:
            raise ServerDisconnectedError
        self.transport.write(request)
        while True:
            message, content = await self.read()
            if message.code >= _FINAL or message.code == _SWITCHING:
                return message, content

    async def leave(self) -> None:
        """Close the connection at once, and wait until the socket is gone; broken off, it can be waited for again."""
        self._left = True
        self.abort()
        while not self._gone:
            self._leaver = self._loop.create_future()
            await self._leaver

    def connection_lost(self, exc: BaseException | None) -> None:
        """As aiohttp has it, which tells those who read; where nobody does there is hardly anything to do."""
        self._gone = True
        if self._left:
            self._parser = None  # which holds this protocol, as this holds it
        else:
            super().connection_lost(exc)
        if self._leaver is not None and not self._leaver.done():
            self._leaver.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Take what came, and refuse the server when that only adds to what nobody reads."""
        unread, body = len(self._buffer), self._payload
        length = body.total_bytes if body is not None else 0
        super().data_received(data)
        came = len(self._buffer) != unread or self._payload is not body
        if came or (body is not None and body.total_bytes != length):
            self._barren = 0
        else:
            self._barren += len(data)
        if self._barren > _HEAD_CAP or len(self._buffer) > _UNASKED_CAP:
            self._refuse()

    def pause_reading(self) -> None:
        """Hold the transport: more came than has been read."""
        self._held = True
        super().pause_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Let it go on, if it is held: aiohttp resumes after each answer, by parsing nothing once more."""
        if self._held:
            self._held = False
            super().resume_reading(resume_parser)

    def _refuse(self) -> None:
        while len(self) > _UNASKED_CAP:
            self._buffer.pop()
        transport = self.transport
        self.set_exception(HttpProcessingError(message="a flood of headers or of answers"))
        if transport is not None:
            transport.abort()

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """Keep what tells that this is no HTTP, also for who is reading a body."""
        super().set_exception(exc, *cause)
        if isinstance(exc, HttpProcessingError):
            self.garbled = exc
            if self._payload is not None:
                self._payload.set_exception(exc)
