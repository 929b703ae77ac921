"""What reaches servers that ask for a pause, by the times of arrival."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.support.scanning import create, scope, work
from tests.support.wire import Handler, Wire, answer, handler_wires, listen, page, until

MODELS = page({"models": [{"name": "qwen3:8b", "model": "qwen3:8b", "digest": "b" * 64}]})
BUSY = "application/json"


def busy(times: int, retry_after: str, status: int = 429, first: Callable[[], object] = lambda: True) -> Handler:
    """An Ollama that asks for a pause so many times, then answers; it says nothing before `first` holds."""
    left = itertools.count(times, -1)
    pages = {"/api/tags": MODELS, "/api/version": page({"version": "0.33.0"}), "/api/ps": page({"models": []})}

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = handler_wires[handler]
        while True:
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
            wire.asked_at.append(asyncio.get_running_loop().time())
            wire.requests.append(("GET", path))
            await until(first)
            pause = answer(status, b"", BUSY, f"Retry-After: {retry_after}")
            writer.write(pause if next(left) > 0 else pages.get(path, answer(404, b"404 page not found", "text/plain")))

    return handler


def hesitant() -> Handler:
    """A server that knows no path and takes a while to say so."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            handler_wires[handler].asked_at.append(asyncio.get_running_loop().time())
            await asyncio.sleep(0.3)
            writer.write(answer(404, b"", "text/plain"))

    return handler


def scan(
    url: str, folder: Path, handlers: list[tuple[str, Handler]], deadline: float, per_host: int = 1
) -> tuple[list[Wire], list[str | None]]:
    """Scan one listener after another (address, handler); gives what reached them and their outcomes."""

    async def run() -> list[Wire]:
        async with contextlib.AsyncExitStack() as stack:
            wires = [await stack.enter_async_context(listen(handler, address)) for address, handler in handlers]
            targets = [f"{address}:{wire.port}" for (address, _), wire in zip(handlers, wires, strict=True)]
            allowed = replace(scope(folder), per_host=per_host)
            await work(url, create(url, folder, targets, allowed, deadline=deadline))
            return wires

    wires = asyncio.run(run())
    with psycopg.connect(url) as connection:
        rows = connection.execute("select host(addresses[i]), ports[i], get_byte(outcomes, i - 1) as outcome"
                                  " from chunk, generate_subscripts(ports, 1) as i").fetchall()  # fmt: skip
        words: dict[int, str] = dict(connection.execute("select id, word from outcome").fetchall())
    found = {(address, port): words[byte] for address, port, byte in rows}
    return wires, [found[address, wire.port] for (address, _), wire in zip(handlers, wires, strict=True)]


def test_a_pause_that_fits_the_deadline_is_waited_for(database_url: str, tmp_path: Path) -> None:
    [wire], outcomes = scan(database_url, tmp_path, [("127.0.0.1", busy(1, "1"))], deadline=8)
    assert outcomes == ["served"]
    assert wire.asked_at[1] - wire.asked_at[0] >= 0.99
    assert wire.requests[:2] == [("GET", "/v1/models")] * 2


def test_a_pause_holds_for_targets_of_the_address_that_are_being_asked(database_url: str, tmp_path: Path) -> None:
    slow = hesitant()
    told = busy(1, "2", first=lambda: handler_wires[slow].asked_at)
    handlers = [("127.0.0.1", told), ("127.0.0.1", slow)]
    [_, other], outcomes = scan(database_url, tmp_path, handlers, deadline=9, per_host=2)
    assert outcomes == ["served", "other"]
    assert other.asked_at[1] - other.asked_at[0] >= 1.95


def test_whoever_asks_for_a_second_pause_is_left_alone(database_url: str, tmp_path: Path) -> None:
    [wire], outcomes = scan(database_url, tmp_path, [("127.0.0.1", busy(9, "1", 503))], deadline=8)
    assert outcomes == ["other"]
    assert len(wire.requests) == 2


def test_a_pause_that_does_not_fit_ends_the_target_and_the_next_of_its_address_waits(
    database_url: str, tmp_path: Path
) -> None:
    handlers = [("127.0.0.1", busy(1, "3")), ("127.0.0.1", busy(1, "3")), ("127.0.9.1", busy(0, ""))]
    wires, outcomes = scan(database_url, tmp_path, handlers, deadline=2)
    first, second = sorted(wires[:2], key=lambda wire: wire.arrivals[0])
    assert len(first.requests) == len(second.requests) == 1
    assert second.arrivals[0] - first.asked_at[0] >= 2.95
    assert outcomes == ["other", "other", "served"]
    assert wires[2].asked_at[-1] - first.asked_at[0] < 2.5  # nobody else waits for it


@pytest.mark.parametrize("retry_after", ["86400", "9" * 100, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_an_address_that_asks_for_more_than_a_scan_waits_is_not_contacted_again(
    retry_after: str, database_url: str, tmp_path: Path
) -> None:
    handlers = [("127.0.0.1", busy(1, retry_after)) for _ in range(3)]
    wires, outcomes = scan(database_url, tmp_path, handlers, deadline=2)
    assert sum(wire.connections for wire in wires) == 1
    assert sorted(map(str, outcomes)) == ["opted_out", "opted_out", "other"]


@pytest.mark.parametrize("retry_after", ["-5", "soon", "1.5", ""])
def test_a_pause_that_cannot_be_understood_is_none(retry_after: str, database_url: str, tmp_path: Path) -> None:
    [wire], outcomes = scan(database_url, tmp_path, [("127.0.0.1", busy(1, retry_after))], deadline=2)
    assert outcomes == ["served"]
    assert wire.requests[:2] == [("GET", "/v1/models"), ("GET", "/api/tags")]
