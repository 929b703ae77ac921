"""Derivatives beside originals, against numbers worked out by hand for the village of `tests.store.village`."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from census.store.statistics import rows


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [("Llama", 1, 2, 2, 3), ("DeepSeek", 1, 0, 1, 3), ("Qwen", 0, 0, 2, 3)]),
        ({"unit": "endpoint"}, [("Llama", 1, 2, 2, 4), ("DeepSeek", 1, 0, 1, 4), ("Qwen", 0, 0, 2, 4)]),
        ({"unit": "host-day"}, [("Llama", 1, 4, 4, 6), ("DeepSeek", 1, 0, 1, 6), ("Qwen", 0, 0, 3, 6)]),
        ({"unit": "observation"}, [("Llama", 1, 5, 6, 9), ("DeepSeek", 1, 0, 1, 9), ("Qwen", 0, 0, 4, 9)]),
        ({"population": "raw"}, [("Llama", 1, 3, 3, 4), ("DeepSeek", 1, 0, 1, 4), ("Qwen", 0, 0, 3, 4)]),
        ({"scan": 1}, [("Llama", 0, 2, 2, 3), ("Qwen", 0, 0, 1, 3)]),
        ({"scan": 3}, [("Llama", 1, 1, 2, 2), ("Qwen", 0, 0, 1, 2)]),
        ({"by": "architecture"}, [("llama", 1, 2, 2, 3), ("qwen2", 1, 0, 2, 3)]),
        ({"scan": 99}, []),
    ],
)
def test_a_unit_with_both_is_counted_under_both_and_one_of_unknown_models_under_neither(
    village: Connection, options: dict[str, Any], expected: list[tuple[Any, ...]]
) -> None:
    assert [row[:5] for row in rows(village, "derivatives", **options).rows] == expected


def test_the_column_says_what_was_counted(village: Connection) -> None:
    assert rows(village, "derivatives").columns[:3] == ("family", "derivatives", "originals")
    assert rows(village, "derivatives", by="architecture").columns[:3] == ("architecture", "derivatives", "originals")


def test_derivatives_by_anything_else_are_an_error(village: Connection) -> None:
    with pytest.raises(DBAPIError, match="by must be one of: family, architecture"):
        rows(village, "derivatives", by="maker")
