"""The list at GET /v1/models, as every server that speaks OpenAI's protocol answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from census.facts import Exchanges, Model, Outcome, Reading
from census.kinds.reading import Listing, listing, named
from census.kinds.signs import catch_all
from census.lineage.names import parameters_of, quantization_of

PATH: Final = "/v1/models"


def found(exchanges: Exchanges) -> Listing | None:
    """The list, readable or not, None if there is none."""
    return listing(exchanges.get(PATH), "data")


def entries(exchanges: Exchanges) -> tuple[dict[str, Any], ...]:
    """The entries of a readable list, none if it cannot be read."""
    listed = found(exchanges)
    return listed.entries if listed is not None else ()


def every(exchanges: Exchanges, rule: Callable[[Mapping[str, Any]], bool]) -> bool:
    """Whether there are entries and the rule holds for all of them."""
    listed = entries(exchanges)
    return bool(listed) and all(rule(entry) for entry in listed)


def model(name: str, **told: Any) -> Model:
    """A model as told by its server; what is not told of its size and quantization is read off its name."""
    told["parameters"] = told.get("parameters") or parameters_of(name)
    told["quantization"] = told.get("quantization") or quantization_of(name)
    return Model(name, **told)


def reading(
    exchanges: Exchanges,
    make: Callable[[str, Mapping[str, Any]], Model],
    version: str | None = None,
    *,
    relay: bool = False,
) -> Reading:
    """The reading of a recognised server: its list if it gave one, else that it is locked."""
    listed = found(exchanges)
    signals = catch_all(exchanges)
    if listed is None or listed.misread:
        outcome = Outcome.LOCKED if listed is None else Outcome.MISREAD
        return Reading(outcome, version, relay=relay, signals=signals)
    models, cut = named(listed.entries, "id")
    return Reading(
        Outcome.SERVED if models else Outcome.EMPTY,
        version,
        tuple(make(name, entry) for name, entry in models.items()),
        cut=cut,
        relay=relay,
        signals=signals,
    )
