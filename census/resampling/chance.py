"""Co-deployment beside what chance would give: the null model's figures as further columns of the statistic."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from census.errors import UseError
from census.resampling.null_model import expected
from census.resampling.sets import UNITS, ask
from census.store.statistics import Result

_COLUMNS: Final = ("expected", "expected_low", "expected_high", "z", "p")


class ChanceError(UseError):
    """The null model was asked for something other than pairs of hosts or endpoints; the message says so."""


def check(name: str, unit: str, *, triples: bool) -> None:
    """Raise ChanceError unless these are pairs of co-deployment over hosts or endpoints."""
    if name != "co-deployment" or triples:
        raise ChanceError("the null model is of the pairs of co-deployment: `census stats co-deployment --null-model`")
    if unit not in UNITS:
        raise ChanceError(f"the null model draws hosts or endpoints, not the unit {unit}; leave --unit out")


def with_chance(
    connection: Connection,
    result: Result,
    *,
    draws: int,
    seed: int,
    scan: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    unit: str = "host",
    population: str = "credible",
    by: str = "family",
) -> Result:
    """`result`, the pairs of co-deployment, with the count that chance gives, its 95 % range, z, and p (two-sided).

    Every unit with a model takes part, for its families are dealt out anew too. The options are those with which the
    rows of `result` were asked for.
    """
    asked = {"scan": scan, "since": since, "until": until, "unit": unit, "population": population, "by": by}
    sets = [(tuple(members), count) for members, count in ask(connection, "family_sets", ("members", "count"), asked)]
    chance = expected(sorted(sets), draws=draws, seed=seed)  # the order decides what a seed gives
    a, b = result.columns.index("a"), result.columns.index("b")
    rows = []
    for row in result.rows:
        told = chance[row[a], row[b]]
        rows.append((*row, told.mean, told.low, told.high, told.z, told.p))
    return Result((*result.columns, *_COLUMNS), rows, result.types)
