"""Holds docs/questions.md: each query runs, gives rows, and those that can be counted by hand are right."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Hashable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

import census
from census.facts import Outcome
from census.store.connect import engine
from tests.store.statistics.history import World
from tests.store.statistics.reckoning import units
from tests.support.reader import reader

_PAGE = (Path(census.__file__).parents[1] / "docs" / "questions.md").read_text(encoding="utf-8")
_HEADED = re.compile(r"^(?:## (\d+)\. |\*\*)(.+?)(?:\*\*.*?)?\n(?:.*?)```sql\n(.*?)```", re.DOTALL | re.MULTILINE)
QUERIES = {number or title: query for number, title, query in _HEADED.findall(_PAGE)}
NEVER_CONTACTED = {Outcome.OPTED_OUT, Outcome.OUT_OF_SCOPE, Outcome.UNRESOLVED}


def answers(connection: Connection, question: str) -> list[dict[str, Any]]:
    # A colon is the sign of a parameter to SQLAlchemy, and of a cast to Postgres.
    return [dict(row) for row in connection.execute(text(QUERIES[question].replace(":", r"\:"))).mappings()]


def test_the_page_answers_twenty_questions_and_each_block_is_one_query() -> None:
    assert [number for number in QUERIES if number.isdigit()] == [str(number) for number in range(1, 21)]
    assert len(QUERIES) == _PAGE.count("```sql")
    assert all(query.count(";") == 1 for query in QUERIES.values())


def test_every_question_has_an_answer_also_for_a_role_that_may_only_read(lived: Engine) -> None:
    with reader(lived.url.set(drivername="postgresql").render_as_string(hide_password=False)) as url:
        made = engine(url)
        with made.connect() as connection:
            assert [question for question in QUERIES if not answers(connection, question)] == []
        made.dispose()


def test_attempts_and_hosts_of_each_week(history: Connection, world: World) -> None:
    attempts, failed = Counter[str](), Counter[str]()
    hosts: dict[str, set[Hashable]] = {}
    for look in world.looks:
        week = (look.at.date() - timedelta(days=look.at.weekday())).isoformat()
        attempts[week] += look.outcome not in NEVER_CONTACTED
        failed[week] += look.outcome not in NEVER_CONTACTED and not look.outcome.recognised
        if look.models and world.endpoints[look.endpoint][2] < 2:
            hosts.setdefault(week, set()).add(world.host(look))
    assert [tuple(map(str, row.values())) for row in answers(history, "1")] == [
        (week, str(attempts[week]), str(failed[week]), str(len(hosts[week]))) for week in sorted(attempts)
    ]


def test_llama_with_qwen_by_country(history: Connection, world: World) -> None:
    counted: dict[str | None, Counter[str]] = {}
    for host, looks in units(world, {"unit": "host"}).items():
        assert isinstance(host, int)
        models = {model for look in looks for model in look.models or ()}
        families = {model.family for model in models} - {None}
        if models:
            country = counted.setdefault(world.hosts[host][0], Counter())
            country["of"] += len(families) > 1
            country["count"] += {"Llama", "Qwen"} <= families
    found = {row["country"]: (row["count"], row["of"]) for row in answers(history, "4")}
    assert found == {country: (each["count"], each["of"]) for country, each in counted.items()}


def test_hosts_that_were_up_and_advertise_tools(history: Connection, world: World) -> None:
    window: dict[str, Any] = {
        "unit": "host", "since": datetime(2026, 9, 1, tzinfo=UTC), "until": datetime(2026, 10, 1, tzinfo=UTC)
    }  # fmt: skip
    expected = Counter[tuple[Any, ...]]()
    for host, looks in units(world, window).items():
        assert isinstance(host, int)
        attempts = [
            each for each in world.asked(**window)
            if world.host(each) == host and each.outcome not in NEVER_CONTACTED
        ]  # fmt: skip
        words = itertools.chain(*(model.capabilities or () for look in looks for model in look.models or ()))
        if "tools" in words and len(looks) >= 0.8 * len(attempts):
            expected[world.hosts[host][2:]] += 1
    found = {(row["asn"], row["organization"]): row["hosts"] for row in answers(history, "11")}
    assert found == expected


def test_instances_by_country_of_developer_and_host(history: Connection, world: World) -> None:
    pairs: set[tuple[Any, ...]] = set()
    for host, looks in units(world, {"unit": "host"}).items():
        assert isinstance(host, int)
        country = world.hosts[host][0] or "unknown"
        for model in {model for look in looks for model in look.models or ()}:
            pairs.add((country, model.origin or "unknown lineage", host, model.digest or model.name))
    expected = Counter((country, origin) for country, origin, _, _ in pairs)
    found = {(row["host_country"], row["developer_country"]): row["instances"] for row in answers(history, "9")}
    assert found == expected
