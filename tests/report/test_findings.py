"""What a report says, against a neighbourhood whose figures are known."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, text

from census.report.asked import POPULATIONS, Asked
from census.report.findings import Findings, gather
from census.report.headline import Figure
from census.report.sections import records
from tests.report.population import GEMMA, LLAMA, NOW, QWEN, Population, neighbourhood


def figure(findings: Findings, label: str) -> Figure:
    (found,) = [each for each in findings.figures if each.label == label]
    return found


def test_the_figures_at_the_head_are_those_of_the_neighbourhood(connection: Connection) -> None:
    neighbourhood(connection)
    findings = gather(connection)
    assert [figure(findings, label).value for label in ("hosts", "endpoints", "countries")] == ["9", "9", "5"]
    tools = figure(findings, "advertise tools")
    assert (tools.value, tools.detail) == ("75.0 %", "[40.9, 92.9] of 8 hosts with a model")
    pair = figure(findings, "Llama with Qwen")
    assert (pair.value, pair.detail) == ("60.0 %", "[23.1, 88.2] of 5 hosts with several families; lift 1.20")


def test_a_pair_that_nobody_has_is_nought_of_all_and_keeps_its_interval(connection: Connection) -> None:
    population = Population(connection)
    scan = population.scan()
    for number in (1, 2, 3, 4):
        population.seen(scan, f"127.0.0.{number}", [LLAMA, GEMMA])
    pair = figure(gather(connection), "Llama with Qwen")
    assert (pair.value, pair.detail) == ("0.0 %", "[0.0, 49.0] of 4 hosts with several families; no lift")


def test_endpoints_are_told_with_decoys_too_and_families_of_those_that_have_a_model(connection: Connection) -> None:
    neighbourhood(connection)
    findings, other = gather(connection), gather(connection, Asked(population="raw"))
    assert (figure(findings, "endpoints").value, figure(findings, "endpoints").beside) == ("9", "with decoys 10")
    assert (figure(other, "endpoints").value, figure(other, "endpoints").beside) == ("10", "without decoys 9")
    assert findings.sections["concentration"].n == (8, 9)


def test_hosts_and_endpoints_are_counted_apart(connection: Connection) -> None:
    population = Population(connection)
    scan = population.scan()
    population.seen(scan, "127.0.0.1", [LLAMA])
    population.seen(scan, "127.0.0.1", [QWEN], port=8000)
    findings = gather(connection)
    assert (figure(findings, "hosts").value, figure(findings, "endpoints").value) == ("1", "2")


def test_the_sql_that_is_shown_gives_the_rows_that_are_shown(connection: Connection) -> None:
    scan = neighbourhood(connection)
    Population(connection).seen(Population(connection).scan(), "127.0.5.5", [QWEN])
    for findings in (gather(connection), gather(connection, Asked(scan))):
        for section in findings.sections.values():
            if section.name == "with-decoys":  # put together from the others
                continue
            shown = connection.execute(text(section.sql)).mappings().all()
            asked = records(section.result)
            told = [{name: row[name] for name in section.result.columns} for row in shown]
            assert [
                {name: str(value) if name == "week" else value for name, value in row.items()} for row in told
            ] == asked
            assert section.result.rows


def test_a_report_of_one_scan_is_of_that_alone(connection: Connection) -> None:
    neighbourhood(connection)
    population = Population(connection)
    second = population.scan("second")
    population.seen(second, "127.0.5.5", [QWEN])
    findings = gather(connection, Asked(second))
    assert figure(findings, "hosts").value == "1"
    assert [scan["name"] for scan in findings.scans] == ["second"]
    assert (gather(connection).all_scans, findings.all_scans) == (2, 1)


def test_an_empty_database_has_a_report(connection: Connection) -> None:
    findings = gather(connection)
    assert figure(findings, "hosts").value == "0"
    assert findings.scans == ()


def test_a_census_without_a_place_database_says_nothing_of_networks(connection: Connection) -> None:
    neighbourhood(connection)
    found = records(gather(connection).sections["concentration"].result)
    assert [(row["dimension"], row["categories"]) for row in found] == [("country", 5), ("asn", 0), ("family", 3)]
    assert (found[1]["hhi"], found[1]["gini"], found[1]["unknown"]) == (None, None, 1.0)


def test_a_window_and_a_population_are_in_every_query(connection: Connection) -> None:
    neighbourhood(connection)
    population = Population(connection)
    population.seen(population.scan(), "127.0.5.5", [QWEN], at=NOW + timedelta(days=30))
    findings = gather(connection, Asked(None, NOW - timedelta(days=1), NOW + timedelta(days=1), "raw"))
    assert figure(findings, "hosts").value == "10"
    assert figure(findings, "hosts").beside == "without decoys 9"
    for section in findings.sections.values():
        assert "since => '2026-11-01 12:00:00+00:00', until => '2026-11-03 12:00:00+00:00'" in section.sql
    assert "population => 'raw'" in findings.sections["families"].sql
    assert findings.sections["families"].population == "raw"
    assert gather(connection, Asked(None, NOW + timedelta(days=90))).scans == ()


def test_shares_with_decoys_stand_beside_those_without_whichever_was_asked_for(connection: Connection) -> None:
    neighbourhood(connection)
    sections = [gather(connection, Asked(population=each)).sections["with-decoys"] for each in POPULATIONS]
    assert sections[0].result == sections[1].result
    (llama,) = [row for row in records(sections[0].result) if row["figure"] == "Llama"]
    assert (llama["credible_count"], llama["credible_of"]) == (5, 8)
    assert (llama["raw_count"], llama["raw_of"]) == (6, 9)
