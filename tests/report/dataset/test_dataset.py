"""The folder for an archive: whole or not there, tells no host, and counts again what the census counted."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from census.report import dataset
from census.report.dataset import papers
from census.report.exports import WHATS
from census.store import statistics
from census.store.connect import engine
from census.store.embedded import Embedded
from census.store.judgements import renew
from tests.report.population import LLAMA, QWEN, Listed, Population
from tests.store.statistics.history import draw
from tests.support.inventories import describe

KEY = bytes(range(32))
QUERIES = sorted({path.stem for path in Path(papers.__file__).with_name("sql").glob("*.sql")} - {"interval", "bits"})
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "co-deployment-triples": ("co-deployment", {"triples": True}),
    "software-versions": ("software", {"versions": True}),
}
LEFT_OUT = {"clusters": {"examples"}}  # as the README of a dataset says
parquet: Any = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(scope="module")
def past(server: Embedded, template: str) -> Iterator[Connection]:
    name = f"past_{uuid.uuid4().hex}"
    made = engine(server.create_database(name, template))
    with made.connect() as connection:
        draw(5, hosts=40).write(connection)
        placed = "update model m set developer = f.developer, origin = f.origin from family f where f.name = m.family"
        connection.execute(text(placed))
        renew(connection)
        yield connection
    made.dispose()
    server.drop_database(name)


@pytest.fixture(scope="module")
def whole(past: Connection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset") / "census"
    dataset.write(past, folder, key=KEY, bound=1)
    return folder


@pytest.fixture(scope="module")
def bare(past: Connection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bare") / "census"
    dataset.write(past, folder, key=None, bound=1)
    return folder


def counted_again(folder: Path, name: str, population: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows of a dataset's query; without decoys as it is, else changed as the README says."""
    duckdb: Any = pytest.importorskip("duckdb")
    query = (folder / f"sql/{name}.sql").read_text()
    if population == "raw" and name != "funnel":
        query = re.sub(r"(\w\.)?decoy <> 'decoy'", "true", query)
        query = query.replace("population = 'credible'", "population = 'raw'")
    with duckdb.connect() as other:
        other.execute(query)
        return [each[0] for each in other.description], other.fetchall()


def counted(past: Connection, name: str, population: str, columns: list[str]) -> list[tuple[Any, ...]]:
    """The census' own rows of what a query is about, in the columns that the query gives."""
    statistic, options = VARIANTS.get(name, (name, {}))
    ours = statistics.rows(past, statistic, population=population, **options)
    return [tuple(row[ours.columns.index(column)] for column in columns) for row in ours.rows]


def are_same(one: Any, other: Any, *, within: float = 0) -> bool:
    return bool(one == (pytest.approx(other, rel=1e-9, abs=within or 1e-12) if isinstance(other, float) else other))


def test_every_statistic_can_be_counted_again() -> None:
    assert {*statistics.STATISTICS, *VARIANTS} == set(QUERIES)


@pytest.mark.parametrize("population", dataset.POPULATIONS)
@pytest.mark.parametrize("name", QUERIES)
def test_duckdb_counts_from_the_files_what_the_census_counts(
    past: Connection, bare: Path, monkeypatch: pytest.MonkeyPatch, name: str, population: str
) -> None:
    monkeypatch.chdir(bare)
    columns, found = counted_again(bare, name, population)
    statistic, options = VARIANTS.get(name, (name, {}))
    missing = set(statistics.rows(past, statistic, **options).columns) - set(columns)
    assert missing == LEFT_OUT.get(name, set())
    expected = counted(past, name, population, columns)
    assert len(found) == len(expected) > 1
    for one, other in zip(found, expected, strict=True):
        assert all(map(are_same, one, other)), (columns, one, other)


