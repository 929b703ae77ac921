"""The village of the store's tests, which is small and has everything that a panel can show."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from census.store.connect import engine
from tests.store.village import settle


@pytest.fixture
def village(database_url: str) -> Iterator[Connection]:
    made = engine(database_url)
    with made.connect() as connection:
        settle(connection)
        yield connection
    made.dispose()
