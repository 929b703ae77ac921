"""The figures at the head of a report, with their intervals, and what they are with decoys and without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Text, cast, column, func, literal, select

from census.report.asked import POPULATIONS, UNIT
from census.report.sections import Section, records
from census.report.words import interval, percent
from census.store.statistics import Result

_PAIR = ("Llama", "Qwen")
_WITH = {"credible": "without decoys", "raw": "with decoys"}
_MOST = 8  # families and countries that are shown with decoys and without
_SHARE = ("count", "of", "share", "low", "high")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure at the head of a report, with what it is of and its interval, and the other population's figure."""

    label: str
    value: str
    detail: str
    beside: str = ""


def figures(
    connection: Connection, sections: Mapping[str, Section], beside: Mapping[str, Section], endpoints: Sequence[int]
) -> tuple[Figure, ...]:
    """The figures of the asked population; `beside` are the sections of the other one, `endpoints` of both how many."""
    word = _WITH[beside["countries"].population]
    countries, others = ([r for r in records(each["countries"].result) if r["of"]] for each in (sections, beside))
    hosts, other_hosts = (rows[0]["of"] if rows else 0 for rows in (countries, others))
    known, other_known = (sum(row["country"] is not None for row in rows) for rows in (countries, others))
    return (
        Figure("hosts", f"{hosts:,}", "inference servers recognised, one for each address", f"{word} {other_hosts:,}"),
        Figure("endpoints", f"{endpoints[0]:,}", "addresses with port", f"{word} {endpoints[1]:,}"),
        Figure("countries", f"{known:,}", "in which a host is", f"{word} {other_known:,}"),
        *_tools(sections, beside, word),
        *_first_family(sections, beside, word),
        *_pair(connection, sections["co-deployment"]),
        *(_seen_once(sections["persistence"]) if len(sections["growth"].result.rows) > 1 else ()),
        *_decoys(sections["decoys"]),
    )


def _tools(sections: Mapping[str, Section], beside: Mapping[str, Section], word: str) -> Iterator[Figure]:
    here, there = (_by(each["tool-calling"], "advertised").get("yes") for each in (sections, beside))
    if here is not None and here["of"]:
        yield _share("advertise tools", here, "hosts with a model", _beside(word, there))


def _first_family(sections: Mapping[str, Section], beside: Mapping[str, Section], word: str) -> Iterator[Figure]:
    here, there = (_by(each["families"], "family") for each in (sections, beside))
    if first := next((row for family, row in here.items() if family is not None), None):
        other = there.get(first["family"])
        yield _share(f"serve {first['family']}", first, "hosts with a model, the most of any family",
                     _beside(word, other))  # fmt: skip


def _pair(connection: Connection, section: Section) -> Iterator[Figure]:
    """Llama with Qwen; a pair that nobody has is no row, but a share of nought all the same."""
    if section.n is None:
        return
    found = [row for row in records(section.result) if (row["a"], row["b"]) == _PAIR]
    row = found[0] if found else _nought(connection, section.n[0])
    lift = f"lift {row['lift']:.2f}" if row.get("lift") is not None else "no lift"
    figure = _share(" with ".join(_PAIR), row, section.of)
    yield Figure(figure.label, figure.value, f"{figure.detail}; {lift}")


def _seen_once(section: Section) -> Iterator[Figure]:
    once = _by(section, "seen").get("1")
    if once is not None and once["of"]:
        yield _share("seen only once", once, "hosts with a model")


def _decoys(section: Section) -> Iterator[Figure]:
    for row in records(section.result):
        if row["verdict"] == "decoy" and row["signal"] is None and row["of"]:
            yield _share("have a decoy", row, "hosts with a model, decoys included")


def side_by_side(sections: Mapping[str, Section], beside: Mapping[str, Section]) -> Section:
    """Shares with decoys and without, of both populations' sections: tools, the first families and countries."""
    both = {each["families"].population: each for each in (sections, beside)}
    without, having = (both[population] for population in POPULATIONS)
    found = [
        row
        for name, key, label in (
            ("tool-calling", "advertised", "tools: {}"), ("families", "family", "{}"), ("countries", "country", "{}"),
        )
        for row in _compared(without[name], having[name], key, label)
    ]  # fmt: skip
    columns = ("of_what", "figure", *(f"{each}_{name}" for each in POPULATIONS for name in _ENDS))
    asked = [each[name].sql for name in beside for each in (without, having)]
    return Section(
        name="with-decoys", title="With decoys and without", statistic="families --population raw",
        of="hosts", unit="hosts",
        population="credible and raw", sql="\n".join(asked),
        definition="Shares of the population credible, without the endpoints whose verdict is decoy, beside those of"
        " the population raw, with them. Where the intervals are apart, decoys make the figure.",
        source="", caution=None, result=Result(columns, found),
    )  # fmt: skip


_ENDS = ("count", "of", "share", "share_low", "share_high")


def _compared(without: Section, having: Section, key: str, label: str) -> Iterator[tuple[Any, ...]]:
    here, there = _by(without, key), _by(having, key)
    for name in [each for each in there if each is not None][:_MOST]:
        if there[name]["of"]:
            nothing = dict.fromkeys(_SHARE)
            pair = (here.get(name, nothing), there[name])
            yield (without.name, label.format(name), *(row[each] for row in pair for each in _SHARE))


def _by(section: Section, key: str) -> dict[Any, dict[str, Any]]:
    return {row[key]: row for row in records(section.result)}


def _beside(word: str, row: Row | None) -> str:
    return "" if row is None or row["share"] is None else f"{word} {percent(row['share'])}"


def _nought(connection: Connection, of: int) -> dict[str, Any]:
    names = ("share", "low", "high")
    wilson = func.stats.wilson(literal(0, BigInteger), literal(of, BigInteger), cast(UNIT, Text))
    table = wilson.table_valued(*(column(name) for name in names))
    return {**connection.execute(select(table)).mappings().one(), "of": of}


def _share(label: str, row: Row, of: str, beside: str = "") -> Figure:
    return Figure(label, percent(row["share"]), f"{interval(row['low'], row['high'])} of {row['of']:,} {of}", beside)
