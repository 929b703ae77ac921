"""One connection for one target: opened first, kept for all questions, asked nothing outside the allow-list.

aiohttp speaks HTTP; what is ours is when a connection may be opened (scope and pace are asked each time, with the
address actually connected to), what may be asked on it, and how much of an answer is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import cast

import aiohttp
from aiohttp import ClientRequest, ClientTimeout
from aiohttp.client_proto import ResponseHandler
from aiohttp.tracing import Trace
from yarl import URL

from census import metrics
from census.facts import Exchange, Question, Target
from census.kinds.allowed import allowed
from census.probe.bodies import Budget, Share, read_body
from census.probe.errors import ForbiddenError, OptedOutError, SilentError, TlsError
from census.probe.pace import Pace, network_of
from census.probe.protocol import Answers

_FIELD_CAP = 64 * 1024  # bytes of one header; a server with more is not worth reading
_BUFFER = 16 * 1024  # bytes of a body that aiohttp holds before it stops reading


@dataclass(frozen=True, slots=True)
class Manners:
    """How this scan behaves towards a target.

    `user_agent` and `sender` (the From header) come from the scope; `connect_timeout` is seconds for a connection
    to stand, `deadline` seconds for all of a target; `requests` is the most that one endpoint is asked;
    `details` allows POST /api/show; `admits` says whether an address may be connected to; `opted_out` whether
    a name (or None) and address asked, perhaps only now, to be left alone.
    """

    user_agent: str
    sender: str | None
    admits: Callable[[str], bool]
    connect_timeout: float = 3.0
    deadline: float = 15.0
    requests: int = 64
    details: bool = True
    opted_out: Callable[[str | None, str], bool] = lambda _name, _address: False

    def headers(self) -> dict[str, str]:
        """The headers of every request: who asks and whom to write to; never cookies, an Origin or a key."""
        sender = {"From": self.sender} if self.sender else {}
        return {
            "User-Agent": self.user_agent,
            **sender,
            "Accept": "application/json, */*;q=0.5",
            "Accept-Encoding": "gzip, deflate",
        }


def tls_context() -> ssl.SSLContext:
    """A context that accepts any certificate and old ciphers: servers are recorded as they are, not trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.set_alpn_protocols(["http/1.1"])
    return context


class _Dialer(aiohttp.BaseConnector):
    """Gives aiohttp the connection that the conversation opened, and no other."""

    def __init__(self, dial: Callable[[], object]) -> None:
        super().__init__(limit=0)
        self._dial = dial

    async def _create_connection(
        self,
        req: ClientRequest,  # noqa: ARG002  aiohttp's signature
        traces: list[Trace],  # noqa: ARG002  aiohttp's signature
        timeout: ClientTimeout,  # noqa: ARG002, ASYNC109  aiohttp's signature; the deadline is the target's
    ) -> ResponseHandler:
        return cast("ResponseHandler", self._dial())


class Conversation:
    """Everything that is said with one target, over one connection as long as the server keeps it.

    `address` is the resolved and admitted address; the first connection is opened by `open`, further ones only
    when the server closed the last. `share` is what its answers may take of the budget of a process, by default of
    one for this target alone; the caller closes it. Raises what `census.probe.errors` has in its table.
    """

    def __init__(
        self,
        target: Target,
        address: str,
        manners: Manners,
        pace: Pace,
        context: ssl.SSLContext,
        *,
        share: Share | None = None,
    ) -> None:
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
        self._share = share or Budget().share()
        self._ready: Answers | None = None
        self._live: Answers | None = None
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Open the connection; the caller holds the right of the pace to do so."""
        self._heed()
        if not self._manners.admits(self.address):
            raise ForbiddenError(f"{self.address} is not in scope")
        self.connections += 1
        metrics.CONNECTIONS.inc()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._manners.connect_timeout):
                transport, protocol = await loop.create_connection(
                    lambda: Answers(loop), self.address, self.target.port
                )
        except TimeoutError as error:
            raise SilentError from error
        self.connected = True
        if self.tls:
            protocol = await self._secure(transport)
        self._ready = self._live = protocol

    async def _secure(self, transport: asyncio.Transport) -> Answers:
        if transport.is_closing():
            raise TlsError("the connection was closed before the handshake")
        loop = asyncio.get_running_loop()
        protocol = Answers(loop)
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
        kept = self._live is not None and self._ready is None and self._is_quiet(self._live)
        if not kept and self._ready is None:
            await self.reopen()
        try:
            return await self._exchange(question)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, _ClosedError):
            if not kept:
                raise
        await self.reopen()
        return await self._exchange(question)

    @staticmethod
    def _is_quiet(live: Answers) -> bool:
        """Whether a kept connection can be asked: an answer that lies there already is to no question of ours."""
        if live.should_close:
            live.abort()
        return live.is_connected()

    async def reopen(self) -> None:
        """Open a further connection, once the pace allows one more into this network."""
        await self._pace.connection(network_of(self.address))
        await self.open()

    def _heed(self) -> None:
        if self._manners.opted_out(self.target.name, self.address):
            raise OptedOutError

    async def _exchange(self, question: Question) -> Exchange:
        self._heed()
        self.requests += 1
        began = time.perf_counter()
        try:
            async with self._request(question) as response:
                coding = response.headers.get("Content-Encoding", "")
                body, truncated = await read_body(response.content, coding, self._share)
        except aiohttp.ClientError as error:
            if self._live is not None and self._live.garbled is not None:
                raise self._live.garbled from error
            raise
        metrics.EXCHANGE_SECONDS.observe(time.perf_counter() - began)
        headers: dict[str, str] = {}
        for key, value in response.headers.items():
            headers.setdefault(key.lower(), value)
        return Exchange(question, response.status, headers, body, truncated)

    @contextlib.asynccontextmanager
    async def _request(self, question: Question) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_Dialer(self._take),
                headers=self._manners.headers(),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
                read_bufsize=_BUFFER,
                max_line_size=_FIELD_CAP,
                max_field_size=_FIELD_CAP,
            )
        address = f"[{self.address}]" if ":" in self.address else self.address
        url = URL.build(
            scheme="https" if self.tls else "http",
            host=self.target.name or address,
            port=self.target.port,
            path=question.path,
            encoded=True,
        )
        data, headers = _payload(question)
        async with self._session.request(
            question.method, url, data=data, headers=headers, allow_redirects=False
        ) as response:
            yield response

    def _take(self) -> Answers:
        """The open connection, once; aiohttp's own retry of a failed request finds none and gives up."""
        protocol, self._ready = self._ready, None
        if protocol is None:
            raise _ClosedError
        return protocol

    async def close(self) -> None:
        """Close what is open and wait until the socket is gone, so that the next one to this address stands alone."""
        if self._live is not None:
            gone = self._live.closed
            self._live.abort()
            if gone is not None:
                with contextlib.suppress(aiohttp.ClientError):
                    await gone
        if self._session is not None:
            await self._session.close()


class _ClosedError(aiohttp.ClientError):
    """The server closed the connection before it had answered."""


def _payload(question: Question) -> tuple[bytes | None, dict[str, str] | None]:
    if question.model is None:
        return None, None  # both spellings below: servers before 0.1.21 know only `name`
    body = {"model": question.model, "name": question.model, "verbose": False}
    return json.dumps(body).encode(), {"Content-Type": "application/json"}
