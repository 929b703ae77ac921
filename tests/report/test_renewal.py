"""What was asked before a scan and is asked once more after it: what somebody wants, and only while all is at rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

from census.report import renewal
from census.report.renewal import renew
from census.store import kept, scans
from census.store.connect import connect, engine
from census.store.statistics import Result, rows
from tests.store.village import settle
from tests.support.asking import rows_of
from tests.support.ports import free_ports
from tests.support.reader import reader

HELD = "select statistic, arguments::jsonb #>> '{0,scan}' from kept where result is not null order by 1, 2"
LONG_AGO = "'2026-01-01'"  # before all scans of the village


@pytest.fixture(autouse=True)
def _keep_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LONG", 0.0)


@pytest.fixture
def asked(database_url: str) -> Iterator[Engine]:
    made = engine(database_url)
    with made.begin() as connection:
        settle(connection)
        connection.execute(text("update scan set ended = began + interval '1 hour'"))
    yield made
    made.dispose()


def ask(asked: Engine, name: str, **options: Any) -> Result:
    with asked.connect() as connection:
        return rows(connection, name, **options)


def begin_scan(url: str) -> int:
    with connect(url) as connection:
        day = date(2026, 11, 3)
        scan = scans.NewScan(None, "TEST-9", "our own machine", "-", day, day, "0" * 64, {}, [], 1, "0.1.0")
        return scans.create(connection, scan)


def scan_again(url: str) -> int:
    """A scan that has ended, and changed where all hosts are."""
    number = begin_scan(url)
    with connect(url) as connection:
        connection.execute("update host set place_id = 2")
        assert scans.end(connection, number)
    return number


def renewed(url: str) -> list[tuple[int, int]]:
    """What a renewal tells: how many of how many, each time."""
    told: list[tuple[int, int]] = []
    renew(url, lambda done, of, _: told.append((done, of)))
    return told


def test_of_two_who_renew_at_once_one_leaves_it_to_the_other(asked: Engine, database_url: str) -> None:
    ask(asked, "countries")
    scan_again(database_url)
    with connect(database_url) as other:
        other.execute("select pg_advisory_lock(%s)", (renewal._LOCK,))
        assert renewed(database_url) == []
    assert renewed(database_url) == [(0, 1), (1, 1)]


def test_what_was_asked_before_a_scan_is_there_after_it_as_if_it_were_computed(
    asked: Engine, database_url: str
) -> None:
    questions: list[dict[str, Any]] = [
        {"name": "countries"},
        {"name": "countries", "unit": "endpoint", "population": "raw", "top": 1},
        {"name": "software", "versions": True},
        {"name": "co-deployment", "triples": True},
        {"name": "families", "by": "architecture"},
        {"name": "ranks", "by": "architecture"},
    ]
    before = [ask(asked, **question) for question in questions]
    scan_again(database_url)
    assert renewed(database_url) == [(done, 6) for done in range(7)]
    made_at = rows_of(database_url, "select kept_at, asked from kept where result is not null")
    found = [ask(asked, **question) for question in questions]
    assert rows_of(database_url, "select kept_at, asked from kept where result is not null") == made_at
    with asked.begin() as connection:
        kept.forget(connection)
    assert found == [ask(asked, **question) for question in questions]
    assert found != before
    assert found[0].rows[0][1] == "CN"


def test_what_holds_is_not_asked_once_more(asked: Engine, database_url: str) -> None:
    ask(asked, "countries")
    scan_again(database_url)
    assert renewed(database_url)
    assert renewed(database_url) == []


def test_what_was_asked_of_the_last_scan_is_asked_of_the_new_one(asked: Engine, database_url: str) -> None:
    ask(asked, "countries", scan=3)
    ask(asked, "funnel", scan=1)  # not the last one, and asked but once
    number = scan_again(database_url)
    renewed(database_url)
    assert rows_of(database_url, HELD) == [("countries", str(number))]
    again = scan_again(database_url)
    ask(asked, "countries", scan=again)  # somebody is there before
    renewed(database_url)
    assert rows_of(database_url, HELD) == [("countries", str(again))]
    assert rows_of(database_url, "select count(*) from kept") == [(2,)]


def test_the_question_of_a_window_is_renewed_once_it_was_asked_twice(asked: Engine, database_url: str) -> None:
    window = {"since": datetime(2026, 11, 1, tzinfo=UTC), "until": datetime(2026, 11, 2, tzinfo=UTC)}
    ask(asked, "countries", **window)
    scan_again(database_url)
    assert renewed(database_url) == []
    ask(asked, "countries", **window)
    scan_again(database_url)
    assert renewed(database_url) == [(0, 1), (1, 1)]
    computed = ask(asked, "countries", **window)
    with asked.begin() as connection:
        kept.forget(connection)
    assert ask(asked, "countries", **window) == computed


def test_what_nobody_asks_any_more_falls_out(asked: Engine, database_url: str) -> None:
    ask(asked, "countries")
    ask(asked, "funnel")
    rows_of(database_url, f"update kept set asked_at = {LONG_AGO} where statistic = 'countries'")
    scan_again(database_url)
    assert renewed(database_url) == [(0, 1), (1, 1)]
    assert rows_of(database_url, "select statistic from kept") == [("funnel",)]


def test_a_renewal_is_no_asking(asked: Engine, database_url: str) -> None:
    ask(asked, "countries")
    noted = rows_of(database_url, "update kept set asked_at = now() - interval '10 days' returning asked_at, asked")
    scan_again(database_url)
    assert renewed(database_url) == [(0, 1), (1, 1)]
    assert rows_of(database_url, "select asked_at, asked from kept") == noted


def test_where_scans_are_rare_what_was_asked_since_the_scan_before_is_wanted(asked: Engine, database_url: str) -> None:
    ask(asked, "countries")
    rows_of(database_url, "update scan set ended = now() - interval '300 days'")
    rows_of(database_url, "update kept set asked_at = now() - interval '200 days'")
    scan_again(database_url)
    assert renewed(database_url) == [(0, 1), (1, 1)]
    scan_again(database_url)
    assert renewed(database_url) == []


def test_it_does_not_begin_while_a_scan_is_running(asked: Engine, database_url: str) -> None:
    ask(asked, "countries")
    scan_again(database_url)
    begin_scan(database_url)
    assert renewed(database_url) == []


def test_it_gives_up_when_a_scan_begins(asked: Engine, database_url: str) -> None:
    for name in ("countries", "funnel", "families"):
        ask(asked, name)
    made_at = rows_of(database_url, "select kept_at from kept order by 1")
    scan_again(database_url)
    told = []

    def tell(done: int, of: int, _: float | None) -> None:
        told.append((done, of))
        begin_scan(database_url)

    renew(database_url, tell)
    assert told == [(0, 3)]
    assert rows_of(database_url, "select kept_at from kept order by 1") == made_at


def test_questions_that_this_version_does_not_know_hinder_no_other(asked: Engine, database_url: str) -> None:
    ask(asked, "countries")
    arguments = rows_of(database_url, "select arguments from kept")[0][0]
    told, columns = json.loads(arguments)
    others = [
        ("countries", json.dumps([told, [*columns, "more"]])),
        ("weather", arguments),
        ("countries", json.dumps([{**told, "colour": "red"}, columns])),
        ("countries", json.dumps([{**told, "by": "colour"}, columns])),
        *(("countries", json.dumps([{**told, "unit": f"galaxy {n}"}, columns])) for n in range(8)),
    ]
    with asked.begin() as connection:
        for statistic, strange in others:
            connection.execute(
                text(
                    "insert into kept (statistic, arguments, top, server, seconds) "
                    "select :statistic, :arguments, top, server, seconds + 1 from kept "
                    "where statistic = 'countries' and arguments = :like"
                ),
                {"statistic": statistic, "arguments": strange, "like": arguments},
            )
    rows_of(database_url, "update kept set snapshot = null, result = null")
    assert renewed(database_url) == [(done, 13) for done in range(14)]
    assert rows_of(database_url, HELD) == [("countries", None)]


def test_what_somebody_had_computed_meanwhile_is_left_to_him(asked: Engine, database_url: str) -> None:
    ask(asked, "countries")
    scan_again(database_url)
    made_at = []

    def tell(done: int, _of: int, _left: float | None) -> None:
        if done == 0:
            ask(asked, "countries")
        made_at.extend(rows_of(database_url, "select kept_at from kept"))

    renew(database_url, tell)
    assert len(made_at) == 2
    assert made_at[0] == made_at[1]


def test_who_may_only_read_renews_nothing_and_fails_in_nothing(asked: Engine, database_url: str) -> None:
    ask(asked, "countries")
    scan_again(database_url)
    with reader(database_url) as address:
        assert renewed(address) == []


def test_a_database_that_is_gone_is_no_error() -> None:
    assert renewed(f"postgresql://127.0.0.1:{free_ports(1)}/gone") == []
