"""The history: the same for its seed, true to what it says of machines, and loaded as a scan would have stored it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from census.demo import Resident, generate
from census.demo.behaviour import MIX, Behaviour
from census.demo.catalogue import OLLAMA, Entry
from census.demo.changes import LIVELY, alias
from census.demo.history import History, Moment
from census.demo.holdings import hold
from census.demo.load import load
from census.demo.process import launch
from census.facts import Outcome
from census.lineage import place
from census.store.connect import connect
from census.store.scans import DEMO, clear_demo
from tests.support.program import census, last_json
from tests.support.seeds import own_seed

START = datetime(2026, 9, 7, 22, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def history() -> History:
    made = History(17, 600, START, WEEK)
    made.moment(20)
    return made


def _standing(moment: Moment) -> dict[str, Resident]:
    return {each.endpoint: each for each in moment.population.residents}


def test_the_first_moment_is_the_population_of_the_seed_and_asks_all(history: History) -> None:
    first = history.moment(1)
    assert first.population == generate(17, 600)
    assert list(first.targets()) == list(first.population.targets())


def test_a_seed_has_one_course_whoever_asks_first_for_what() -> None:
    lazy, eager = (History(3, 200, START, WEEK) for _ in range(2))
    assert lazy.moment(6) == [eager.moment(number) for number in range(1, 7)][-1]
    assert lazy.moment(6) != History(4, 200, START, WEEK).moment(6)


def test_a_course_does_not_depend_on_when_it_is(history: History) -> None:
    assert History(17, 600, START + WEEK, WEEK / 7).moment(5) == history.moment(5)


def test_no_address_and_port_stands_twice_and_none_is_forgotten(history: History) -> None:
    known: set[str] = set()
    for number in range(1, 21):
        endpoints = [each.endpoint for each in history.moment(number).population.residents]
        assert len(set(endpoints)) == len(endpoints)
        assert known <= set(endpoints)
        known.update(endpoints)


def test_machines_come_go_and_return(history: History) -> None:
    there = [
        {each.address for each in history.moment(number).population.residents if each.outcome.recognised}
        for number in range(1, 21)
    ]
    ever = set().union(*there)
    came = [[address in seen for seen in there] for address in ever]
    assert any(not seen[0] and any(seen) for seen in came)
    assert sum(seen[0] and not any(seen[-8:]) for seen in came) > 5
    assert sum(any(a and not b for a, b in pairwise(seen)) for seen in came) > 50
    assert sum(any(b and not a for a, b in pairwise(seen)) for seen in came) > 30


def test_a_server_that_moves_takes_its_models_along_and_has_the_place_of_its_new_address(history: History) -> None:
    moved = 0
    for number in range(2, 21):
        before, now = _standing(history.moment(number - 1)), _standing(history.moment(number))
        lists = Counter(each.models for each in before.values())
        for endpoint, resident in now.items():
            if resident.models and endpoint not in before and lists[resident.models]:
                moved += 1
    assert moved > 5
    placed = {each.address: (each.country, each.asn) for each in _standing(history.moment(20)).values()}
    networks = {prefix: site for site, prefixes in generate(17, 600).networks.items() for prefix in prefixes}
    for address, where in placed.items():
        site = networks[address.rpartition(".")[0]]
        assert where == (site.country, site.asn)


def test_some_addresses_are_let_to_somebody_else(history: History) -> None:
    software: dict[str, set[str]] = {}
    for number in range(1, 21):
        for each in history.moment(number).population.residents:
            if each.software is not None:
                software.setdefault(each.address, set()).add(f"{each.port} {each.software}")
    first = {each.address for each in history.moment(1).population.residents}
    ports = Counter(each.address for each in history.moment(1).population.residents)
    assert any(len(software[address]) > ports[address] for address in first & software.keys())


def test_servers_are_upgraded_pull_remove_and_lock(history: History) -> None:
    seen: Counter[str] = Counter()
    for number in range(2, 21):
        before, now = _standing(history.moment(number - 1)), _standing(history.moment(number))
        for endpoint, old in before.items():
            new = now[endpoint]
            if old.behaviour not in LIVELY or not new.outcome.recognised or old.software != (new.software or "Ollama"):
                continue
            seen["upgraded"] += old.version != new.version and new.version is not None
            seen["grown"] += len(new.models) == len(old.models) + 1
            seen["shrunk"] += len(new.models) == len(old.models) - 1
            seen["locked"] += new.outcome is Outcome.LOCKED
    assert min(seen.values()) >= 5
    assert set(seen) == {"upgraded", "grown", "shrunk", "locked"}


def test_what_a_resident_is_fits_its_behaviour_at_all_times(history: History) -> None:
    for number in range(1, 21):
        for each in history.moment(number).population.residents:
            assert each.outcome is MIX[each.behaviour].outcome
            assert bool(each.models) == (each.outcome is Outcome.SERVED)
            assert each.running is None or each.running <= len(each.models)
            assert len({held.name for held in each.models}) == len(each.models)


@pytest.mark.parametrize("entry", OLLAMA, ids=lambda entry: entry.name)
def test_a_second_name_has_the_lineage_of_the_first(entry: Entry) -> None:
    held = hold(entry, Behaviour.OLLAMA, "0.33.0")
    other = alias(held)
    if other is not None:
        assert place(other.name, held.architecture).family == held.entry.family
        assert other.digest == held.digest


def test_loaded_scans_are_finished_dated_and_named_as_simulated(database_url: str, tmp_path: Path) -> None:
    history = History(2, 80, START, WEEK)
    assert load(database_url, history, range(1, 4), tmp_path) == [1, 2, 3]
    with connect(database_url) as connection:
        scans = connection.execute("select name, reference, began, ended from scan order by id").fetchall()
        assert scans[1] == ("simulated 2026-09-14", DEMO, START + WEEK, START + WEEK + timedelta(minutes=30))
        times = connection.execute("select min(observed_at), max(observed_at) from observation").fetchone()
        assert times is not None
        assert START <= times[0] < times[1] < START + 2 * WEEK + timedelta(minutes=30)
        assert connection.execute("select count(*) from chunk where not done").fetchone() == (0,)
        assert clear_demo(connection)


def test_a_scan_with_sockets_stores_what_a_load_of_the_same_moment_stored(database_url: str, tmp_path: Path) -> None:
    seed = own_seed(34)
    history = History(seed, 120, START, WEEK)
    load(database_url, history, range(1, 4), tmp_path)
    with launch(seed, 120, moment=3) as neighbourhood:
        assert neighbourhood.population == history.moment(3).population
        stored = _facts(database_url)
        _scan(database_url, tmp_path, history.moment(3))
    assert _facts(database_url) == stored


def _facts(url: str) -> list[tuple[object, ...] | None]:
    """What a scan of what was asked before must not change."""
    with psycopg.connect(url) as connection:
        return [
            connection.execute(query).fetchone()
            for query in (
                "select count(*) from model",
                "select count(*) from inventory",
                "select count(*), array_agg((id, verdict, signals, imprint) order by id) from endpoint",
                "select count(*) from sighting",
            )
        ]


def _scan(url: str, folder: Path, moment: Moment) -> None:
    targets, scope = folder / "targets.txt", folder / "scope.toml"
    # Without those that keep a scan waiting, so that however slow this machine is, nobody is given up too early.
    there = [each.endpoint for each in moment.population.residents if each.outcome.recognised]
    targets.write_text("\n".join(each for each in there if each in moment.asked))
    scope.write_text(moment.population.scope_toml(datetime.now(UTC).date()))
    done = census(
        "scan", targets, "--scope", scope, "--geoip", folder / "history.places", "--workers", "1",
        "--deadline", "60", "--json", folder=folder, url=url,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert last_json(done)["outcomes"]["served"] > 20
