"""What a report says: its statistics with their units and SQL, and the figures that stand at its head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, Connection, Text, cast, column, func, literal, select

from census.report.together import together
from census.report.words import interval, percent, plural
from census.store import tables
from census.store.statistics import STATISTICS, Result, rows

UNIT = "host"
POPULATION = "credible"
_SCANS = 20  # scans that are named, the latest
_PAIR = ("Llama", "Qwen")

# Name of the statistic, heading, and what each row counts.
_SECTIONS = (
    ("funnel", "From targets to inference servers"),
    ("countries", "Where they are"),
    ("families", "Whose models they serve"),
    ("co-deployment", "Families on the same host"),
    ("tool-calling", "Tool calling"),
    ("inventory", "Models on a host"),
    ("software", "Server software"),
)


@dataclass(frozen=True, slots=True)
class Section:
    """One statistic of a report."""

    name: str
    title: str
    unit: str
    population: str
    sql: str
    definition: str
    result: Result

    @property
    def of(self) -> int | None:
        """How many units the shares are of, or how many targets; None where nothing was seen."""
        return _first(self.result, "count" if self.name == "funnel" else "of")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure at the head of a report, with what it is of and, in `detail`, its interval."""

    label: str
    value: str
    detail: str


@dataclass(frozen=True, slots=True)
class Findings:
    """A whole report: sections by the name of their statistic, figures, and the scans it rests on, latest first."""

    figures: tuple[Figure, ...]
    sections: Mapping[str, Section]
    scans: tuple[Mapping[str, Any], ...]
    all_scans: int


def gather(connection: Connection, scan: int | None = None) -> Findings:
    """Ask the database for all that a report says, about one scan or all of them.

    On a connection with REPEATABLE READ the figures agree with each other even while a scan is running.
    """
    questions = [partial(_section, name=name, title=title, scan=scan) for name, title in _SECTIONS]
    sections = {section.name: section for section in together(connection, questions)}
    number = connection.scalar(select(func.count()).select_from(tables.scan)) if scan is None else 1
    return Findings(_figures(connection, sections, scan), sections, _scans(connection, scan), number or 0)


def _section(connection: Connection, name: str, title: str, scan: int | None) -> Section:
    statistic = STATISTICS[name]
    argument = "" if scan is None else f"scan => {scan}"
    counted = ("target", "all") if name == "funnel" else (UNIT, POPULATION)
    return Section(
        name=name,
        title=title,
        unit=plural(counted[0]),
        population=counted[1],
        sql=f"select * from stats.{statistic.function}({argument});",  # noqa: S608  shown, not run
        definition=statistic.definition,
        result=rows(connection, name, scan=scan, unit=UNIT, population=POPULATION),
    )


def _scans(connection: Connection, scan: int | None) -> tuple[Mapping[str, Any], ...]:
    wanted = tables.scan.c
    query = select(wanted.id, wanted.name, wanted.reference, wanted.began, wanted.ended, wanted.targets, wanted.version)
    query = query.order_by(wanted.id.desc()).limit(_SCANS)
    found = connection.execute(query if scan is None else query.where(wanted.id == scan))
    return tuple(dict(row) for row in found.mappings())


def _figures(connection: Connection, sections: Mapping[str, Section], scan: int | None) -> tuple[Figure, ...]:
    countries = sections["countries"]
    endpoints = rows(connection, "countries", scan=scan, unit="endpoint", population=POPULATION, top=1)
    known = sum(row["country"] is not None for row in records(countries.result))
    tools = [row for row in records(sections["tool-calling"].result) if row["advertised"] == "yes" and row["of"]]
    return (
        Figure("hosts", f"{countries.of or 0:,}", "inference servers recognised, one for each address"),
        Figure("endpoints", f"{_first(endpoints, 'of') or 0:,}", "addresses with port"),
        Figure("countries", f"{known:,}", "in which a host is"),
        *(_share("advertise tools", row, "hosts with a model") for row in tools),
        *_pair(connection, sections["co-deployment"]),
    )


def _pair(connection: Connection, section: Section) -> tuple[Figure, ...]:
    """Llama with Qwen; a pair that nobody has is no row, but a share of nought all the same."""
    if section.of is None:
        return ()
    found = [row for row in records(section.result) if (row["a"], row["b"]) == _PAIR]
    row = found[0] if found else _nought(connection, section.of)
    lift = f"lift {row['lift']:.2f}" if row.get("lift") is not None else "no lift"
    figure = _share(" with ".join(_PAIR), row, "hosts with several families")
    return (Figure(figure.label, figure.value, f"{figure.detail}; {lift}"),)


def _nought(connection: Connection, of: int) -> dict[str, Any]:
    names = ("share", "low", "high")
    wilson = func.stats.wilson(literal(0, BigInteger), literal(of, BigInteger), cast(UNIT, Text))
    table = wilson.table_valued(*(column(name) for name in names))
    return {**connection.execute(select(table)).mappings().one(), "of": of}


def _share(label: str, row: Mapping[str, Any], of: str) -> Figure:
    return Figure(label, percent(row["share"]), f"{interval(row['low'], row['high'])} of {row['of']:,} {of}")


def records(result: Result) -> list[dict[str, Any]]:
    """The rows of a result by the names of their columns."""
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def _first(result: Result, name: str) -> int | None:
    if name not in result.columns or not result.rows:
        return None
    value = result.rows[0][result.columns.index(name)]
    return None if value is None else int(value)
