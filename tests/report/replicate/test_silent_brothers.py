"""Each figure of the study is what counting by hand gives, and what cannot be compared says why."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import Connection

from census.report.replicate import comparison
from census.report.replicate.census import Census, Ours
from census.report.replicate.silent_brothers import FIGURES
from census.store.connect import engine
from tests.store.statistics.history import World, draw
from tests.store.statistics.reckoning import holdings, units, wilson
from tests.support.program import census

HOSTS = {"unit": "host"}


@pytest.fixture(scope="module")
def world() -> World:
    return draw(23)


@pytest.fixture
def told(database_url: str, world: World) -> Iterator[dict[str, Ours]]:
    """Our figure by the number of theirs."""
    made = engine(database_url)
    with made.connect() as connection:
        world.write(connection)
        yield {figure.number: ours for figure, ours in comparison.compare(Census(connection))}
    made.dispose()


def portion(hosts: list[Any], fits: Callable[[Any], bool]) -> tuple[float, float | None, float | None]:
    return wilson(sum(map(fits, hosts)), len(hosts), "host")


def together(models: set[Any]) -> set[str]:
    return {model.architecture for model in models} - {None}


def test_size_is_counted_of_ollama(told: dict[str, Ours], world: World) -> None:
    ollama = [look for look in world.asked() if look.software and look.software[0] == "Ollama"]
    seen = [look for look in world.asked() if look.outcome.recognised]
    assert told["1a"].value == len(ollama)
    assert told["1b"].value == len({world.host(look) for look in ollama})
    assert told["1c"].value == len({world.hosts[world.host(look)][0] for look in seen} - {None})
    assert told["1d"].value == len({world.hosts[world.host(look)][2] for look in seen} - {None})
    assert told["1e"].value == (max(look.at for look in seen).date() - min(look.at for look in seen).date()).days + 1


def test_shares_of_hosts_have_the_interval_of_wilson(told: dict[str, Ours], world: World) -> None:
    held = holdings(world, HOSTS)
    several = [models for models in held if len(together(models)) > 1]
    many = [models for models in held if len({model.name for model in models}) > 1]
    expected = {
        "13b": portion(several, lambda models: together(models) >= {"llama", "qwen2"}),
        "13d": portion(several, lambda models: "qwen2" in together(models)),
        "13e": portion(many, lambda models: "qwen2" in together(models)),
        "14a": portion(held, lambda models: any(model.quantization == "Q4_K_M" for model in models)),
        "16a": portion(held, lambda models: any("tools" in (model.capabilities or ()) for model in models)),
        "16b": portion(held, lambda models: any(model.capabilities == ("completion", "tools") for model in models)),
        "16d": portion(held, lambda models: any("thinking" in (model.capabilities or ()) for model in models)),
    }
    for number, interval in expected.items():
        ours = told[number]
        assert (ours.value, ours.low, ours.high) == pytest.approx(interval), number


def test_a_pair_is_counted_and_its_lift_is_over_all_hosts(told: dict[str, Ours], world: World) -> None:
    held = [together(models) for models in holdings(world, HOSTS)]
    both = sum(families >= {"llama", "qwen2"} for families in held)
    llama, qwen = (sum(name in families for families in held) for name in ("llama", "qwen2"))
    assert told["13a"].value == both
    assert told["13c"].value == pytest.approx(both * len(held) / (llama * qwen))


def test_regions_are_shares_of_their_country(told: dict[str, Ours], world: World) -> None:
    seen = {(*world.hosts[int(str(host))][:2], host) for host in units(world, HOSTS)}
    inside = [region for country, region, _ in seen if country == "US"]
    assert told["8a"].value == pytest.approx(inside.count("Virginia") / len(inside))
    assert told["8c"].value == 0


def test_what_the_study_does_not_define_is_not_comparable_and_says_why(told: dict[str, Ours]) -> None:
    assert {figure.number for figure in FIGURES if figure.ask is None} == {"4", "5", "6", "14d", "17", "18"}
    for figure in FIGURES:
        assert (figure.ask is None) == bool(figure.reason), figure.number
        assert figure.ask is None or told[figure.number].value is not None, figure.number


def test_an_empty_census_says_that_nothing_was_seen(connection: Connection) -> None:
    compared = comparison.compare(Census(connection))
    shares = [ours.value for figure, ours in compared if figure.number in ("2a", "13b", "16a", "8a", "11a")]
    assert shares == [None] * 5
    out = io.StringIO()
    comparison.show(compared, Console(file=out, width=120))
    assert "nothing was seen" in out.getvalue()


def test_the_program_writes_it_in_every_form(database_url: str, tmp_path: Path, world: World) -> None:
    made = engine(database_url)
    with made.begin() as connection:
        world.write(connection)
    made.dispose()

    def run(form: str) -> str:
        done = census("replicate", "silent-brothers", "--format", form, folder=tmp_path, url=database_url)
        assert done.returncode == 0, done.stderr
        return done.stdout

    told = json.loads(run("json"))
    assert [each["number"] for each in told] == [figure.number for figure in FIGURES]
    assert [row["number"] for row in csv.DictReader(io.StringIO(run("csv")))] == [each["number"] for each in told]
    pair = next(each for each in told if each["number"] == "13b")
    assert pair["theirs"] == "52 %"
    assert pair["low"] < pair["ours"] < pair["high"]
    lines = run("markdown").splitlines()
    assert sum(line.startswith("| ") for line in lines) == 1 + len(FIGURES)
    assert f"{100 * pair['ours']:.1f} %" in next(line for line in lines if line.startswith("| 13b"))
    assert "not comparable" in run("table")


def test_another_study_is_wrong_use_and_names_those_that_there_are(tmp_path: Path) -> None:
    done = census("replicate", "loud-sisters", folder=tmp_path)
    assert done.returncode == 2
    assert "silent-brothers" in done.stderr
