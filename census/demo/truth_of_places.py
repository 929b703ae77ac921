"""What the statistics of places, networks, concentration and weaknesses must say, counted in plain Python."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from census.advisories import book
from census.demo.truth import RECOGNISED, Row, Source, families, serving, tally, units_of
from census.facts import Outcome

_CLAUSE: Final = re.compile(r"(<=|>=|==|<|>)(.+)")
_WORDS: Final = ("yes", "unknown", "no")


def regions(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Regions by the units recognised in them, of all and of those of their country."""
    units = units_of(source, unit, RECOGNISED, credible=credible)
    countries = Counter(crowd[0].country for crowd in units.values())
    rows = tally(units, "where", lambda each: [(each.country, each.region)])
    return [
        {
            "country": row["where"][0],
            "region": row["where"][1],
            "count": row["count"],
            "of": row["of"],
            "of_country": countries[row["where"][0]],
        }
        for row in rows
    ]


def networks(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Autonomous systems by the units recognised in them."""
    rows = tally(
        units_of(source, unit, RECOGNISED, credible=credible), "whose", lambda each: [(each.asn, each.organization)]
    )
    return [
        {"asn": row["whose"][0], "organization": row["whose"][1], "count": row["count"], "of": row["of"]}
        for row in rows
    ]


def concentration(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """How unevenly units are spread over countries, systems and families; what is unknown is a share of its own."""
    units = units_of(source, unit, RECOGNISED, credible=credible)
    by_family = families(source, unit, credible=credible)
    spread: dict[str, Counter[Any]] = {
        "country": Counter(crowd[0].country for crowd in units.values()),
        "asn": Counter(crowd[0].asn for crowd in units.values()),
        "family": Counter({row["family"]: row["count"] for row in by_family}),
    }
    return [{"dimension": dimension, **_uneven(counts)} for dimension, counts in spread.items()]


def transport(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Units by whether they are open or locked; nobody in the neighbourhood speaks TLS."""
    units = units_of(source, unit, RECOGNISED, credible=credible)
    ways = [{"locked" if each.outcome is Outcome.LOCKED else "open" for each in crowd} for crowd in units.values()]
    return [
        {
            "access": access,
            "scheme": scheme,
            "count": sum(access in way for way in ways) if scheme == "http" else 0,
            "of": len(ways),
        }
        for access in ("open", "locked")
        for scheme in ("http", "https")
    ]


def _uneven(counts: Counter[Any]) -> Row:
    known = [count for value, count in counts.items() if value is not None]
    if not known:
        return {"hhi": None, "effective_number": None, "gini": None, "categories": 0, "unknown": None}
    hhi = sum((count / sum(known)) ** 2 for count in known)
    # Half the mean difference between any two, by the mean.
    gini = sum(abs(a - b) for a in known for b in known) / (2 * len(known) * sum(known))
    return {
        "hhi": hhi,
        "effective_number": 1 / hhi,
        "gini": gini,
        "categories": len(known),
        "unknown": counts[None] / counts.total(),
    }


def exposure(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Each advisory by the units that serve with its software: the worst of what it says of their versions."""
    units = serving(source, unit, credible=credible)
    advisories = [*_advisories().values()]
    counts: Counter[tuple[str, str, str]] = Counter()
    seen = {each.software for crowd in units.values() for each in crowd}
    for crowd in units.values():
        ran = {(each.software, each.version) for each in crowd}
        for advisory in advisories:
            told = {_affected(advisory["id"], version) for name, version in ran if name == advisory["software"]}
            if told:
                counts[advisory["software"], advisory["id"], next(word for word in _WORDS if word in told)] += 1
    return [
        {
            "software": each["software"],
            "advisory": each["id"],
            "affected": word,
            "count": counts[each["software"], each["id"], word],
            "of": len(units),
        }
        for each in advisories
        if each["software"] in seen
        for word in _WORDS
    ]


@functools.cache
def _advisories() -> dict[str, Row]:
    return {record["id"]: record for record in book.records()["advisory"]}


@functools.cache
def _affected(advisory: str, version: str | None) -> str:
    """By the ranges as the sources give them, for versions such as the simulated servers have."""
    if version is None:
        return "unknown"
    record = _advisories()[advisory]
    told = {_within(version, ranges) for ranges in record["ranges"].values()}
    if told == {True}:
        return "yes"
    return "no" if told == {False} and not record.get("unfixed", False) else "unknown"


def _within(version: str, ranges: str) -> bool:
    return ranges == "*" or all(_holds(_order(version), clause) for clause in ranges.split(","))


def _holds(version: tuple[int, ...], clause: str) -> bool:
    found = _CLAUSE.fullmatch(clause.strip())
    assert found is not None
    sign, limit = found[1], _order(found[2])
    return {
        "<": version < limit, "<=": version <= limit, "==": version == limit, ">=": version >= limit,
        ">": version > limit,
    }[sign]  # fmt: skip


def _order(version: str) -> tuple[int, ...]:
    """Four numbers, what comes after the release, and whether it is one at all: its candidates come before it."""
    plain, _, candidate = version.removeprefix("b").partition("-" if "-" in version else "rc")
    parts = re.findall(r"\d+|post", plain)
    numbers = [int(part) for part in parts[: parts.index("post")] if part] if "post" in parts else [*map(int, parts)]
    after = int(parts[-1]) + 1 if "post" in parts else 0
    whole = 0 if candidate and not version.startswith("b") else 1
    return (*_padded(numbers), after, whole)


def _padded(numbers: Iterable[int]) -> tuple[int, ...]:
    return (*numbers, 0, 0, 0, 0)[:4]
