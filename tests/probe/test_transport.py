from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from census.exchanges import Question
from census.facts import Target
from census.kinds.allowed import ALLOWED
from census.probe.bodies import BODY_CAP
from census.probe.errors import ForbiddenError, SilentError, TlsError
from census.probe.pace import Pace
from census.probe.protocol import Answers
from census.probe.transport import Conversation, Manners, tls_context
from tests.support.wire import Handler, Wire, answer, answers, listen, page, raw

TAGS = Question("GET", "/api/tags")
VERSION = Question("GET", "/api/version")
MANNERS = Manners("census/test (mailto:a@example.edu)", "a@example.edu", lambda address: address.startswith("127."))


def talk(
    handler: Handler,
    script: Callable[[Conversation, Wire], Awaitable[None]],
    manners: Manners = MANNERS,
    tls: ssl.SSLContext | None = None,
) -> None:
    async def run() -> None:
        async with listen(handler, tls=tls) as wire:
            pace = Pace(1000, 1000)
            target = Target("127.0.0.1", wire.port, tls=tls is not None)
            conversation = Conversation(target, "127.0.0.1", manners, pace, tls_context())
            try:
                await conversation.open()
                await script(conversation, wire)
            finally:
                await conversation.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/generate"),
        ("POST", "/api/chat"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/api/pull"),
        ("DELETE", "/api/delete"),
        ("HEAD", "/api/tags"),
        ("POST", "/api/tags"),
        ("GET", "/health"),
        ("GET", "/props?model=x"),
        ("GET", "/slots"),
        ("GET", "/server_info"),
        ("GET", "/api/tags/../generate"),
        ("GET", "/0123456789ABCDEF"),
        ("GET", "/0123456789abcdef0"),
    ],
)
def test_anything_outside_the_allow_list_raises_before_a_byte_is_sent(method: str, path: str) -> None:
    async def script(conversation: Conversation, wire: Wire) -> None:
        with pytest.raises(ForbiddenError):
            await conversation.ask(Question(method, path))
        await conversation.ask(TAGS)
        assert wire.requests == [("GET", "/api/tags")]

    talk(answers({"/api/tags": page({"models": []})}), script)


def test_a_model_may_be_named_only_to_show() -> None:
    async def script(conversation: Conversation, wire: Wire) -> None:
        with pytest.raises(ForbiddenError):
            await conversation.ask(Question("GET", "/api/tags", model="x"))
        with pytest.raises(ForbiddenError):
            await conversation.ask(Question("POST", "/api/show"))
        await conversation.ask(Question("POST", "/api/show", model='a"b'))
        assert wire.bodies == [b'{"model": "a\\"b", "name": "a\\"b", "verbose": false}']

    talk(answers({"/api/show": page({})}), script)


def test_nothing_on_the_allow_list_changes_anything() -> None:
    assert {method for method, _ in ALLOWED} == {"GET", "POST"}
    assert [path for method, path in ALLOWED if method == "POST"] == ["/api/show"]


def test_one_connection_serves_all_questions() -> None:
    async def script(conversation: Conversation, wire: Wire) -> None:
        for _ in range(3):
            assert (await conversation.ask(TAGS)).json() == {"models": []}
            assert (await conversation.ask(VERSION)).status == 404
        assert wire.connections == 1
        assert conversation.connections == 1
        assert len(conversation.sent) == 6

    talk(answers({"/api/tags": page({"models": []})}), script)


def test_a_server_that_closes_after_each_answer_is_connected_to_again() -> None:
    async def script(conversation: Conversation, wire: Wire) -> None:
        for _ in range(3):
            assert (await conversation.ask(TAGS)).status == 200
        assert wire.connections == 3
        assert conversation.connections == 3

    talk(answers({"/api/tags": page({"models": []}, 200, "Connection: close")}), script)


def test_a_server_that_closes_silently_between_two_questions_is_asked_again_once() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(page({"models": []}))
        await reader.readuntil(b"\r\n\r\n")  # takes the second question and goes

    async def script(conversation: Conversation, wire: Wire) -> None:
        await conversation.ask(TAGS)
        assert (await conversation.ask(TAGS)).status == 200
        assert wire.connections == 2

    talk(handler, script)


