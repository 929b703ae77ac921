"""Several workers on one scan, inside one loop or as real processes: the rate, the end, a lost database."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from census.scan.settings import Settings
from census.scan.worker import Worker
from census.store import scans
from census.store.door import Door
from tests.support.crowd import crowd
from tests.support.havoc import judge
from tests.support.line import line_to
from tests.support.scanning import create, scope


async def together(url: str, scan: int, count: int, apart: float = 0.0) -> None:
    """So many workers on a scan, one `apart` seconds after the other, until it has ended."""

    async def one(number: int) -> None:
        await asyncio.sleep(number * apart)
        door = Door(url)
        settings = Settings.from_json(await asyncio.wrap_future(door.submit(scans.settings, scan)))
        try:
            await Worker(door, scan, settings, in_flight=500).run()
        finally:
            door.close(1.0)

    await asyncio.gather(*(one(number) for number in range(count)))


def test_two_workers_that_come_and_go_stay_below_the_rate(database_url: str, tmp_path: Path) -> None:
    rate = 50
    with crowd(200) as servers:
        scan = create(database_url, tmp_path, servers.targets(), replace(scope(tmp_path), rate=rate), rate=float(rate))
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("update scan set settings = jsonb_set(settings, '{workers}', '2')")
        asyncio.run(together(database_url, scan, 2, apart=1.0))
        judge(database_url, servers, 0)
        # Both clocks are rough on a busy machine: what was allowed in one span may be seen in the next.
        assert servers.most_in(2.0) <= 2 * rate * 1.1 + 2


def test_the_last_chunk_is_shared_when_another_worker_is_idle(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with crowd(200, slow=0.05) as servers:
        scan = create(database_url, tmp_path, servers.targets(), replace(scope(tmp_path), rate=60), rate=60.0)
        with caplog.at_level(logging.INFO):
            asyncio.run(together(database_url, scan, 3))
        judge(database_url, servers, 0)
        with psycopg.connect(database_url) as connection:
            chunks = connection.execute("select number, cardinality(ports), done from chunk order by 1").fetchall()
    assert "to an idle worker" in caplog.text
    assert len(chunks) > 2  # as many there were
    assert sum(row[1] for row in chunks) == 200


def test_a_scan_goes_on_after_the_database_was_away(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with crowd(120) as servers, line_to(database_url) as line:
        scan = create(database_url, tmp_path, servers.targets(), replace(scope(tmp_path), rate=50), rate=50.0)

        async def run() -> None:
            working = asyncio.create_task(together(line.url, scan, 1))
            await asyncio.to_thread(servers.wait_for, 20)
            line.cut()
            await asyncio.sleep(1.5)
            line.mend()
            await working

        asyncio.run(run())
        figures = judge(database_url, servers, 0)
    assert figures["asked_again"] == 0
    assert "the database is back" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_worker_cut_off_from_the_database_stops_asking_when_its_lease_ends(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("census.store.workers.LEASE", 1.5)
    with crowd(200) as servers, line_to(database_url) as line:
        scan = create(database_url, tmp_path, servers.targets(), replace(scope(tmp_path), rate=25), rate=25.0)

        async def run() -> int:
            working = asyncio.create_task(together(line.url, scan, 1))
            await asyncio.to_thread(servers.wait_for, 10)
            line.freeze()
            await asyncio.sleep(2.5)
            before = len(servers.contacts)
            await asyncio.sleep(1.0)
            meanwhile = len(servers.contacts) - before
            line.mend()
            with psycopg.connect(database_url, autocommit=True) as connection:
                scans.stop(connection, scan)
            await working
            return meanwhile

        assert asyncio.run(run()) == 0
        assert len(servers.contacts) < 200
