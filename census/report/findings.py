"""What a report says: its statistics with their units and SQL, and the figures that stand at its head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select, true

from census.report import headline
from census.report.asked import BESIDE, QUESTIONS, Asked, Question
from census.report.sections import Section, records
from census.report.together import together
from census.store import tables
from census.store.statistics import STATISTICS, rows

_SCANS = 20  # scans that are named, the latest


@dataclass(frozen=True, slots=True)
class Findings:
    """A whole report: sections by their name, figures, and the scans it rests on, latest first."""

    asked: Asked
    figures: tuple[headline.Figure, ...]
    sections: Mapping[str, Section]
    scans: tuple[Mapping[str, Any], ...]
    all_scans: int


def gather(connection: Connection, asked: Asked | None = None) -> Findings:
    """Ask the database for all that a report says, each statistic once.

    On a connection with REPEATABLE READ the figures agree with each other even while a scan is running.
    """
    asked = asked or Asked()
    questions = [partial(_section, question=each, asked=asked) for each in QUESTIONS]
    others = [
        partial(_section, question=each, asked=asked.of(asked.other)) for each in QUESTIONS if each.name in BESIDE
    ]
    answers = together(connection, [*questions, *others])
    sections = {section.name: section for section in answers[: len(questions)]}
    beside = {section.name: section for section in answers[len(questions) :]}
    endpoints = [_endpoints(connection, asked.of(each)) for each in (asked.population, asked.other)]
    figures = headline.figures(connection, sections, beside, endpoints)
    sections["concentration"] = replace(sections["concentration"], whole=_concentrated(sections))
    sections["with-decoys"] = headline.side_by_side(sections, beside)
    scans, number = _scans(connection, asked)
    return Findings(asked, figures, sections, scans, number)


def _endpoints(connection: Connection, asked: Asked) -> int:
    """How many endpoints were recognised."""
    found = rows(connection, "countries", **{**asked.arguments(), "unit": "endpoint"}, top=1)
    return sum(row["of"] for row in records(found))


def _concentrated(sections: Mapping[str, Section]) -> tuple[int, int]:
    """How many hosts are in families, and how many in countries and networks: others than those have no family."""
    least, most = (sections[name].n or (0, 0) for name in ("families", "countries"))
    return least[0], most[0]


def _section(connection: Connection, question: Question, asked: Asked) -> Section:
    statistic = STATISTICS[question.asks]
    return Section(
        name=question.name,
        title=question.title,
        statistic=question.command,
        of=question.of,
        unit="targets" if question.name == "funnel" else "hosts",
        population="all" if question.name in {"funnel", "decoys"} else asked.population,
        sql=asked.sql(statistic.function, question.options),
        definition=statistic.definition,
        source=statistic.source,
        caution=statistic.caution,
        result=rows(connection, question.asks, **{**asked.arguments(), **question.options}),
    )


def _scans(connection: Connection, asked: Asked) -> tuple[tuple[Mapping[str, Any], ...], int]:
    """The latest scans that were under way in the time asked for, and how many there are."""
    scan = tables.scan.c
    wanted: list[ColumnElement[bool]] = [
        true() if asked.scan is None else scan.id == asked.scan,
        true() if asked.since is None else or_(scan.ended.is_(None), scan.ended >= asked.since),
        true() if asked.until is None else scan.began < asked.until,
    ]
    query = select(scan.id, scan.name, scan.reference, scan.began, scan.ended, scan.targets, scan.version)
    found = connection.execute(query.where(*wanted).order_by(scan.id.desc()).limit(_SCANS))
    number = connection.scalar(select(func.count()).select_from(tables.scan).where(*wanted))
    return tuple(dict(row) for row in found.mappings()), number or 0
