"""Counting in plain Python: what a question is about, by its unit, and shares with the interval of Wilson."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from census.facts import Tools
from census.store.statistics import rows
from tests.store.statistics.history import SCANS, Listed, Look, World

UNITS = ("host", "endpoint", "host-day", "observation")
# Both populations; all time, one scan, a window, and a scan in a window.
ASKED: tuple[dict[str, Any], ...] = tuple(
    {"unit": unit, **options}
    for unit in UNITS
    for options in (
        {},
        {"population": "raw"},
        {"scan": 4},
        {"since": SCANS[1], "until": SCANS[5], "population": "raw"},
        {"scan": 99},
    )
)
Z = 1.959963984540054


def units(world: World, options: Mapping[str, Any], *, carriers: bool = False) -> dict[Hashable, list[Look]]:
    """The recognised looks of each unit; with `carriers` of each host or endpoint, whatever the unit."""
    unit = options["unit"]
    grouped: dict[Hashable, list[Look]] = {}
    for number, look in enumerate(world.asked(**options)):
        host = world.host(look)
        key: Hashable = look.endpoint if unit == "endpoint" else host
        if not carriers and unit in {"host-day", "observation"}:
            key = (host, look.at.date()) if unit == "host-day" else number
        if look.outcome.recognised:
            grouped.setdefault(key, []).append(look)
    return grouped


def holdings(world: World, options: Mapping[str, Any]) -> list[set[Listed]]:
    """The models of each unit with a model."""
    held = ({model for look in looks for model in look.models or ()} for looks in units(world, options).values())
    return [models for models in held if models]


def wilson(count: int, of: int, unit: str) -> tuple[float, float | None, float | None]:
    """A share and its interval."""
    share = count / of
    if unit not in {"host", "endpoint"}:
        return share, None, None
    middle, scale = share + Z * Z / (2 * of), 1 + Z * Z / of
    half = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    return share, max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def shares(found: Iterable[Iterable[Hashable]], unit: str) -> dict[Hashable, tuple[Any, ...]]:
    """The share columns of each value, when each unit has some values; an empty unit counts in `of` alone."""
    all_units = [set(values) for values in found]
    values = set().union(*all_units)
    counts = {value: sum(value in each for each in all_units) for value in values}
    return {value: share(count, len(all_units), unit) for value, count in counts.items()}


def share(count: int, of: int, unit: str) -> tuple[Any, ...]:
    """The five columns of a share."""
    return (count, of, *(wilson(count, of, unit) if of else (None, None, None)))


def advertising(found: dict[Any, list[Tools]], unit: str) -> dict[Any, tuple[Any, ...]]:
    """The share columns of those that advertise tools, and how many are unknown, by family or country."""
    return {
        key: (*share(told_by.count(Tools.YES), len(told_by), unit), told_by.count(Tools.UNKNOWN))
        for key, told_by in found.items()
    }


def told(connection: Connection, name: str, options: Mapping[str, Any], **more: Any) -> list[dict[str, Any]]:
    """The rows of a statistic by the names of their columns."""
    result = rows(connection, name, **options, **more)
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def shared(found: Sequence[Mapping[str, Any]], *keys: str) -> dict[Any, tuple[Any, ...]]:
    """The share columns of rows by the value of one column, or of several."""
    columns = ("count", "of", "share", "low", "high")
    gathered = {}
    for row in found:
        key = tuple(tuple(row[k]) if isinstance(row[k], list) else row[k] for k in keys)
        assert key not in gathered
        gathered[key[0] if len(keys) == 1 else key] = tuple(row[column] for column in columns)
    return gathered


def close(found: Any, expected: Any) -> bool:
    """Whether two nested values are equal, floats nearly."""
    if isinstance(expected, float) and isinstance(found, int | float):
        return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(expected, Mapping):
        return set(found) == set(expected) and all(close(found[key], expected[key]) for key in expected)
    if isinstance(expected, tuple | list):
        return len(found) == len(expected) and all(map(close, found, expected))
    return bool(found == expected)


def agree(ask: Callable[[dict[str, Any]], Any], reckon: Callable[[dict[str, Any]], Any]) -> None:
    """Ask every question in `ASKED` of the database and of the history."""
    for options in ASKED:
        found, expected = ask(options), reckon(options)
        assert close(found, expected), f"{options}\n{found}\n{expected}"
