"""What the statistics must say of a population, counted in plain Python from its residents: no SQL, no lineage rules.

Every function gives the rows of the statistic of its name, in order, without shares and intervals. `unit` is `host` or
`endpoint`, for the scans of a history also `host-day` or `observation`; `credible` leaves out the endpoints whose
verdict is decoy. A host has what any of its endpoints has; its inventory is the set of distinct model names over all of
them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import combinations, count
from math import prod
from typing import Any, Final, Protocol

from census.demo.holdings import Held
from census.demo.population import Resident
from census.facts import Outcome, Tools, Verdict

Row = dict[str, Any]
Units = dict[Hashable, list[Resident]]


class Source(Protocol):
    """What is counted: one population, or what the scans of a history found."""

    @property
    def ends(self) -> Iterable[Resident]:
        """All targets, once for each scan."""

    def seen(self, unit: str) -> Iterator[tuple[Hashable, Resident]]:
        """Every sight of a resident, with the unit that it is counted under."""


_NOT_CONTACTED: Final = {Outcome.OPTED_OUT, Outcome.OUT_OF_SCOPE, Outcome.UNRESOLVED}
_NOT_CONNECTED: Final = {Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.TIMED_OUT}
_NO_HTTP: Final = {Outcome.NOT_HTTP, Outcome.TOO_SLOW, Outcome.BROKEN_OFF, Outcome.TLS_FAILED}
RECOGNISED: Final = (Outcome.SERVED, Outcome.LOCKED, Outcome.EMPTY)
_READABLE: Final = (Outcome.SERVED, Outcome.EMPTY)
_SERVED: Final = (Outcome.SERVED,)
_BANDS: Final = (("0", 0, 0), ("1", 1, 1), ("2-3", 2, 3), ("4-9", 4, 9), ("10-19", 10, 19), (">=20", 20, None))


def outcomes(source: Source) -> dict[str, int]:
    """How many targets end in each outcome that occurs, by its word."""
    return dict(Counter(resident.outcome.word for resident in source.ends))


def funnel(source: Source) -> list[Row]:
    """Targets by how far a scan gets with them; the unit is the target, decoys included but in the last stage."""
    ends = [resident.outcome for resident in source.ends]
    contacted = [end for end in ends if end not in _NOT_CONTACTED]
    connected = [end for end in contacted if end not in _NOT_CONNECTED]
    http = [end for end in connected if end not in _NO_HTTP]
    credible = [each for each in source.ends if each.outcome in _SERVED and each.verdict < Verdict.DECOY]
    stages: dict[str, Sequence[object]] = {
        "targets": ends,
        "contacted": contacted,
        "connected": connected,
        "http": http,
        "recognised": [end for end in http if end in RECOGNISED],
        "served": [end for end in http if end in _SERVED],
        "credible": credible,
    }
    return [{"stage": stage, "count": len(reached)} for stage, reached in stages.items()]


def countries(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Countries by the units recognised in them; unknown is null, and ranked like the others."""
    units = units_of(source, unit, RECOGNISED, credible=credible)
    rows = tally(units, "country", lambda resident: [resident.country])
    return [{"rank": rank, **row} for rank, row in enumerate(rows, 1)]


