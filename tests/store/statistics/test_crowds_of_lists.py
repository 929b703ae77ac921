"""What is counted as bits and looked up in arrays: many words, lists that many have, and gaps between numbers."""

from __future__ import annotations

import itertools
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, text

from census.store.connect import engine
from census.store.embedded import Embedded
from tests.store.statistics.history import SCANS, Listed, World, served, tools_of
from tests.store.statistics.reckoning import close, holdings, told

_WORDS = 150  # 64 of them are counted as bits
_COPIES = (*[1] * 140, *[2] * 70, 3, 64, 127)  # how many hosts have a list: pieces of 64 bits, and seven binary digits
_CAPABILITIES = (None, (), ("completion",), ("completion", "tools"))


@pytest.fixture(scope="module")
def crowd() -> World:
    """Hosts with few of many architectures, the first of them by far the most frequent, the last on one host or two."""
    chance = random.Random(7)
    weights = [1 / (1 + number) for number in range(_WORDS)]
    world = World(scans=list(SCANS))
    for copies in _COPIES:
        words = set(chance.choices(range(_WORDS), weights, k=chance.choice((1, 2, 3, 5, 8))))
        models = tuple(_model(word, chance.randrange(4)) for word in sorted(words))
        for _ in range(copies):
            world.hosts.append((None, None, None, None))
            world.endpoints.append((len(world.hosts) - 1, 11434, 0, False))
            world.looks.append(served(len(world.endpoints) - 1, models))
    return world


def _model(word: int, told_as: int) -> Listed:
    name = f"model-{word}:{told_as}"
    return Listed(name, name, f"Family {word % 7}", None, f"arch{word}", capabilities=_CAPABILITIES[told_as])


@pytest.fixture(scope="module")
def crowded(server: Embedded, template: str, crowd: World) -> Iterator[Connection]:
    """A connection to a database with the crowd."""
    name = f"crowd_{uuid.uuid4().hex}"
    made = engine(server.create_database(name, template))
    with made.connect() as connection:
        crowd.write(connection)
        yield connection
    made.dispose()
    server.drop_database(name)


def _together(world: World, options: dict[str, Any], parts: int) -> Counter[tuple[str, ...]]:
    """How many units have these architectures together."""
    sets = [sorted({str(model.architecture) for model in held}) for held in holdings(world, options)]
    return Counter(part for each in sets for part in itertools.combinations(each, parts))


@pytest.mark.parametrize("options", [{"unit": "host"}, {"unit": "host", "scan": 1}, {"unit": "observation"}])
def test_pairs_and_triples_of_more_words_than_are_counted_as_bits(
    crowded: Connection, crowd: World, options: dict[str, Any]
) -> None:
    pairs, triples = (_together(crowd, options, parts) for parts in (2, 3))
    single = _together(crowd, options, 1)
    assert len(single) > 64
    found = told(crowded, "co-deployment", options, by="architecture")
    assert {(row["a"], row["b"]): row["count"] for row in found} == pairs
    found = told(crowded, "co-deployment", options, by="architecture", triples=True)
    assert {(row["a"], row["b"], row["c"]): row["count"] for row in found} == triples
    every = len(holdings(crowd, options))
    for row in found:
        words = row["a"], row["b"], row["c"]
        apart = [single[(each,)] for each in words]
        either = sum(apart) - sum(pairs[each] for each in itertools.combinations(words, 2)) + row["count"]
        assert close(row["jaccard"], row["count"] / either)
        assert close(row["lift"], row["count"] * every**2 / (apart[0] * apart[1] * apart[2]))


@pytest.mark.parametrize("options", [{"unit": "host"}, {"unit": "host", "scan": 1}, {"unit": "host-day"}])
def test_units_that_are_counted_together_as_bits_have_one_count(
    crowded: Connection, crowd: World, options: dict[str, Any]
) -> None:
    held = holdings(crowd, options)
    tools: dict[Any, list[int]] = {}
    for models in held:
        for family in {model.family for model in models}:
            tools.setdefault(family, []).append(max(tools_of(each) for each in models if each.family == family))
    found = told(crowded, "tool-calling-by-family", options)
    assert {row["family"]: (row["count"], row["of"], row["unknown"]) for row in found} == {
        family: (each.count(2), len(each), each.count(1)) for family, each in tools.items()
    }
    sets = Counter(each for models in held for each in {model.capabilities for model in models} - {None})
    found = told(crowded, "capability-sets", options)
    assert {tuple(row["capabilities"]): row["count"] for row in found if row["capabilities"] is not None} == sets


@pytest.mark.parametrize("name", ["tool-calling-by-family", "derivatives"])
def test_models_whose_numbers_have_wide_gaps_are_found(history: Connection, name: str) -> None:
    """As after a purge: the numbers of most models lie beyond what an array is made for."""
    before = told(history, name, {})
    history.execute(text("alter table model alter id set generated by default"))
    history.execute(text("update model set id = id * 1000 where id > 2"))
    history.execute(
        text("""
            update inventory
            set models = array(select case when each > 2 then each * 1000 else each end from unnest(models) each)
        """)
    )
    assert told(history, name, {}) == before
    assert before
