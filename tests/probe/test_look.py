from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvloop

from census import metrics
from census.facts import Observation, Outcome, Target, Tools
from census.probe.bodies import BODY_CAP
from census.probe.errors import SilentError, TlsError, outcome_of
from census.probe.look import Prober
from census.probe.pace import Pace
from census.probe.protocol import Answers
from census.probe.transport import Manners, tls_context
from tests.support.wire import Handler, Wire, answer, answers, listen, page, raw

MODEL = {
    "name": "llama3.2:3b",
    "model": "llama3.2:3b",
    "modified_at": "2026-01-01T00:00:00Z",
    "size": 2019393189,
    "digest": "a" * 64,
    "details": {"format": "gguf", "family": "llama", "parameter_size": "3.2B", "quantization_level": "Q4_K_M"},
    "capabilities": ["completion", "tools"],
}
TAGS = page({"models": [MODEL]})
JSON = "application/json"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def look(handler: Handler, *, deadline: float = 5.0, requests: int = 64) -> tuple[Observation, Wire]:
    async def run() -> tuple[Observation, Wire]:
        async with listen(handler) as wire:
            pace = Pace(1000, 1000)
            manners = Manners(
                "census/test", None, lambda _: True, connect_timeout=1, deadline=deadline, requests=requests
            )
            prober = Prober(manners, pace, tls_context())
            seen = await prober.look(Target("127.0.0.1", wire.port), "127.0.0.1")
            return seen, wire

    return asyncio.run(run())


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def speaks_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    await writer.drain()
    await reader.read()


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"models":[')
    while True:
        writer.write(b"1," * 30_000)
        await writer.drain()


async def endless_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        writer.write(b"a" * 60_000)
        await writer.drain()


CASES: dict[str, tuple[Handler, Outcome]] = {
    "ssh banner": (raw(b"SSH-2.0-OpenSSH_9.2p1\r\n", 0.1), Outcome.NOT_HTTP),
    "a banner before the question": (speaks_first, Outcome.NOT_HTTP),
    "random bytes": (raw(bytes(range(1, 200)), 0.1), Outcome.NOT_HTTP),
    "an endless header": (endless_header, Outcome.NOT_HTTP),
    "closed at once": (raw(), Outcome.BROKEN_OFF),
    "reset at once": (raw(reset=True), Outcome.BROKEN_OFF),
    "closed in the body": (
        raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"),
        Outcome.BROKEN_OFF,
    ),
    "closed in the header": (raw(b"HTTP/1.1 200 OK\r\nContent-Ty"), Outcome.BROKEN_OFF),
    "bad chunks": (raw(CHUNKED + b"zz\r\nno\r\n", 0.1), Outcome.NOT_HTTP),
    "closed in a chunk": (raw(CHUNKED + b'10\r\n{"models":['), Outcome.BROKEN_OFF),
    "closed in a later chunk": (raw(CHUNKED, 0.1, b'10\r\n{"models":['), Outcome.BROKEN_OFF),
    "bad chunks later": (raw(CHUNKED, 0.1, b"zz\r\nno\r\n", 0.1), Outcome.NOT_HTTP),
    "never an answer": (raw(30.0), Outcome.TOO_SLOW),
    "a drip": (drip, Outcome.TOO_SLOW),
    "an endless list": (endless, Outcome.MISREAD),
    "html for all": (answers({}, answer(200, b"<!doctype html><title>x</title>", "text/html")), Outcome.OTHER),
    "404 for all": (answers({}), Outcome.OTHER),
    "429 for all": (answers({}, answer(429, b"", JSON, "Retry-After: 60")), Outcome.OTHER),
    "503 for all": (answers({}, page({"error": "loading"}, 503)), Outcome.OTHER),
    "redirects for all": (answers({}, answer(301, b"", "text/html", "Location: /login")), Outcome.OTHER),
    "401 for all": (answers({}, answer(401, b"no", "text/html", 'WWW-Authenticate: Basic realm="x"')), Outcome.LOCKED),
    "a list that is no list": (answers({"/api/tags": page({"models": "llama"})}), Outcome.MISREAD),
    "no json though it says so": (answers({"/api/tags": answer(200, b'{"models":[{')}), Outcome.MISREAD),
    "ten thousand brackets": (answers({"/api/tags": answer(200, b'{"models":' + b"[" * 100_000)}), Outcome.MISREAD),
    "a list above the cap": (
        answers({"/api/tags": answer(200, b'{"models":[' + b" " * BODY_CAP + b"]}")}),
        Outcome.MISREAD,
    ),
    "no model": (
        answers({"/api/tags": page({"models": []}), "/api/version": page({"version": "0.33.0"})}),
        Outcome.EMPTY,
    ),
    "one model": (answers({"/api/tags": TAGS, "/api/version": page({"version": "0.33.0"})}), Outcome.SERVED),
    "a list with another status": (answers({"/api/tags": page({"models": [MODEL]}, 500)}), Outcome.OTHER),
}


@pytest.mark.parametrize("name", CASES)
def test_each_behaviour_ends_in_its_outcome(name: str) -> None:
    handler, outcome = CASES[name]
    before = metrics.unexpected_errors()
    seen, wire = look(handler, deadline=1.0)
    assert seen.outcome is outcome
    assert metrics.unexpected_errors() == before
    assert wire.most_at_once == 1
    assert seen.connections == wire.connections
    assert seen.requests >= len(wire.requests)


def answers_once(said: bytes) -> Handler:
    """Answers the very first request, and resets whoever asks further."""
    met: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not met:
            met.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(said)
            await writer.drain()
        await reader.read(1)
        writer.transport.abort()

    return handler


ODD: dict[str, Callable[[], Handler]] = {
    "nothing is there, and then it resets": lambda: answers_once(answer(404, b"{}")),
    "a list, and then it resets": lambda: answers_once(TAGS),
    "pauses": lambda: answers({}, answer(429, b"", JSON, "Retry-After: 1")),
    "closed at once": raw,
}


def test_who_answers_the_first_question_and_then_hangs_up_spoke_http() -> None:
    seen, _ = look(answers_once(answer(404, b"{}")))
    assert seen.outcome is Outcome.OTHER
    assert seen.requests > 1


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("name", ODD)
def test_no_endpoint_gets_more_requests_than_the_limit_whatever_it_does(name: str, limit: int) -> None:
    assert look(ODD[name](), requests=limit)[0].requests <= limit


def test_every_request_is_counted() -> None:
    def counted() -> float:
        return sum(sample.value for family in metrics.REQUESTS.collect() for sample in family.samples)

    before = counted()
    asked = [look(make())[0].requests for make in ODD.values()]
    assert counted() - before == sum(asked) > len(ODD)


def test_a_dead_end_costs_two_requests_over_one_connection() -> None:
    seen, wire = look(answers({}))
    assert len(wire.requests) == 2
    assert (seen.requests, seen.connections) == (2, 1)


FURTHER: dict[str, bytes | None] = {
    "server error": answer(500, b"oops", "text/plain"),
    "nonsense": answer(200, b"\xff\xfe\x00garbage"),
    "wrong types": page({"version": {"a": 1}, "models": "x"}),
    "not found": answer(404, b"404 page not found", "text/plain"),
    "reset": None,
}


@pytest.mark.parametrize("trouble", FURTHER)
def test_what_was_learnt_before_trouble_is_kept(trouble: str) -> None:
    said = FURTHER[trouble]

    async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if b"/api/tags " not in head and b"/v1/models " not in head:
                writer.transport.abort()
                return
            writer.write(TAGS if b"/api/tags " in head else answer(404, b"404 page not found", "text/plain"))

    seen, _ = look(answers({"/api/tags": TAGS}, said) if said else resets)
    if trouble == "not found":
        assert seen.outcome is Outcome.SERVED
    assert seen.outcome is Outcome.SERVED
    assert [model.name for model in seen.models] == ["llama3.2:3b"]
    assert seen.software == "Ollama"


def test_a_server_that_falls_silent_after_its_list_is_served() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if b"/api/version " in head:
                await asyncio.sleep(30)
            writer.write(TAGS if b"/api/tags " in head else answer(404, b"404 page not found", "text/plain"))

    seen, _ = look(handler, deadline=0.5)
    assert seen.outcome is Outcome.SERVED
    assert seen.version is None


def test_tools_and_version_are_read_from_a_current_ollama() -> None:
    pages = {"/api/tags": TAGS, "/api/version": page({"version": "0.33.0"}), "/api/ps": page({"models": []})}
    seen, _ = look(answers(pages))
    assert (seen.software, seen.version, seen.running) == ("Ollama", "0.33.0", 0)
    assert seen.models[0].tools is Tools.YES
    assert seen.models[0].tools_source == "tags"
    assert seen.signals == frozenset()
    assert seen.latency_ms is not None
    assert 0 < seen.latency_ms < 5000


def serve_https(listening: socket.socket) -> None:
    """Two connections: plain HTTP is told off as Go's server does, TLS is served an empty Ollama, keep-alive."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).parents[1] / "support" / "self-signed.pem")
    plain, _ = listening.accept()
    with plain:
        plain.recv(1000)
        plain.sendall(answer(400, b"Client sent an HTTP request to an HTTPS server.\n", "text/plain"))
    raw_connection, _ = listening.accept()
    with contextlib.suppress(OSError), context.wrap_socket(raw_connection, server_side=True) as secured:
        while asked := secured.recv(10_000):
            first = asked.startswith((b"GET /api/tags ", b"GET /v1/models "))
            secured.sendall(page({"models": []}) if first else answer(404, b"404 page not found", "text/plain"))


def test_a_tls_server_that_says_so_to_plain_http_is_asked_again_with_tls() -> None:
    async def run(port: int) -> Observation:
        prober = Prober(Manners("census/test", None, lambda _: True), Pace(100, 100), tls_context())
        return await prober.look(Target("127.0.0.1", port), "127.0.0.1")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve_https, args=[listening])
        thread.start()
        seen = asyncio.run(run(listening.getsockname()[1]))
        thread.join(5)
    assert seen.outcome is Outcome.EMPTY
    assert seen.connections == 2
    assert seen.certificate is not None


def test_a_tls_target_that_closes_at_once_is_its_own_fault() -> None:
    async def goes(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def run() -> Observation:
        async with listen(goes) as wire:
            prober = Prober(Manners("census/test", None, lambda _: True), Pace(100, 100), tls_context())
            return await prober.look(Target("127.0.0.1", wire.port, tls=True), "127.0.0.1")

    before = metrics.unexpected_errors()
    for _ in range(5):
        assert uvloop.run(run()).outcome in (Outcome.TLS_FAILED, Outcome.BROKEN_OFF)
    assert metrics.unexpected_errors() == before


def test_an_ipv6_target_is_asked_like_any_other() -> None:
    async def run() -> tuple[Observation, Wire]:
        async with listen(answers({"/api/tags": TAGS}), "::1") as wire:
            prober = Prober(Manners("census/test", None, lambda _: True), Pace(100, 100), tls_context())
            return await prober.look(Target("::1", wire.port), "::1"), wire

    seen, wire = asyncio.run(run())
    assert seen.outcome is Outcome.SERVED
    assert wire.headers[0]["host"] == f"[::1]:{wire.port}"


def test_refused_is_refused() -> None:
    async def run() -> Observation:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        prober = Prober(Manners("census/test", None, lambda _: True), Pace(10, 10), tls_context())
        return await prober.look(Target("127.0.0.1", port), "127.0.0.1")

    seen = asyncio.run(run())
    assert seen.outcome is Outcome.REFUSED
    assert (seen.connections, seen.requests, seen.latency_ms) == (1, 0, None)


def test_an_address_that_left_the_scope_meanwhile_is_not_contacted() -> None:
    async def run() -> tuple[Observation, int]:
        async with listen(answers({})) as wire:
            prober = Prober(Manners("census/test", None, lambda _: False), Pace(10, 10), tls_context())
            return await prober.look(Target("127.0.0.1", wire.port), "127.0.0.1"), wire.connections

    seen, connections = asyncio.run(run())
    assert seen.outcome is Outcome.OUT_OF_SCOPE
    assert connections == 0


def errors() -> Iterator[tuple[BaseException, Outcome | None]]:
    yield ConnectionRefusedError(errno.ECONNREFUSED, "x"), Outcome.REFUSED
    yield OSError(errno.ENETUNREACH, "x"), Outcome.UNREACHABLE
    yield OSError(errno.EHOSTUNREACH, "x"), Outcome.UNREACHABLE
    yield OSError(errno.ETIMEDOUT, "x"), Outcome.TIMED_OUT
    yield SilentError(), Outcome.TIMED_OUT
    yield TlsError("x"), Outcome.TLS_FAILED
    yield TimeoutError(), Outcome.TOO_SLOW
    yield ConnectionResetError(errno.ECONNRESET, "x"), Outcome.BROKEN_OFF
    yield aiohttp.ServerDisconnectedError(), Outcome.BROKEN_OFF
    yield aiohttp.ClientOSError(errno.ETIMEDOUT, "x"), Outcome.BROKEN_OFF
    yield aiohttp.ClientPayloadError(), Outcome.BROKEN_OFF
    yield OSError(errno.EMFILE, "x"), None
    yield ValueError("x"), None


@pytest.mark.parametrize("case", list(errors()), ids=lambda case: repr(case[0]))
def test_the_table_of_errors(case: tuple[BaseException, Outcome | None]) -> None:
    assert outcome_of(case[0]) is case[1]


def test_a_fault_of_ours_is_logged_counted_and_does_not_end_the_scan(caplog: Any) -> None:
    async def run() -> Observation:
        async with listen(answers({})) as wire:
            # A header that would end its line: the fault is in the program, not in the target.
            prober = Prober(Manners("a\r\nb", None, lambda _: True), Pace(10, 10), tls_context())
            return await prober.look(Target("127.0.0.1", wire.port), "127.0.0.1")

    before = metrics.unexpected_errors()
    assert asyncio.run(run()).outcome is Outcome.MISREAD
    assert metrics.unexpected_errors() == before + 1
    assert "fault of ours" in caplog.text


def test_no_status_of_a_server_makes_a_class_that_http_has_not() -> None:
    def classes() -> set[str]:
        (family,) = metrics.REQUESTS.collect()
        return {sample.labels["status"] for sample in family.samples}

    for status in (404, 600, 799, 999):
        look(answers({}, answer(status, b"", "text/plain")))
    assert {"4xx", "other"} <= classes() <= {"1xx", "2xx", "3xx", "4xx", "5xx", "other", "failed"}


def test_a_target_whose_time_ends_while_an_old_connection_goes_has_its_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(self: Answers, error: BaseException | None) -> None:  # as a busy loop would be
        asyncio.get_running_loop().call_later(0.6, gone, self, error)

    gone = Answers.connection_lost
    monkeypatch.setattr(Answers, "connection_lost", late)
    seen, _ = look(endless, deadline=0.4)
    assert seen.outcome in (Outcome.TOO_SLOW, Outcome.MISREAD)


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"",
    ],
)
def test_a_target_that_fails_leaves_nothing_that_only_a_search_for_garbage_would_free(said: bytes) -> None:
    gc.collect()
    gc.disable()
    try:
        seen, _ = look(raw(said))
        assert not any(isinstance(each, Answers) for each in gc.get_objects())
    finally:
        gc.enable()
    assert seen.outcome in (Outcome.NOT_HTTP, Outcome.BROKEN_OFF)


@pytest.mark.parametrize(("size", "expected"), [(1, Outcome.NOT_HTTP), (40, Outcome.SERVED)])
def test_chunks_of_nearly_nothing_are_not_read_to_their_end(size: int, expected: Outcome) -> None:
    listed = b'{"models":[{"name":"a:7b","digest":"' + b"a" * 64 + b'"}],"pad":"' + b"x" * 400_000 + b'"}'
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(part), part)
        for part in (listed[place : place + size] for place in range(0, len(listed), size))
    )
    seen, _ = look(raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"))
    assert seen.outcome is expected
