"""The census over HTTP, with real requests on loopback and a real database."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aiohttp
import psycopg
import pytest
from sqlalchemy import Engine, text

from census.serve import ServeError, run, serving
from census.store.connect import engine
from tests.report.population import LLAMA, Population, neighbourhood
from tests.support.program import census

REPORT = all(importlib.util.find_spec(module) for module in ("altair", "vl_convert", "pycountry"))
SERVE = "import sys; from census.serve import run; run(sys.argv[1], '127.0.0.1', 0, lambda url: print(url, flush=True))"


@pytest.fixture
def made(database_url: str) -> Iterator[Engine]:
    made = engine(database_url)
    yield made
    made.dispose()


@contextlib.asynccontextmanager
async def client(made: Engine) -> AsyncIterator[aiohttp.ClientSession]:
    async with serving(made, "127.0.0.1", 0) as address, aiohttp.ClientSession(address) as session:
        yield session


async def read(session: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with session.get(path) as response:
        return response.status, await response.text()


async def body(session: aiohttp.ClientSession, path: str, good: Callable[[str], bool]) -> str:
    """What a path answers, once that is good."""
    async with asyncio.timeout(30):
        while not good(found := (await read(session, path))[1]):  # noqa: ASYNC110  a thread of the server is waited for
            await asyncio.sleep(0.05)
    return found


def read_at(metrics: str) -> float:
    """When the metrics say that they were read, in Unix time."""
    [line] = [line for line in metrics.splitlines() if line.startswith("census_read_timestamp_seconds ")]
    return float(line.split()[1])


def test_metrics_are_those_of_the_database_and_follow_it(made: Engine) -> None:
    async def talk() -> tuple[str, str]:
        async with client(made) as session:
            before = await body(session, "/metrics", lambda text: 'census_hosts{country="CN"} 2.0' in text)
            with made.begin() as connection:
                connection.execute(text("delete from observation"))
                connection.execute(text("delete from sighting"))
            return before, await body(session, "/metrics", lambda text: "census_hosts{" not in text)

    with made.begin() as connection:
        neighbourhood(connection)
    before, after = asyncio.run(talk())
    assert 'census_co_deployment_hosts{a="Llama",b="Qwen"} 3.0' in before
    assert "census_hosts{" not in after
    assert "census_scan_progress_ratio{" in after
    assert "census_database_up 1.0" in after
    assert read_at(after) > read_at(before) > time.time() - 3600


def test_a_scrape_runs_no_statistic(made: Engine, database_url: str) -> None:
    async def talk() -> list[tuple[int, str]]:
        async with client(made) as session:
            await body(session, "/metrics", lambda text: "census_family_hosts{" in text)
            with psycopg.connect(database_url) as other:
                other.execute("lock table sighting, inventory, endpoint, host in access exclusive mode")
                async with asyncio.timeout(1):
                    return [await read(session, "/metrics") for _ in range(20)]

    with made.begin() as connection:
        neighbourhood(connection)
    answers = asyncio.run(talk())
    assert all(status == 200 and "census_family_hosts{" in metrics for status, metrics in answers)


def test_health_says_whether_the_database_answers(made: Engine, database_url: str) -> None:
    async def talk() -> list[int]:
        async with client(made) as session:
            first = await read(session, "/health")
            admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
            restarted = await read(session, "/health")
            admin.execute(f'alter database "{name}" allow_connections false'.encode())
            admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
            gone = await read(session, "/health")
            admin.execute(f'alter database "{name}" allow_connections true'.encode())
            back = await read(session, "/health")
            assert '"answers"' in first[1]
            assert name not in gone[1]
            return [first[0], restarted[0], gone[0], back[0]]

    with psycopg.connect(database_url) as own:
        name = own.info.dbname
    maintenance = database_url.replace(f"/{name}?", "/postgres?")
    with psycopg.connect(maintenance, autocommit=True) as admin:
        assert asyncio.run(talk()) == [200, 200, 503, 200]


def test_metrics_outlive_the_database(made: Engine, database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async def talk() -> tuple[int, str]:
        async with client(made) as session:
            await body(session, "/metrics", lambda text: "census_hosts{" in text)
            admin.execute(f'alter database "{name}" allow_connections false'.encode())
            admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
            await body(session, "/metrics", lambda _: "what was read before is kept" in caplog.text)
            return await read(session, "/metrics")

    with made.begin() as connection:
        neighbourhood(connection)
    with psycopg.connect(database_url) as own:
        name = own.info.dbname
    with psycopg.connect(database_url.replace(f"/{name}?", "/postgres?"), autocommit=True) as admin:
        status, metrics = asyncio.run(talk())
    assert status == 200
    assert "census_hosts{" in metrics
    assert "census_database_up 0.0" in metrics


@pytest.mark.skipif(not REPORT, reason="needs the extra `report`")
def test_the_page_is_made_once_and_anew_when_the_data_changes(made: Engine) -> None:
    async def talk() -> tuple[str, str, float, str]:
        async with client(made) as session:
            first = (await read(session, "/"))[1]
            began = time.monotonic()
            second = (await read(session, "/"))[1]
            took = time.monotonic() - began
            with made.begin() as connection:
                Population(connection).seen(1, "127.0.8.1", [LLAMA], software="new server")
            return first, second, took, await body(session, "/", lambda text: "new server" in text)

    with made.begin() as connection:
        neighbourhood(connection)
    first, second, took, third = asyncio.run(talk())
    assert first == second
    assert took < 0.5
    assert "A census of exposed AI inference hosts" in first
    assert "new server" not in first
    assert third.rstrip().endswith("</html>")


def test_no_browser_guesses_what_an_answer_is_and_nothing_else_is_there(made: Engine) -> None:
    async def talk() -> tuple[str, int, int]:
        async with client(made) as session, session.get("/metrics") as response, session.post("/metrics") as posted:
            return response.headers["X-Content-Type-Options"], posted.status, (await read(session, "/etc"))[0]

    assert asyncio.run(talk()) == ("nosniff", 405, 404)


def test_a_port_that_is_taken_is_a_sentence(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=rf"another program listens on 127\.0\.0\.1:{port} already.*--listen"):
            run(database_url, "127.0.0.1", port)


def test_no_address_is_printed_that_is_not_served(database_url: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        done = census("serve", "--listen", where, folder=tmp_path, url=database_url)
    assert done.returncode == 1
    assert done.stderr.startswith(f"census: another program listens on {where} already")


def test_an_address_of_another_machine_is_a_sentence(database_url: str) -> None:
    with pytest.raises(ServeError, match=r"cannot listen on 192\.0\.2\.1:9464"):
        run(database_url, "192.0.2.1", 9464)


def test_it_listens_on_ipv6(made: Engine) -> None:
    async def talk() -> int:
        async with serving(made, "::1", 0) as address, aiohttp.ClientSession() as session:
            assert address.startswith("http://[::1]:")
            return (await read(session, f"{address}/health"))[0]

    assert asyncio.run(talk()) == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_in_two_seconds_even_while_the_database_computes(database_url: str, number: signal.Signals) -> None:
    with psycopg.connect(database_url) as other:
        other.execute("lock table sighting in access exclusive mode")
        process = subprocess.Popen([sys.executable, "-c", SERVE, database_url], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("http://127.0.0.1:")
            wait_for_a_waiting_statement(database_url)
            began = time.monotonic()
            process.send_signal(number)
            assert process.wait(10) == 0
            assert time.monotonic() - began < 2
            time.sleep(0.2)
            assert waiting(database_url) == 0  # the statement ended too
        finally:
            process.kill()
            process.communicate()


def wait_for_a_waiting_statement(database_url: str) -> None:
    end = time.monotonic() + 20
    while not waiting(database_url):
        assert time.monotonic() < end
        time.sleep(0.05)


def waiting(database_url: str) -> int:
    query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with psycopg.connect(database_url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
