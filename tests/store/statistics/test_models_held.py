"""What the models of units are, against a history that is counted in plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import pytest
from sqlalchemy import Connection, text

from census.facts import Tools
from census.store.statistics import STATISTICS
from tests.store.statistics.history import SCANS, Listed, World, served, tools_of
from tests.store.statistics.reckoning import advertising, agree, holdings, share, shared, shares, told, units

BITS = {"Q4_K_M": 4, "Q8_0": 8, "BF16": 16, "IQ4_XS": 4, "F16": 16, "Q5_K_M": 5, "MXFP4": 4, "odd": None, None: None}
BANDS = (("<1B", 1), ("1-3B", 4), ("4-7B", 8), ("8-14B", 15), ("15-34B", 35), ("35-79B", 80), (">=80B", 10**9))


def band(model: Listed) -> str:
    if model.parameters is None:
        return "unknown"
    return next(name for name, below in BANDS if model.parameters < below * 1_000_000_000)


def known(values: Iterable[Hashable]) -> set[Hashable]:
    """The values without None, or None alone where there are no others."""
    return set(values) - {None} or {None}


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("families", ["Qwen", "Gemma", "Llama"]),
        ("architectures", ["qwen2", "gemma3", "llama"]),
        ("models", ["c", "a", "b"]),
    ],
)
def test_equal_counts_have_ranks_of_their_own_by_the_alphabet(blank: Connection, name: str, order: list[str]) -> None:
    held = (
        Listed("a", family="Llama", architecture="llama"), Listed("b", family="Gemma", architecture="gemma3"),
        Listed("c", family="Qwen", architecture="qwen2"),
    )  # fmt: skip
    world = World(scans=[SCANS[0]], hosts=[(None, None, None, None)] * 4)
    world.endpoints = [(host, 11434, 0, False) for host in range(4)]
    world.looks = [served(host, (held[host % 3],)) for host in (0, 1, 2)] + [served(3, (held[2],))]
    world.write(blank)
    found = [(row["rank"], list(row.values())[1], row["count"]) for row in told(blank, name, {})]
    assert found == list(zip((1, 2, 3), order, (2, 1, 1), strict=True))
    assert "Of equal counts the first in the alphabet has the higher rank." in STATISTICS[name].definition


@pytest.mark.parametrize(
    ("name", "key", "values"),
    [
        ("quantization", "quantization", lambda held: known(model.quantization for model in held)),
        ("quantization-bits", "bits", lambda held: known(BITS[model.quantization] for model in held)),
        (
            "capabilities",
            "capability",
            lambda held: (
                set().union(*(model.capabilities or () for model in held))
                if any(model.capabilities is not None for model in held)
                else {None}
            ),
        ),
    ],
)
def test_a_unit_counts_once_under_each_value_and_one_that_tells_none_apart(
    history: Connection, world: World, name: str, key: str, values: Callable[[set[Listed]], set[Hashable]]
) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        return shares([values(held) for held in holdings(world, options)], options["unit"])

    agree(lambda options: shared(told(history, name, options), key), reckon)


def test_a_quantization_says_its_bits(history: Connection) -> None:
    found = told(history, "quantization", {"population": "raw"})
    assert {row["quantization"]: row["bits"] for row in found} == {name: BITS[name] for name in BITS if name} | {
        row["quantization"]: None for row in found if row["quantization"] is None
    }


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("q4_0", 4), ("IQ2_XXS", 2), ("TQ1_0", 1), ("FP16", 16), ("F32", 32), ("INT8", 8), ("w4a16", 4), ("8bit", 8),
        ("4-bit", 4), ("nf4", 4), ("NVFP4", 4), ("F8_E4M3", 8), ("AWQ", None), ("Q44", None), ("unknown", None),
        ("", None), ("123bit", None),
    ],
)  # fmt: skip
def test_bits_are_read_off_the_name(history: Connection, name: str, bits: int | None) -> None:
    assert history.scalar(text("select stats.bits(:name)"), {"name": name}) == bits


def test_a_unit_is_in_each_band_of_its_models(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        held = holdings(world, options)
        counted = shares([{band(model) for model in models} for models in held], options["unit"])
        nobody = share(0, len(held), options["unit"])
        return {name: counted.get(name, nobody) for name in (*dict(BANDS), "unknown")}

    agree(lambda options: shared(told(history, "parameter-sizes", options), "band"), reckon)


def test_the_largest_model_of_known_size_gives_the_one_band_of_a_unit(history: Connection, world: World) -> None:
    def largest(models: set[Listed]) -> str:
        return band(max(models, key=lambda model: -1 if model.parameters is None else model.parameters))

    def reckon(options: dict[str, Any]) -> Any:
        counted = Counter(map(largest, holdings(world, options)))
        return [counted[name] for name in (*dict(BANDS), "unknown")]

    agree(lambda options: [row["largest"] for row in told(history, "parameter-sizes", options)], reckon)


def test_a_capability_is_unknown_of_units_with_a_model_that_is_not_told(history: Connection, world: World) -> None:
    def unknown(word: str, held: set[Listed]) -> bool:
        told_by = [model.capabilities for model in held]
        return None in told_by and not any(word in words for words in told_by if words is not None)

    def reckon(options: dict[str, Any]) -> Any:
        held = holdings(world, options)
        words = {word for models in held for model in models for word in model.capabilities or ()}
        return {word: sum(unknown(word, models) for models in held) for word in words}

    def ask(options: dict[str, Any]) -> Any:
        found = told(history, "capabilities", options)
        return {row["capability"]: row["unknown"] for row in found if row["capability"] is not None}

    agree(ask, reckon)


def test_tool_calling_by_family_looks_at_the_models_of_that_family_alone(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        found: dict[Any, list[Tools]] = {}
        for held in holdings(world, options):
            for family in {model.family for model in held}:
                found.setdefault(family, []).append(max(tools_of(model) for model in held if model.family == family))
        return advertising(found, options["unit"])

    def ask(options: dict[str, Any]) -> Any:
        found = told(history, "tool-calling-by-family", options)
        unknown = {row["family"]: row["unknown"] for row in found}
        return {family: (*columns, unknown[family]) for family, columns in shared(found, "family").items()}

    agree(ask, reckon)


@pytest.mark.parametrize("by", ["family", "architecture"])
def test_derived_models_and_originals_of_a_value_are_counted_by_unit(
    history: Connection, world: World, by: str
) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        found: dict[str, list[set[bool | None]]] = {}
        for held in holdings(world, options):
            for value in {getattr(model, by) for model in held} - {None}:
                found.setdefault(value, []).append({m.derived for m in held if getattr(m, by) == value})
        return {
            value: (sum(True in each for each in states), sum(False in each for each in states), len(states))
            for value, states in found.items()
        }

    def ask(options: dict[str, Any]) -> Any:
        found = told(history, "derivatives", {**options, "by": by})
        return {row[by]: (row["derivatives"], row["originals"], row["count"]) for row in found}

    agree(ask, reckon)


def test_exact_sets_are_counted_by_model_and_put_together_by_unit(history: Connection, world: World) -> None:
    def sets(held: set[Listed]) -> set[tuple[str, ...]]:
        return {tuple(sorted(model.capabilities)) for model in held if model.capabilities is not None}

    def united(held: set[Listed]) -> tuple[str, ...] | None:
        return tuple(sorted({word for each in sets(held) for word in each})) if sets(held) else None

    def reckon(options: dict[str, Any]) -> Any:
        held = holdings(world, options)
        counted = shares([sets(models) or {None} for models in held], options["unit"])
        together: Counter[Any] = Counter(map(united, held))
        nobody = share(0, len(held), options["unit"])
        return {key: (*counted.get(key, nobody), together[key]) for key in {*counted, *together}}

    def ask(options: dict[str, Any]) -> Any:
        found = told(history, "capability-sets", options)
        columns = shared(found, "capabilities")
        keys = [None if row["capabilities"] is None else tuple(row["capabilities"]) for row in found]
        return {key: (*columns[key], row["united"]) for key, row in zip(keys, found, strict=True)}

    agree(ask, reckon)


def tri(answers: Iterable[bool | None]) -> str:
    """yes if any is, else unknown if any is unknown, else no."""
    given = set(answers)
    return "yes" if True in given else "unknown" if None in given else "no"


def rag(held: set[Listed]) -> str:
    words = {word for model in held for word in model.capabilities or ()}
    if {"completion", "embedding"} <= words:
        return "yes"
    return "unknown" if any(model.capabilities is None for model in held) else "no"


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("remote", lambda held: tri(model.remote for model in held)),
        ("uncensored", lambda held: tri("uncensored" in model.name for model in held)),
        ("rag", rag),
    ],
)
def test_traits_have_three_states(
    history: Connection, world: World, name: str, state: Callable[[set[Listed]], str]
) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        counted = Counter(map(state, holdings(world, options)))
        return {each: share(counted[each], counted.total(), options["unit"]) for each in ("yes", "no", "unknown")}

    agree(lambda options: shared(told(history, name, options), "state"), reckon)


@pytest.mark.parametrize("name", ["Llama-3-abliterated", "x/UNCENSORED:7b", "unfiltered-mix", "nsfw-story"])
def test_the_words_for_models_without_refusals_are_found_anywhere_in_a_name(blank: Connection, name: str) -> None:
    world = World(hosts=[(None, None, None, None)], endpoints=[(0, 80, 0, False)], scans=[SCANS[0]])
    world.looks = [served(0, (Listed(name),))]
    world.write(blank)
    assert [row["count"] for row in told(blank, "uncensored", {})] == [1, 0, 0]


def instance(model: Listed) -> str:
    return model.digest or f"name {model.name}"


def test_digests_count_units_and_name_aliases(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        found = [{model.digest for model in held} - {None} for held in holdings(world, options)]
        return shares(found, options["unit"])

    agree(lambda options: shared(told(history, "digests", options), "digest"), reckon)
    names = {row["digest"]: row["names"] for row in told(history, "digests", {"population": "raw"})}
    assert names["a1"] == ["llama3.1:8b", "my-helper:latest"]


def test_model_instances_are_digests_on_units(history: Connection, world: World) -> None:
    def facts(models: Iterable[Listed]) -> dict[str, tuple[Any, ...]]:
        """Of each instance what is known of it; where one digest is described twice, the first in the alphabet."""
        told_of: dict[str, list[Listed]] = {}
        for model in models:
            told_of.setdefault(instance(model), []).append(model)
        return {
            key: (
                *(min((v for v in (getattr(m, a) for m in same) if v is not None), default=None)
                  for a in ("family", "origin", "architecture", "quantization")),
                min((m for m in same if m.parameters is not None), key=lambda m: m.parameters or 0, default=None),
            )
            for key, same in told_of.items()
        }  # fmt: skip

    everything = facts({model for look in world.looks for model in look.models or ()})

    def reckon(options: dict[str, Any]) -> Any:
        keys = Counter(key for held in holdings(world, options) for key in {instance(model) for model in held})
        counted: Counter[tuple[str, str | None]] = Counter()
        for key, number in keys.items():
            family, origin, architecture, quantization, sized = everything[key]
            bits = BITS[quantization]
            counted["family", family] += number
            counted["origin", origin] += number
            counted["architecture", architecture] += number
            counted["quantization", quantization] += number
            counted["bits", None if bits is None else str(bits)] += number
            counted["parameters", None if sized is None else band(sized)] += number
        return {key: share(count, keys.total(), "observation") for key, count in counted.items()}

    agree(lambda options: shared(told(history, "model-instances", options), "dimension", "value"), reckon)


def test_running_is_yes_if_ever_and_unknown_only_where_it_was_never_told(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        served = [[each.running for each in looks if each.models] for looks in units(world, options).values()]
        states: dict[str, list[list[int | None]]] = {"yes": [], "no": [], "unknown": []}
        for runs in filter(None, served):
            states["yes" if any(runs) else "no" if 0 in runs else "unknown"].append(runs)
        of = sum(map(len, states.values()))
        return {
            state: (*share(len(found), of, options["unit"]), mean(run for runs in found for run in runs))
            for state, found in states.items()
        }

    def ask(options: dict[str, Any]) -> Any:
        found = told(history, "running", options)
        columns = shared(found, "running")
        return {row["running"]: (*columns[row["running"]], row["loaded"]) for row in found}

    agree(ask, reckon)


def mean(values: Iterable[int | None]) -> float | None:
    given = [value for value in values if value is not None]
    return sum(given) / len(given) if given else None
