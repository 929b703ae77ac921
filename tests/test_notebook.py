"""Holds docs/notebook to the database: its queries run, it was run, and it names no place of a machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from census.store.connect import engine
from tests.support.reader import reader

_PATH = Path(__file__).parents[1] / "docs/notebook/census.ipynb"
_CELLS: list[dict[str, Any]] = json.loads(_PATH.read_text(encoding="utf-8"))["cells"]
_CODE = ["".join(cell["source"]) for cell in _CELLS if cell["cell_type"] == "code"]


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A connection of a role that may only read, as a notebook should have."""
    with reader(database_url) as url:
        made = engine(url)
        with made.connect() as connection:
            yield connection
        made.dispose()


def test_every_query_of_the_notebook_runs(connection: Connection) -> None:
    queries = [query for source in _CODE for query in re.findall(r'ask\("""(.*?)"""\)', source, re.DOTALL)]
    assert len(queries) == sum(source.count("ask(") for source in _CODE) - 1  # which is its definition
    for query in queries:
        connection.execute(text(query))


def test_every_cell_was_run_in_order_and_shows_something() -> None:
    cells = [cell for cell in _CELLS if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell["outputs"] for cell in cells[1:])
    assert not any(output["output_type"] in {"error", "stream"} for cell in cells for output in cell["outputs"])


def test_it_names_no_place_of_a_machine_and_stays_small() -> None:
    whole = _PATH.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w/<])/(home|root|tmp|usr|var|Users|work|opt)/|[A-Z]:\\\\|postgresql://", whole)
    assert not re.search(r"\b\d{1,3}(\.\d{1,3}){3}\b", whole)
    assert len(whole) < 100_000
