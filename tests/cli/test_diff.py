"""`census diff`: its table, its rows, and that addresses are shown only when they are asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import Connection

from census.store.connect import engine
from tests.report.population import GEMMA, LLAMA, QWEN, Population
from tests.support.program import census


@pytest.fixture
def url(database_url: str) -> str:
    made = engine(database_url)
    with made.begin() as connection:
        _fill(connection)
    made.dispose()
    return database_url


def _fill(connection: Connection) -> None:
    population = Population(connection)
    first, second = population.scan("monday"), population.scan("tuesday")
    population.seen(first, "127.0.0.3", [LLAMA, QWEN])
    population.seen(second, "127.0.0.3", [LLAMA, GEMMA], version="0.10.0")
    population.seen(second, "127.0.0.5", [LLAMA])


def test_a_table_shows_changes_without_addresses_and_a_summary(url: str, tmp_path: Path) -> None:
    done = census("diff", "monday", "latest", folder=tmp_path, url=url, COLUMNS="160")
    assert done.returncode == 0, done.stderr
    assert "127.0.0" not in done.stdout
    assert "0.9.0 → 0.10.0" in done.stdout
    assert f"+{GEMMA.name} -{QWEN.name}" in done.stdout
    assert done.stderr.splitlines()[-1] == "1 new, 0 gone, 1 changed, 0 the same"
    shown = census("diff", "monday", "latest", "--addresses", folder=tmp_path, url=url, COLUMNS="160").stdout
    assert "127.0.0.5 11434" in shown


def test_rows_have_the_hashes_of_the_exports(url: str, tmp_path: Path) -> None:
    done = census("diff", "1", "2", "--format", "json", folder=tmp_path, url=url)
    rows = json.loads(done.stdout)
    assert [(row["change"], row["models_added"]) for row in rows] == [("new", None), ("changed", [GEMMA.name])]
    exported = census("export", "endpoints", folder=tmp_path, url=url).stdout
    known = {json.loads(line)["address_hash"] for line in exported.splitlines()}
    assert {row["address_hash"] for row in rows} <= known
    output = tmp_path / "diff.csv"
    assert census("diff", "1", "2", "--format", "csv", "--output", output, folder=tmp_path, url=url).returncode == 0
    assert len(output.read_text().splitlines()) == 3


@pytest.mark.parametrize(("line", "said"), [(("1", "1"), "two different scans"), (("1", "sunday"), "no scan 'sunday'")])
def test_what_cannot_be_compared_is_wrong_use(url: str, tmp_path: Path, line: tuple[str, str], said: str) -> None:
    done = census("diff", *line, folder=tmp_path, url=url)
    assert done.returncode == 2
    assert said in done.stderr
