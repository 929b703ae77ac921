"""The village of `tests.store.village`, settled once; what a test changes in it is rolled back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from census.store.connect import engine
from census.store.embedded import Embedded
from tests.store.village import settle


@pytest.fixture(scope="session")
def settled(server: Embedded, template: str) -> Iterator[Engine]:
    """A database with the village in it, for all tests of one worker."""
    name = f"village_{uuid.uuid4().hex}"
    made = engine(server.create_database(name, template))
    with made.begin() as connection:
        settle(connection)
    yield made
    made.dispose()
    server.drop_database(name)


@pytest.fixture
def village(settled: Engine) -> Iterator[Connection]:
    """A connection to the village; nothing that is done over it is committed."""
    with settled.connect() as connection:
        yield connection


@pytest.fixture
def village_url(database_url: str) -> str:
    """The address of a village of the test's own, whose scans are over; what is done in it may be committed."""
    made = engine(database_url)
    with made.begin() as connection:
        settle(connection)
        connection.execute(text("update scan set ended = began + interval '1 hour'"))
    made.dispose()
    return database_url
