"""A history drawn at random, in a database and in plain Python, for all tests of one worker."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from census.store import judgements
from census.store.connect import engine
from census.store.embedded import Embedded
from tests.store.statistics.history import World, draw

SEED = 11


@pytest.fixture(scope="session")
def world() -> World:
    """The history, to count from."""
    return draw(SEED)


@pytest.fixture(scope="session")
def lived(server: Embedded, template: str, world: World) -> Iterator[Engine]:
    """A database with the history in it."""
    name = f"history_{uuid.uuid4().hex}"
    made = engine(server.create_database(name, template))
    with made.begin() as connection:
        world.write(connection)
        judgements.renew(connection)  # as the catalogue judges a version that it meets
    yield made
    made.dispose()
    server.drop_database(name)


@pytest.fixture
def history(lived: Engine) -> Iterator[Connection]:
    """A connection to the history; nothing that is done over it is committed."""
    with lived.connect() as connection:
        yield connection


@pytest.fixture
def blank(server: Embedded, template: str) -> Iterator[Connection]:
    """A connection to a database of the current schema without any row, for a history made by hand."""
    name = f"blank_{uuid.uuid4().hex}"
    made = engine(server.create_database(name, template))
    with made.connect() as connection:
        yield connection
    made.dispose()
    server.drop_database(name)
