"""What servers told of models is kept for other workers and scans, and contradictions are found when a scan ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from census.facts import Model, Observation, Outcome, Saying, Signal, Target
from census.places import Places
from census.store import claims, purge, sayings, scans
from census.store.connect import connect
from census.store.writer import Batch, Writer
from tests.support.scanning import create

DIGEST, RULES = "a" * 64, "0.6.4"
TRUTH, LIE = '{"tools":2,"template_hash":"b","capabilities":["tools"]}', '{"tools":0,"template_hash":"c"}'
OTHER_WORDS = '{"tools":2,"template_hash":"b","capabilities":["tools","vision"]}'


def seen(address: str, said: str, signals: frozenset[Signal] = frozenset()) -> Observation:
    return Observation(
        Target(address, 11434), Outcome.SERVED, datetime.now(UTC), address, "Ollama", "0.6.8", (Model("qwen2:7b"),),
        signals=signals, told=(Saying(DIGEST, RULES, said),),
    )  # fmt: skip


def scan(url: str, folder: Path, observations: Sequence[Observation]) -> None:
    number = create(url, folder, [str(each.target) for each in observations])
    by_target = {each.target.address: each for each in observations}
    with connect(url) as connection:
        while (claim := claims.claim(connection, number, "one")) is not None:
            found = [by_target[target.address] for target in claim.targets]
            outcomes = bytes(each.outcome for each in found)
            writer = Writer(connection, Places([]).locate)
            writer.write(Batch(number, claim.number, claim.attempt, outcomes, found, 0, 0))
        assert scans.end(connection, number)


def heard(url: str, since: int = 0) -> list[tuple[str, str]]:
    """What was told, each with the network in which it was."""
    with connect(url) as connection:
        _, told = sayings.newer(connection, since)
        return sorted((address, each.said) for addresses, each in told for address in addresses)


def contradicted(url: str) -> list[str]:
    with connect(url) as connection:
        rows = connection.execute(
            "select host(address) from endpoint join host on host.id = host_id"
            " where signals = '{contradicted}' and verdict = 1 order by address"
        )
        return [address for (address,) in rows]


def test_other_workers_hear_what_is_new_of_those_who_gave_no_sign(database_url: str, tmp_path: Path) -> None:
    suspect = seen("127.0.3.1", LIE, frozenset({Signal.METHOD}))
    scan(database_url, tmp_path, [seen("127.0.1.1", TRUTH), seen("127.0.2.1", TRUTH), suspect])
    assert heard(database_url) == [("127.0.1.0", TRUTH), ("127.0.2.0", TRUTH)]
    with connect(database_url) as connection:
        last, _ = sayings.newer(connection, 0)
    assert heard(database_url, last) == []
    scan(database_url, tmp_path, [seen("127.0.1.2", TRUTH), seen("127.0.1.3", TRUTH), seen("127.0.4.1", LIE)])
    assert heard(database_url, last) == [("127.0.1.0", TRUTH), ("127.0.4.0", LIE)]


def test_who_says_another_thing_later_takes_its_word_back(database_url: str, tmp_path: Path) -> None:
    for said in (LIE, TRUTH, TRUTH):
        scan(database_url, tmp_path, [seen("127.0.1.1", said)])
    assert heard(database_url) == [("127.0.1.0", TRUTH)]


@pytest.mark.parametrize(
    ("liars", "honest", "outvoted"),
    [
        (["127.0.1.1"], 3, False),
        (["127.0.1.1"], 4, True),
        (["127.0.1.1", "127.0.1.2"], 4, True),
        (["127.0.1.1", "127.0.2.1"], 5, False),
        (["127.0.1.1", "127.0.2.1"], 6, True),
    ],
)
def test_those_whom_most_networks_contradict_are_suspect_though_they_came_first(
    liars: list[str], honest: int, outvoted: bool, database_url: str, tmp_path: Path
) -> None:
    scan(database_url, tmp_path, [seen(address, LIE) for address in liars])
    assert contradicted(database_url) == []
    scan(database_url, tmp_path, [seen(f"127.1.{each}.1", TRUTH) for each in range(honest)])
    assert contradicted(database_url) == (liars if outvoted else [])
    assert (LIE in {said for _, said in heard(database_url)}) is not outvoted


def test_other_words_for_the_same_template_are_no_contradiction(database_url: str, tmp_path: Path) -> None:
    honest = [seen(f"127.1.{each}.1", TRUTH) for each in range(4)]
    scan(database_url, tmp_path, [seen("127.0.1.1", OTHER_WORDS), *honest])
    assert contradicted(database_url) == []


def test_what_an_opted_out_host_told_goes_with_it(database_url: str, tmp_path: Path) -> None:
    scan(database_url, tmp_path, [seen("127.0.1.1", TRUTH), seen("127.0.2.1", TRUTH)])
    with connect(database_url) as connection:
        purge.enter_and_purge(connection, [ip_network("127.0.1.0/24")], None, "them")
    assert heard(database_url) == [("127.0.2.0", TRUTH)]
