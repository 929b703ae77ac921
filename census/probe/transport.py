"""One connection for one target: opened first, kept for all questions, asked nothing outside the allow-list.

aiohttp speaks HTTP; what is ours is when a connection may be opened (scope and pace are asked each time, with the
address actually connected to), what may be asked on it, and how much of an answer is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import json
import ssl
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from aiohttp import StreamReader
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError

from census import metrics
from census.facts import Exchange, Question, Target
from census.kinds.allowed import allowed
from census.probe.errors import ForbiddenError, SilentError, TlsError
from census.probe.pace import Pace, network_of

BODY_CAP = 2 * 1024 * 1024  # bytes kept of an answer, after decompression
_READ = 64 * 1024
_FIELD_CAP = 64 * 1024  # bytes of one header; a server with more is not worth reading
_SWITCHING, _FINAL = 101, 200  # what comes before an answer has a status between 100 and 199; 101 is an answer


@dataclass(frozen=True)
class Manners:
    """How this scan behaves towards a target.

    `user_agent` and `sender` (the From header) come from the scope; `connect_timeout` is seconds for a connection
    to stand, `deadline` seconds for all of a target; `requests` is the most that one endpoint is asked;
    `details` allows POST /api/show; `admits` says whether an address may be connected to.
    """

    user_agent: str
    sender: str | None
    admits: Callable[[str], bool]
    connect_timeout: float = 3.0
    deadline: float = 15.0
    requests: int = 64
    details: bool = True

    @functools.cached_property
    def head(self) -> str:
        """The header lines of every request: who asks and whom to write to; never cookies, an Origin or a key.

        Raises ValueError where a value would end its line; a scope file with such a contact is refused before.
        """
        fields = {
            "User-Agent": self.user_agent,
            "From": self.sender or "",
            "Accept": "application/json, */*;q=0.5",
            "Accept-Encoding": "gzip, deflate",
        }
        if not "".join(fields.values()).isprintable():
            raise ValueError(f"a header would hold a control character: {fields}")
        return "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)


def tls_context() -> ssl.SSLContext:
    """A context that accepts any certificate and old ciphers: servers are recorded as they are, not trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.set_alpn_protocols(["http/1.1"])
    return context


class _Protocol(ResponseHandler):
    """aiohttp's side of an HTTP connection, asked without a session: a request goes out as bytes made here.

    It forgets in two cases that what came is no HTTP, and `garbled` remembers it: when a server speaks before it is
    asked, and when the framing of a body breaks in a later packet, whose reader would wait for ever.
    """

    garbled: HttpProcessingError | None = None

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        super().set_exception(exc, *cause)
        if isinstance(exc, HttpProcessingError):
            self.garbled = exc
            if self._payload is not None:
                self._payload.set_exception(exc)

    async def ask(self, request: bytes) -> tuple[RawResponseMessage, StreamReader]:
        """Send a request; the head of its answer, and the body as it comes in. Raises aiohttp's errors."""
        self.set_response_params(
            read_until_eof=True, auto_decompress=False, max_line_size=_FIELD_CAP, max_field_size=_FIELD_CAP
        )
        if self.garbled is not None:
            raise self.garbled
        if self.transport is None:
            raise aiohttp.ServerDisconnectedError
        self.transport.write(request)
        while True:
            message, content = await self.read()
            if message.code >= _FINAL or message.code == _SWITCHING:
                return message, content


