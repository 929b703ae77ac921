"""Ollama: its list, its version, what is loaded, and one show for each model that neither list nor others tell of."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from census.exchanges import CANARY_PATH, SHOW_PATH, Exchanges, Question
from census.facts import Model, Outcome, Reading, Saying, Signal
from census.kinds import alike, emulators
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.ollama_epochs import Epoch, epoch_of, release_of, rules_of, rules_that_tell
from census.kinds.ollama_models import (
    NAMES,
    Entries,
    answers,
    imprint,
    listed_model,
    own_name,
    read_model,
    same,
    to_show,
)
from census.kinds.ollama_shows import Shown, as_told_by, has_parser, is_digest, read_show, recalled, saying
from census.kinds.ollama_signals import made_up, signals
from census.kinds.reading import MODELS_LIMIT, answer, begins_as_list, by_names, listing
from census.kinds.signs import claimed

_TAGS: Final = "/api/tags"
_VERSION: Final = "/api/version"
_PS: Final = "/api/ps"
_OTHER_LIST: Final = "/v1/models"
_WRITTEN: Final = "modified_at"
_DETAILS: Final = frozenset({"digest", "size", "details"})


def _recognise(exchanges: Exchanges) -> str | None:
    evidence = exchanges.once(_evidence, _TAGS, _OTHER_LIST)
    return evidence if evidence is not None and emulators.imitator(exchanges) is None else None


def _evidence(exchanges: Exchanges) -> str | None:
    """What the lists alone show."""
    tags, found = exchanges.get(_TAGS), emulators.listed(exchanges)
    if tags is None or found is None:
        return None
    if found.misread:
        return "a broken model list at /api/tags" if begins_as_list(tags) and not _has_other_list(exchanges) else None
    if "data" in answer(tags):  # llama.cpp's list for both protocols
        return None
    entries, _ = exchanges.once(_entries, _TAGS)
    if found.entries and not entries:  # nothing with a name: an empty list, if it has nothing else about it
        return "a model list at /api/tags" if answer(tags).keys() == {"models"} else None
    if entries and not any(alike.of(entry, _is_entry) or _WRITTEN in entry for entry in entries.values()):
        return None
    return "a model list at /api/tags"


def _has_other_list(exchanges: Exchanges) -> bool:
    """Whether it has listed its models elsewhere: once a list has been read, a broken one takes nothing back."""
    found = listing(exchanges.get(_OTHER_LIST), "data")
    return found is not None and not found.misread


def _is_entry(entry: Mapping[str, Any]) -> bool:
    """Named twice, as Ollama does, or once with a tag or something else that only its lists have."""
    twice = all(key in entry for key in NAMES)
    return twice or ":" in (own_name(entry) or "") or not _DETAILS.isdisjoint(entry)


def _entries(exchanges: Exchanges) -> tuple[Entries, bool]:
    found = emulators.listed(exchanges)
    if found is None:
        return {}, False
    entries, cut = by_names(zip(alike.of_each(found.entries, own_name), found.entries, strict=True))
    return entries, cut or found.more


def _is_readable(exchanges: Exchanges) -> bool:
    found = emulators.listed(exchanges)
    return found is not None and not found.misread


def _ask(exchanges: Exchanges, wishes: Wishes) -> Question | None:
    if not _is_readable(exchanges):
        return None
    question = next_get(exchanges, _VERSION, CANARY_PATH, *((_PS,) if wishes.loaded else ()))
    if question is not None:
        return question
    details = wishes.details and not emulators.may_load(exchanges)
    name = _next_to_show(exchanges) if details else None
    return Question("POST", SHOW_PATH, name) if name is not None else _test(exchanges, details=details)


def _next_to_show(exchanges: Exchanges) -> str | None:
    """The next model to ask show about: first what nobody told of; of the rest, only a host that gave a sign."""
    unasked = [(name, key) for name, key in exchanges.once(_to_show, _TAGS) if exchanges.shown(name) is None]
    unknown = next((name for name, key in unasked if _recall(exchanges, key) is None), None)
    if unknown is not None or not unasked:
        return unknown
    return unasked[0][0] if exchanges.once(_signals) else None


def _to_show(exchanges: Exchanges) -> tuple[tuple[str, str], ...]:
    """The names that show would be asked about, each with what all names of its model share."""
    entries, _ = exchanges.once(_entries, _TAGS)
    return tuple((name, same(name, entries[name])) for name in to_show(entries))


def _recall(exchanges: Exchanges, key: str) -> Shown | None:
    """What other hosts told of the model, which shares `key` with its other names, as this one would tell it."""
    version = claimed(exchanges)
    rules = rules_that_tell(version) if is_digest(key) else ()
    said = next(filter(None, (exchanges.recall(key, each) for each in rules)), None)
    return None if said is None else as_told_by(release_of(version), recalled(said))


def _recalled(exchanges: Exchanges) -> dict[str, Shown]:
    """What other hosts told of the models that show would be asked about, by what names of the same model share."""
    found = [(key, _recall(exchanges, key)) for _, key in exchanges.once(_to_show, _TAGS)]
    return {key: told for key, told in found if told is not None}


def _test(exchanges: Exchanges, *, details: bool) -> Question | None:
    """Only whoever gave a sign of pretending is asked by a wrong method, and about a model that nobody has."""
    if not exchanges.once(_signals):
        return None
    name = made_up(exchanges)
    about_it = details and exchanges.shown(name) is None
    return next_get(exchanges, _PS, SHOW_PATH) or (Question("POST", SHOW_PATH, name) if about_it else None)


def _signals(exchanges: Exchanges) -> frozenset[Signal]:
    entries, _ = exchanges.once(_entries, _TAGS)
    return signals(exchanges, entries, list(exchanges.once(_shows).values()))


def _shows(exchanges: Exchanges) -> dict[str, dict[str, Any]]:
    entries, _ = exchanges.once(_entries, _TAGS)
    return answers(exchanges, entries)


def _read(exchanges: Exchanges) -> Reading:
    version = claimed(exchanges)
    if not _is_readable(exchanges):
        return Reading(Outcome.MISREAD, version)
    entries, cut = exchanges.once(_entries, _TAGS)
    fired = exchanges.once(_signals)
    asked = _asked(exchanges)
    elsewhere = {} if fired else {key: told for key, told in _recalled(exchanges).items() if key not in asked}
    return Reading(
        Outcome.SERVED if entries else Outcome.EMPTY,
        version,
        _models(entries, {**elsewhere, **asked}),
        cut=cut,
        running=_running(exchanges),
        imprint=imprint(entries),
        signals=fired,
        told=_told(exchanges, asked) if asked and not fired else (),
        recalled=frozenset(name for name, entry in entries.items() if same(name, entry) in elsewhere)
        if elsewhere
        else frozenset(),
    )


def _models(entries: Entries, shown: Mapping[str, Shown]) -> tuple[Model, ...]:
    if not shown:
        return tuple(alike.of_each(entries.values(), listed_model))
    found = ((name, entry, shown.get(same(name, entry))) for name, entry in entries.items())
    return tuple(
        alike.of(entry, listed_model) if told is None else read_model(name, entry, told) for name, entry, told in found
    )


def _asked(exchanges: Exchanges) -> dict[str, Shown]:
    """What the server itself told in show, by what names of the same model share."""
    shows = exchanges.once(_shows)
    if not shows:
        return {}
    epoch = Epoch.NO_TOOLS if _knows_no_version(exchanges) else epoch_of(claimed(exchanges))
    return {key: read_show(show, epoch) for key, show in shows.items()}


def _told(exchanges: Exchanges, asked: Mapping[str, Shown]) -> tuple[Saying, ...]:
    version, shows = claimed(exchanges), exchanges.once(_shows)
    rules = {key: rules_of(version, parser=has_parser(show)) for key, show in shows.items()}
    found = (saying(key, rules[key], shown) for key, shown in asked.items())
    return tuple(each for each in found if each is not None)


def _knows_no_version(exchanges: Exchanges) -> bool:
    """Whether it has no such path itself, as before 0.1.14; proxies have other words."""
    told = exchanges.get(_VERSION)
    return told is not None and told.status == HTTPStatus.NOT_FOUND and told.body == b"404 page not found"


def _running(exchanges: Exchanges) -> int | None:
    """How many models are loaded now, None if the server does not tell."""
    loaded = listing(exchanges.get(_PS), "models")
    if loaded is None or loaded.misread:
        return None
    return min(len(loaded.entries), MODELS_LIMIT)


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
