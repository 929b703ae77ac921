"""What the statistics of what models are must say: capabilities, quantization, size, digests, what is loaded.

As in `truth.py`, each function gives the rows of the statistic of its name, without shares and intervals.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final

from census.demo.holdings import Held
from census.demo.population import Resident
from census.demo.sights import Selection
from census.demo.truth import Row, Source, Units, members_of, of_models, serving, tally

# How many bits a weight has, of every quantization that is in the catalogue.
_BITS: Final = dict.fromkeys(("Q4_0", "Q4_K_M", "Q4_K_S", "MXFP4"), 4) | dict.fromkeys(("Q8_0", "FP8"), 8) | {
    "Q2_K": 2, "Q3_K_M": 3, "Q5_K_M": 5, "Q6_K": 6, "F16": 16, "BF16": 16,
}  # fmt: skip
_BILLION: Final = 10**9
_BANDS: Final = (("<1B", 1), ("1-3B", 4), ("4-7B", 8), ("8-14B", 15), ("15-34B", 35), ("35-79B", 80))
_LARGEST: Final = ">=80B"
_UNKNOWN: Final = "unknown"
_NO_REFUSALS: Final = ("uncensored", "abliterat", "unfiltered", "unaligned", "nsfw")
_BOTH: Final = {"completion", "embedding"}
_STATES: Final = ("yes", "no", _UNKNOWN)


def capabilities(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Capabilities by the units with a model that has it; `unknown`: without one, and with a model that is not told."""
    crowds = [_models(crowd) for crowd in serving(source, unit, credible=credible).values()]
    told = [{word for held in crowd for word in held.capabilities or ()} for crowd in crowds]
    untold = [any(held.capabilities is None for held in crowd) for crowd in crowds]
    counts = Counter(word for words in told for word in words)
    rows: list[Row] = [
        {
            "capability": word,
            "count": count,
            "of": len(crowds),
            "unknown": sum(hidden and word not in words for words, hidden in zip(told, untold, strict=True)),
        }
        for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    if silent := sum(all(held.capabilities is None for held in crowd) for crowd in crowds):
        rows.append({"capability": None, "count": silent, "of": len(crowds), "unknown": None})
    return rows


def capability_sets(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Exact sets of capabilities by the units with a model that has it; `united`: with it over all their models."""
    crowds = [_models(crowd) for crowd in serving(source, unit, credible=credible).values()]
    counts: Counter[tuple[str, ...] | None] = Counter()
    united: Counter[tuple[str, ...] | None] = Counter()
    for crowd in crowds:
        told = {held.capabilities for held in crowd if held.capabilities is not None}
        counts.update(told or [None])
        united[tuple(sorted({word for words in told for word in words})) if told else None] += 1
    return [
        {
            "capabilities": None if words is None else list(words),
            "count": counts[words],
            "of": len(crowds),
            "united": united[words],
        }
        for words in counts.keys() | united.keys()
    ]


def rag(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Units by whether they have a model that completes and one that embeds."""

    def state(crowd: list[Held]) -> str:
        if {word for held in crowd for word in held.capabilities or ()} >= _BOTH:
            return "yes"
        return _UNKNOWN if any(held.capabilities is None for held in crowd) else "no"

    return _states(serving(source, unit, credible=credible), state)


def remote(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Units by whether they have a model that runs elsewhere."""

    def state(crowd: list[Held]) -> str:
        told = {held.remote for held in crowd}
        if True in told:
            return "yes"
        return _UNKNOWN if None in told else "no"

    return _states(serving(source, unit, credible=credible), state)


def uncensored(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Units by whether a name says that refusals were taken out."""

    def state(crowd: list[Held]) -> str:
        return "yes" if any(word in held.name.lower() for held in crowd for word in _NO_REFUSALS) else "no"

    return _states(serving(source, unit, credible=credible), state)


def quantization(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Quantizations by the units with a model in it; last, the units of which none is known."""
    units = serving(source, unit, credible=credible)
    rows = tally(units, "quantization", of_models(lambda held: held.quantization))
    return [{**row, "bits": _bits(row["quantization"])} for row in rows]


def quantization_bits(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Bits of a weight by the units with such a model."""
    units = serving(source, unit, credible=credible)
    return tally(units, "bits", lambda each: {_bits(held.quantization) for held in each.models} - {None})


def parameter_sizes(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Bands of parameters by the units with a model in it; `largest`: whose largest known one is in it."""
    crowds = [_models(crowd) for crowd in serving(source, unit, credible=credible).values()]
    counts = Counter(band for crowd in crowds for band in {_band(held.parameters) for held in crowd})
    largest = Counter(
        _band(max((held.parameters for held in crowd if held.parameters is not None), default=None)) for crowd in crowds
    )
    return [
        {"band": band, "count": counts[band], "of": len(crowds), "largest": largest[band]}
        for band in (*(name for name, _ in _BANDS), _LARGEST, _UNKNOWN)
    ]


def digests(source: Selection, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Digests by the units that list them, with every name that any list ever gave them."""
    units = serving(source, unit, credible=credible)
    rows = tally(units, "digest", of_models(lambda held: held.digest))
    return [{**row, "names": sorted(source.names[row["digest"]])} for row in rows if row["digest"] is not None]


def model_instances(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """What the models are, each counted as often as there are units with it; names of one digest are one."""
    counts: Counter[str] = Counter()
    known: defaultdict[str, set[Held]] = defaultdict(set)
    for crowd in serving(source, unit, credible=credible).values():
        keys = {held.digest or held.name: held for held in _models(crowd)}
        counts.update(keys.keys())
        for held in _models(crowd):
            known[held.digest or held.name].add(held)
    totals: Counter[tuple[str, str | None]] = Counter()
    for key, count in counts.items():
        for dimension, tell in _DIMENSIONS.items():
            told = sorted(value for held in known[key] if (value := tell(held)) is not None)
            totals[dimension, told[0] if told else None] += count
    return [
        {"dimension": dimension, "value": value, "count": count, "of": counts.total()}
        for (dimension, value), count in totals.items()
    ]


def running(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Units by whether any model was loaded; `loaded` is the mean over the sights that tell."""
    states: defaultdict[str, list[list[int]]] = defaultdict(list)
    for crowd in serving(source, unit, credible=credible).values():
        told = [each.running for each in crowd if each.running is not None]
        states["yes" if any(told) else "no" if told else _UNKNOWN].append(told)
    return [
        {
            "running": state,
            "count": len(states[state]),
            "of": sum(map(len, states.values())),
            "loaded": _mean([number for told in states[state] for number in told]),
        }
        for state in ("yes", "no", _UNKNOWN)
    ]


def together(source: Source, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """The figures about several models, several families, and Llama with Qwen; told by what they are, in order."""
    crowds = [*serving(source, unit, credible=credible).values()]
    families = [members_of(crowd) for crowd in crowds]
    names = [len({held.name for held in _models(crowd)}) > 1 for crowd in crowds]
    several = [len(members) > 1 for members in families]
    llama, qwen = (["Llama" in members for members in families], ["Qwen" in members for members in families])
    both = [a and b for a, b in zip(llama, qwen, strict=True)]
    lift = sum(both) * len(crowds) / (sum(llama) * sum(qwen)) if sum(llama) * sum(qwen) else None

    def among(having: list[bool], those: list[bool]) -> int:
        return sum(a and b for a, b in zip(having, those, strict=True))

    everybody = [True] * len(crowds)
    figures = (
        (names, everybody, None), (several, everybody, None), (both, several, lift), (qwen, several, None),
        (qwen, names, None), (llama, qwen, lift), (qwen, llama, lift),
    )  # fmt: skip
    return [{"count": among(having, those), "of": sum(those), "lift": by} for having, those, by in figures]


def _models(crowd: Iterable[Resident]) -> list[Held]:
    return [held for each in crowd for held in each.models]


def _states(units: Units, state: Callable[[list[Held]], str]) -> list[Row]:
    counts = Counter(state(_models(crowd)) for crowd in units.values())
    return [{"state": word, "count": counts[word], "of": len(units)} for word in _STATES]


def _bits(quantized: str | None) -> int | None:
    return None if quantized is None else _BITS[quantized]


def _band(parameters: int | None) -> str:
    if parameters is None:
        return _UNKNOWN
    return next((name for name, below in _BANDS if parameters < below * _BILLION), _LARGEST)


def _mean(numbers: list[int]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


_DIMENSIONS: Final[dict[str, Callable[[Held], Any]]] = {
    "family": lambda held: held.entry.family,
    "origin": lambda held: held.entry.origin,
    "architecture": lambda held: held.architecture,
    "quantization": lambda held: held.quantization,
    "bits": lambda held: None if held.quantization is None else str(_bits(held.quantization)),
    "parameters": lambda held: None if held.parameters is None else _band(held.parameters),
}