@pytest.mark.parametrize("name", QUERIES)
def test_hashes_and_days_in_the_place_of_times_lose_nothing_but_fractions_of_days(
    past: Connection, whole: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(whole)
    columns, found = counted_again(whole, name, "credible")
    expected = counted(past, name, "credible", columns)
    if name == "clusters":  # numbers of lists are hashes, by which equal counts are in another order
        found, expected = (sorted(row[columns.index("models") :] for row in rows) for rows in (found, expected))
    assert len(found) == len(expected) > 1
    within = 1 if name == "upgrades" else 0  # median days between days, not between moments
    for one, other in zip(found, expected, strict=True):
        assert all(are_same(*pair, within=within) for pair in zip(one, other, strict=True)), (columns, one, other)


def test_regions_and_judgements_that_would_single_out_a_host_are_withheld(
    connection: Connection, tmp_path: Path
) -> None:
    population = Population(connection)
    scan = population.scan()
    countries = ["US"] * 5 + ["IN"] * 5 + ["PK", "DE"]
    for number, country in enumerate(countries):
        version = "0.1.28" if country == "DE" else "0.5.0"
        population.seen(scan, f"127.9.9.{number}", [LLAMA], country=country, version=version)
    named = "case country when 'US' then 'Virginia' when 'DE' then 'Hesse' else 'Punjab' end"  # there are two of these
    connection.execute(text(f"update place set region = {named}"))
    renew(connection)
    dataset.write(connection, tmp_path / "it", key=KEY, bound=5)
    sightings = parquet.read_table(tmp_path / "it/data/sightings.parquet").to_pylist()
    assert sorted(str(row["region"]) for row in sightings) == ["None"] * 7 + ["Virginia"] * 5
    judged = parquet.read_table(tmp_path / "it/data/judgements.parquet").to_pylist()
    assert {row["affected"] for row in judged if row["version"].startswith("withheld:")} == {"unknown"}
    assert {row["affected"] for row in judged if row["version"] == "0.5.0"} >= {"yes", "no"}


def test_it_has_every_export_and_every_statistic_of_both_populations(past: Connection, whole: Path) -> None:
    assert {path.stem for path in (whole / "data").iterdir()} == set(WHATS)
    for population in dataset.POPULATIONS:
        files = {path.name for path in (whole / "statistics" / population).iterdir()}
        assert files >= {f"{name}.{form}" for name in statistics.STATISTICS for form in ("csv", "parquet")}
    rows = parquet.read_table(whole / "statistics/raw/families.parquet").to_pylist()
    result = statistics.rows(past, "families", population="raw")
    assert [tuple(row.values()) for row in rows] == result.rows


def test_checksums_and_manifest_hold_for_every_file(whole: Path) -> None:
    pairs = [line.split("  ") for line in (whole / "SHA256SUMS").read_text().splitlines()]
    sums = {name: told for told, name in pairs}
    names = {path.relative_to(whole).as_posix() for path in whole.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    assert set(sums) == names
    assert all(hashlib.sha256((whole / name).read_bytes()).hexdigest() == sums[name] for name in names)
    manifest = json.loads((whole / "manifest.json").read_text())
    assert set(manifest["files"]) == names - {"manifest.json"}
    assert set(manifest["statistics"]) == set(statistics.STATISTICS)
    assert all(re.fullmatch("[0-9a-f]{64}", scan["settings_hash"]) for scan in manifest["scans"])
    assert not any(word in scan for scan in manifest["scans"] for word in ("seed", "settings", "lists", "basis"))


def test_the_dictionary_has_every_column_of_every_file_with_a_meaning(whole: Path) -> None:
    with (whole / "dictionary.csv").open(newline="") as file:
        told = {(row["file"], row["column"]): row for row in csv.DictReader(file)}
    assert all(row["type"] and row["meaning"] for row in told.values())
    for what in WHATS:
        columns = parquet.read_schema(whole / f"data/{what}.parquet").names
        assert [column for file, column in told if file == what] == columns
    for name in statistics.STATISTICS:
        for column in parquet.read_schema(whole / f"statistics/raw/{name}.parquet").names:
            assert (f"statistics/{name}", column) in told


def test_what_only_few_have_is_withheld(connection: Connection, tmp_path: Path) -> None:
    population = Population(connection)
    scan = population.scan()
    own = Listed("acme-support-bot:latest")
    alias = Listed("acme-llama:8b", LLAMA.family, LLAMA.tools, LLAMA.capabilities)
    for number in range(1, 7):
        population.seen(scan, f"127.9.9.{number}", [LLAMA, QWEN], country="US")
    population.seen(scan, "127.9.9.7", [LLAMA, own, alias], country="LI", version="0.9.0-acme", name="llm.acme.example",
                    certificate="ab" * 32)  # fmt: skip
    same = (
        "update model set digest = (select digest from model where name = 'llama3.1:8b') where name = 'acme-llama:8b'"
    )
    connection.execute(text(same))
    describe(connection)
    connection.execute(text("update place set region = 'Somewhere', city = 'Nowhere'"))
    dataset.write(connection, tmp_path / "it", key=KEY, bound=5)
    everything = ""
    for what in WHATS:
        everything += json.dumps(parquet.read_table(tmp_path / f"it/data/{what}.parquet").to_pylist(), default=str)
    assert "Somewhere" not in everything
    everything += "".join(path.read_text() for path in (tmp_path / "it/statistics").rglob("*.csv"))
    for telling in ("127.9.9", "acme", "ab" * 32, "Nowhere", '"LI"', ",LI,", "12:00"):
        assert telling not in everything, telling
    assert LLAMA.name in everything
    inventories = parquet.read_table(tmp_path / "it/data/inventories.parquet").to_pylist()
    assert len({row["model"] for row in inventories if row["model"].startswith("withheld:")}) == 2


def test_with_addresses_nothing_is_withheld(connection: Connection, tmp_path: Path) -> None:
    population = Population(connection)
    population.seen(population.scan(), "127.9.9.7", [LLAMA], country="LI")
    dataset.write(connection, tmp_path / "it", key=None, bound=1)
    (row,) = parquet.read_table(tmp_path / "it/data/endpoints.parquet").to_pylist()
    assert (row["address"], row["country"], row["city"]) == ("127.9.9.7", "LI", None)
    assert (tmp_path / "it").stat().st_mode & 0o077 == 0


def test_rows_are_not_in_the_order_in_which_they_were_asked(connection: Connection, tmp_path: Path) -> None:
    population = Population(connection)
    addresses = [f"127.1.0.{number}" for number in range(1, 60)]
    population.chunk(population.scan(), [(address, 11434, None, None) for address in addresses])
    dataset.write(connection, tmp_path / "it", key=None, bound=1)
    found = [row["address"] for row in parquet.read_table(tmp_path / "it/data/targets.parquet").to_pylist()]
    assert sorted(found) == sorted(addresses)
    assert found != addresses


def test_a_folder_is_there_whole_or_not_at_all_and_never_overwritten(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with pytest.raises(dataset.FolderError, match="is there already, and nothing is overwritten"):
        dataset.write(connection, tmp_path / "old", key=KEY, bound=5)
    connection.execute(text("drop view stats.families"))
    connection.execute(text("alter function stats.families rename to gone"))
    with pytest.raises(Exception, match="families"):
        dataset.write(connection, tmp_path / "new", key=KEY, bound=5)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_share_lies_in_its_interval_in_duckdb_too() -> None:
    duckdb: Any = pytest.importorskip("duckdb")
    with duckdb.connect() as other:
        other.execute(Path(papers.__file__).with_name("sql").joinpath("interval.sql").read_text(encoding="utf-8"))
        outside = "select count(*) from range(1, 400) of(n) where low(0, n) <> 0 or high(n, n) <> 1"
        assert other.execute(outside).fetchone() == (0,)
