"""Statistics with the intervals of the bootstrap over networks in place of those that take hosts as independent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import Any, Final

from sqlalchemy import Connection

from census.errors import UseError
from census.resampling.bootstrap import intervals
from census.resampling.sets import UNITS, ask
from census.store.statistics import Result

Value = tuple[str, ...]

# Which sets a statistic counts, and the columns that say which value of theirs a row is about.
_DIMENSIONS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "countries": ("country", ("country",)),
    "software": ("software", ("software",)),
    "families": ("family", ("family",)),
    "architectures": ("architecture", ("architecture",)),
    "origins": ("origin", ("origin",)),
    "co-deployment": ("family", ("a", "b")),
    "tool-calling": ("tools", ("advertised",)),
    "capabilities": ("capability", ("capability",)),
    "quantization": ("quantization", ("quantization",)),
    "inventory": ("inventory", ("models",)),
    "models": ("model", ("model",)),
}
CLUSTERED: Final = tuple(_DIMENSIONS)


class ClusterError(UseError):
    """The statistic or the unit has no intervals over networks; the message says which do."""


def clustered(
    connection: Connection,
    result: Result,
    *,
    name: str,
    draws: int,
    seed: int,
    scan: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    unit: str = "host",
    population: str = "credible",
    by: str = "family",
) -> Result:
    """`result` with `low` and `high` drawn over networks, null with fewer than two networks and in rows of no value.

    The options are those with which the rows of `result` were asked for. Raises ClusterError.
    """
    check(name, unit)
    dimension, columns = _DIMENSIONS[name]
    if name in ("families", "co-deployment"):
        dimension = by
        columns = tuple(column if column != "family" else by for column in columns)
    if "c" in result.columns:
        columns = (*columns, "c")
    asked = {
        "dimension": dimension, "scan": scan, "since": since, "until": until, "unit": unit, "population": population,
    }  # fmt: skip
    sets = ask(connection, "sets_in_networks", ("network", "members", "count"), asked)
    drawn = intervals(_by_network(sets, len(columns)), draws=draws, seed=seed)
    return _with(result, columns, drawn)


def check(name: str, unit: str) -> None:
    """Raise ClusterError if there are no intervals over networks of this statistic or this unit."""
    if name not in _DIMENSIONS:
        raise ClusterError(f"{name} has no intervals over networks; --cluster works with: {', '.join(CLUSTERED)}")
    if unit not in UNITS:
        raise ClusterError(f"--cluster counts hosts or endpoints, not the unit {unit}; leave --unit out")


def _by_network(sets: Iterable[Any], together: int) -> list[tuple[Counter[Value], int]]:
    """Of each network the units with each value, and all that count: for pairs those with two members or more."""
    counts: dict[int | None, Counter[Value]] = defaultdict(Counter)
    whole: Counter[int | None] = Counter()
    for network, members, count in sets:
        if together > 1 and len(members) < together:
            continue
        whole[network] += count
        for value in _values(members, together):
            counts[network][value] += count
    return [(counts[network], of) for network, of in sorted(whole.items(), key=lambda each: each[0] or 0)]


def _values(members: Sequence[str], together: int) -> Iterable[Value]:
    """What a unit with these members counts under: single ones, or pairs, or triples in the order of the alphabet."""
    return combinations(sorted(members), together)


def _with(result: Result, columns: Sequence[str], drawn: Mapping[Value, tuple[float, float]]) -> Result:
    places = [result.columns.index(column) for column in columns]
    low, high = result.columns.index("low"), result.columns.index("high")
    rows = []
    for row in result.rows:
        new = list(row)
        new[low], new[high] = drawn.get(tuple(row[place] for place in places), (None, None))
        rows.append(tuple(new))
    return Result(result.columns, rows, result.types)
