"""Opt-outs before a scan, while it runs, and while a target is being asked, by what reaches the other side."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import psycopg
import pytest

from census.facts import Outcome
from census.scan import plan as planning
from census.store import exclusions, purge
from census.store.connect import connect
from census.targets.addresses import exclusion
from census.targets.gate import Reason
from census.targets.lists import Problems
from census.targets.order import Spool
from tests.support.scanning import create, scope, work
from tests.support.wire import Handler, Wire, answers, handler_wires, listen, page, until

MODELS = {"models": [{"name": "qwen3:8b", "model": "qwen3:8b", "digest": "b" * 64}]}
PAGES = {
    "/api/tags": page(MODELS),
    "/api/version": page({"version": "0.33.0"}),
    "/api/ps": page({"models": []}),
}


def opt_out(url: str, *entries: str, delete: bool = False) -> None:
    wanted = [exclusion(entry) for entry in entries]
    with connect(url) as connection:
        if delete:
            purge.enter_and_purge(connection, wanted, None, "a test")
            return
        with connection.transaction(), connection.cursor() as cursor:
            exclusions.enter(cursor, wanted, None, "a test")


def outcomes(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("select outcome, count(*)::integer from export.targets group by 1").fetchall()
        for counted, told in connection.execute("select counts, outcomes from chunk").fetchall():
            assert counted == [bytes(told).count(outcome) for outcome in Outcome]
    return {str(word): count for word, count in rows}


def stored(url: str) -> list[int]:
    tables = ("host", "endpoint", "sighting", "observation", "inventory", "model")
    with psycopg.connect(url) as connection:
        return [len(connection.execute(f"select 1 from {table}".encode()).fetchall()) for table in tables]


def test_who_is_on_the_list_is_refused_before_the_scan_begins(database_url: str, tmp_path: Path) -> None:
    opt_out(database_url, "127.0.0.1", "localhost")
    allowed = scope(tmp_path)
    plan = planning.Plan(allowed, 1, Problems(), exclusions.entries(database_url))
    listed = tmp_path / "list.txt"
    listed.write_text("127.0.0.1:1\n127.0.0.2:1\nlocalhost:1\n")
    with Spool(1) as spool:
        planning.fill(spool, [str(listed)], plan, (1,))
        [(_, judged, _)] = list(planning.chunks(plan, spool, 1))
    assert sorted(judged) == [0, Outcome.OPTED_OUT, Outcome.OPTED_OUT]
    assert plan.reasons == {Reason.DATABASE: 2}


def test_a_worker_asks_nobody_who_opted_out_after_the_scan_was_made(database_url: str, tmp_path: Path) -> None:
    async def run() -> list[int]:
        async with contextlib.AsyncExitStack() as stack:
            where = ("127.0.0.1", "127.0.1.1", "127.0.2.1")
            wires = [await stack.enter_async_context(listen(answers(PAGES), address)) for address in where]
            targets = [f"{address}:{wire.port}" for address, wire in zip(where, wires, strict=True)]
            scan = create(database_url, tmp_path, [*targets, f"localhost:{wires[2].port}"])
            opt_out(database_url, "127.0.0.0/24", "localhost")
            await work(database_url, scan)
            return [wire.connections for wire in wires]

    assert asyncio.run(run()) == [0, 1, 1]
    assert outcomes(database_url) == {"opted_out": 2, "served": 2}


def test_a_name_is_not_asked_when_one_of_its_addresses_opted_out(database_url: str, tmp_path: Path) -> None:
    async def run() -> int:
        async with listen(answers(PAGES)) as wire:
            scan = create(database_url, tmp_path, [f"localhost:{wire.port}"])
            opt_out(database_url, "127.0.0.1", "::1")
            await work(database_url, scan)
            return wire.connections

    assert asyncio.run(run()) == 0
    assert outcomes(database_url) == {"opted_out": 1}


def test_an_opt_out_takes_effect_in_a_scan_that_runs(database_url: str, tmp_path: Path) -> None:
    async def run() -> list[Wire]:
        async with contextlib.AsyncExitStack() as stack:
            numbers = range(1, 101)
            wires = [await stack.enter_async_context(listen(answers(PAGES), f"127.0.{n}.1")) for n in numbers]
            targets = [f"127.0.{n}.1:{wire.port}" for n, wire in zip(numbers, wires, strict=True)]
            scan = create(database_url, tmp_path, targets, rate=5)  # twenty seconds, if nobody opted out
            working = asyncio.create_task(work(database_url, scan))
            await until(lambda: any(wire.connections for wire in wires))
            opted = time.monotonic()
            await asyncio.to_thread(opt_out, database_url, "127.0.0.0/16")
            await working
            assert max(moment for wire in wires for moment in wire.arrivals) - opted < 5
            return wires

    wires = asyncio.run(run())
    asked = sum(wire.connections for wire in wires)
    assert 0 < asked < 60
    assert outcomes(database_url)["opted_out"] >= 100 - asked


def held(told: asyncio.Event, at: str = "/v1/models") -> Handler:
    """An Ollama that answers from one question on only when told to."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = handler_wires[handler]
        while True:
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
            wire.requests.append(("GET", path))
            if path == at:
                await told.wait()
            writer.write(PAGES.get(path, page({"error": "not found"}, 404)))

    return handler


