"""What the statistics must say of a population, counted in plain Python from its residents: no SQL, no lineage rules.

Every function gives the rows of the statistic of its name, in order, without shares and intervals. `unit` is `host` or
`endpoint`; `credible` leaves out the endpoints whose verdict is decoy. A host has what any of its endpoints has; its
inventory is the set of distinct model names over all of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, Final

from census.demo.holdings import Held
from census.demo.population import Population, Resident
from census.facts import Outcome, Tools, Verdict

Row = dict[str, Any]

_NOT_CONTACTED: Final = {Outcome.OPTED_OUT, Outcome.OUT_OF_SCOPE, Outcome.UNRESOLVED}
_NOT_CONNECTED: Final = {Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.TIMED_OUT}
_NO_HTTP: Final = {Outcome.NOT_HTTP, Outcome.TOO_SLOW, Outcome.BROKEN_OFF, Outcome.TLS_FAILED}
_RECOGNISED: Final = (Outcome.SERVED, Outcome.LOCKED, Outcome.EMPTY)
_READABLE: Final = (Outcome.SERVED, Outcome.EMPTY)
_SERVED: Final = (Outcome.SERVED,)
_BANDS: Final = (("0", 0, 0), ("1", 1, 1), ("2-3", 2, 3), ("4-9", 4, 9), ("10-19", 10, 19), (">=20", 20, None))
_SEVERAL: Final = 2  # families that make a unit one of several


def outcomes(population: Population) -> dict[str, int]:
    """How many targets end in each outcome that occurs, by its word."""
    return dict(Counter(resident.outcome.word for resident in population.residents))


def funnel(population: Population) -> list[Row]:
    """Targets by how far a scan gets with them; the unit is the target, decoys included but in the last stage."""
    ends = [resident.outcome for resident in population.residents]
    contacted = [end for end in ends if end not in _NOT_CONTACTED]
    connected = [end for end in contacted if end not in _NOT_CONNECTED]
    http = [end for end in connected if end not in _NO_HTTP]
    credible = [each for each in population.residents if each.outcome in _SERVED and each.verdict < Verdict.DECOY]
    stages: dict[str, Sequence[object]] = {
        "targets": ends,
        "contacted": contacted,
        "connected": connected,
        "http": http,
        "recognised": [end for end in http if end in _RECOGNISED],
        "served": [end for end in http if end in _SERVED],
        "credible": credible,
    }
    return [{"stage": stage, "count": len(reached)} for stage, reached in stages.items()]


def countries(population: Population, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Countries by the units recognised in them; unknown is null."""
    units = _units(population, unit, _RECOGNISED, credible=credible)
    rows = _tally(units, "country", lambda resident: [resident.country])
    return [{"rank": rank, **row} for rank, row in enumerate(rows, 1)]