def test_an_answer_that_lies_there_before_the_question_is_not_taken_for_its_answer() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        writer.write(page({"models": []}) if b"/api/tags " in asked else page({"version": "0.33.0"}))
        await asyncio.sleep(0.05)
        writer.write(page({"version": "6.6.6"}))
        await reader.read()

    async def script(conversation: Conversation, wire: Wire) -> None:
        await conversation.ask(TAGS)
        await asyncio.sleep(0.3)
        assert (await conversation.ask(VERSION)).json() == {"version": "0.33.0"}
        assert wire.connections == 2

    talk(handler, script)


def test_a_first_question_that_is_cut_off_is_not_asked_again() -> None:
    async def script(conversation: Conversation, wire: Wire) -> None:
        with pytest.raises(Exception, match=r".*"):
            await conversation.ask(TAGS)
        assert wire.connections == 1

    talk(raw(), script)


def test_every_request_says_who_asks_and_carries_no_cookie_origin_or_key() -> None:
    async def script(conversation: Conversation, wire: Wire) -> None:
        await conversation.ask(TAGS)
        await conversation.ask(VERSION)
        for headers in wire.headers:
            assert headers["user-agent"] == "census/test (mailto:a@example.edu)"
            assert headers["from"] == "a@example.edu"
            assert headers["host"] == f"127.0.0.1:{wire.port}"
            assert not headers.keys() & {"cookie", "origin", "referer", "authorization"}

    talk(answers({"/api/tags": page({}, 200, "Set-Cookie: a=b; Path=/")}), script)


def test_a_redirect_is_an_answer_and_never_followed() -> None:
    async def script(conversation: Conversation, wire: Wire) -> None:
        exchange = await conversation.ask(TAGS)
        assert exchange.status == 302
        assert len(wire.requests) == 1

    talk(answers({"/api/tags": answer(302, b"", "text/html", "Location: http://127.9.9.9/x")}), script)


def test_a_body_is_cut_at_the_cap_and_known_to_be_cut() -> None:
    async def script(conversation: Conversation, _: Wire) -> None:
        exchange = await conversation.ask(TAGS)
        assert len(exchange.body) == BODY_CAP
        assert exchange.truncated
        assert exchange.json() is None

    talk(answers({"/api/tags": answer(200, b"[" + b" " * BODY_CAP + b"]")}), script)


def test_a_body_of_exactly_the_cap_is_whole() -> None:
    async def script(conversation: Conversation, _: Wire) -> None:
        exchange = await conversation.ask(TAGS)
        assert len(exchange.body) == BODY_CAP
        assert not exchange.truncated

    talk(answers({"/api/tags": answer(200, b"x" * BODY_CAP)}), script)


def test_a_compression_bomb_is_unpacked_no_further_than_the_cap() -> None:
    bomb = gzip.compress(b"\0" * (200 * 1024 * 1024))

    async def script(conversation: Conversation, _: Wire) -> None:
        exchange = await conversation.ask(TAGS)
        assert len(exchange.body) == BODY_CAP
        assert exchange.truncated

    talk(answers({"/api/tags": answer(200, bomb, "application/json", "Content-Encoding: gzip")}), script)


def test_compressed_answers_are_read_and_damaged_ones_are_empty() -> None:
    packed = gzip.compress(b'{"models":[]}')
    pages = {
        "/api/tags": answer(200, packed, "application/json", "Content-Encoding: gzip"),
        "/api/version": answer(200, b"no gzip at all", "application/json", "Content-Encoding: gzip"),
    }

    async def script(conversation: Conversation, _: Wire) -> None:
        assert (await conversation.ask(TAGS)).json() == {"models": []}
        damaged = await conversation.ask(VERSION)
        assert (damaged.body, damaged.truncated) == (b"", True)

    talk(answers(pages), script)


