"""The statistics: their names, definitions and columns, and their rows as the database computes them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from census.errors import UseError
from census.store import kept, tables
from census.store.statistics import computing
from census.store.statistics.shared import SHARED

_FOLDER = Path(__file__).parent
_UNITS = frozenset({"host", "endpoint", "host-day", "observation"})
_SHARE = ("count", "of", "share", "low", "high")
_PAIR = (*_SHARE, "jaccard", "lift", "jaccard_low", "jaccard_high", "lift_low", "lift_high")
_ODDS = ("log_odds", "log_odds_low", "log_odds_high")


class UnknownStatistic(UseError):  # noqa: N818  it reads as what happened, and callers know it by this name
    """There is no statistic of that name; says which there are and which was perhaps meant."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """One statistic: `columns` are those of its defaults, `options` what it takes beyond the usual.

    Usual are scan, window, unit and population; `options` holds some of `by`, `versions` and `triples`. `carriers` says
    that it counts hosts or endpoints whatever the unit. In the units of `singles` it reads single observations over all
    time too, so that pruning takes from it; `caution` is what whoever uses the figures has to be told.
    """

    name: str
    columns: tuple[str, ...]
    options: tuple[str, ...] = ()
    carriers: bool = False
    singles: frozenset[str] = frozenset()
    caution: str | None = None

    @property
    def function(self) -> str:
        """The name of its function and its view in the schema `stats`."""
        return self.name.replace("-", "_")

    @property
    def definition(self) -> str:
        """What it says, in sentences: the comment that the database carries."""
        return head(self.source)

    @property
    def source(self) -> str:
        """Its .sql file: the function and the view as the database has them."""
        return (_FOLDER / f"{self.function}.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of a statistic, in its own order; values are texts, whole numbers, floats, lists of these or None."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    types: Mapping[str, int] = field(default_factory=dict)  # number of the type in Postgres, of columns it came with


_TRIPLES = Statistic("co-deployment-triples", ("a", "b", "c", *_PAIR), ("by",))

GROUPS: Mapping[str, tuple[Statistic, ...]] = {
    "Size and time": (
        Statistic("funnel", ("stage", "count")),
        Statistic("growth", ("week", "count", "new", "gone", "models_mean", "models_median"), carriers=True),
        Statistic(
            "persistence",
            ("seen", "count", "share", "observations", "observation_share", "of", "low", "high"),
        ),
        Statistic("uptime", ("period", "uptime", *_SHARE, "mean"), carriers=True, singles=_UNITS),
        Statistic(
            "survival",
            ("days", "at_risk", "events", "censored", "survival", "low", "high"),
            carriers=True,
            singles=_UNITS,
        ),
        Statistic(
            "unseen",
            (
                "estimator",
                "observed",
                "estimate",
                "low",
                "high",
                "variance",
                "once",
                "twice",
                "scans",
                "first_scan",
                "second_scan",
                "in_first",
                "in_second",
                "in_both",
            ),
            carriers=True,
            singles=_UNITS,
            caution="these estimates need scans that are independent of each other; target lists from one search"
            " engine, or one list scanned twice, are not, and then there are more than the estimate says",
        ),
    ),
    "Places": (
        Statistic("countries", ("rank", "country", *_SHARE)),
        Statistic(
            "regions",
            ("country", "region", *_SHARE, "of_country", "country_share", "country_share_low", "country_share_high"),
        ),
        Statistic("networks", ("asn", "organization", *_SHARE)),
        Statistic("concentration", ("dimension", "hhi", "effective_number", "gini", "categories", "unknown")),
    ),
    "Families": (
        Statistic("families", ("rank", "family", "developer", "origin", *_SHARE), ("by",)),
        Statistic("architectures", ("rank", "architecture", *_SHARE)),
        Statistic("origins", ("origin", *_SHARE)),
        Statistic("derivatives", ("family", "derivatives", "originals", *_SHARE), ("by",)),
        Statistic("co-deployment", ("a", "b", *_PAIR, *_ODDS), ("by", "triples")),
        Statistic("together", ("figure", *_SHARE, "lift"), ("by",)),
        Statistic(
            "ranks",
            ("family", "by_observation", "by_host", "by_endpoint", "by_host_day", "volatility", "deviation"),
            ("by",),
        ),
        Statistic("weekly-ranks", ("week", "rank", "family", *_SHARE, "tau", "change"), ("by",), carriers=True),
    ),
    "Models": (
        Statistic("inventory", ("models", *_SHARE)),
        Statistic("models", ("rank", "model", *_SHARE)),
        Statistic("digests", ("digest", "names", *_SHARE)),
        Statistic("tool-calling", ("advertised", *_SHARE)),
        Statistic("tool-calling-by-family", ("family", *_SHARE, "unknown")),
        Statistic("tool-calling-by-country", ("country", *_SHARE, "unknown")),
        Statistic("capabilities", ("capability", *_SHARE, "unknown")),
        Statistic("capability-sets", ("capabilities", *_SHARE, "united")),
        Statistic("rag", ("state", *_SHARE)),
        Statistic("quantization", ("quantization", *_SHARE, "bits")),
        Statistic("quantization-bits", ("bits", *_SHARE)),
        Statistic("parameter-sizes", ("band", *_SHARE, "largest")),
        Statistic("model-instances", ("dimension", "value", *_SHARE)),
        Statistic("running", ("running", *_SHARE, "loaded"), singles=frozenset({"host-day"})),
        Statistic("remote", ("state", *_SHARE)),
        Statistic("uncensored", ("state", *_SHARE)),
    ),
    "Servers": (
        Statistic("software", ("software", *_SHARE), ("versions",)),
        Statistic("transport", ("access", "scheme", *_SHARE)),
        Statistic("exposure", ("software", "advisory", "affected", *_SHARE)),
        Statistic(
            "upgrades", ("software", "version", "fate", "became", *_SHARE, "days"), carriers=True, singles=_UNITS
        ),
    ),
    "Decoys": (
        Statistic("decoys", ("verdict", "signal", *_SHARE)),
        Statistic("clusters", ("inventory", "models", "examples", "hosts", "networks", "countries", *_SHARE)),
    ),
}
STATISTICS: Mapping[str, Statistic] = {each.name: each for group in GROUPS.values() for each in group}

FILES = tuple(
    _FOLDER / f"{name}.sql" for name in (*SHARED, *(each.function for each in STATISTICS.values()), _TRIPLES.function)
)


def head(sql: str) -> str:
    """The comment at the head of an .sql file, as running text."""
    lines = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return " ".join(lines)


def definition(name: str, by: str = "family", *, triples: bool = False) -> str:
    """What a statistic says that is asked so, in sentences. Raises `UnknownStatistic`."""
    return _variant(_find(name), by, versions=False, triples=triples).definition


def rows(
    connection: Connection,
    name: str,
    *,
    scan: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    unit: str = "host",
    population: str = "credible",
    by: str = "family",
    versions: bool = False,
    triples: bool = False,
    top: int | None = None,
) -> Result:
    """The rows of a statistic, `scan` None for all scans, [since, until) a window, `top` the first so many rows.

    Options that the statistic does not take are ignored. Raises `UnknownStatistic`; a unit or a population that
    the database does not know comes back as its error. The connection is one of `census.store.connect`, which sets
    the session for these queries.
    """
    statistic = _variant(_find(name), by, versions=versions, triples=triples)
    asked: dict[str, Any] = {
        "scan": scan, "since": since, "until": until, "unit": unit, "population": population,
    }  # fmt: skip
    if "versions" in statistic.options:
        asked["versions"] = versions
    elif "by" in statistic.options:
        asked["by"] = by
    # With the columns, for programs of several versions may ask the same database.
    key = json.dumps([asked, statistic.columns], default=datetime.isoformat)
    question = kept.Question(statistic.function, key, top)
    looked = kept.look(connection, question)
    columns = _headed(statistic, by)
    if looked.result is not None:
        kept.note(connection.engine, question, looked)
        types, found = computing.told(looked.result)
        return Result(columns, found[:top], dict(zip(columns, types, strict=True)))
    types, found = computing.answer(connection, question, looked)
    return Result(columns, found, dict(zip(columns, types, strict=True)))


def again(connection: Connection, question: kept.Question) -> None:
    """Have a question of before answered once more and kept, if it is still one and no answer to it is kept."""
    asked, columns = json.loads(question.arguments)
    if (question.statistic, tuple(columns)) not in _known() or not asked.keys() <= computing.TYPES.keys():
        return
    with connection.engine.connect() as now:  # for the connection may see an earlier moment, and somebody have asked
        held = kept.look(now, question).result is not None
    looked = kept.look(connection, question)
    if looked.may_keep and not held:
        computing.answer(connection, question, looked, renewed=True)


def _known() -> set[tuple[str, tuple[str, ...]]]:
    """The functions of all statistics, with the columns that they can be asked for."""
    wide = (_variant(each, "family", versions=True, triples=True) for each in STATISTICS.values())
    return {(each.function, each.columns) for each in (*STATISTICS.values(), *wide)}


def span(connection: Connection) -> tuple[datetime, datetime] | None:
    """When the first scan began, and the last one did; None where there is none."""
    began = tables.scan.c.began
    first, last = connection.execute(select(func.min(began), func.max(began))).one()
    return None if first is None else (first, last)


def _find(name: str) -> Statistic:
    if name in STATISTICS:
        return STATISTICS[name]
    near = difflib.get_close_matches(name.replace("_", "-").lower(), STATISTICS, n=1)
    hint = f"; did you mean {near[0]}?" if near else "."
    raise UnknownStatistic(f"there is no statistic {name!r}{hint} There are: {', '.join(STATISTICS)}")


def _headed(statistic: Statistic, by: str) -> tuple[str, ...]:
    """The columns as they are shown: what the database calls family is an architecture if that was asked for."""
    if by == "architecture" and "by" in statistic.options:
        return tuple(by if column == "family" else column for column in statistic.columns)
    return statistic.columns


def _variant(statistic: Statistic, by: str, *, versions: bool, triples: bool) -> Statistic:
    """The statistic that is really asked: some options change the columns, or are statistics of their own."""
    if statistic.name == "families":
        return STATISTICS["architectures"] if by == "architecture" else replace(statistic, options=())
    if statistic.name == "co-deployment" and triples:
        return _TRIPLES
    if statistic.name == "software" and versions:
        return replace(statistic, columns=("software", "version", *_SHARE))
    return statistic
