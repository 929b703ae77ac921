"""Ollama: its list, its version, what is loaded, and one show for each model whose tools the list cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from census.facts import CANARY_PATH, Exchanges, Outcome, Question, Reading
from census.kinds.kind import SHOW_PATH, Kind, Wishes, next_get, no_question
from census.kinds.ollama_epochs import epoch_of, release_of
from census.kinds.ollama_models import Entries, read_model, served_contexts, shown, to_show
from census.kinds.ollama_signals import signals
from census.kinds.reading import answer, begins_as_list, listing, named, records
from census.kinds.signs import server, version

_TAGS: Final = "/api/tags"
_VERSION: Final = "/api/version"
_PS: Final = "/api/ps"
_NAMES: Final = ("name", "model")
_DETAILS: Final = frozenset({"digest", "size", "modified_at", "details"})


def _recognise(exchanges: Exchanges) -> str | None:
    tags = exchanges.get(_TAGS)
    found = listing(tags, "models")
    if tags is None or found is None or server(tags) == "llama.cpp":
        return None
    if found.misread:
        return "a broken model list at /api/tags" if begins_as_list(tags) else None
    if "data" in answer(tags):  # llama.cpp's list for both protocols
        return None
    if found.entries and not any(_is_entry(entry) for entry in found.entries):
        return None
    return "a model list at /api/tags"


def _is_entry(entry: Mapping[str, Any]) -> bool:
    """Named twice, as Ollama does, or once and with something that only its lists have."""
    names = sum(key in entry for key in _NAMES)
    return names == len(_NAMES) or (names > 0 and not _DETAILS.isdisjoint(entry))


def _entries(exchanges: Exchanges) -> tuple[Entries, bool]:
    found = listing(exchanges.get(_TAGS), "models")
    return named(found.entries if found is not None else (), *_NAMES)


def _ask(exchanges: Exchanges, wishes: Wishes) -> Question | None:
    found = listing(exchanges.get(_TAGS), "models")
    if found is None or found.misread:
        return None
    question = next_get(exchanges, _VERSION, CANARY_PATH, _PS)
    if question is not None or not wishes.details:
        return question
    wanted = (name for name in to_show(_entries(exchanges)[0]) if exchanges.shown(name) is None)
    return next((Question("POST", SHOW_PATH, name) for name in wanted), None)


def _read(exchanges: Exchanges) -> Reading:
    found = listing(exchanges.get(_TAGS), "models")
    claimed = version(exchanges, _VERSION)
    if found is None or found.misread:
        return Reading(Outcome.MISREAD, claimed)
    entries, cut = _entries(exchanges)
    shows = shown(exchanges, entries)
    served = served_contexts(exchanges)
    models = tuple(
        read_model(name, entry, shows[name], served.get(name), epoch_of(claimed)) for name, entry in entries.items()
    )
    return Reading(
        Outcome.SERVED if models else Outcome.EMPTY,
        claimed,
        models,
        cut=cut,
        running=_running(exchanges),
        signals=signals(exchanges, entries, list(shows.values()), release_of(claimed)),
    )


def _running(exchanges: Exchanges) -> int | None:
    """How many models are loaded now, None if the server does not tell."""
    loaded = listing(exchanges.get(_PS), "models")
    if loaded is None or loaded.misread:
        return None
    return len(records(list(loaded.entries)))


KIND = Kind(
    name="Ollama",
    ports=(11434,),
    asks=(("GET", _TAGS), ("GET", _VERSION), ("GET", CANARY_PATH), ("GET", _PS), ("POST", SHOW_PATH)),
    tells="models with digest, size, quantization, parameters, contexts, capabilities, tools; version; what is loaded",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