def software(population: Population, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Software by the units recognised that run it; null where only a lock was seen."""
    return _tally(_units(population, unit, _RECOGNISED, credible=credible), "software", lambda each: [each.software])


def families(population: Population, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Families by the units that serve a model of them; last, without a rank, the units with none that is known."""
    makers = {held.entry.family: held.entry for each in population.residents for held in each.models}
    rows = _tally(_serving(population, unit, credible=credible), "family", _of_models(lambda held: held.entry.family))
    described = [
        {**row, "developer": makers[row["family"]].developer, "origin": makers[row["family"]].origin} for row in rows
    ]
    return _ranked(described, "family")


def architectures(population: Population, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Architectures by the units that report one; last, without a rank, the units that report none."""
    units = _serving(population, unit, credible=credible)
    return _ranked(_tally(units, "architecture", _of_models(lambda held: held.architecture)), "architecture")


def origins(population: Population, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Countries of developers by the units that serve a model from there; last the units with none that is known."""
    units = _serving(population, unit, credible=credible)
    return _tally(units, "origin", _of_models(lambda held: held.entry.origin))


def models(population: Population, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Names of models by the units that serve one of that name."""
    units = _serving(population, unit, credible=credible)
    return _ranked(_tally(units, "model", _of_models(lambda held: held.name)), "model")


def derivatives(population: Population, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Families by the units that serve a model of them, those with most derivatives first."""
    units = _serving(population, unit, credible=credible)
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


def co_deployment(population: Population, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Pairs of families on one unit; `of`: units with two families or more; `jaccard`, `lift`: of all that serve."""
    units = _serving(population, unit, credible=credible)
    sets = [
        sorted({held.entry.family for each in crowd for held in each.models if held.entry.family is not None})
        for crowd in units.values()
    ]
    singles = Counter(family for members in sets for family in members)
    pairs = Counter(pair for members in sets for pair in combinations(members, 2))
    of = sum(len(members) >= _SEVERAL for members in sets)
    return [
        {
            "a": a,
            "b": b,
            "count": count,
            "of": of,
            "jaccard": count / (singles[a] + singles[b] - count),
            "lift": count * len(sets) / (singles[a] * singles[b]),
        }
        for (a, b), count in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    ]


def tool_calling(population: Population, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Units by whether they advertise tools: yes if any model does, else unknown if of any it is not known, else no."""
    units = _serving(population, unit, credible=credible)
    answers = Counter(max(held.tools for each in crowd for held in each.models) for crowd in units.values())
    return [
        {"advertised": tools.word, "count": answers[tools], "of": len(units)}
        for tools in (Tools.YES, Tools.NO, Tools.UNKNOWN)
    ]


def inventory(population: Population, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Units with a readable list by how many distinct names of models they list."""
    units = _units(population, unit, _READABLE, credible=credible)
    sizes = [len({held.name for each in crowd for held in each.models}) for crowd in units.values()]
    return [
        {
            "models": band,
            "count": sum(least <= size and (most is None or size <= most) for size in sizes),
            "of": len(sizes),
        }
        for band, least, most in _BANDS
    ]


def decoys(population: Population, unit: str = "host", *, credible: bool = True) -> list[Row]:  # noqa: ARG001  all are shown
    """Units that serve by the verdicts of their endpoints, and of each verdict by the signals that fired."""
    units = _serving(population, unit, credible=False)
    counts: Counter[tuple[Verdict, str | None]] = Counter({(verdict, None): 0 for verdict in Verdict})
    for crowd in units.values():
        counts.update({(each.verdict, signal) for each in crowd for signal in (None, *each.signals)})
    return [
        {"verdict": verdict.word, "signal": signal, "count": count, "of": len(units)}
        for (verdict, signal), count in counts.items()
    ]


def _units(
    population: Population, unit: str, ends: tuple[Outcome, ...], *, credible: bool
) -> dict[str, list[Resident]]:
    """The residents with one of these outcomes, by the unit that they belong to."""
    if unit not in ("host", "endpoint"):
        raise ValueError(f"the truth is counted by host or endpoint, not by {unit}")
    units: defaultdict[str, list[Resident]] = defaultdict(list)
    for resident in population.residents:
        if resident.outcome in ends and not (credible and resident.verdict is Verdict.DECOY):
            units[resident.address if unit == "host" else resident.endpoint].append(resident)
    return units


def _serving(population: Population, unit: str, *, credible: bool) -> dict[str, list[Resident]]:
    return _units(population, unit, _SERVED, credible=credible)


def _of_models(tell: Callable[[Held], str | None]) -> Callable[[Resident], Iterator[str]]:
    """What is known of a resident's models, of each that something is known of."""
    return lambda resident: (told for held in resident.models if (told := tell(held)) is not None)


def _tally(
    units: dict[str, list[Resident]], column: str, values: Callable[[Resident], Iterable[str | None]]
) -> list[Row]:
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


def _ranked(rows: list[Row], column: str) -> list[Row]:
    """The rows with their ranks; the one without a value has none."""
    return [{"rank": None if row[column] is None else rank, **row} for rank, row in enumerate(rows, 1)]
