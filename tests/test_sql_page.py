"""Holds docs/sql.md to the database: it is what docs/generate.py makes, and its recipes run."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from census.store.connect import engine
from tests.support.reader import reader

_DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    made = engine(database_url)
    with made.connect() as connection:
        yield connection
    made.dispose()


@pytest.fixture(scope="module")
def generate() -> Any:
    spec = importlib.util.spec_from_file_location("generate_the_page_of_sql", _DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_database_says_now(connection: Connection, generate: Any) -> None:
    assert generate.SQL.read_text(encoding="utf-8") == generate.sql(connection), "run `make docs`"


def test_every_recipe_runs_for_who_may_only_read(database_url: str) -> None:
    page = (_DOCS / "sql-head.md.in").read_text(encoding="utf-8")
    queries = [query for block in re.findall(r"```sql\n(.*?)```", page, re.DOTALL) for query in block.split(";\n")]
    asked = [query for query in queries if query.strip()]
    assert len(asked) == 9
    with reader(database_url) as url:
        made = engine(url)
        with made.connect() as connection:
            for query in asked:
                connection.execute(text(query))
        made.dispose()


def test_links_lead_somewhere() -> None:
    page = (_DOCS / "sql-head.md.in").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)", page)
    assert len(targets) == 4
    assert [each for each in targets if not (_DOCS / each).exists()] == []
