"""The village of the store's tests, which is small and has everything that a panel can show, as Grafana enters it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from census.store.connect import engine
from census.store.embedded import Embedded
from tests.store.village import settle
from tests.support.reader import reader


@pytest.fixture(scope="session")
def _entered(server: Embedded, template: str) -> Iterator[Engine]:
    """The village for a role that `census db grant-reader` made: whoever can do nothing but read may share it."""
    name = f"village_{uuid.uuid4().hex}"
    url = server.create_database(name, template)
    owner = engine(url)
    with owner.begin() as connection:
        settle(connection)
    owner.dispose()
    with reader(url) as read_only:
        made = engine(read_only)
        yield made
        made.dispose()
    server.drop_database(name)


@pytest.fixture
def village(_entered: Engine) -> Iterator[Connection]:
    """A connection of that role."""
    with _entered.connect() as connection:
        yield connection
