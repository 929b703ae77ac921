"""The list at GET /v1/models, as every server that speaks OpenAI's protocol answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from census.exchanges import Exchanges
from census.facts import Model, Outcome, Reading
from census.kinds import emulators
from census.kinds.reading import Listing, listing, model_name, named, number, records, text
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


def _best(exchanges: Exchanges, path: str) -> Listing | None:
    listed = listing(exchanges.get(path), "data")
    imitated = emulators.imitated_list(exchanges) if listed is None or listed.misread else None
    return imitated or listed


def every(exchanges: Exchanges, rule: Callable[[Mapping[str, Any]], bool]) -> bool:
    """Whether there are entries and the rule holds for all of them; those without a usable name do not count."""
    listed = (entry for entry in entries(exchanges) if model_name(entry.get("id")) is not None)
    first = next(listed, None)
    return first is not None and rule(first) and all(map(rule, listed))


def owned_by(exchanges: Exchanges, *owners: str) -> bool:
    """Whether there are entries and all are owned by one of `owners`."""
    return every(exchanges, lambda entry: entry.get("owned_by") in owners)


def is_granted(entry: Mapping[str, Any]) -> bool:
    """Whether an entry has the permission that vLLM and its relatives took over from FastChat."""
    rights = records(entry.get("permission"), 1)
    return bool(rights) and (text(rights[0].get("id")) or "").startswith("modelperm-")


def rooted(name: str, entry: Mapping[str, Any], **told: Any) -> Model:
    """A model whose name may be an alias, which tells nothing: `root` is the folder or repository that was loaded."""
    root = model_name(entry.get("root")) or name
    return model(
        name,
        parameters=parameters_of(name) or parameters_of(root),
        quantization=quantization_of(name) or quantization_of(root),
        context_served=number(entry.get("max_model_len"), 1),
        **told,
    )


def model(name: str, **told: Any) -> Model:
    """A model as told by its server; what is not told of its size and quantization is read off its name."""
    told["parameters"] = told.get("parameters") or parameters_of(name)
    told["quantization"] = told.get("quantization") or quantization_of(name)
    return Model(name, **told)


def named_only(name: str, _entry: Mapping[str, Any]) -> Model:
    """A model of a server whose entries tell no more than the name."""
    return model(name)


def reading(
    exchanges: Exchanges,
    make: Callable[[str, Mapping[str, Any]], Model],
    version: str | None = None,
    *,
    relay: bool = False,
    path: str = PATH,
    keep: Callable[[Mapping[str, Any]], bool] = bool,
) -> Reading:
    """The reading of a recognised server: by its list at `path` or one in Ollama's form; without one it is locked.

    A list in Ollama's form gives names and nothing else: `make` gets entries that have only an `id`.
    `keep` says which entries are models, where a server lists more than those.
    """
    listed = _best(exchanges, path)
    signals = catch_all(exchanges)
    if listed is None or listed.misread:
        outcome = Outcome.LOCKED if listed is None else Outcome.MISREAD
        return Reading(outcome, version, relay=relay, signals=signals)
    models, cut = named(filter(keep, listed.entries), "id")
    return Reading(
        Outcome.SERVED if models else Outcome.EMPTY,
        version,
        tuple(make(name, entry) for name, entry in models.items()),
        cut=cut or listed.more,
        relay=relay,
        signals=signals,
    )
