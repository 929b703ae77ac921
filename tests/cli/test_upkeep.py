"""The commands that look after a database, as a person runs them."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from census.cli import upkeep
from census.cli.main import main
from census.cli.remarks import remark
from census.demo import Neighbourhood, launch
from census.store.connect import engine
from census.store.embedded import Embedded
from census.store.scans import DEMO
from census.store.statistics import STATISTICS
from tests.store.village import settle
from tests.support.asking import rows_of
from tests.support.program import SCOPE, census
from tests.support.seeds import own_seed


class Done(NamedTuple):
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


def run(*line: str | Path, folder: Path, url: str, given: str = "") -> Done:
    """As `census` of tests.support.program, but without a process, which takes longer than all it does here."""
    out, err = io.TextIOWrapper(io.BytesIO(), write_through=True), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["census", *map(str, line)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        patch.setattr(signal, "signal", lambda *_: None)
        patch.setenv("CENSUS_DATABASE_URL", url)
        patch.setenv("CENSUS_HOME", str(folder / "home"))
        with pytest.raises(SystemExit) as end:
            main()
    assert isinstance(end.value.code, int)
    out.seek(0)
    return Done(end.value.code, out.read(), err.getvalue())


@pytest.fixture(scope="module")
def neighbourhood() -> Iterator[Neighbourhood]:
    with launch(own_seed(36), 60) as running:
        yield running


@pytest.fixture
def village_url(database_url: str) -> str:
    made = engine(database_url)
    with made.begin() as connection:
        settle(connection)
    made.dispose()
    rows_of(database_url, "update scan set ended = began + interval '1 hour'")
    return database_url


def test_an_owner_without_superuser_upgrades_scans_and_counts(
    neighbourhood: Neighbourhood, server: Embedded, tmp_path: Path
) -> None:
    name, owner = f"owned_{uuid.uuid4().hex}", f"owner_{uuid.uuid4().hex}"
    url = server.create_database(name)
    rows_of(url, f"create role {owner} login nosuperuser nocreatedb nocreaterole")
    rows_of(url, f"alter database {name} owner to {owner}")
    (tmp_path / "scope.toml").write_text(SCOPE)
    (tmp_path / "targets.txt").write_text("\n".join(neighbourhood.population.targets()))
    theirs = url.replace("//census@", f"//{owner}@")
    try:
        for line in (
            ("db", "upgrade"),
            ("scan", tmp_path / "targets.txt", "--scope", tmp_path / "scope.toml", "--timeout", "0.5", "--deadline",
             "1.5", "--workers", "1"),
        ):  # fmt: skip
            done = census(*line, folder=tmp_path, url=theirs)
            assert done.returncode == 0, done.stderr
        assert run("lineage", "refresh", folder=tmp_path, url=theirs).returncode == 0
        assert run("db", "prune", "--older-than", "0d", "--targets", folder=tmp_path, url=theirs).returncode == 0
        counted = census("stats", "funnel", "--format", "json", folder=tmp_path, url=theirs)
        assert json.loads(counted.stdout)[0] == {"stage": "targets", "count": 60}
        refused = run("db", "grant-reader", f"reader_{name}", folder=tmp_path, url=theirs)
        assert refused.returncode == 1
        assert "may not make roles: let an administrator of the server run" in refused.stderr
        assert f'create role "reader_{name}" nologin;' in refused.stderr
    finally:
        server.drop_database(name)
        rows_of(server.url, f"drop role {owner}")


def test_pruning_says_what_goes_and_windows_say_what_they_lack(village_url: str, tmp_path: Path) -> None:
    def prune(*more: str) -> str:
        done = run("db", "prune", "--older-than", "2026-11-02T12:00", *more, folder=tmp_path, url=village_url)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "13 observations from before 2026-11-02 12:00 UTC would go" in prune("--dry-run")
    told = prune("--targets")
    assert "13 observations from before 2026-11-02 12:00 UTC are gone" in told
    assert "addresses of 22 targets are gone" in told
    window = census("stats", "software", "--since", "2026-11-01", folder=tmp_path, url=village_url)
    assert "from before 2026-11-02 12:00 UTC were pruned; this reaches before that" in window.stderr
    assert census("stats", "funnel", "--scan", "1", folder=tmp_path, url=village_url).stderr == "", "it is kept whole"
    exported = census("export", "observations", "--scan", "1", folder=tmp_path, url=village_url)
    assert "were pruned" in exported.stderr


def test_what_shows_single_observations_of_all_time_says_that_some_were_pruned(
    village_url: str, tmp_path: Path
) -> None:
    shown = [("report",), ("replicate", "silent-brothers"), ("export", "observations")]
    lines = [*shown, ("export", "models"), ("stats", "software")]

    def told() -> list[bool]:
        said = [run(*line, folder=tmp_path, url=village_url) for line in lines]
        assert [done.returncode for done in said] == [0] * len(lines)
        return ["were pruned" in done.stderr for done in said]

    assert not any(told())
    run("db", "prune", "--older-than", "2026-11-02T12:00", folder=tmp_path, url=village_url)
    assert told() == [line in shown for line in lines]
    assert run("replicate", "silent-brothers", "--quiet", folder=tmp_path, url=village_url).stderr == ""


def test_the_help_of_pruning_names_all_statistics_that_it_takes_from() -> None:
    pages = (upkeep.prune.help or "", (Path(__file__).parents[2] / "docs/operations.md").read_text(encoding="utf-8"))
    singles = [name for name, statistic in STATISTICS.items() if statistic.singles]
    assert [name for name in singles for page in pages if name not in page] == []


@pytest.mark.parametrize(
    ("age", "why"),
    [("soon", "write 180d"), ("2099-01-01", "has not come yet"), ("180", "write 180d for days, or 2026-01-01")],
)
def test_an_age_that_cannot_be_meant_is_refused(age: str, why: str, database_url: str, tmp_path: Path) -> None:
    done = run("db", "prune", "--older-than", age, folder=tmp_path, url=database_url)
    assert done.returncode == 2
    assert why in done.stderr


def test_other_rules_are_remarked_on_until_models_are_placed_anew(
    village_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    families = census("stats", "families", folder=tmp_path, url=village_url)
    assert "placed by other rules than this version's; `census lineage refresh --dry-run`" in families.stderr
    assert census("stats", "families", "--quiet", folder=tmp_path, url=village_url).stderr == ""
    remark(village_url, "software")
    assert capsys.readouterr().err == ""
    tried = run("lineage", "refresh", "--dry-run", folder=tmp_path, url=village_url)
    assert "would be placed otherwise" in tried.stdout
    done = run("lineage", "refresh", folder=tmp_path, url=village_url)
    assert "5 models, of which 4 are placed otherwise" in done.stdout
    assert "1  DeepSeek -> Qwen" in done.stdout
    remark(village_url, "families")
    assert capsys.readouterr().err == ""


def test_places_are_looked_up_again(village_url: str, tmp_path: Path) -> None:
    none = run("places", "refresh", folder=tmp_path, url=village_url)
    writer = MMDBWriter(ip_version=4, database_type="Test")
    writer.insert_network(IPSet(["127.0.0.1/32"]), {"country": "FR"})
    writer.to_db_file(str(tmp_path / "newer.mmdb"))
    done = run("places", "refresh", "--geoip", tmp_path / "newer.mmdb", folder=tmp_path, url=village_url)
    assert done.returncode == 0, done.stderr
    assert "6 hosts looked up, 1 changed: 1 the country, 0 the network (AS)" in done.stdout
    assert "1  country US -> FR" in done.stdout
    assert none.returncode in (0, 2)  # whether the system has a place database is not ours to say


def test_a_merge_that_brings_nothing_says_why(
    server: Embedded, template: str, village_url: str, tmp_path: Path
) -> None:
    name = f"merge_{uuid.uuid4().hex}"
    other = server.create_database(name, template)
    try:
        empty = run("db", "merge", other, folder=tmp_path, url=village_url)
        rows_of(village_url, f"update scan set reference = '{DEMO}'")
        simulated = run("db", "merge", village_url, folder=tmp_path, url=other)
    finally:
        server.drop_database(name)
    assert empty.stdout.splitlines() == [
        "new scans here: none; known before: 0",
        "the other database holds no scans yet",
    ]
    assert simulated.returncode == 0, simulated.stderr
    assert "3 of the other database left out: scans of `census demo` are simulated" in simulated.stdout


def test_a_database_is_merged_by_its_address_from_standard_input_or_by_its_folder(
    village_url: str, initialised: Path, server: Embedded, template: str, tmp_path: Path
) -> None:
    name = f"target_{uuid.uuid4().hex}"
    target = server.create_database(name, template)
    try:
        done = run("db", "merge", "-", folder=tmp_path, url=target, given=village_url + "\n")
        assert done.returncode == 0, done.stderr
        assert "new scans here: 1, 2, 3; known before: 0" in done.stdout
        again = run("db", "merge", village_url, folder=tmp_path, url=target)
        assert "new scans here: none; known before: 3" in again.stdout
        older = run("db", "merge", initialised, folder=tmp_path, url=target)
        assert older.returncode == 1
        assert "has not the schema of this version" in older.stderr
        neither = run("db", "merge", tmp_path, folder=tmp_path, url=target)
        assert neither.returncode == 2
        assert "neither an address" in neither.stderr
    finally:
        server.drop_database(name)


def test_a_dump_is_restored_elsewhere(village_url: str, server: Embedded, tmp_path: Path) -> None:
    name = f"restored_{uuid.uuid4().hex}"
    url = server.create_database(name)
    try:
        written = run("db", "dump", tmp_path / "census.dump", folder=tmp_path, url=village_url)
        assert written.returncode == 0, written.stderr
        done = run("db", "restore", tmp_path / "census.dump", folder=tmp_path, url=url)
        assert done.returncode == 0, done.stderr
        assert rows_of(url, "select count(*) from scan") == [(3,)]
        twice = run("db", "restore", tmp_path / "census.dump", folder=tmp_path, url=url)
        assert twice.returncode == 2
        assert "holds scans already" in twice.stderr
    finally:
        server.drop_database(name)
    nowhere = run("db", "dump", tmp_path / "no/such/file", folder=tmp_path, url=village_url)
    assert nowhere.returncode == 2
    assert "there is no folder" in nowhere.stderr


def test_an_empty_password_is_refused(database_url: str, tmp_path: Path) -> None:
    done = run("db", "grant-reader", "x", "--password-file", "-", folder=tmp_path, url=database_url, given="\n")
    assert done.returncode == 2
    assert "is empty" in done.stderr


def test_an_empty_name_of_a_reader_is_wrong_use(database_url: str, tmp_path: Path) -> None:
    done = run("db", "grant-reader", "", folder=tmp_path, url=database_url)
    assert done.returncode == 2
    assert "ROLE is empty" in done.stderr