@pytest.mark.parametrize(("at", "delete"), [("/v1/models", True), ("/api/version", False)])
def test_a_target_that_is_being_asked_gets_no_further_request_and_nothing_of_it_is_kept(
    at: str, delete: bool, database_url: str, tmp_path: Path
) -> None:
    async def run() -> Wire:
        told = asyncio.Event()
        async with listen(held(told, at)) as wire:
            scan = create(database_url, tmp_path, [f"127.0.0.1:{wire.port}"], deadline=30.0)
            working = asyncio.create_task(work(database_url, scan))
            await until(lambda: ("GET", at) in wire.requests)
            await asyncio.to_thread(opt_out, database_url, "127.0.0.1", delete=delete)
            await asyncio.sleep(3)  # the workers look every second
            told.set()
            await working
            return wire

    wire = asyncio.run(run())
    assert wire.requests[-1] == ("GET", at)
    assert stored(database_url) == [0] * 6
    assert outcomes(database_url) == {"opted_out": 1}


def test_a_purge_deletes_what_was_stored_and_scans_keep_their_counts(database_url: str, tmp_path: Path) -> None:
    async def run() -> None:
        own = {**PAGES, "/api/tags": page({"models": [{"name": "of-our-own:1b", "digest": "c" * 64}]})}
        async with (
            listen(answers(PAGES)) as one,
            listen(answers(PAGES), "127.0.1.1") as two,
            listen(answers(own), "127.0.2.1") as three,
        ):
            targets = [f"localhost:{three.port}", f"127.0.0.1:{one.port}", f"127.0.1.1:{two.port}"]
            targets += [f"127.0.2.1:{three.port}", "127.0.2.2:1"]
            await work(database_url, create(database_url, tmp_path, targets))
            # A second scan is cut short, so one of its chunks is not done.
            await work(database_url, create(database_url, tmp_path, targets, rate=3), stop_after=0.5)

    asyncio.run(run())
    assert stored(database_url)[0] == 3
    opt_out(database_url, "127.0.2.0/24", delete=True)
    left = stored(database_url)
    assert left[:3] == [2, 2, 2]
    assert left[4:] == [1, 1]  # the two that are left list the same; what only the third listed is gone
    assert outcomes(database_url).get("opted_out") == 4
    with psycopg.connect(database_url) as connection:
        text = [str(row) for row in connection.execute("select addresses, names from chunk").fetchall()]
        assert not any("127.0.2." in row for row in text)
        totals: list[tuple[str, int]] = connection.execute(
            "select stage, count from stats.funnel(scan => 1)"
        ).fetchall()
    assert totals[0] == ("targets", 5)
    assert dict(totals)["served"] == dict(totals)["credible"]
    asyncio.run(work(database_url, 2))  # goes on with what is left of it
    assert "None" not in outcomes(database_url)
    opt_out(database_url, "localhost", delete=True)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from chunk where 'localhost' = any(names)").fetchone() == (0,)


def test_a_batch_that_was_made_before_a_purge_is_looked_through_before_it_is_written(
    database_url: str, tmp_path: Path
) -> None:
    async def run() -> None:
        async with listen(answers(PAGES)) as wire, listen(held(asyncio.Event()), "127.0.1.1") as slow:
            targets = [f"127.0.0.1:{wire.port}", f"127.0.1.1:{slow.port}"]
            scan = create(database_url, tmp_path, targets, deadline=5.0)
            working = asyncio.create_task(work(database_url, scan))
            await until(lambda: len(wire.requests) >= 4)
            # At once, so that the observation is not written yet, or has just been.
            await asyncio.to_thread(opt_out, database_url, "127.0.0.1", delete=True)
            await working

    asyncio.run(run())
    assert stored(database_url) == [0] * 6
    assert outcomes(database_url) == {"opted_out": 1, "too_slow": 1}


def test_what_was_written_before_somebody_opted_out_stays_with_its_outcome(database_url: str, tmp_path: Path) -> None:
    async def run() -> None:
        told = asyncio.Event()
        async with listen(answers(PAGES)) as wire, listen(held(told), "127.0.1.1") as slow:
            targets = [f"127.0.0.1:{wire.port}", f"127.0.1.1:{slow.port}"]
            scan = create(database_url, tmp_path, targets, deadline=30.0)
            working = asyncio.create_task(work(database_url, scan))
            await until(lambda: outcomes(database_url).get("served") == 1)
            await asyncio.to_thread(opt_out, database_url, "127.0.0.0/16")
            await asyncio.sleep(3)  # the workers look every second
            told.set()
            await working

    asyncio.run(run())
    assert outcomes(database_url) == {"served": 1, "opted_out": 1}
