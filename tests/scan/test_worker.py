from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from census.facts import Model, Observation, Outcome, Target
from census.places import Places
from census.probe.look import Prober
from census.scan.chunks import OpenChunk
from census.scan.feed import network_key
from census.scan.worker import Worker
from census.store import claims, scans, workers
from census.store.connect import connect
from census.store.writer import Batch, SupersededError, Writer
from tests.support.scanning import create, scope, work
from tests.support.wire import Handler, Wire, answer, answers, listen, page, raw

MODEL = {
    "name": "qwen2.5:7b",
    "model": "qwen2.5:7b",
    "size": 4683087332,
    "digest": "b" * 64,
    "details": {"format": "gguf", "family": "qwen2", "parameter_size": "7.6B", "quantization_level": "Q4_K_M"},
    "capabilities": ["completion", "tools"],
}


def ollama(*models: dict[str, object]) -> Handler:
    pages = {
        "/api/tags": page({"models": list(models)}),
        "/api/version": page({"version": "0.33.0"}),
        "/api/ps": page({"models": []}),
    }
    return answers(pages)


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_every_target_has_one_outcome_and_recognised_ones_are_stored(database_url: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with contextlib.AsyncExitStack() as stack:
            served = await stack.enter_async_context(listen(ollama(MODEL)))
            empty = await stack.enter_async_context(listen(ollama(), "127.0.0.2"))
            web = await stack.enter_async_context(listen(answers({}), "127.0.0.3"))
            outside = await stack.enter_async_context(listen(ollama(MODEL), "127.0.0.4"))
            targets = [
                f"127.0.0.1:{served.port}",
                f"127.0.0.2:{empty.port}",
                f"127.0.0.3:{web.port}",
                f"127.0.0.4:{outside.port}",
                "127.0.0.5:1",
                "8.8.8.8:53",
                f"localhost:{served.port}",
                "no-such-name.invalid:80",
                "elsewhere.example:80",
            ]
            allowed = scope(tmp_path, exclude='["127.0.0.4"]')
            await work(database_url, create(database_url, tmp_path, targets, allowed))
            assert outside.connections == 0
            assert served.connections == 1  # by its address or by its name

    asyncio.run(run())
    found = rows(database_url, "select outcome, count(*) from export.targets group by 1")
    assert set(found) == {
        ("served", 2),
        ("empty", 1),
        ("other", 1),
        ("opted_out", 1),
        ("refused", 1),
        ("out_of_scope", 2),
        ("unresolved", 1),
    }
    assert rows(database_url, "select outcome, software, version from export.observations order by 1, 2") == [
        ("empty", "Ollama", "0.33.0"),
        ("served", "Ollama", "0.33.0"),
    ]
    assert rows(database_url, "select model, family, tools from export.models") == [("qwen2.5:7b", "Qwen", "yes")]


def test_the_same_inventory_is_stored_once_and_a_second_scan_moves_the_sighting(
    database_url: str, tmp_path: Path
) -> None:
    async def run() -> None:
        async with listen(ollama(MODEL)) as one, listen(ollama(MODEL), "127.0.0.2") as two:
            targets = [f"127.0.0.1:{one.port}", f"127.0.0.2:{two.port}"]
            for _ in range(2):
                await work(database_url, create(database_url, tmp_path, targets))

    asyncio.run(run())
    assert rows(database_url, "select (select count(*) from model), (select count(*) from inventory)") == [(1, 1)]
    assert rows(database_url, "select observations, first_seen < last_seen from sighting") == [(2, True), (2, True)]
    assert rows(database_url, "select count(*) from observation") == [(4,)]


def test_a_known_endpoint_that_fails_gets_a_row_and_an_unknown_one_does_not(database_url: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with listen(ollama(MODEL)) as known:
            targets = [f"127.0.0.1:{known.port}", "127.0.0.2:1"]
            await work(database_url, create(database_url, tmp_path, targets))
        await work(database_url, create(database_url, tmp_path, targets))

    asyncio.run(run())
    assert rows(database_url, "select scan, outcome, models from export.observations order by scan") == [
        (1, "served", ["qwen2.5:7b"]),
        (2, "refused", None),
    ]
    assert rows(database_url, "select observations from sighting") == [(1,)]


def test_a_stopped_scan_goes_on_without_asking_anybody_twice(database_url: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with contextlib.AsyncExitStack() as stack:
            wires = [
                await stack.enter_async_context(listen(ollama(MODEL), f"127.0.{number}.1")) for number in range(1, 60)
            ]
            targets = [f"127.0.{number}.1:{wire.port}" for number, wire in enumerate(wires, 1)]
            slow = replace(scope(tmp_path), rate=40)
            scan = create(database_url, tmp_path, targets, slow, rate=40)
            await work(database_url, scan, stop_after=0.7)
            between = sum(wire.connections > 0 for wire in wires)
            assert 0 < between < len(wires)
            assert rows(database_url, "select worker, done from chunk") == [(None, False)]
            with connect(database_url) as connection:
                assert scans.progress(connection, scan).state is scans.State.INTERRUPTED
                scans.begin_again(connection, scan)
            await work(database_url, scan)
            assert [wire.connections for wire in wires] == [1] * len(wires)
            with connect(database_url) as connection:
                end = scans.progress(connection, scan)
            assert end.state is scans.State.DONE
            assert end.outcomes == {"served": len(wires)}
            assert end.connections == len(wires)

    asyncio.run(run())
    assert rows(database_url, "select count(*) from observation") == [(59,)]


def test_stopping_takes_less_than_five_seconds_whatever_the_targets_do(database_url: str, tmp_path: Path) -> None:
    async def run() -> float:
        async with listen(raw(60.0)) as wire:
            scan = create(database_url, tmp_path, [f"127.0.0.1:{wire.port}"], deadline=50.0)
            began = asyncio.get_running_loop().time()
            await work(database_url, scan, stop_after=0.3)
            return asyncio.get_running_loop().time() - began

    assert asyncio.run(run()) < 5
    assert rows(database_url, "select outcome from export.targets") == [(None,)]


@contextlib.contextmanager
def mute() -> Iterator[int]:
    """A port on which connections never come about: its queue is full and nobody takes from it."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.6", 0))
        listener.listen(0)
        for _ in range(3):
            queued = stack.enter_context(socket.socket())
            queued.setblocking(False)
            queued.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_only_targets_that_let_us_connect_are_waited_for_when_a_worker_stops(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("census.scan.worker._GRACE", 60.0)

    async def run() -> float:
        asked = asyncio.Event()

        async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            asked.set()
            await asyncio.sleep(1.5)
            writer.write(answer(404, b"", "text/plain"))

        with mute() as port:
            async with listen(slow) as wire:
                targets = [f"127.0.0.6:{port}", f"127.0.0.1:{wire.port}"]
                scan = create(database_url, tmp_path, targets, timeout=90.0, deadline=100.0)
                working = asyncio.create_task(work(database_url, scan, stop_when=asked))
                await asked.wait()
                began = asyncio.get_running_loop().time()
                await working
                return asyncio.get_running_loop().time() - began

    assert asyncio.run(run()) < 30
    told = rows(database_url, "select address::text, outcome from export.targets order by 1")
    assert told == [("127.0.0.1", "other"), ("127.0.0.6", None)]


def test_no_chunk_is_asked_for_with_each_of_the_last_targets_that_answers(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, claimed = claims.claim, 0

    def counted(connection: psycopg.Connection[Any], *given: Any) -> claims.Claim | None:
        nonlocal claimed
        claimed += 1
        return claim(connection, *given)

    monkeypatch.setattr(claims, "claim", counted)

    async def run() -> None:
        async with contextlib.AsyncExitStack() as stack:
            targets = []
            for host in range(1, 41):
                late = raw(0.03 * host, b"hello\r\n")
                wire = await stack.enter_async_context(listen(late, f"127.0.0.{host}"))
                targets.append(f"127.0.0.{host}:{wire.port}")
            await work(database_url, create(database_url, tmp_path, targets, timeout=10.0, deadline=20.0))

    asyncio.run(run())
    assert rows(database_url, "select outcome, count(*) from export.targets group by 1") == [("not_http", 40)]
    assert 2 <= claimed < 20


def test_the_targets_of_one_address_are_asked_one_after_another(database_url: str, tmp_path: Path) -> None:
    together: list[int] = []

    async def run() -> None:
        async with contextlib.AsyncExitStack() as stack:
            wires: list[Wire] = []

            def watched(handler: Handler) -> Handler:
                async def watch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                    together.append(sum(wire.open_now for wire in wires))
                    await asyncio.sleep(0.05)
                    await handler(reader, writer)

                return watch

            wires.extend([await stack.enter_async_context(listen(watched(raw(b"hello\r\n")))) for _ in range(5)])
            targets = [f"127.0.0.1:{wire.port}" for wire in wires]
            await work(database_url, create(database_url, tmp_path, targets))

    asyncio.run(run())
    assert together == [1] * 5


def test_the_chunks_of_one_wide_network_are_claimed_one_after_another(database_url: str, tmp_path: Path) -> None:
    targets = [f"127.0.0.1:{port}" for port in range(1, 10_002)]
    scan = create(database_url, tmp_path, [*targets, "127.0.1.1:1"])
    with connect(database_url) as connection:
        held: list[claims.Claim] = []
        while (claim := claims.claim(connection, scan, f"elsewhere:{len(held)}")) is not None:
            held.append(claim)
        networks = [{network_key(target) for target in claim.targets} for claim in held]
        assert sorted(map(sorted, networks)) == [["127.0.0"], ["127.0.1"]]
        wide = next(claim for claim in held if len(claim.targets) > 1)
        writer = Writer(connection, Places([]).locate)
        writer.write(Batch(scan, wide.number, wide.attempt, bytes([6]) * len(wide.targets), [], 0, 0))
        following = claims.claim(connection, scan, "elsewhere:9")
        assert following is not None
        assert following.number == wide.number + 1


def test_a_network_is_never_cut_among_workers(database_url: str, tmp_path: Path) -> None:
    create(database_url, tmp_path, [f"127.0.{network}.0/24" for network in range(3)])
    found = rows(database_url, "select cardinality(ports), follows from chunk")
    assert sorted(found) == [(256, False)] * 3


def test_a_worker_that_was_superseded_cannot_write(database_url: str, tmp_path: Path) -> None:
    scan = create(database_url, tmp_path, ["127.0.0.1:1", "127.0.0.2:1"])
    with connect(database_url) as first, connect(database_url) as second:
        claim = claims.claim(first, scan, "slow:1")
        assert claim is not None
        assert claims.claim(second, scan, "quick:2") is None
        second.execute("update chunk set claimed_at = now() - interval '1 minute'")
        again = claims.claim(second, scan, "quick:2")
        assert again is not None
        assert again.attempt == claim.attempt + 1
        writer = Writer(first, Places([]).locate)
        with pytest.raises(SupersededError):
            writer.write(Batch(scan, claim.number, claim.attempt, bytes([4, 4]), [], 1, 1))
        Writer(second, Places([]).locate).write(
            Batch(scan, again.number, again.attempt, bytes([Outcome.REFUSED, 0]), [], 0, 1)
        )
        assert scans.progress(second, scan).outcomes == {"refused": 1}


def test_an_authorisation_that_ends_stops_the_worker(database_url: str, tmp_path: Path) -> None:
    async def run() -> Worker:
        async with listen(raw(60.0)) as wire:
            ended = replace(scope(tmp_path), valid_until=date(2020, 1, 2))
            scan = create(database_url, tmp_path, [f"127.0.0.1:{wire.port}"], ended, deadline=50.0)
            return await work(database_url, scan)

    assert asyncio.run(run()).expired


@pytest.mark.parametrize("seconds", [0, 0.5])  # while chunks are taken, and when no other target is left
def test_a_look_that_ends_without_an_outcome_ends_the_worker_and_not_its_scan(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    async def broken(_self: Prober, _target: Target, _address: str) -> Observation:
        await asyncio.sleep(seconds)
        raise asyncio.CancelledError

    monkeypatch.setattr(Prober, "look", broken)
    scan = create(database_url, tmp_path, ["127.0.0.1:1"])

    async def run() -> None:
        async with asyncio.timeout(20):
            await work(database_url, scan)

    with pytest.raises(RuntimeError, match="a look was broken off"):
        asyncio.run(run())
    with connect(database_url) as connection:
        assert claims.open_chunks(connection, scan) == 1


def test_chunks_of_a_worker_that_died_here_are_free_at_once(database_url: str, tmp_path: Path) -> None:
    scan = create(database_url, tmp_path, ["127.0.0.1:1"])
    with connect(database_url) as connection:
        host = workers.worker_name().rpartition(":")[0]
        assert claims.claim(connection, scan, f"{host}:99999999") is not None
        assert workers.holders(connection, scan) == []
        assert claims.claim(connection, scan, workers.worker_name()) is not None
        assert workers.holders(connection, scan) == [workers.worker_name()]


def test_what_waits_to_be_written_is_weighed_by_its_models_too() -> None:
    target = Target("127.0.0.1", 80)
    chunk = OpenChunk(claims.Claim(1, 0, 1, (target,) * 3, bytes(3)), frozenset())
    models = tuple(Model(f"m{number}", capabilities=("completion", "tools")) for number in range(2_000))
    chunk.settle(0, Observation(target, Outcome.SERVED, datetime.now(UTC), "127.0.0.1", models=models))
    chunk.settle(1, Observation(target, Outcome.EMPTY, datetime.now(UTC), "127.0.0.2"))
    assert chunk.waiting == 6_002
    assert chunk.batch((0, 0)) is not None
    chunk.settle(2, Observation(target, Outcome.EMPTY, datetime.now(UTC), "127.0.0.3"))
    assert chunk.waiting == 6_003
    chunk.put_back()
    chunk.opt_out(lambda _name, address: address == "127.0.0.1", bytes(3))
    assert chunk.waiting == 2
    assert chunk.batch((0, 0)) is not None
    chunk.written()
    assert chunk.waiting == 0


def test_asking_pauses_while_too_much_waits_to_be_written(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("census.scan.worker._UNWRITTEN", 60)  # two of the servers below
    waiting: list[int] = []
    settle = OpenChunk.settle

    def watched(chunk: OpenChunk, place: int, seen: Observation) -> None:
        settle(chunk, place, seen)
        waiting.append(chunk.waiting)

    monkeypatch.setattr(OpenChunk, "settle", watched)
    models = [{**MODEL, "name": f"m{number}:1b", "model": f"m{number}:1b"} for number in range(10)]

    async def run() -> None:
        async with contextlib.AsyncExitStack() as stack:
            wires = [await stack.enter_async_context(listen(ollama(*models), f"127.0.{n}.9")) for n in range(1, 8)]
            targets = [f"127.0.{n}.9:{wire.port}" for n, wire in enumerate(wires, 1)]
            await work(database_url, create(database_url, tmp_path, targets, deadline=20.0), in_flight=1)

    asyncio.run(run())
    assert rows(database_url, "select outcome, count(*) from export.targets group by 1") == [("served", 7)]
    assert max(waiting) == 2 * 31  # each with ten models, of two capabilities each
