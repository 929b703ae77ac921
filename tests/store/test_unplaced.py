"""The names that no rule places: in the village these are its own model, on two hosts, and what is added here."""

from __future__ import annotations

from sqlalchemy import Connection, text

from census.store.unplaced import unplaced


def name(connection: Connection, model: int, called: str) -> None:
    """Let a model be called so, of an architecture that nobody knows, and be of no family."""
    connection.execute(
        text("update model set name = :name, architecture = 'new', family = null where id = :id"),
        {"name": called, "id": model},
    )
    connection.execute(text("update inventory set unplaced = true where :id = any (models)"), {"id": model})


def test_names_come_by_the_hosts_that_list_them(village: Connection) -> None:
    name(village, 4, "zzyzx:1b")
    assert unplaced(village).rows == [(1, "our-own:latest", None, 2), (2, "zzyzx:1b", "new", 1)]


def test_the_top_is_cut_after_what_is_left_out(village: Connection) -> None:
    assert unplaced(village, 1).rows == [(1, "our-own:latest", None, 2)]


def test_a_name_that_a_rule_of_today_places_is_left_out(village: Connection) -> None:
    name(village, 5, "mistral:7b")
    assert unplaced(village).rows == []


def test_what_only_decoys_list_is_left_out(village: Connection) -> None:
    village.execute(text("update endpoint set verdict = 2"))
    assert unplaced(village).rows == []
