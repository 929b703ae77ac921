"""The census on a terminal."""

from __future__ import annotations

import io
from datetime import timedelta

from rich.console import Console
from sqlalchemy import Connection

from census.report.findings import gather
from census.report.terminal import terminal_report
from tests.report.population import NOW, Listed, Population, neighbourhood


def reported(connection: Connection, width: int = 100) -> str:
    stream = io.StringIO()
    terminal_report(gather(connection), Console(file=stream, width=width))
    return stream.getvalue()


def test_it_says_the_figures_and_then_the_main_tables(connection: Connection) -> None:
    neighbourhood(connection)
    text = reported(connection)
    assert "75.0 %  advertise tools" in text
    assert "lift 1.20" in text
    assert "From targets to inference servers (targets, all)" in text
    assert "Families on the same host (hosts, credible)" in text
    assert "62.5 %  [30.6, 86.3]" in text


def test_a_long_statistic_is_cut_and_says_so(connection: Connection) -> None:
    population = Population(connection)
    scan = population.scan()
    for number in range(12):
        population.seen(scan, f"127.0.0.{number + 1}", [Listed(f"m{number}", f"Family {number:02}")])
    text = reported(connection)
    assert "Whose models they serve (hosts, credible, first 10 of 12)" in text
    assert "Family 09" in text
    assert "Family 10" not in text


def test_an_empty_census_and_a_narrow_terminal_are_no_trouble(connection: Connection) -> None:
    empty = reported(connection)
    assert len(empty.splitlines()) < 15
    assert "Nothing was seen for: From targets to inference servers; Where they are; Whose networks" in empty
    neighbourhood(connection)
    assert max(map(len, reported(connection, 50).splitlines())) <= 50


def test_figures_with_decoys_and_the_latest_week_are_on_the_terminal_too(connection: Connection) -> None:
    neighbourhood(connection)
    population = Population(connection)
    population.seen(population.scan(), "127.0.0.1", [Listed("m", "Phi")], at=NOW + timedelta(days=7))
    text = reported(connection, 140)
    assert "one for each address; with decoys 10" in text
    weeks = text.partition("Families over time")[2].partition("Families on the same host")[0]
    assert "2026-11-09" in weeks
    assert "2026-11-02" not in weeks
