"""`census report`: its options, and what it says when there is nothing to say or something cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from census.cli.main import cli
from census.store.connect import engine
from tests.report.population import QWEN, Population, neighbourhood
from tests.support.program import census

Told = Callable[..., Result]


@pytest.fixture
def told(database_url: str) -> Told:
    """Run it over ten hosts in a first scan and one in a second."""
    made = engine(database_url)
    with made.begin() as connection:
        neighbourhood(connection)
        population = Population(connection)
        population.seen(population.scan("second"), "127.0.5.5", [QWEN])
    made.dispose()

    def run(*line: str) -> Result:
        return CliRunner().invoke(cli, ["report", *line, "--database", database_url], env={"COLUMNS": "100"})

    return run


def test_it_is_of_the_scans_the_window_and_the_population_that_are_named(told: Told) -> None:
    def hosts(*line: str) -> str:
        return told(*line).stdout.split()[0]

    assert [hosts(), hosts("--population", "raw"), hosts("--scan", "2")] == ["10", "11", "1"]
    assert [hosts("--since", "2026-11-03"), hosts("--until", "2026-11-03")] == ["0", "10"]


def test_the_page_says_what_it_was_asked_for(told: Told, tmp_path: Path) -> None:
    done = told("--html", str(tmp_path / "r.html"), "--population", "raw", "--since", "2026-11-01")
    assert done.exit_code == 0, done.output
    assert "open it in a browser" in done.stdout
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "from 2026-11-01 00:00+00:00" in html
    assert "endpoints that are decoys are counted too" in html
    assert "stats.families(since =&gt; &#39;2026-11-01 00:00:00+00:00&#39;, population =&gt; &#39;raw&#39;)" in html
    assert 500_000 < len(html) < 2_000_000


def test_a_page_and_charts_can_be_had_at_once(told: Told, tmp_path: Path) -> None:
    done = told("--html", str(tmp_path / "r.html"), "--charts", str(tmp_path / "charts"), "--scan", "latest")
    assert done.exit_code == 0, done.output
    assert f"charts, each as SVG and PNG, into {tmp_path / 'charts'}" in done.stdout
    assert (tmp_path / "charts" / "families.svg").exists()
    assert "Server software" not in done.stdout


def test_nothing_stored_and_nothing_found_each_have_their_next_step(told: Told, tmp_path: Path) -> None:
    assert "without --since and --until shows all" in told("--since", "2030-01-01").stderr
    assert told("--since", "2030-01-01", "--quiet").stderr == ""
    done = told("--since", "2026-02-01", "--until", "2026-01-01")
    assert "is not before --until" in str(done.exception) + done.output
    assert not (tmp_path / "home").exists()


def test_a_folder_that_is_not_there_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    done = census("report", "--html", tmp_path / "none" / "r.html", folder=tmp_path)
    assert done.returncode == 2
    assert "there is no folder" in done.stderr
    assert not (tmp_path / "home").exists()


def test_an_empty_database_says_how_to_fill_it(tmp_path: Path, database_url: str) -> None:
    done = census("report", folder=tmp_path, url=database_url)
    assert done.returncode == 0
    assert "No scan is stored yet: `census scan --help`" in done.stderr
