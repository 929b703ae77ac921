"""Numbers of shared rows: the same ones however often the cache begins anew, which no fleet makes larger."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from census.facts import Model, Observation, Outcome, Target, Tools
from census.places import Place
from census.store import catalog
from census.store.catalog import Catalog
from census.store.connect import connect


def listing(number: int) -> Observation:
    """A server with a model that nobody else has, and one that all have, of which others told."""
    address = f"127.0.0.{number}"
    models = (Model(f"own-{number}:latest"), Model("qwen2:7b"))
    return Observation(
        Target(address, 11434), Outcome.SERVED, datetime.now(UTC), address, models=models,
        recalled=frozenset({"qwen2:7b"}),
    )  # fmt: skip


def test_a_cache_that_begins_anew_gives_the_same_numbers(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_CACHED", 8)
    bounded, told = Catalog(), []
    with connect(database_url) as connection, connection.transaction(), connection.cursor() as cursor:
        Catalog.prepare(cursor)
        for number in range(1, 31):
            seen = listing(number)
            told.append((bounded.inventories(cursor, [seen]), bounded.recalled(seen)))
            assert len(bounded._models) <= 10
            assert len(bounded._inventories) <= 9
        assert len({inventory for (inventory,), _ in told}) == 30
        assert len({tuple(recalled or ()) for _, recalled in told}) == 1
        again = Catalog().inventories(cursor, [listing(number) for number in range(1, 31)])
        assert again == [inventory for (inventory,), _ in told]


def test_capabilities_are_stored_as_told_whatever_letters_they_have(database_url: str) -> None:
    told = ("vision", "", "null", "a,b", "{c}", 'd"e', "f\\g", "h\ti", "\\N", "ünï ", '"', "j\nk\r")
    seen = Observation(
        Target("127.0.0.1", 11434), Outcome.SERVED, datetime.now(UTC), "127.0.0.1",
        models=(Model("odd", capabilities=told), Model("none", capabilities=()), Model("unknown")),
    )  # fmt: skip
    with connect(database_url) as connection, connection.transaction(), connection.cursor() as cursor:
        Catalog.prepare(cursor)
        Catalog().inventories(cursor, [seen])
        stored = dict(cursor.execute("select name, capabilities from model").fetchall())
    assert stored == {"odd": sorted(told), "none": [], "unknown": None}


def test_a_family_has_one_number_however_many_of_its_models_come(database_url: str) -> None:
    seen = [
        Observation(Target("127.0.0.1", 11434), Outcome.SERVED, datetime.now(UTC), "127.0.0.1", models=models)
        for models in (
            (Model("qwen2:7b"), Model("qwen2:0.5b"), Model("our-own")),
            (Model("qwen2:1.5b", tools=Tools.UNKNOWN), Model("gemma:2b", tools=Tools.NO)),
            (Model("qwen2:72b", tools=Tools.NO), Model("llama3:8b", tools=Tools.YES)),
        )
    ]
    with connect(database_url) as connection, connection.transaction(), connection.cursor() as cursor:
        Catalog.prepare(cursor)
        for each in seen:
            Catalog().inventories(cursor, [each])
        families = cursor.execute("select name, number from family order by number").fetchall()
        placed = cursor.execute("select placed from inventory order by id").fetchall()
    assert families == [("Qwen", 1), ("Gemma", 2), ("Llama", 3)]
    # All are originals (4); tool calling is unknown (1), not there (0), or advertised (2). 0 is no family.
    assert placed == [([1, 16 + 5],), ([16 + 5, 32 + 4],), ([16 + 4, 48 + 6],)]


def test_places_and_software_keep_their_numbers_and_what_is_unknown_stays_apart(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "_CACHED", 4)
    where = [
        Place(country, None, city, asn, None) for country in (None, "DE") for city in (None, "B") for asn in (1, 2)
    ]
    ran = [(name, version) for name in ("Ollama", "vLLM") for version in (None, "1", "2")]
    bounded = Catalog()
    with connect(database_url) as connection, connection.transaction(), connection.cursor() as cursor:
        told = [(bounded.places(cursor, where * 2), bounded.software(cursor, [*ran, (None, "1")])) for _ in range(3)]
        places, software = told[0]
        assert told == [told[0]] * 3
        assert len(set(places)) == 8
        assert places[:8] == places[8:]
        assert len(set(software)) == 7
        assert software[-1] is None
        assert (Catalog().places(cursor, where), Catalog().software(cursor, ran)) == (places[:8], software[:-1])
        of_place = dict(cursor.execute("select id, concat(country, '-', city) from place").fetchall())
        of_network = dict(cursor.execute("select id, asn from network").fetchall())
        found = [(of_place[place], of_network[network]) for place, network in places[:8]]
        assert found == [(f"{its.country or ''}-{its.city or ''}", its.asn) for its in where]
