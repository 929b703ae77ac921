"""How statistics are asked: views and functions, words that are refused, intervals, and that plans stay cheap."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from census.demo.estimators import wilson
from census.facts import Tools, Verdict
from census.store.statistics import STATISTICS, UnknownStatistic, definition, rows
from tests.store.village import DAY_2

UNITS = ("endpoint", "host", "host-day", "observation")


@pytest.mark.parametrize(
    ("count", "of", "expected"),
    [
        (10, 100, (0.1, 0.0552291370606751, 0.1743656615820246)),
        (0, 10, (0.0, 0.0, 0.2775327998628892)),
        (10, 10, (1.0, 0.7224672001371108, 1.0)),
    ],
)
def test_intervals_are_those_of_wilson(
    village: Connection, count: int, of: int, expected: tuple[float, float, float]
) -> None:
    query = text("select * from stats.wilson(:count, :of, 'host')")
    assert tuple(village.execute(query, {"count": count, "of": of}).one()) == pytest.approx(expected)


def test_a_share_lies_in_its_interval_whatever_is_rounded(village: Connection) -> None:
    query = text("""
        select count, of, share, low, high
        from generate_series(1, 400) of, unnest(array[0, 1, of - 1, of]) count, stats.wilson(count, of, 'host')
    """)
    for count, of, share, low, high in village.execute(query).all():
        assert low <= share <= high, (count, of)
        twin = wilson(count, of)
        assert twin[0] <= count / of <= twin[1], (count, of)
        assert count != 0 or low == twin[0] == 0.0, (count, of)
        assert count != of or high == twin[1] == 1.0, (count, of)


@pytest.mark.parametrize(("unit", "of"), [("host-day", 10), ("observation", 10), ("host", 0)])
def test_there_is_no_interval_where_it_would_mean_nothing(village: Connection, unit: str, of: int) -> None:
    query = text("select low, high from stats.wilson(0, :of, :unit)")
    assert tuple(village.execute(query, {"of": of, "unit": unit}).one()) == (None, None)


@pytest.mark.parametrize("name", STATISTICS)
def test_a_view_shows_the_defaults_of_its_function(village: Connection, name: str) -> None:
    function = STATISTICS[name].function
    viewed = village.execute(text(f"select * from stats.{function}")).all()
    assert viewed == village.execute(text(f"select * from stats.{function}()")).all()
    spelt = text(f"select * from stats.{function}(null, null, null, 'host', 'credible')")
    assert viewed == village.execute(spelt).all()
    assert viewed or name == "clusters"  # no two credible hosts of the village have the same list


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("name", STATISTICS)
def test_the_rows_of_all_scans_and_of_a_window_around_them_are_the_same(
    village: Connection, name: str, unit: str
) -> None:
    window = rows(village, name, unit=unit, since=DAY_2.replace(year=2020))
    assert window == rows(village, name, unit=unit)
    json.dumps(window.rows)


@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unit": "hosts"}, "unit must be one of: endpoint, host, host-day, observation"),
        ({"unit": "host'; drop table scan; --"}, "unit must be one of"),
        ({"population": "all"}, "population must be one of: raw, credible"),
    ],
)
def test_an_unknown_word_is_an_error_that_lists_the_known_ones(
    village: Connection, name: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DBAPIError, match=message):
        rows(village, name, **options)
    village.rollback()
    assert village.scalar(text("select count(*) from scan")) == 3


def test_pairs_by_anything_but_family_and_architecture_are_an_error(village: Connection) -> None:
    with pytest.raises(DBAPIError, match="by must be one of: family, architecture"):
        rows(village, "co-deployment", by="maker")


def test_an_unknown_statistic_says_which_there_are_and_which_is_meant() -> None:
    with pytest.raises(UnknownStatistic, match=r"no statistic 'tool_caling'; did you mean tool-calling\?.*funnel"):
        definition("tool_caling")


@pytest.mark.parametrize(
    "name",
    [
        "families",
        "derivatives",
        "exposure",
        "regions",
        "networks",
        "concentration",
        "ranks",
        "together",
        "growth",
        "weekly_ranks",
        "quantization",
        "parameter_sizes",
        "capabilities",
        "capability_sets",
        "digests",
        "rag",
        "model_instances",
        "persistence",
        "transport",
        "clusters",
    ],
)
def test_all_time_reads_no_observation(village: Connection, name: str) -> None:
    plan = "\n".join(village.scalars(text(f"explain select * from stats.{name}()")))
    assert " on sighting" in plan
    assert " on observation" not in plan
    assert f"Function Scan on {name}" not in plan


def test_words_in_the_database_are_those_of_the_program(village: Connection) -> None:
    for verdict in Verdict:
        query = text("select stats.verdict_word(cast(:it as smallint))")
        assert village.scalar(query, {"it": verdict.value}) == verdict.word
    for tools in Tools:
        assert village.scalar(text("select stats.tools_word(cast(:it as smallint))"), {"it": tools.value}) == tools.word


def test_columns_have_types_that_are_kept_as_they_are(village: Connection) -> None:
    """Whoever adds one of another type has to look at how results are kept: a decimal comes back as a text."""
    query = text("""
        select distinct typname from pg_proc
        cross join lateral unnest(proallargtypes, proargmodes) its(type, mode) join pg_type on pg_type.oid = its.type
        where pronamespace = 'stats'::regnamespace and proname = any(:names) and mode = 't'
    """)
    names = ["co_deployment_triples", *(name.replace("-", "_") for name in STATISTICS)]
    found = set(village.scalars(query, {"names": names}))
    assert found == {"int8", "int4", "float8", "text", "_text", "date"}
