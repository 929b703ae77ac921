"""Ollama: its list, its version, what is loaded, and one show for each model whose tools the list cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from census.facts import CANARY_PATH, Exchanges, Outcome, Question, Reading, Signal
from census.kinds import alike, emulators
from census.kinds.kind import SHOW_PATH, Kind, Wishes, next_get, no_question
from census.kinds.ollama_epochs import Epoch, epoch_of
from census.kinds.ollama_models import Entries, imprint, listed_model, own_name, read_model, shown, to_show
from census.kinds.ollama_signals import made_up, signals
from census.kinds.reading import answer, begins_as_list, by_names, listing, records
from census.kinds.signs import version

_TAGS: Final = "/api/tags"
_VERSION: Final = "/api/version"
_PS: Final = "/api/ps"
_NAMES: Final = ("name", "model")
_WRITTEN: Final = "modified_at"
_DETAILS: Final = frozenset({"digest", "size", "details"})


def _recognise(exchanges: Exchanges) -> str | None:
    evidence = exchanges.once(_evidence, _TAGS)
    return evidence if evidence is not None and emulators.imitator(exchanges) is None else None


def _evidence(exchanges: Exchanges) -> str | None:
    """What the list alone shows."""
    tags = exchanges.get(_TAGS)
    found = listing(tags, "models")
    if tags is None or found is None:
        return None
    if found.misread:
        return "a broken model list at /api/tags" if begins_as_list(tags) else None
    if "data" in answer(tags):  # llama.cpp's list for both protocols
        return None
    entries, _ = exchanges.once(_entries, _TAGS)
    if found.entries and not entries:  # nothing with a name: an empty list, if it has nothing else about it
        return "a model list at /api/tags" if answer(tags).keys() == {"models"} else None
    if entries and not any(alike.of(entry, _is_entry) or _WRITTEN in entry for entry in entries.values()):
        return None
    return "a model list at /api/tags"


def _is_entry(entry: Mapping[str, Any]) -> bool:
    """Named twice, as Ollama does, or once with a tag or something else that only its lists have."""
    twice = all(key in entry for key in _NAMES)
    return twice or ":" in (own_name(entry) or "") or not _DETAILS.isdisjoint(entry)


def _entries(exchanges: Exchanges) -> tuple[Entries, bool]:
    found = listing(exchanges.get(_TAGS), "models")
    if found is None:
        return {}, False
    entries, cut = by_names((alike.of(entry, own_name), entry) for entry in found.entries)
    return entries, cut or found.more


def _is_readable(exchanges: Exchanges) -> bool:
    found = listing(exchanges.get(_TAGS), "models")
    return found is not None and not found.misread


def _ask(exchanges: Exchanges, wishes: Wishes) -> Question | None:
    if not exchanges.once(_is_readable, _TAGS):
        return None
    question = next_get(exchanges, _VERSION, CANARY_PATH, _PS)
    if question is not None:
        return question
    entries, _ = exchanges.once(_entries, _TAGS)
    details = wishes.details and not emulators.may_load(exchanges)
    wanted = [name for name in to_show(entries) if exchanges.shown(name) is None] if details else []
    return Question("POST", SHOW_PATH, wanted[0]) if wanted else _test(exchanges, details=details)


def _test(exchanges: Exchanges, *, details: bool) -> Question | None:
    """Only whoever gave a sign of pretending is asked by a wrong method, and about a model that nobody has."""
    if not exchanges.once(_signals):
        return None
    name = made_up(exchanges)
    about_it = details and exchanges.shown(name) is None
    return next_get(exchanges, SHOW_PATH) or (Question("POST", SHOW_PATH, name) if about_it else None)


def _signals(exchanges: Exchanges) -> frozenset[Signal]:
    entries, _ = exchanges.once(_entries, _TAGS)
    return signals(exchanges, entries, list(shown(exchanges, entries).values()))


def _read(exchanges: Exchanges) -> Reading:
    claimed = version(exchanges, _VERSION)
    if not exchanges.once(_is_readable, _TAGS):
        return Reading(Outcome.MISREAD, claimed)
    entries, cut = exchanges.once(_entries, _TAGS)
    shows = shown(exchanges, entries)
    epoch = Epoch.NO_TOOLS if _knows_no_version(exchanges) else epoch_of(claimed)
    models = tuple(
        read_model(name, entry, shows[name], epoch) if name in shows else alike.of(entry, listed_model)
        for name, entry in entries.items()
    )
    return Reading(
        Outcome.SERVED if models else Outcome.EMPTY,
        claimed,
        models,
        cut=cut,
        running=_running(exchanges),
        imprint=imprint(entries),
        signals=exchanges.once(_signals),
    )


def _knows_no_version(exchanges: Exchanges) -> bool:
    """Whether it has no such path itself, as before 0.1.14; proxies have other words."""
    told = exchanges.get(_VERSION)
    return told is not None and told.status == HTTPStatus.NOT_FOUND and told.body == b"404 page not found"


def _running(exchanges: Exchanges) -> int | None:
    """How many models are loaded now, None if the server does not tell."""
    loaded = listing(exchanges.get(_PS), "models")
    if loaded is None or loaded.misread:
        return None
    return len(records(list(loaded.entries)))


KIND = Kind(
    name="Ollama",
    ports=(11434,),
    asks=(*(("GET", path) for path in (_TAGS, _VERSION, CANARY_PATH, _PS, SHOW_PATH)), ("POST", SHOW_PATH)),
    tells="models with digest, size, quantization, parameters, contexts, capabilities, tools; version; what is loaded",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
