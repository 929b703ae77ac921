"""An endpoint that a list names twice, by its address and by a name: how often it is contacted, counted on its side."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from census.facts import Outcome
from census.store import claims
from census.store.connect import connect
from tests.support.asking import rows_of
from tests.support.scanning import create, scope, work
from tests.support.wire import Handler, Wire, answers, listen, page

OLLAMA = {
    "/api/tags": page({"models": [{"name": "qwen3:8b", "model": "qwen3:8b", "digest": "b" * 64}]}),
    "/api/version": page({"version": "0.33.0"}),
}


def scanned(url: str, folder: Path, handler: Handler, *names: str) -> Wire:
    async def run() -> Wire:
        async with listen(handler) as wire:
            await work(url, create(url, folder, [f"{name}:{wire.port}" for name in names]))
            return wire

    return asyncio.run(run())


@pytest.mark.parametrize("names", [("127.0.0.1", "localhost"), ("localhost", "127.0.0.1", "LOCALHOST.")])
def test_a_server_that_was_recognised_is_not_asked_again_by_another_name(
    names: tuple[str, ...], database_url: str, tmp_path: Path
) -> None:
    wire = scanned(database_url, tmp_path, answers(OLLAMA), *names)
    assert wire.connections == 1
    assert rows_of(database_url, "select outcome, count(*) from export.targets group by 1") == [("served", 2)]
    assert rows_of(database_url, "select count(*) from observation") == [(1,)]


@pytest.mark.parametrize("names", [("127.0.0.1", "https://localhost"), ("localhost", "https://127.0.0.1")])
def test_who_was_recognised_without_tls_is_asked_where_a_target_is_to_be_asked_with_it(
    names: tuple[str, ...], database_url: str, tmp_path: Path
) -> None:
    scanned(database_url, tmp_path, answers(OLLAMA), *names)
    served = rows_of(database_url, "select count(*) filter (where outcome = 'served'), count(*) from export.targets")
    assert served == [(1, 2)]


def test_a_web_server_is_asked_by_each_name_for_it_may_have_another_page_for_each(
    database_url: str, tmp_path: Path
) -> None:
    wire = scanned(database_url, tmp_path, answers({}), "127.0.0.1", "localhost")
    assert {headers["host"].partition(":")[0] for headers in wire.headers} == {"127.0.0.1", "localhost"}
    assert rows_of(database_url, "select outcome, count(*) from export.targets group by 1") == [("other", 2)]


def test_what_another_worker_stored_is_known_by_address_and_port_and_for_its_scan_alone(
    database_url: str, tmp_path: Path
) -> None:
    wire = scanned(database_url, tmp_path, answers(OLLAMA), "localhost")
    other = create(database_url, tmp_path, [f"127.0.0.1:{wire.port}"], scope(tmp_path))
    with connect(database_url) as connection:
        assert claims.recognised(connection, 1, ("127.0.0.1", wire.port, False)) is Outcome.SERVED
        assert claims.recognised(connection, 1, ("127.0.0.1", wire.port, True)) is None
        assert claims.recognised(connection, 1, ("127.0.0.1", wire.port + 1, False)) is None
        assert claims.recognised(connection, other, ("127.0.0.1", wire.port, False)) is None
        held = claims.claim(connection, other, "here:1")
        assert held is not None
        assert claims.recognised_before(connection, held) == {}
        connection.execute("update chunk set scan_id = 1, number = 1 where scan_id = %s", (other,))
        beside = claims.Claim(1, 1, 1, (), b"")
        assert claims.recognised_before(connection, beside) == {("127.0.0.1", wire.port, False): Outcome.SERVED}
        connection.execute("update chunk set tls = '{t}' where scan_id = 1 and number = 1")
        assert claims.recognised_before(connection, beside) == {}


def test_observations_of_endpoints_that_no_name_led_to_are_not_looked_through(
    database_url: str, tmp_path: Path
) -> None:
    scanned(database_url, tmp_path, answers(OLLAMA), "127.0.0.1")
    with connect(database_url) as connection:
        assert claims.known_endpoints(connection, claims.Claim(1, 0, 1, (), b""))
        assert claims.recognised_before(connection, claims.Claim(1, 0, 1, (), b"")) == {}
