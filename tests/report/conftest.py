"""A connection to a fresh database, which a test fills for itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from census.store.connect import engine


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    made = engine(database_url)
    with made.connect() as connection:
        yield connection
    made.dispose()