def test_the_gate_is_asked_with_the_address_that_is_connected_to() -> None:
    asked: list[str] = []

    def admits(address: str) -> bool:
        asked.append(address)
        return False

    async def run() -> int:
        async with listen(raw()) as wire:
            manners = Manners("census/test", None, admits)
            target = Target(None, wire.port, name="llm.example.edu")
            conversation = Conversation(target, "127.0.0.1", manners, Pace(10, 10), tls_context())
            with pytest.raises(ForbiddenError):
                await conversation.open()
            await conversation.close()
            return wire.connections

    assert asyncio.run(run()) == 0
    assert asked == ["127.0.0.1"]


def test_a_name_is_sent_as_host_to_the_resolved_address() -> None:
    async def run() -> None:
        async with listen(answers({})) as wire:
            target = Target(None, wire.port, name="llm.example.edu")
            conversation = Conversation(target, "127.0.0.1", MANNERS, Pace(10, 10), tls_context())
            await conversation.open()
            await conversation.ask(TAGS)
            await conversation.close()
            assert wire.headers[0]["host"] == f"llm.example.edu:{wire.port}"

    asyncio.run(run())


def test_any_certificate_is_taken_and_its_hash_kept() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).parents[1] / "support" / "self-signed.pem")

    async def script(conversation: Conversation, wire: Wire) -> None:
        assert (await conversation.ask(TAGS)).status == 200
        assert (await conversation.ask(VERSION)).status == 404
        assert wire.connections == 1
        assert conversation.certificate is not None
        assert len(conversation.certificate) == 64

    talk(answers({"/api/tags": page({})}), script, tls=context)


def test_a_plain_server_on_a_tls_target_is_a_tls_failure() -> None:
    async def run() -> None:
        async with listen(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as wire:
            target = Target("127.0.0.1", wire.port, tls=True)
            conversation = Conversation(target, "127.0.0.1", MANNERS, Pace(10, 10), tls_context())
            with pytest.raises(TlsError):
                await conversation.open()
            assert conversation.connected
            await conversation.close()

    asyncio.run(run())


def test_no_answer_to_a_connection_attempt_is_silence() -> None:
    async def run(port: int) -> None:
        manners = Manners("census/test", None, lambda _: True, connect_timeout=0.2)
        conversation = Conversation(Target("127.0.0.1", port), "127.0.0.1", manners, Pace(10, 10), tls_context())
        with pytest.raises(SilentError):
            await conversation.open()
        assert not conversation.connected
        await conversation.close()

    with contextlib.ExitStack() as stack:
        # With a full backlog the kernel drops further attempts.
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        time.sleep(0.05)
        asyncio.run(run(port))


def test_the_limit_of_a_header_is_that_of_each_answer_and_not_of_all_on_a_connection() -> None:
    long = "X-Long: " + "x" * 50_000

    async def script(conversation: Conversation, wire: Wire) -> None:
        for _ in range(4):
            exchange = await conversation.ask(TAGS)
            assert (exchange.json(), len(exchange.headers["x-long"])) == ({"models": []}, 50_000)
        assert wire.connections == 1

    talk(answers({"/api/tags": page({"models": []}, 200, long)}), script)


def test_of_a_header_that_is_sent_twice_the_first_counts() -> None:
    async def script(conversation: Conversation, _: Wire) -> None:
        exchange = await conversation.ask(TAGS)
        assert (exchange.headers["server"], exchange.headers["x-a"]) == ("one", "1")

    talk(answers({"/api/tags": page({}, 200, "Server: one", "X-A: 1", "SERVER: two", "server: three")}), script)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_question_is_not_held_back_to_go_out_with_others(run: Callable[[Coroutine[Any, Any, int]], int]) -> None:
    async def delayed() -> int:
        loop = asyncio.get_running_loop()
        async with listen(answers({})) as wire:
            transport, _ = await loop.create_connection(lambda: Answers(loop), "127.0.0.1", wire.port)
            option = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            transport.abort()
            return int(option)

    assert run(delayed()) != 0
