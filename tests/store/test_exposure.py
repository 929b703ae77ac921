"""Exposure to advisories: by hand for the village of `tests.store.village`, and how versions come to be judged."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text

from census.advisories import advisories
from census.store.catalog import Catalog
from census.store.migrate import upgrade
from census.store.statistics import rows

STORED = """
    select affected from judgement j join software s on s.id = j.software_id
    where advisory_id = 'CVE-2024-37032' and name = 'Ollama' and version = '0.1.33'
"""


def counted(connection: Connection, **options: Any) -> tuple[dict[str, list[int]], set[int]]:
    """Of each advisory the units that are affected, those of which it is unknown, those that are not; and `of`."""
    found: dict[str, list[int]] = {}
    result = rows(connection, "exposure", **options).rows
    for _, advisory, affected, count, *_ in result:
        found.setdefault(advisory, [0, 0, 0])[("yes", "unknown", "no").index(affected)] += count
    return found, {row[4] for row in result}


@pytest.mark.parametrize(
    ("options", "expected", "of"),
    [
        ({}, {"A-1": [2, 0, 1], "A-2": [0, 2, 1], "A-3": [1, 0, 0]}, 3),
        ({"unit": "endpoint"}, {"A-1": [2, 0, 1], "A-2": [0, 2, 1], "A-3": [1, 0, 0]}, 4),
        ({"unit": "host-day"}, {"A-1": [3, 0, 3], "A-2": [0, 3, 3], "A-3": [1, 0, 0]}, 6),
        ({"unit": "observation"}, {"A-1": [4, 0, 4], "A-2": [0, 4, 4], "A-3": [1, 0, 0]}, 9),
        ({"population": "raw"}, {"A-1": [3, 0, 1], "A-2": [0, 2, 2], "A-3": [1, 0, 0]}, 4),
        ({"scan": 3}, {"A-1": [1, 0, 1], "A-2": [0, 1, 1]}, 2),
        ({"scan": 3, "unit": "host-day"}, {"A-1": [1, 0, 1], "A-2": [0, 1, 1]}, 2),
    ],
)
def test_the_worst_version_of_a_unit_counts_and_only_that_which_serves_a_model(
    village: Connection, options: dict[str, Any], expected: dict[str, list[int]], of: int
) -> None:
    assert counted(village, **options) == (expected, {of})


def test_the_most_affected_come_first_and_every_state_is_a_row(village: Connection) -> None:
    assert [row[:4] for row in rows(village, "exposure").rows] == [
        ("Ollama", "A-1", "yes", 2),
        ("vLLM", "A-3", "yes", 1),
        ("Ollama", "A-2", "yes", 0),
        ("Ollama", "A-2", "unknown", 2),
        ("Ollama", "A-1", "unknown", 0),
        ("vLLM", "A-3", "unknown", 0),
        ("Ollama", "A-1", "no", 1),
        ("Ollama", "A-2", "no", 1),
        ("vLLM", "A-3", "no", 0),
    ]


def test_software_without_a_version_is_unknown(village: Connection) -> None:
    village.execute(text("delete from judgement where software_id = 1"))
    village.execute(text("update software set name = 'llama.cpp', version = null where id = 1"))
    assert counted(village)[0]["A-4"] == [0, 2, 0]


def test_a_version_is_judged_when_it_is_first_met(database_url: str) -> None:
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        Catalog().software(cursor, [("Ollama", "0.1.33")])
        assert cursor.execute(STORED).fetchall() == [(2,)]
        Catalog().software(cursor, [("Ollama", "0.1.33")])  # another worker finds it there
        Catalog().software(cursor, [("Ollama", "0.0.0"), ("LM Studio", None)])
        assert cursor.execute(STORED).fetchall() == [(2,)]
        assert cursor.execute("select count(distinct software_id) from judgement").fetchall() == [(1,)]


def test_an_upgrade_brings_new_advisories_and_judges_what_is_known_by_them(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("delete from advisory where id = 'CVE-2024-37032'")
        connection.execute("insert into software (name, version) values ('Ollama', '0.1.33'), ('vLLM', null)")
        connection.execute("insert into judgement select id, 'withdrawn', 2 from software")
        connection.execute("update laid set digest = 'older'")
        upgrade(database_url)
        assert connection.execute(STORED).fetchall() == [(2,)]
        assert connection.execute("select 1 from judgement where advisory_id = 'withdrawn'").fetchall() == []
        stored = connection.execute("select id, software, ranges from advisory").fetchall()
    assert sorted(stored) == sorted((each.id, each.software, dict(each.ranges)) for each in advisories())
