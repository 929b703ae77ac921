"""One connection for one target: opened first, kept for all questions, asked nothing outside the allow-list.

aiohttp speaks HTTP; what is ours is when a connection may be opened (scope and pace are asked each time, with the
address actually connected to), what may be asked on it, and how much of an answer is read.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp

from census import metrics
from census.exchanges import Exchange, Question
from census.facts import Target
from census.kinds.allowed import allowed
from census.probe.bodies import Budget, Share, read_body, whole_body
from census.probe.errors import ForbiddenError, OptedOutError, SilentError, TlsError
from census.probe.pace import Pace, network_of
from census.probe.protocol import Answers


@dataclass(frozen=True)
class Manners:
    """How this scan behaves towards a target.

    `user_agent` and `sender` (the From header) come from the scope; `connect_timeout` is seconds for a connection
    to stand, `deadline` seconds for all of a target; `requests` is the most that one endpoint is asked;
    `details` allows POST /api/show; one target in `loaded` is asked what it has loaded; `admits` says whether an
    address may be connected to; `opted_out` whether a name (or None) and address asked, perhaps only now, to be left
    alone.
    """

    user_agent: str
    sender: str | None
    admits: Callable[[str], bool]
    connect_timeout: float = 3.0
    deadline: float = 15.0
    requests: int = 64
    details: bool = True
    loaded: int = 1
    opted_out: Callable[[str | None, str], bool] = lambda _name, _address: False

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


def _first_of_each(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by their names in lower case; of those that were sent more than once, the first."""
    found = {name.lower(): value for name, value in headers.items()}
    if len(found) != len(headers):
        found = {name.lower(): value for name, value in reversed([*headers.items()])}
    return found


class Conversation:
    """Everything that is said with one target, over one connection as long as the server keeps it.

    `address` is the resolved and admitted address; the first connection is opened by `open`, further ones only
    when the server closed the last. `share` is what its answers may take of the budget of a process, by default of
    one for this target alone; the caller closes it. Raises what `census.probe.errors` has in its table.
    """

    __slots__ = (  # there may be many thousands that only wait for a connection
        "_before", "_context", "_fresh", "_host", "_live", "_manners", "_pace", "_plain", "_share", "address",
        "certificate", "connected", "connections", "sent", "target", "tls",
    )  # fmt: skip

    def __init__(
        self,
        target: Target,
        address: str,
        manners: Manners,
        pace: Pace,
        context: ssl.SSLContext,
        *,
        share: Share | None = None,
        before: int = 0,
    ) -> None:
        self.target = target
        self.address = address
        self.tls = bool(target.tls)
        self.connected = False  # whether a TCP connection ever stood
        self.certificate: str | None = None
        self.connections = 0
        self.sent: tuple[
            tuple[str, int], ...
        ] = ()  # of each request its label and the status of its answer, 0 for none
        self._before = before
        self._manners = manners
        self._pace = pace
        self._context = context
        self._share = share or Budget().share()
        host = target.name or (f"[{address}]" if ":" in address else address)
        self._host = f"{host}:{target.port}"
        self._fresh = False  # nothing was asked yet on the connection that stands
        self._plain: asyncio.Transport | None = None  # that TLS is to be put on
        self._live: Answers | None = None

    async def open(self) -> None:
        """Open the connection in the time that connecting may take; the caller holds the right of the pace to do so."""
        try:
            async with asyncio.timeout(self._manners.connect_timeout):
                await self.connect()
        except TimeoutError as error:
            raise SilentError from error
        await self.secure()

    async def connect(self) -> None:
        """Open the connection; whoever calls this bounds its time, and calls `secure` at once."""
        self._heed()
        if not self._manners.admits(self.address):
            raise ForbiddenError(f"{self.address} is not in scope")
        self.connections += 1
        metrics.CONNECTIONS.count()
        loop = asyncio.get_running_loop()
        where = self.address, self.target.port
        if self.tls:
            self._plain, _ = await loop.create_connection(asyncio.Protocol, *where)
        else:
            _, self._live = await loop.create_connection(lambda: Answers(loop), *where)
        self.connected = True

    async def secure(self) -> None:
        """Put TLS on the connection that stands, where the target is to be asked with it; then it can be asked."""
        if self.tls:
            assert self._plain is not None
            self._live = await self._secure(self._plain)
        self._fresh = True

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
        kept = self._live is not None and not self._fresh and self._live.usable
        if not (kept or self._fresh):
            await self.reopen()
        try:
            return await self._exchange(question)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            if not (kept and self.may_ask()):
                raise
        await self.reopen()
        return await self._exchange(question)

    def may_ask(self) -> bool:
        """Whether one more request may be sent, of those that an endpoint may get in one scan."""
        return self._before + len(self.sent) < self._manners.requests

    async def reopen(self) -> None:
        """Open a further connection, once the last is gone and the pace allows one more into this network."""
        await self.close()
        await self._pace.connection(network_of(self.address))
        await self.open()

    def _heed(self) -> None:
        if self._manners.opted_out(self.target.name, self.address):
            raise OptedOutError

    async def _exchange(self, question: Question) -> Exchange:
        self._heed()
        assert self._live is not None
        self._fresh = False
        protocol, began = self._live, time.perf_counter()
        status = 0
        try:
            message, content = await protocol.ask(self._request(question))
            coding = message.headers.get("Content-Encoding", "")
            whole = whole_body(content, coding, self._share)
            body, truncated = (whole, False) if whole is not None else await read_body(content, coding, self._share)
            status = message.code
        except aiohttp.ClientError as error:
            if protocol.garbled is not None:
                raise protocol.garbled from error
            raise
        finally:
            self.sent += ((question.label, status),)
        metrics.EXCHANGE_SECONDS.observe(time.perf_counter() - began)
        return Exchange(question, message.code, _first_of_each(message.headers), body, truncated)

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
            await self._live.leave()
