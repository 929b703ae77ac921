"""What a report says, against a neighbourhood whose figures are known."""

from __future__ import annotations

from sqlalchemy import Connection, text

from census.report.findings import Figure, Findings, gather
from tests.report.population import GEMMA, LLAMA, QWEN, Population, neighbourhood


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
    for findings in (gather(connection), gather(connection, scan)):
        for section in findings.sections.values():
            shown = connection.execute(text(section.sql)).mappings().all()
            asked = [dict(zip(section.result.columns, row, strict=True)) for row in section.result.rows]
            assert [{name: row[name] for name in section.result.columns} for row in shown] == asked
            assert section.result.rows


def test_a_report_of_one_scan_is_of_that_alone(connection: Connection) -> None:
    neighbourhood(connection)
    population = Population(connection)
    second = population.scan("second")
    population.seen(second, "127.0.5.5", [QWEN])
    findings = gather(connection, second)
    assert figure(findings, "hosts").value == "1"
    assert [scan["name"] for scan in findings.scans] == ["second"]
    assert (gather(connection).all_scans, findings.all_scans) == (2, 1)


def test_an_empty_database_has_a_report(connection: Connection) -> None:
    findings = gather(connection)
    assert figure(findings, "hosts").value == "0"
    assert findings.scans == ()
