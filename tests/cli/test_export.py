"""`census export`: its dictionary, its folder, and which options go together."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from census.store.connect import engine
from tests.report.population import neighbourhood
from tests.support.program import census


def test_the_dictionary_says_what_each_column_means(database_url: str, tmp_path: Path) -> None:
    done = census("export", "--dictionary", folder=tmp_path, url=database_url)
    assert done.returncode == 0, done.stderr
    rows = {(row["file"], row["column"]): row for row in csv.DictReader(io.StringIO(done.stdout, newline=""))}
    assert rows["endpoints", "address_hash"]["type"] == "text"
    assert rows["observations", "latency_ms"]["unit"] == "milliseconds"
    assert rows["statistics/tool-calling", "count"]["unit"] == "units"


def test_a_dataset_is_written_once(database_url: str, tmp_path: Path) -> None:
    made = engine(database_url)
    with made.begin() as connection:
        neighbourhood(connection)
    made.dispose()
    line = ("export", "--dataset", tmp_path / "census-2026")
    done = census(*line, folder=tmp_path, url=database_url)
    assert done.returncode == 0, done.stderr
    assert "10 endpoints" in done.stderr
    manifest = json.loads((tmp_path / "census-2026/manifest.json").read_text())
    assert (manifest["min_count"], manifest["addresses"], manifest["rows"]["targets"]) == (5, False, 12)
    again = census(*line, folder=tmp_path, url=database_url)
    assert again.returncode == 2
    assert "nothing is overwritten" in again.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ((), "say one thing to write"),
        (("models", "--dictionary"), "say one thing to write"),
        (("models", "--min-count", "5"), "--min-count is for --dataset"),
        (("--dataset", "x", "--format", "csv"), "leave out --format"),
        (("--dataset", "x", "--scan", "latest"), "leave out --format, --scan"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_use(tmp_path: Path, line: tuple[str, ...], said: str) -> None:
    done = census("export", *line, folder=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