class Conversation:
    """Everything that is said with one target, over one connection as long as the server keeps it.

    `address` is the resolved and admitted address; the first connection is opened by `open`, further ones only
    when the server closed the last. Raises what `census.probe.errors` has in its table.
    """

    def __init__(self, target: Target, address: str, manners: Manners, pace: Pace, context: ssl.SSLContext) -> None:
        self.target = target
        self.address = address
        self.tls = bool(target.tls)
        self.connected = False  # whether a TCP connection ever stood
        self.certificate: str | None = None
        self.connections = 0
        self.requests = 0
        self._manners = manners
        self._pace = pace
        self._context = context
        host = target.name or (f"[{address}]" if ":" in address else address)
        self._host = f"{host}:{target.port}"
        self._fresh = False  # nothing was asked yet on the connection that stands
        self._live: _Protocol | None = None

    async def open(self) -> None:
        """Open the connection; the caller holds the right of the pace to do so."""
        if not self._manners.admits(self.address):
            raise ForbiddenError(f"{self.address} is not in scope")
        self.connections += 1
        metrics.CONNECTIONS.inc()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._manners.connect_timeout):
                transport, protocol = await loop.create_connection(
                    lambda: _Protocol(loop), self.address, self.target.port
                )
        except TimeoutError as error:
            raise SilentError from error
        self.connected = True
        if self.tls:
            protocol = await self._secure(transport)
        self._live, self._fresh = protocol, True

    async def _secure(self, transport: asyncio.Transport) -> _Protocol:
        if transport.is_closing():
            raise TlsError("the connection was closed before the handshake")
        loop = asyncio.get_running_loop()
        protocol = _Protocol(loop)
        name = self.target.name or self.address
        try:
            secured = await loop.start_tls(transport, protocol, self._context, server_hostname=name)
            if secured is not None:
                protocol.connection_made(secured)  # fails when the other side has gone meanwhile
        except (ssl.SSLError, OSError, ValueError) as error:
            transport.abort()
            raise TlsError(str(error)) from error
        except BaseException:
            transport.abort()
            raise
        if secured is None:
            raise TlsError("the connection was lost in the handshake")
        raw = secured.get_extra_info("ssl_object").getpeercert(binary_form=True)
        self.certificate = hashlib.sha256(raw).hexdigest() if raw else None
        return protocol

    async def ask(self, question: Question) -> Exchange:
        """Ask one question; reconnects once when the server had closed the kept connection meanwhile."""
        if not allowed(question):
            raise ForbiddenError(f"{question.method} {question.path} is not on the list of allowed questions")
        live = self._live
        kept = live is not None and not self._fresh and live.is_connected()
        if live is None or not (kept or self._fresh):
            await self.reopen()
        try:
            return await self._exchange(question)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            if not kept:
                raise
        await self.reopen()
        return await self._exchange(question)

    async def reopen(self) -> None:
        """Open a further connection, once the pace allows one more into this network."""
        await self._pace.connection(network_of(self.address))
        await self.open()

    async def _exchange(self, question: Question) -> Exchange:
        assert self._live is not None
        self.requests += 1
        self._fresh = False
        protocol, began = self._live, time.perf_counter()
        try:
            message, content = await protocol.ask(self._request(question))
            body, truncated = await _body(content, message.headers.get("Content-Encoding", ""))
        except aiohttp.ClientError as error:
            if protocol.garbled is not None:
                raise protocol.garbled from error
            raise
        metrics.EXCHANGE_SECONDS.observe(time.perf_counter() - began)
        if protocol.should_close:
            protocol.close()
        headers: dict[str, str] = {}
        for key, value in message.headers.items():
            headers.setdefault(key.lower(), value)
        return Exchange(question, message.code, headers, body, truncated)

    def _request(self, question: Question) -> bytes:
        """The request as it goes out; path and model come from the allow-list and from JSON, so neither breaks it."""
        head = f"{question.method} {question.path} HTTP/1.1\r\nHost: {self._host}\r\n{self._manners.head}"
        if question.model is None:
            return f"{head}\r\n".encode()
        # Both spellings: servers before 0.1.21 know only `name`.
        body = json.dumps({"model": question.model, "name": question.model, "verbose": False})
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()

    async def close(self) -> None:
        """Close what is open and wait until the socket is gone, so that the next one to this address stands alone."""
        if self._live is not None:
            gone = self._live.closed
            self._live.abort()
            if gone is not None:
                with contextlib.suppress(aiohttp.ClientError):
                    await gone


async def _body(content: StreamReader, encoding: str) -> tuple[bytes, bool]:
    """At most BODY_CAP bytes of the decompressed body, and whether there was more."""
    unpack = _unpacker(encoding)
    parts: list[bytes] = []
    left = BODY_CAP + 1
    while left > 0 and (data := await content.read(_READ)):
        part = unpack(data, left)
        parts.append(part)
        left -= len(part)
    body = b"".join(parts)
    return body[:BODY_CAP], len(body) > BODY_CAP


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    """How to undo a Content-Encoding without ever making more than is asked for; damaged data yield nothing."""
    bits = {"gzip": zlib.MAX_WBITS | 32, "x-gzip": zlib.MAX_WBITS | 32, "deflate": zlib.MAX_WBITS}.get(
        encoding.strip().lower()
    )
    if bits is None:
        return lambda data, left: data[:left]
    inflater = zlib.decompressobj(bits)

    def unpack(data: bytes, left: int) -> bytes:
        try:
            return inflater.decompress(data, left)
        except zlib.error:
            return b""

    return unpack
