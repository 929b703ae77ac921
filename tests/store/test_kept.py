"""Results that are kept: that they are the same, hold until something is written and no longer, and cost no rights."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from census.report.together import SAME_MOMENT
from census.store import dumps, kept, migrate, purge
from census.store.connect import connect, engine
from census.store.statistics import STATISTICS, Statistic, rows
from tests.support.asking import rows_of
from tests.support.reader import reader

# Tables that the functions of the schema stats read, themselves or through each other.
READ = """
    with recursive reached (oid) as (
        select oid from pg_proc where pronamespace = 'stats'::regnamespace
        union
        select d.refobjid from reached r join pg_depend d on d.objid = r.oid and d.refclassid = 'pg_proc'::regclass
        where d.classid = 'pg_proc'::regclass
    )
    select distinct c.relname
    from reached r
    join pg_depend d on d.objid = r.oid and d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_class'::regclass
    join pg_class c on c.oid = d.refobjid
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
"""
NOTED = "select distinct tgrelid::regclass::text from pg_trigger where tgname = 'note_change'"

# What a kept result is replaced with, to know it again.
MARKED = '{"types": [20, 25, 20, 20, 701, 701, 701], "rows": [[1, "XX", 7, 7, 1.0, 1.0, 1.0]]}'
QUESTION = kept.Question("countries", "{}", None)
MARK = [(1, "XX", 7, 7, 1.0, 1.0, 1.0)]


@pytest.fixture(autouse=True)
def _keep_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LONG", 0.0)


@pytest.fixture
def asked(village_url: str) -> Iterator[Engine]:
    made = engine(village_url)
    yield made
    made.dispose()


def countries(asked: Engine, **options: Any) -> list[tuple[Any, ...]]:
    with asked.connect() as connection:
        return rows(connection, "countries", **options).rows


def keep_marked(asked: Engine) -> list[tuple[Any, ...]]:
    """Ask for the countries, and put a mark in the place of what is kept of them; gives the true rows."""
    true = countries(asked)
    with asked.begin() as connection:
        changed = connection.execute(text("update kept set result = :result"), {"result": MARKED})
        assert changed.rowcount == 1
    return true


def test_every_table_that_a_statistic_reads_notes_its_changes(village: Connection) -> None:
    read = set(village.scalars(text(READ)))
    assert {"sighting", "observation", "advisory"} <= read
    assert set(village.scalars(text(NOTED))) == read


@pytest.mark.parametrize("unit", ["host", "host-day"])
def test_a_kept_result_is_the_computed_one(asked: Engine, unit: str) -> None:
    window = {"since": datetime(2026, 11, 1, tzinfo=UTC), "until": datetime(2026, 11, 3, tzinfo=UTC)}
    questions: list[dict[str, Any]] = [
        {"name": name, "unit": unit, **when} for name in STATISTICS for when in ({}, window)
    ]
    with asked.connect() as connection:
        computed = [rows(connection, **question) for question in questions]
        assert connection.scalar(text("select count(*) from kept")) == len(questions)
    with asked.connect() as connection:
        assert [rows(connection, **question) for question in questions] == computed


def test_it_is_given_again_until_something_is_written(asked: Engine) -> None:
    true = keep_marked(asked)
    assert countries(asked) == MARK
    with asked.begin() as connection:
        connection.execute(text("update endpoint set verdict = 2 where port = 8000"))
    assert countries(asked) == true  # that host has another endpoint


@pytest.mark.parametrize("change", ["delete from judgement", "truncate judgement", "update host set place_id = 2"])
def test_whatever_is_written_by_hand_counts(asked: Engine, change: str) -> None:
    keep_marked(asked)
    with asked.begin() as connection:
        connection.execute(text(change))
    assert countries(asked) != MARK


def test_what_was_being_written_when_it_was_asked_for_ends_it(asked: Engine) -> None:
    with asked.connect() as writing:
        writing.execute(text("delete from judgement"))
        keep_marked(asked)
        assert countries(asked) == MARK
        writing.commit()
    assert countries(asked) != MARK


def test_a_change_that_is_taken_back_ends_nothing(asked: Engine) -> None:
    keep_marked(asked)
    with asked.connect() as writing:
        writing.execute(text("delete from judgement"))
        writing.rollback()
    assert countries(asked) == MARK


def test_who_writes_sees_his_own_rows_and_keeps_nothing_of_them(asked: Engine) -> None:
    keep_marked(asked)
    with asked.connect() as writing:
        writing.execute(text("update host set place_id = 2"))
        assert [row[1] for row in rows(writing, "countries").rows] == ["CN"]
        writing.rollback()
    assert countries(asked) == MARK


def test_the_first_rows_are_taken_from_all_rows_but_not_all_from_the_first(asked: Engine) -> None:
    first = countries(asked, top=1)
    whole = countries(asked)
    assert (len(first), len(whole) > 1) == (1, True)
    assert countries(asked, top=2) == whole[:2]


def test_a_result_that_holds_no_more_goes_and_its_question_stays(asked: Engine, village_url: str) -> None:
    keep_marked(asked)
    rows_of(village_url, "delete from judgement")
    with asked.connect() as connection:
        rows(connection, "funnel")
    told = rows_of(village_url, "select statistic, result is null, snapshot is null, asked from kept order by 1")
    assert told == [("countries", True, True, 1), ("funnel", False, False, 1)]
    countries(asked)
    assert rows_of(village_url, "select result is null, asked from kept where statistic = 'countries'") == [(False, 2)]


def test_that_somebody_was_given_a_result_is_noted_once_a_day(asked: Engine, village_url: str) -> None:
    keep_marked(asked)
    written = rows_of(village_url, "select xmin::text from kept")
    assert countries(asked) == MARK
    assert rows_of(village_url, "select xmin::text from kept") == written
    rows_of(village_url, "update kept set asked_at = now() - interval '25 hours'")
    with asked.connect().execution_options(**SAME_MOMENT) as connection:
        assert rows(connection, "countries", top=2).rows == MARK
    assert rows_of(village_url, "select asked_at > now() - interval '1 hour', asked from kept") == [(True, 1)]


def test_another_question_has_another_answer(asked: Engine) -> None:
    keep_marked(asked)
    for options in (
        {"unit": "endpoint"},
        {"population": "raw"},
        {"scan": 1},
        {"until": datetime(2027, 1, 1, tzinfo=UTC)},
    ):
        assert countries(asked, **options) != MARK


def test_a_short_answer_is_not_kept(asked: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LONG", 60.0)
    countries(asked)
    with asked.connect() as connection:
        assert connection.scalar(text("select count(*) from kept")) == 0


def test_a_reader_is_given_what_is_kept_and_keeps_nothing(asked: Engine, village_url: str) -> None:
    with reader(village_url) as address:
        reading = create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
        true = countries(reading)
        assert rows_of(village_url, "select count(*) from kept") == [(0,)]
        assert keep_marked(asked) == true
        asked_at = rows_of(village_url, "update kept set asked_at = '2026-01-01' returning asked_at")
        assert countries(reading) == MARK
        assert rows_of(village_url, "select asked_at from kept") == asked_at
        reading.dispose()


def test_a_result_of_another_server_is_none(asked: Engine) -> None:
    true = keep_marked(asked)
    with asked.begin() as connection:
        connection.execute(text("update kept set server = server + 1"))
    assert countries(asked) == true


def test_changes_noted_by_another_server_do_not_hinder(asked: Engine) -> None:
    with asked.begin() as connection:
        connection.execute(text("insert into change values (9000000000000000000)"))
    countries(asked)
    assert keep_marked(asked)
    assert countries(asked) == MARK


def test_notes_of_changes_do_not_pile_up(asked: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "NOTES", 10)
    for _ in range(20):
        with asked.begin() as connection:
            connection.execute(text("update host set place_id = 2"))
    # Others on this server may be in the midst of something, and until they have ended the last notes stay.
    for top in range(1, 600):
        countries(asked, top=top)
        with asked.connect() as connection:
            notes = connection.scalar(text("select count(*) from change"))
        if notes < 20:
            break
        time.sleep(0.05)
    assert notes < 20


def test_what_was_asked_before_the_last_note_that_is_left_is_asked_again(asked: Engine) -> None:
    true = keep_marked(asked)
    with asked.begin() as connection:
        connection.execute(text("update host set place_id = place_id"))
        connection.execute(text("delete from change"))
        connection.execute(text("insert into change values (pg_current_xact_id()::text::bigint)"))
    assert countries(asked) == true


def test_an_upgrade_forgets_what_older_definitions_gave(asked: Engine, village_url: str) -> None:
    true = keep_marked(asked)
    rows_of(village_url, "update laid set digest = 'older'")
    migrate.upgrade(village_url)
    assert rows_of(village_url, "select statistic, snapshot, result from kept") == [("countries", None, None)]
    assert countries(asked) == true


def test_a_purge_takes_names_out_of_results(asked: Engine, village_url: str) -> None:
    keep_marked(asked)
    with connect(village_url) as connection:
        purge.enter_and_purge(connection, [ip_network("127.0.0.1")], None, "a test")
    assert rows_of(village_url, "select statistic, snapshot, result from kept") == [("countries", None, None)]


def test_what_was_asked_before_a_purge_is_not_kept_after_it(asked: Engine, village_url: str) -> None:
    with asked.connect() as connection:
        looked = kept.look(connection, QUESTION)
    rows_of(village_url, "delete from judgement")
    kept.keep(asked, QUESTION, looked, MARKED, 60.0)
    assert rows_of(village_url, "select count(*) from kept") == [(0,)]


def test_who_holds_the_table_is_not_waited_for(asked: Engine, village_url: str) -> None:
    with asked.connect() as connection:
        looked = kept.look(connection, QUESTION)
        with connect(village_url) as other:
            other.execute("begin")
            other.execute("lock table kept in share mode")
            kept.keep(asked, QUESTION, looked, MARKED, 60.0)
            other.execute("rollback")
    assert rows_of(village_url, "select count(*) from kept") == [(0,)]


def test_what_is_written_as_a_replica_counts_too(asked: Engine, village_url: str) -> None:
    keep_marked(asked)
    rows_of(village_url, "set session_replication_role = replica; delete from judgement")
    assert countries(asked) != MARK


def test_columns_of_another_version_are_another_question(asked: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_marked(asked)
    more = dataclasses.replace(STATISTICS["countries"], columns=("rank", "country", "count"))
    monkeypatch.setitem(cast("dict[str, Statistic]", STATISTICS), "countries", more)
    assert [len(row) for row in countries(asked)] == [3] * 4


def test_a_dump_takes_neither_results_nor_changes(asked: Engine, village_url: str, tmp_path: Path) -> None:
    keep_marked(asked)
    dumps.dump(village_url, tmp_path / "census.dump")
    rows_of(village_url, "truncate scan cascade")
    dumps.restore(village_url, tmp_path / "census.dump")
    assert countries(asked) != MARK
