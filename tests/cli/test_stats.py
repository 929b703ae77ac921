"""`census stats`: its list, its rows in every format, and what it says when there is nothing to say."""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from census.cli.main import cli
from census.store import lineages
from census.store.connect import connect, engine
from census.store.embedded import Embedded
from census.store.statistics import GROUPS, STATISTICS
from tests.store.statistics.history import draw
from tests.support.program import census

Told = Callable[..., Result]
parquet: Any = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(scope="module")
def small(server: Embedded, template: str) -> Iterator[str]:
    """A database with a small history."""
    name = f"small_{uuid.uuid4().hex}"
    url = server.create_database(name, template)
    with connect(url) as plain:
        lineages.note(plain)
    made = engine(url)
    with made.begin() as connection:
        draw(3, hosts=12).write(connection)
    made.dispose()
    yield url
    server.drop_database(name)


@pytest.fixture
def told(small: str) -> Told:
    def run(*line: str) -> Result:
        done = CliRunner().invoke(cli, ["stats", *line, "--database", small], env={"COLUMNS": "200"})
        assert done.exit_code == 0, (done.output, done.exception)
        return done

    return run


def test_the_list_has_every_statistic_under_its_group_with_its_options(told: Told) -> None:
    lines = told().stdout.splitlines()
    places = [lines.index(heading) for heading in GROUPS]
    assert places == sorted(places)
    for (heading, group), begin, end in zip(GROUPS.items(), places, [*places[1:], len(lines)], strict=True):
        listed = [line.split()[0] for line in lines[begin:end] if line.startswith("  ") and line[2] != " "]
        assert listed == [each.name for each in group], heading
    assert "  co-deployment [--by] [--triples]" in lines
    assert {each.name for group in GROUPS.values() for each in group} == set(STATISTICS)


def test_the_list_is_the_same_in_every_format(told: Told, tmp_path: Path) -> None:
    listed = json.loads(told("--format", "json").stdout)
    assert [each["name"] for each in listed] == list(STATISTICS)
    assert [each["definition"] for each in listed] == [each.definition for each in STATISTICS.values()]
    assert next(each["options"] for each in listed if each["name"] == "co-deployment") == ["by", "triples"]
    assert [json.loads(line) for line in told("--format", "jsonl").stdout.splitlines()] == listed
    rows = list(csv.DictReader(io.StringIO(told("--format", "csv").stdout)))
    assert [{**row, "options": json.loads(row["options"])} for row in rows] == listed
    told("--format", "parquet", "--output", str(tmp_path / "list.parquet"))
    assert parquet.read_table(tmp_path / "list.parquet").to_pylist() == listed


