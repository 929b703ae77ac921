"""Stored models placed anew by the present rules, and what is known of the rules that placed them."""

from __future__ import annotations

from collections import Counter

import pytest

from census import lineage
from census.store import lineages
from census.store.catalog import Catalog
from census.store.connect import connect
from census.store.idle import BusyError
from tests.support.asking import all_time, rows_of

INVENTORIES = "select id, families, origins, unplaced, placed from inventory order by id"
NUMBER = "select number from family where name = 'Llama'"


def refresh(url: str, *, dry_run: bool = False) -> lineages.Refreshed:
    with connect(url) as connection:
        return lineages.refresh(connection, dry_run=dry_run)


def behind(url: str) -> bool:
    with connect(url) as connection:
        return lineages.behind(connection)


def begin_scan(url: str) -> None:
    with connect(url) as connection, connection.transaction(), connection.cursor() as cursor:
        Catalog.prepare(cursor)


def disturb(url: str) -> None:
    """As other rules may have placed the village's models: one wrongly, one not at all, one that is nobody's."""
    rows_of(url, "update model set family = 'Mistral', origin = 'FR' where name = 'llama3:8b'")
    rows_of(url, "update model set family = null, origin = null where name = 'qwen2:7b'")
    rows_of(url, "update model set family = 'Own', origin = 'DE' where name = 'our-own:latest'")
    rows_of(url, "insert into family values ('Own', 'Nobody', 'DE'), ('Mistral', 'Mistral AI', 'FR')")


def test_it_says_what_moved_and_brings_models_families_and_inventories_in_line(village_url: str) -> None:
    refresh(village_url)
    told, sets = all_time(village_url), rows_of(village_url, INVENTORIES)
    families = rows_of(village_url, "select * from family order by name")
    disturb(village_url)
    again = refresh(village_url)
    assert again.moves == Counter({("Mistral", "Llama"): 2, (None, "Qwen"): 1, ("Own", None): 1})
    assert (again.models, again.changed, again.others) == (5, 4, 0)
    assert rows_of(village_url, INVENTORIES) == sets
    assert rows_of(village_url, "select * from family order by name") == families
    assert all_time(village_url) == told
    assert refresh(village_url).changed == 0


def test_inventories_follow_their_models(village_url: str) -> None:
    refresh(village_url)
    wanted = rows_of(village_url, INVENTORIES)
    rows_of(
        village_url, "update inventory set families = '{Z}', origins = '{}', unplaced = not unplaced where size > 0"
    )
    assert refresh(village_url).inventories == len([row for row in wanted if row[1] or row[3]])
    assert rows_of(village_url, INVENTORIES) == wanted


def test_a_family_that_was_gone_has_another_number_and_all_lists_follow(village_url: str) -> None:
    refresh(village_url)
    told, [(before,)] = all_time(village_url), rows_of(village_url, NUMBER)
    rows_of(village_url, "delete from family where name = 'Llama'")
    assert refresh(village_url).inventories > 0
    [(after,)] = rows_of(village_url, NUMBER)
    assert after > before
    placed = [code for _, *_, codes in rows_of(village_url, INVENTORIES) for code in codes]
    assert after in {code >> 4 for code in placed}
    assert before not in {code >> 4 for code in placed}
    assert all_time(village_url) == told


def test_what_is_derived_and_stays_in_its_family_is_told_of_its_lists(village_url: str) -> None:
    refresh(village_url)
    told, wanted = all_time(village_url), rows_of(village_url, INVENTORIES)
    rows_of(village_url, "update model set derived = not derived where family = 'Llama'")
    rows_of(village_url, "update inventory set placed = '{16}' where size > 0")
    assert refresh(village_url).others > 0
    assert (all_time(village_url), rows_of(village_url, INVENTORIES)) == (told, wanted)


def test_a_dry_run_says_the_same_and_changes_nothing(village_url: str) -> None:
    disturb(village_url)
    before = rows_of(village_url, "select * from model order by id") + rows_of(village_url, INVENTORIES)
    told = refresh(village_url, dry_run=True)
    assert rows_of(village_url, "select * from model order by id") + rows_of(village_url, INVENTORIES) == before
    assert behind(village_url)
    done = refresh(village_url)
    assert (told.moves, told.others) == (done.moves, done.others)


def test_what_stays_in_its_family_under_another_rule_is_told_apart(village_url: str) -> None:
    refresh(village_url)
    rows_of(village_url, "update model set rule = 'older' where name = 'qwen2:7b'")
    told = refresh(village_url)
    assert (told.moves.total(), told.others) == (0, 1)


def test_rules_are_known_from_the_first_scan_on(database_url: str, village_url: str) -> None:
    assert behind(village_url), "nobody noted who placed the village's models"
    refresh(village_url)
    assert not behind(village_url)
    begin_scan(village_url)
    assert not behind(village_url)
    rows_of(village_url, "update lineage set digest = 'older'")
    assert behind(village_url)
    begin_scan(village_url)  # its new models are placed by these rules, the old ones are not
    assert rows_of(village_url, "select digest from lineage") == [("mixed",)]
    rows_of(database_url, "truncate model; update lineage set digest = 'older'")
    assert not behind(database_url), "without models there is nothing to place anew"
    begin_scan(database_url)
    assert rows_of(database_url, "select digest from lineage") == [(lineage.digest(),)]


def test_it_waits_for_a_running_scan(village_url: str) -> None:
    rows_of(village_url, "update scan set ended = null, heartbeat = now() where id = 2")
    with pytest.raises(BusyError, match="scan 2 is running, and placing models anew must wait"):
        refresh(village_url)
    assert refresh(village_url, dry_run=True).models == 5
