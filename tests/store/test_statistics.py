"""Every statistic against numbers worked out by hand for the village of `tests.store.village`."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, text

from census.store.statistics import rows
from tests.store.village import DAY_2, EVENING


def told(connection: Connection, name: str, *columns: str, **options: Any) -> list[tuple[Any, ...]]:
    """The rows of a statistic, cut down to some columns."""
    result = rows(connection, name, **options)
    places = [result.columns.index(column) for column in columns]
    return [tuple(row[place] for place in places) for row in result.rows]


def test_countries_count_hosts_and_keep_the_unknown_one(village: Connection) -> None:
    expected = [(1, "US", 2, 5), (2, "CN", 1, 5), (3, "DE", 1, 5), (4, None, 1, 5)]
    assert told(village, "countries", "rank", "country", "count", "of") == expected


def test_equal_counts_stand_in_alphabetical_order(village: Connection) -> None:
    expected = [("CN", 2, 6), ("US", 2, 6), ("DE", 1, 6), (None, 1, 6)]
    assert told(village, "countries", "country", "count", "of", population="raw") == expected


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("endpoint", [("US", 3, 6), ("CN", 1, 6), ("DE", 1, 6), (None, 1, 6)]),
        ("host-day", [("US", 3, 9), ("CN", 2, 9), ("DE", 2, 9), (None, 2, 9)]),
        ("observation", [("US", 5, 12), ("CN", 3, 12), ("DE", 2, 12), (None, 2, 12)]),
    ],
)
def test_countries_count_each_unit(village: Connection, unit: str, expected: list[tuple[Any, ...]]) -> None:
    assert told(village, "countries", "country", "count", "of", unit=unit) == expected


def test_a_host_with_two_servers_runs_both(village: Connection) -> None:
    expected = [("Ollama", 3, 5), ("vLLM", 2, 5), (None, 1, 5)]
    assert told(village, "software", "software", "count", "of") == expected


def test_software_by_version_counts_an_upgraded_host_under_both(village: Connection) -> None:
    expected = [("Ollama", "0.5.0", 2), ("Ollama", "0.6.0", 2), ("vLLM", "0.8.0", 2), (None, None, 1)]
    assert told(village, "software", "software", "version", "count", versions=True) == expected


def test_software_without_versions_has_no_column_for_them(village: Connection) -> None:
    assert "version" not in rows(village, "software").columns


def test_an_upgrade_on_one_day_is_one_day_of_the_software(village: Connection) -> None:
    expected = [("Ollama", 6, 9), ("vLLM", 2, 9), (None, 2, 9)]
    assert told(village, "software", "software", "count", "of", unit="host-day") == expected


def test_families_name_developer_and_origin_and_end_with_the_unplaced(village: Connection) -> None:
    assert told(village, "families", "rank", "family", "developer", "origin", "count", "of") == [
        (1, "Llama", "Meta", "US", 2, 3),
        (2, "Qwen", "Alibaba", "CN", 2, 3),
        (3, "DeepSeek", "DeepSeek", "CN", 1, 3),
        (None, None, None, None, 1, 3),
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"unit": "endpoint"}, [("Llama", 2, 4), ("Qwen", 2, 4), ("DeepSeek", 1, 4), (None, 1, 4)]),
        ({"unit": "host-day"}, [("Llama", 4, 6), ("Qwen", 3, 6), ("DeepSeek", 1, 6), (None, 2, 6)]),
        ({"unit": "observation"}, [("Llama", 6, 9), ("Qwen", 4, 9), ("DeepSeek", 1, 9), (None, 2, 9)]),
        ({"population": "raw"}, [("Llama", 3, 4), ("Qwen", 3, 4), ("DeepSeek", 1, 4), (None, 1, 4)]),
        ({"scan": 1}, [("Llama", 2, 3), ("Qwen", 1, 3), (None, 1, 3)]),
        ({"scan": 3}, [("Llama", 2, 2), ("Qwen", 1, 2)]),
        ({"scan": 3, "unit": "host-day"}, [("Llama", 2, 2), ("Qwen", 1, 2)]),
        ({"scan": 3, "since": EVENING}, [("Llama", 2, 2), ("Qwen", 1, 2)]),
        ({"scan": 3, "until": EVENING}, []),
        ({"since": DAY_2, "until": EVENING}, [("Llama", 2, 3), ("Qwen", 2, 3), ("DeepSeek", 1, 3), (None, 1, 3)]),
        ({"since": DAY_2, "unit": "host-day"}, [("Llama", 2, 3), ("Qwen", 2, 3), ("DeepSeek", 1, 3), (None, 1, 3)]),
        ({"since": DAY_2, "unit": "observation"}, [("Llama", 4, 6), ("Qwen", 3, 6), ("DeepSeek", 1, 6), (None, 1, 6)]),
        ({"scan": 99}, []),
    ],
)
def test_families_of_each_unit_scan_and_window(
    village: Connection, options: dict[str, Any], expected: list[tuple[Any, ...]]
) -> None:
    assert told(village, "families", "family", "count", "of", **options) == expected


def test_the_unplaced_take_no_rank_however_many_they_are(village: Connection) -> None:
    expected = [(1, "Llama", 4), (2, "Qwen", 3), (3, "DeepSeek", 1), (None, None, 2)]
    assert told(village, "families", "rank", "family", "count", unit="host-day") == expected


def test_architectures_are_what_servers_report(village: Connection) -> None:
    expected = [(1, "llama", 2, 3), (2, "qwen2", 2, 3), (None, None, 1, 3)]
    assert told(village, "architectures", "rank", "architecture", "count", "of") == expected
    assert rows(village, "families", by="architecture") == rows(village, "architectures")


def test_origins_are_the_countries_of_developers(village: Connection) -> None:
    assert told(village, "origins", "origin", "count", "of") == [("CN", 2, 3), ("US", 2, 3), (None, 1, 3)]


def test_models_count_a_name_once_for_a_host_whatever_the_digest(village: Connection) -> None:
    assert told(village, "models", "rank", "model", "count", "of") == [
        (1, "llama3:8b", 2, 3),
        (2, "our-own:latest", 2, 3),
        (3, "qwen2:7b", 2, 3),
        (4, "r1:7b", 1, 3),
    ]


def test_top_gives_the_first_rows(village: Connection) -> None:
    assert told(village, "models", "model", top=2) == [("llama3:8b",), ("our-own:latest",)]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("host", [("yes", 2, 3), ("no", 0, 3), ("unknown", 1, 3)]),
        ("endpoint", [("yes", 2, 4), ("no", 1, 4), ("unknown", 1, 4)]),
        ("host-day", [("yes", 4, 6), ("no", 0, 6), ("unknown", 2, 6)]),
        ("observation", [("yes", 6, 9), ("no", 1, 9), ("unknown", 2, 9)]),
    ],
)
def test_tool_calling_takes_the_best_answer_of_a_unit(
    village: Connection, unit: str, expected: list[tuple[Any, ...]]
) -> None:
    assert told(village, "tool-calling", "advertised", "count", "of", unit=unit) == expected


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("host", [1, 1, 2, 0, 0, 0]),
        ("endpoint", [1, 2, 2, 0, 0, 0]),
        ("host-day", [1, 3, 3, 0, 0, 0]),
        ("observation", [1, 5, 4, 0, 0, 0]),
    ],
)
def test_inventories_count_distinct_names_in_six_bands(village: Connection, unit: str, expected: list[int]) -> None:
    found = told(village, "inventory", "models", "count", "of", unit=unit)
    assert [row[0] for row in found] == ["0", "1", "2-3", "4-9", "10-19", ">=20"]
    assert [row[1] for row in found] == expected
    assert {row[2] for row in found} == {sum(expected)}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {},
            [
                ("Llama", "Qwen", 2, 2, 1.0, 1.0, 1.5),
                ("DeepSeek", "Llama", 1, 2, 0.5, 0.5, 1.5),
                ("DeepSeek", "Qwen", 1, 2, 0.5, 0.5, 1.5),
            ],
        ),
        (
            {"unit": "endpoint"},
            [
                ("DeepSeek", "Llama", 1, 1, 1.0, 1 / 2, 2.0),
                ("DeepSeek", "Qwen", 1, 1, 1.0, 1 / 2, 2.0),
                ("Llama", "Qwen", 1, 1, 1.0, 1 / 3, 1.0),
            ],
        ),
        (
            {"unit": "host-day"},
            [
                ("Llama", "Qwen", 3, 3, 1.0, 3 / 4, 3 * 6 / (4 * 3)),
                ("DeepSeek", "Llama", 1, 3, 1 / 3, 1 / 4, 6 / 4),
                ("DeepSeek", "Qwen", 1, 3, 1 / 3, 1 / 3, 6 / 3),
            ],
        ),
        (
            {"unit": "observation"},
            [
                ("Llama", "Qwen", 3, 3, 1.0, 3 / 7, 3 * 9 / (6 * 4)),
                ("DeepSeek", "Llama", 1, 3, 1 / 3, 1 / 6, 9 / 6),
                ("DeepSeek", "Qwen", 1, 3, 1 / 3, 1 / 4, 9 / 4),
            ],
        ),
        ({"by": "architecture"}, [("llama", "qwen2", 2, 2, 1.0, 1.0, 1.5)]),
        ({"scan": 1}, [("Llama", "Qwen", 1, 1, 1.0, 1 / 2, 1 * 3 / (2 * 1))]),
    ],
)
def test_pairs_are_shares_of_units_with_two_families(
    village: Connection, options: dict[str, Any], expected: list[tuple[Any, ...]]
) -> None:
    found = told(village, "co-deployment", "a", "b", "count", "of", "share", "jaccard", "lift", **options)
    assert [row[:4] for row in found] == [row[:4] for row in expected]
    assert [pytest.approx(row[4:]) for row in found] == [row[4:] for row in expected]


def test_triples_are_shares_of_units_with_three_families(village: Connection) -> None:
    result = rows(village, "co-deployment", triples=True)
    assert result.columns[:3] == ("a", "b", "c")
    (row,) = result.rows
    assert row[:6] == ("DeepSeek", "Llama", "Qwen", 1, 1, 1.0)
    assert row[8:10] == pytest.approx((1 / 2, 9 / 4))


@pytest.mark.parametrize("population", ["raw", "credible"])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"unit": "host"}, [2, 1, 1, 1, 4]),
        ({"unit": "endpoint"}, [3, 1, 1, 1, 5]),
        ({"unit": "host-day"}, [4, 2, 2, 2, 8]),
        ({"unit": "observation"}, [7, 2, 2, 2, 11]),
        ({"scan": 2, "unit": "observation"}, [3, 1, 1, 1, 5]),
    ],
)
def test_decoys_are_counted_by_verdict_and_by_signal_in_every_population(
    village: Connection, population: str, options: dict[str, Any], expected: list[int]
) -> None:
    found = told(village, "decoys", "verdict", "signal", "count", "of", population=population, **options)
    verdicts = [("credible", None), ("suspect", None), ("decoy", None), ("decoy", "canary")]
    assert found == [(*each, count, expected[-1]) for each, count in zip(verdicts, expected[:-1], strict=True)]


def test_a_host_counts_under_each_verdict_and_signal_of_its_endpoints(village: Connection) -> None:
    village.execute(text("update endpoint set verdict = 2, signals = '{canary,digest}' where id = 2"))
    assert told(village, "decoys", "verdict", "signal", "count", "of") == [
        ("credible", None, 2, 4),
        ("suspect", None, 1, 4),
        ("decoy", None, 2, 4),
        ("decoy", "canary", 2, 4),
        ("decoy", "digest", 1, 4),
    ]


def test_verdicts_that_nobody_has_are_rows_too(village: Connection) -> None:
    assert told(village, "decoys", "verdict", "signal", "count", scan=3) == [
        ("credible", None, 2),
        ("suspect", None, 0),
        ("decoy", None, 0),
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"scan": 1}, [15, 12, 10, 8, 6, 4, 3]),
        ({"scan": 2}, [7, 7, 6, 6, 6, 5, 4]),
        ({}, [24, 21, 18, 16, 14, 11, 9]),
        ({"since": DAY_2}, [9, 9, 8, 8, 8, 7, 6]),
        ({"until": DAY_2}, [15, 12, 10, 8, 6, 4, 3]),
        ({"unit": "observation", "population": "raw", "scan": 2}, [7, 7, 6, 6, 6, 5, 4]),
    ],
)
def test_the_funnel_counts_targets_from_all_to_credible(
    village: Connection, options: dict[str, Any], expected: list[int]
) -> None:
    stages = ["targets", "contacted", "connected", "http", "recognised", "served", "credible"]
    assert rows(village, "funnel", **options).rows == list(zip(stages, expected, strict=True))


def test_concentration_without_any_known_network_has_no_figures(village: Connection) -> None:
    village.execute(text("update host set network_id = null"))
    (row,) = [row for row in rows(village, "concentration").rows if row[0] == "asn"]
    assert row == ("asn", None, None, None, 0, 1.0)
