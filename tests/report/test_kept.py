"""What is kept stays the same object until the data changes, whatever changes it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from census.report.kept import Kept
from census.store.connect import engine
from tests.report.population import LLAMA, Population, neighbourhood

REPORT = all(importlib.util.find_spec(module) for module in ("altair", "vl_convert", "pycountry"))

COUNT_AT_ONCE = text("select pg_stat_force_next_flush()")  # counts of rows come with the commit, not seconds later


@pytest.fixture
def made(database_url: str) -> Iterator[Engine]:
    made = engine(database_url)
    with made.begin() as connection:
        neighbourhood(connection)
        connection.execute(COUNT_AT_ONCE)
    yield made
    made.dispose()


def test_metrics_are_read_again_only_after_a_change(made: Engine) -> None:
    kept = Kept(made)
    kept._look()
    first = kept.read
    kept._look()
    assert kept.read is first
    with made.begin() as connection:
        Population(connection).seen(1, "127.0.8.1", [LLAMA], country="SE")
    kept._look()
    assert kept.read is not None
    assert kept.read is not first
    assert b'census_hosts{country="SE"} 1.0' in kept.read.metrics


def test_a_host_that_is_moved_to_another_country_is_a_change(made: Engine) -> None:
    kept = Kept(made)
    kept._look()
    with made.begin() as connection:
        connection.execute(text("update place set country = 'SE' where country = 'SG'"))
        connection.execute(COUNT_AT_ONCE)
    kept._look()
    assert kept.read is not None
    assert b'census_hosts{country="SE"} 1.0' in kept.read.metrics


@pytest.mark.skipif(not REPORT, reason="needs the extra `report`")
def test_the_page_is_made_when_it_is_wanted_and_again_only_after_a_change(made: Engine) -> None:
    kept = Kept(made)
    kept._look()
    assert kept.page is None
    kept.want_page()
    kept._look()
    first = kept.page
    assert first is not None
    kept._look()
    assert kept.page is first