def software(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Software by the units recognised that run it; null where only a lock was seen."""
    return tally(units_of(source, unit, RECOGNISED, credible=credible), "software", lambda each: [each.software])


def versions(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Software with its version by the units recognised that run it."""
    units = units_of(source, unit, RECOGNISED, credible=credible)
    rows = tally(units, "both", lambda each: [(each.software, each.version)])
    return [
        {"software": row["both"][0], "version": row["both"][1], "count": row["count"], "of": row["of"]} for row in rows
    ]


def families(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Families by the units that serve a model of them; last, without a rank, the units with none that is known."""
    units = serving(source, unit, credible=credible)
    makers = {held.entry.family: held.entry for crowd in units.values() for each in crowd for held in each.models}
    rows = tally(units, "family", of_models(lambda held: held.entry.family))
    described = [
        {**row, "developer": makers[row["family"]].developer, "origin": makers[row["family"]].origin} for row in rows
    ]
    return ranked(described, "family")


def architectures(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Architectures by the units that report one; last, without a rank, the units that report none."""
    units = serving(source, unit, credible=credible)
    return ranked(tally(units, "architecture", of_models(lambda held: held.architecture)), "architecture")


def origins(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Countries of developers by the units that serve a model from there; last the units with none that is known."""
    units = serving(source, unit, credible=credible)
    return tally(units, "origin", of_models(lambda held: held.entry.origin))


def models(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Names of models by the units that serve one of that name."""
    units = serving(source, unit, credible=credible)
    return ranked(tally(units, "model", of_models(lambda held: held.name)), "model")


def derivatives(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Families by the units that serve a model of them, those with most derivatives first."""
    units = serving(source, unit, credible=credible)
    counts: dict[bool | None, Counter[str]] = {True: Counter(), False: Counter(), None: Counter()}
    for crowd in units.values():
        entries = [held.entry for each in crowd for held in each.models if held.entry.family is not None]
        for derived, counter in counts.items():
            counter.update({str(entry.family) for entry in entries if derived in (None, entry.derived)})
    ordered = sorted(counts[None].items(), key=lambda item: (-counts[True][item[0]], -item[1], item[0]))
    return [
        {
            "family": family,
            "derivatives": counts[True][family],
            "originals": counts[False][family],
            "count": count,
            "of": len(units),
        }
        for family, count in ordered
    ]


def co_deployment(
    source: Source, unit: str = "host", *, credible: bool = True, by: str = "family", size: int = 2
) -> list[Row]:
    """Pairs of families on one unit; `of`: units with two families or more; `jaccard`, `lift`: of all that serve.

    With `by` architecture instead, pairs of those; with `size` 3, triples, of the units with three or more.
    """
    sets = [members_of(crowd, by) for crowd in serving(source, unit, credible=credible).values()]
    singles = Counter(member for members in sets for member in members)
    groups = Counter(group for members in sets for group in combinations(sorted(members), size))
    of = sum(len(members) >= size for members in sets)
    return [
        {
            **dict(zip("abc", group, strict=False)),
            "count": count,
            "of": of,
            "jaccard": count / sum(not members.isdisjoint(group) for members in sets),
            "lift": count * len(sets) ** (size - 1) / prod(singles[member] for member in group),
        }
        for group, count in sorted(groups.items(), key=lambda item: (-item[1], item[0]))
    ]


def triples(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Triples of families on one unit."""
    return co_deployment(source, unit, credible=credible, size=3)


def members_of(crowd: Iterable[Resident], by: str = "family") -> set[str]:
    """The families, or architectures, of all models of a unit, as far as they are known."""
    held = [held for each in crowd for held in each.models]
    found = {each.architecture if by == "architecture" else each.entry.family for each in held}
    return {member for member in found if member is not None}


def tool_calling(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Units by whether they advertise tools: yes if any model does, else unknown if of any it is not known, else no."""
    units = serving(source, unit, credible=credible)
    answers = Counter(max(held.tools for each in crowd for held in each.models) for crowd in units.values())
    return [
        {"advertised": tools.word, "count": answers[tools], "of": len(units)}
        for tools in (Tools.YES, Tools.NO, Tools.UNKNOWN)
    ]


def tool_calling_by_country(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Units that serve by country: how many advertise tools, and of how many it is not known; unknown is null."""
    answers: dict[str | None, Counter[Tools]] = defaultdict(Counter)
    for crowd in serving(source, unit, credible=credible).values():
        answers[crowd[0].country][max(held.tools for each in crowd for held in each.models)] += 1
    return _advertising(answers, "country", lambda country: (country is None, country or ""))


def tool_calling_by_family(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Units that serve a family: how many advertise tools with it; models of no known family are the last row."""
    answers: dict[str | None, Counter[Tools]] = defaultdict(Counter)
    for crowd in serving(source, unit, credible=credible).values():
        best: dict[str | None, Tools] = {}
        for held in (held for each in crowd for held in each.models):
            best[held.entry.family] = max(held.tools, best.get(held.entry.family, Tools.NO))
        for family, tools in best.items():
            answers[family][tools] += 1
    found = _advertising(answers, "family", lambda family: family or "")
    return sorted(found, key=lambda row: row["family"] is None)


def _advertising(answers: dict[str | None, Counter[Tools]], name: str, order: Callable[[str | None], Any]) -> list[Row]:
    return [
        {name: each, "count": counts[Tools.YES], "of": counts.total(), "unknown": counts[Tools.UNKNOWN]}
        for each, counts in sorted(answers.items(), key=lambda item: (-item[1].total(), order(item[0])))
    ]


def inventory(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Units with a readable list by how many distinct names of models they list."""
    units = units_of(source, unit, _READABLE, credible=credible)
    sizes = [len({held.name for each in crowd for held in each.models}) for crowd in units.values()]
    return [
        {
            "models": band,
            "count": sum(least <= size and (most is None or size <= most) for size in sizes),
            "of": len(sizes),
        }
        for band, least, most in _BANDS
    ]


def decoys(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:  # noqa: ARG001  all are shown
    """Units that serve by the verdicts of their endpoints, and of each verdict by the signals that fired."""
    units = serving(source, unit, credible=False)
    counts: Counter[tuple[Verdict, str | None]] = Counter({(verdict, None): 0 for verdict in Verdict})
    for crowd in units.values():
        counts.update({(each.verdict, signal) for each in crowd for signal in (None, *each.signals)})
    return [
        {"verdict": verdict.word, "signal": signal, "count": count, "of": len(units)}
        for (verdict, signal), count in counts.items()
    ]


def units_of(source: Source, unit: str, ends: tuple[Outcome, ...], *, credible: bool) -> Units:
    """The sights with one of these outcomes, by the unit that they belong to."""
    units: Units = defaultdict(list)
    for key, resident in source.seen(unit):
        if resident.outcome in ends and not (credible and resident.verdict is Verdict.DECOY):
            units[key].append(resident)
    return units


def serving(source: Source, unit: str, *, credible: bool) -> Units:
    """The sights with a model, by the unit that they belong to."""
    return units_of(source, unit, _SERVED, credible=credible)


def of_models(tell: Callable[[Held], str | None]) -> Callable[[Resident], Iterator[str]]:
    """What is known of a resident's models, of each that something is known of."""
    return lambda resident: (told for held in resident.models if (told := tell(held)) is not None)


def tally(units: Units, column: str, values: Callable[[Resident], Iterable[Any]]) -> list[Row]:
    """How many units have each value, the most first; units without any value are counted under None, which is last."""
    counts: Counter[Hashable] = Counter()
    nothing = 0
    for crowd in units.values():
        found = {value for resident in crowd for value in values(resident)}
        counts.update(found)
        nothing += not found
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0] is None, str(item[0])))
    if nothing:
        ordered.append((None, nothing))
    return [{column: value, "count": count, "of": len(units)} for value, count in ordered]


def ranked(rows: list[Row], column: str) -> list[Row]:
    """The rows with their ranks; the one without a value has none, and takes none from those behind it."""
    ranks = count(1)
    return [{"rank": None if row[column] is None else next(ranks), **row} for row in rows]