@pytest.mark.parametrize("given", [("--top", "3"), ("--scan", "latest"), ("--triples",), ("--min-count", "5")])
def test_what_says_which_rows_are_wanted_needs_the_name_of_a_statistic(given: tuple[str, ...]) -> None:
    done = CliRunner().invoke(cli, ["stats", *given, "--format", "json", "--quiet"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"{given[0]} needs the NAME of a statistic" in done.stderr


@pytest.mark.parametrize("name", STATISTICS)
def test_every_statistic_can_be_read_by_programs_and_people(told: Told, name: str) -> None:
    rows = json.loads(told(name, "--format", "json").stdout)
    assert all(tuple(row) == STATISTICS[name].columns for row in rows)
    assert told(name).stdout.startswith(name)


@pytest.mark.parametrize(
    ("line", "begins"),
    [
        (("co-deployment",), "Pairs of families"),
        (("co-deployment", "--triples"), "Triples of families"),
        (("families", "--by", "architecture"), STATISTICS["architectures"].definition[:40]),
    ],
)
def test_what_is_told_below_the_rows_is_what_was_asked(told: Told, line: tuple[str, ...], begins: str) -> None:
    assert begins in " ".join(told(*line).stdout.split())


def test_days_and_lists_are_the_same_in_every_format(told: Told) -> None:
    for name in ("growth", "digests"):
        rows = json.loads(told(name, "--format", "json").stdout)
        assert [json.loads(line) for line in told(name, "--format", "jsonl").stdout.splitlines()] == rows
        table = list(csv.DictReader(io.StringIO(told(name, "--format", "csv").stdout)))
        first = next(iter(rows[0]))
        assert [row[first] for row in table] == [row[first] for row in rows]


@pytest.mark.parametrize("name", STATISTICS)
def test_a_time_without_scans_is_no_error_and_says_what_there_is(told: Told, name: str) -> None:
    done = told(name, "--since", "2030-01-01")
    if name not in {"funnel", "concentration", "unseen"}:
        assert "Nothing was seen." in done.stdout
        assert "the database has scans from 2026-09-02 10:00 to 2026-10-06 10:00 UTC" in done.stderr


def test_an_empty_database_has_nothing_to_say_about_scans(tmp_path: Path, database_url: str) -> None:
    done = census("stats", "growth", folder=tmp_path, url=database_url)
    assert done.returncode == 0
    assert done.stderr.startswith("No scan is stored yet: `census scan --help`")
    assert "Nothing was seen." in done.stdout


def test_estimates_come_with_their_caution_unless_it_is_to_be_quiet(told: Told) -> None:
    assert "independent of each other" in told("unseen", "--format", "json").stderr
    assert told("unseen", "--quiet").stderr == ""
    assert told("families").stderr == ""


@pytest.mark.parametrize(
    ("line", "title"),
    [
        (("growth", "--unit", "observation"), "growth by host, credible"),
        (("growth", "--unit", "endpoint", "--population", "raw"), "growth by endpoint, raw"),
        (("regions", "--unit", "observation"), "regions by observation, credible"),
        (("funnel", "--unit", "endpoint"), "funnel"),
    ],
)
def test_a_title_says_what_was_really_counted(told: Told, line: tuple[str, ...], title: str) -> None:
    assert told(*line).stdout.splitlines()[0] == title


def test_by_and_top_are_for_every_statistic_of_families(told: Told) -> None:
    for name in ("families", "derivatives", "ranks", "weekly-ranks", "co-deployment"):
        found = json.loads(told(name, "--by", "architecture", "--top", "1", "--format", "json").stdout)
        assert len(found) == 1
        assert "family" not in found[0]
        assert ("architecture" in found[0]) == ("family" in STATISTICS[name].columns)
        head = told(name, "--by", "architecture", "--top", "1", "--format", "csv").stdout.splitlines()[0]
        assert head.split(",") == list(found[0])
    assert "llama and qwen2" in told("together", "--by", "architecture").stdout


def test_a_seed_for_the_times_when_something_is_drawn_may_stay_in_the_environment(
    tmp_path: Path, database_url: str
) -> None:
    done = census("stats", "inventory", folder=tmp_path, url=database_url, CENSUS_STATS_SEED="7")
    assert done.returncode == 0, done.stderr


def test_an_interval_stands_in_the_cell_of_its_figure(told: Told) -> None:
    head, row = told("co-deployment", "--top", "1").stdout.splitlines()[1:3]
    assert not {"low", "jaccard_low", "lift_high"} & set(head.split())
    assert row.count("[") == 4  # share, jaccard, lift, log odds
    assert {"low", "high"} <= set(told("unseen").stdout.splitlines()[1].split())
    assert "unknown" not in told("weekly-ranks", "--top", "3").stdout.split("n =")[0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("persistance",), "did you mean persistence?"),
        (("regions", "--unit", "hosts"), "'endpoint', 'host', 'host-day', 'observation'"),
        (("regions", "--by", "architecture"), "regions takes no --by; families, derivatives, co-deployment, together"),
        (("regions", "--since", "2026-02-01", "--until", "2026-01-01"), "is not before --until"),
        (("families", "--seed", "1"), "--seed changes nothing, for nothing is drawn: add --cluster asn"),
        (("co-deployment", "--draws", "500"), "for co-deployment, --null-model, or leave --draws out"),
    ],
)
def test_wrong_use_names_what_there_is(tmp_path: Path, line: tuple[str, ...], said: str) -> None:
    done = census("stats", *line, folder=tmp_path)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert not (tmp_path / "home").exists()


def test_rows_for_programs_go_into_a_file_also_as_parquet(told: Told, tmp_path: Path) -> None:
    rows = json.loads(told("families", "--format", "json").stdout)
    for name in STATISTICS:
        told(name, "--format", "parquet", "--output", str(tmp_path / f"{name}.parquet"))
    assert parquet.read_table(tmp_path / "families.parquet").to_pylist() == rows
    assert str(parquet.read_schema(tmp_path / "digests.parquet").field("names").type).startswith("list")
    told("families", "--format", "json", "--output", str(tmp_path / "families.json"))
    assert json.loads((tmp_path / "families.json").read_text()) == rows


def test_a_table_is_not_written_to_a_file(small: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["stats", "families", "--output", str(tmp_path / "x"), "--database", small])
    assert done.exit_code == 2
    assert "add --format csv, jsonl, json or parquet" in done.output


def test_small_counts_can_be_hidden_and_that_is_said(told: Told) -> None:
    done = told("countries", "--min-count", "4", "--format", "json")
    rows = json.loads(done.stdout)
    assert rows[-1]["country"] == "fewer than 4"
    assert all(row["count"] >= 4 for row in rows[:-1])
    assert "rows are hidden: fewer than 4" in done.stderr


@pytest.mark.parametrize("name", ["families", "digests", "survival"])
def test_if_all_rows_are_small_that_is_said_and_not_that_nothing_was_seen(told: Told, name: str) -> None:
    said = told(name, "--min-count", "1000000").stderr
    assert re.search(r"^all \d+ rows are hidden: fewer than 1000000", said, re.MULTILINE)
    assert "Nothing was seen" not in said
