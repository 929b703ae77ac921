"""LM Studio: two lists of its own beside OpenAI's, which tell tools, contexts and what is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from census.exchanges import CANARY_PATH, Exchange, Exchanges, Question
from census.facts import Model, Outcome, Reading, Tools
from census.kinds import openai_list
from census.kinds.abilities import capabilities, told, tools_among
from census.kinds.emulators import TAGS
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.reading import SHORT_LIMIT, Listing, document, listing, mapping, named, number, records, text, words
from census.kinds.signs import error, refused
from census.lineage.names import parse_count

_V1: Final = "/api/v1/models"  # since 0.4.0
_V0: Final = "/api/v0/models"  # since 0.3.6
_PATHS: Final = (openai_list.PATH, TAGS, _V1, _V0)
_OWNERS: Final = ("organization_owner", "organization-owner")
_OFF: Final = frozenset({"off"})
_OK: Final = 200


def _recognise(exchanges: Exchanges) -> str | None:
    asked = [exchanges.get(path) for path in _PATHS]
    if any(_is_unexpected(exchange) for exchange in (*asked, exchanges.get(CANARY_PATH))):
        return "LM Studio's answer to an unknown path"
    if any(_is_refusal(exchange) for exchange in asked):
        return "LM Studio's 401"
    own = _readable(listing(exchanges.get(_V1), "models"))
    if own is not None and own.entries and all(_is_entry(entry) for entry in own.entries):
        return "a model list at /api/v1/models"
    older = _readable(listing(exchanges.get(_V0), "data"))
    if older is not None and older.entries and all(_is_older_entry(entry) for entry in older.entries):
        return "a model list at /api/v0/models"
    owned = openai_list.owned_by(exchanges, *_OWNERS) and _by_express(exchanges)
    return "every model is owned by organization_owner" if owned else None


def _is_unexpected(exchange: Exchange | None) -> bool:
    """What it says, with success, of every path that it does not have."""
    said = text(mapping(document(exchange)).get("error")) or ""
    return exchange is not None and exchange.status == _OK and said.startswith("Unexpected endpoint or method. (GET /")


def _is_refusal(exchange: Exchange | None) -> bool:
    said = error(exchange)
    named_in = "LM Studio API token" in (text(said.get("message")) or "")
    own = named_in or (said.get("type") == "invalid_request" and _is_express(exchange))
    return refused(exchange) and said.get("code") == "invalid_api_key" and own


def _is_entry(entry: Mapping[str, Any]) -> bool:
    return "key" in entry and isinstance(entry.get("loaded_instances"), list)


def _is_older_entry(entry: Mapping[str, Any]) -> bool:
    return "compatibility_type" in entry and entry.get("state") in ("loaded", "not-loaded")


def _by_express(exchanges: Exchanges) -> bool:
    return _is_express(exchanges.get(openai_list.PATH))


def _is_express(exchange: Exchange | None) -> bool:
    return exchange is not None and exchange.headers.get("x-powered-by") == "Express"


def _readable(found: Listing | None) -> Listing | None:
    return found if found is not None and not found.misread else None


def _confirm(exchanges: Exchanges) -> Question | None:
    """Others may write its owner too; an empty list, or one without, tells but the library that it was made with."""
    if openai_list.owned_by(exchanges, *_OWNERS):
        return next_get(exchanges, _V1, _V0)
    found = _readable(openai_list.found(exchanges))
    bare = found is not None and not any("created" in entry for entry in found.entries)
    return next_get(exchanges, _V1) if bare and _by_express(exchanges) else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    """The newest list that it has, and no path that cannot exist: it answers any with success."""
    if any(refused(exchanges.get(path)) for path in _PATHS):
        return None
    lists = ((_V1, "models"), (_V0, "data"), (openai_list.PATH, "data"))
    for path, key in lists:
        if exchanges.get(path) is None:
            return Question("GET", path)
        if _readable(listing(exchanges.get(path), key)) is not None:
            return None
    return None


def _read(exchanges: Exchanges) -> Reading:
    newest = _readable(listing(exchanges.get(_V1), "models"))
    if newest is not None:
        loaded = sum(bool(records(entry.get("loaded_instances"))) for entry in newest.entries)
        return _reading(newest, "key", loaded)
    older = _readable(listing(exchanges.get(_V0), "data"))
    if older is not None:
        return _reading(older, "id", sum(entry.get("state") == "loaded" for entry in older.entries))
    found = openai_list.found(exchanges)
    if found is None and not any(refused(exchanges.get(path)) for path in _PATHS):
        return Reading(Outcome.MISREAD)
    reading = openai_list.reading(exchanges, lambda name, _entry: openai_list.model(name))
    # It answers any path with success: in its own words that is no sign of one that answers to everything.
    own = _is_unexpected(exchanges.get(CANARY_PATH))
    return msgspec.structs.replace(reading, signals=frozenset()) if own else reading


def _reading(listed: Listing, key: str, loaded: int) -> Reading:
    make = _model if key == "key" else _older_model
    kept, cut = named(listed.entries, key)
    models = tuple(make(name, entry) for name, entry in kept.items())
    return Reading(Outcome.SERVED if models else Outcome.EMPTY, models=models, cut=cut or listed.more, running=loaded)


def _model(name: str, entry: Mapping[str, Any]) -> Model:
    able = mapping(entry.get("capabilities")).get("trained_for_tool_use")
    tools = Tools.YES if able is True else Tools.NO if able is False else Tools.UNKNOWN
    return openai_list.model(
        name,
        size=number(entry.get("size_bytes"), 1),
        format=text(entry.get("format"), SHORT_LIMIT),
        architecture=text(entry.get("architecture"), SHORT_LIMIT),
        parameters=parse_count(entry.get("params_string")),
        quantization=text(mapping(entry.get("quantization")).get("name"), SHORT_LIMIT),
        context_length=number(entry.get("max_context_length"), 1),
        capabilities=_abilities(entry),
        **told(tools, "lmstudio", "model"),
    )


def _abilities(entry: Mapping[str, Any]) -> tuple[str, ...] | None:
    """By the type of a model and its flags; those of a chat model are unknown without flags."""
    flags = entry.get("capabilities")
    if entry.get("type") == "embedding":
        return ("embedding",)
    if not isinstance(flags, dict):
        return None
    options = words(mapping(flags.get("reasoning")).get("allowed_options")) or ()
    said = {
        "llm": entry.get("type") == "llm",
        "vision": flags.get("vision") is True,
        "tools": flags.get("trained_for_tool_use") is True,
        "thinking": not _OFF.issuperset(options),
    }
    return capabilities(word for word, holds in said.items() if holds)


def _older_model(name: str, entry: Mapping[str, Any]) -> Model:
    listed = words(entry.get("capabilities"))
    kinds = {"llm": ("llm",), "vlm": ("llm", "vision"), "embeddings": ("embedding",)}
    able = kinds.get(text(entry.get("type"), SHORT_LIMIT) or "")
    return openai_list.model(
        name,
        format=text(entry.get("compatibility_type"), SHORT_LIMIT),
        architecture=text(entry.get("arch"), SHORT_LIMIT),
        quantization=text(entry.get("quantization"), SHORT_LIMIT),
        context_length=number(entry.get("max_context_length"), 1),
        capabilities=None if able is None else capabilities((*able, *(listed or ()))),
        **told(tools_among(listed), "lmstudio", "model"),
    )


KIND = Kind(
    name="LM Studio",
    ports=(1234,),
    asks=tuple(("GET", path) for path in (_V1, _V0, openai_list.PATH)),
    tells="models with size, quantization, contexts, capabilities, tools; what is loaded; whether it is locked",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
