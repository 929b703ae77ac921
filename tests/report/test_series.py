"""The census as metrics: what is counted, and that no target makes series of its own."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection

from census.facts import Outcome, Verdict
from census.report.series import metrics
from tests.report.population import LLAMA, QWEN, Listed, Population, neighbourhood

Series = dict[str, dict[tuple[str, ...], float]]


def read(connection: Connection) -> Series:
    families = text_string_to_metric_families(metrics(connection).decode())
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples} for family in families
    }


def test_the_promised_metrics_count_the_neighbourhood(connection: Connection) -> None:
    scan = neighbourhood(connection)
    series = read(connection)
    assert series["census_scan_progress_ratio"] == {(str(scan),): 1.0}
    assert series["census_hosts"] == {("US",): 3, ("CN",): 2, ("DE",): 1, ("FR",): 1, ("SG",): 1, ("unknown",): 1}
    assert series["census_family_hosts"] == {("Llama",): 5, ("Qwen",): 4, ("Gemma",): 3, ("unknown",): 1}
    assert series["census_co_deployment_hosts"] == {("Llama", "Qwen"): 3, ("Gemma", "Llama"): 1, ("Gemma", "Qwen"): 1}
    assert series["census_tool_calling_hosts"] == {("yes",): 6, ("no",): 1, ("unknown",): 1}
    assert series["census_software_hosts"] == {("Ollama",): 9}
    assert series["census_new_endpoints"] == series["census_hosts"]


def test_new_endpoints_are_those_that_no_earlier_scan_saw(connection: Connection) -> None:
    neighbourhood(connection)
    population = Population(connection)
    second = population.scan("second")
    population.seen(second, "127.0.0.1", [LLAMA])
    population.seen(second, "127.0.7.1", [LLAMA], country="SE")
    population.seen(second, "127.0.7.2", [LLAMA], country="SE", port=8000)
    population.seen(second, "127.0.7.3", [LLAMA], country="NO", verdict=Verdict.DECOY)
    assert read(connection)["census_new_endpoints"] == {("SE",): 2}


def test_progress_is_of_the_five_latest_scans(connection: Connection) -> None:
    population = Population(connection)
    scans = [population.scan(ended=False) for _ in range(7)]
    done = [("127.0.0.1", 11434, None, Outcome.REFUSED)]
    open_ = [(f"127.0.0.{n}", 11434, None, None) for n in (2, 3, 4)]
    population.chunk(scans[5], [*done, *open_])
    progress = read(connection)["census_scan_progress_ratio"]
    assert progress == {(str(scan),): 0.25 if scan == scans[5] else 1.0 for scan in scans[2:]}


def test_beyond_the_first_fifty_everything_is_other(connection: Connection) -> None:
    population = Population(connection)
    scan = population.scan()
    for number in range(60):
        models = [QWEN, Listed(f"m{number}", f"Family {number:02}")]
        population.seen(scan, f"127.0.0.{number + 1}", models, country=f"X{number:02}", software=f"s{number:02}")
    series = read(connection)
    for name in ("census_hosts", "census_family_hosts", "census_co_deployment_hosts", "census_software_hosts"):
        assert len(series[name]) == 51, name
    assert series["census_hosts"]["other",] == 10
    assert series["census_co_deployment_hosts"]["other", "other"] == 10


def test_a_label_of_a_stranger_is_short_inert_and_one_series(connection: Connection) -> None:
    population = Population(connection)
    scan = population.scan()
    evil = 'x"} 1\ncensus_hosts{country="' + "y" * 500
    for number in range(3):
        population.seen(scan, f"127.0.0.{number + 1}", [LLAMA], software=f"{evil}{number}")
    assert [(len(name), count) for (name,), count in read(connection)["census_software_hosts"].items()] == [(100, 3)]
