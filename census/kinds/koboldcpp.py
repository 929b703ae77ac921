"""KoboldCpp: one model with its chat template; it says who it is in a header, and shows itself as an Ollama too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from census.exchanges import Exchange, Exchanges, Question
from census.facts import Model, Outcome, Reading, Tools
from census.kinds import emulators, openai_list
from census.kinds.abilities import capabilities
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.llama_cpp import read_tools
from census.kinds.reading import answer, document, mapping, number, sha256_hex, source
from census.kinds.signs import refused, server, version

_VERSION: Final = "/api/extra/version"
_PROPS: Final = "/props"
_PREFIX: Final = "koboldcpp/"
_REFUSAL: Final = {"error": "Unauthorized", "msg": "Authentication key is missing or invalid.", "type": "unauthorized"}
_PROTECTED: Final = "protected-model"  # what it lists to those whose key it does not accept
_NO_MODELS: Final = frozenset({"inactive", "initial_model", "unload_model", _PROTECTED})  # nothing loaded, and orders


def _recognise(exchanges: Exchanges) -> str | None:
    if openai_list.every(exchanges, lambda entry: entry.get("owned_by") == "koboldcpp"):
        return "every model is owned by koboldcpp"
    if emulators.imitator(exchanges) == emulators.KOBOLDCPP:
        return "KoboldCpp's entries at /api/tags"
    asked = (exchanges.get(openai_list.PATH), exchanges.get(emulators.TAGS))
    return "KoboldCpp's 401" if any(_is_refusal(exchange) for exchange in asked) else None


def _is_refusal(exchange: Exchange | None) -> bool:
    by_header = server(exchange).startswith("concedollamaforkoboldserver")
    return refused(exchange) and (by_header or mapping(document(exchange)).get("detail") == _REFUSAL)


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    if refused(exchanges.get(openai_list.PATH)):
        return next_get(exchanges, _VERSION)
    return next_get(exchanges, openai_list.PATH, _VERSION, _PROPS)


def _read(exchanges: Exchanges) -> Reading:
    alone = len(openai_list.entries(exchanges)) == 1  # of several it is not told which one is loaded
    props = answer(exchanges.get(_PROPS)) if alone else {}
    flags = answer(exchanges.get(_VERSION)) if alone else {}

    def make(name: str, _entry: Mapping[str, Any]) -> Model:
        return _model(name, props, flags)

    reading = openai_list.reading(exchanges, make, version(exchanges, _VERSION))
    models = tuple(model for model in reading.models if model.name.removeprefix(_PREFIX) not in _NO_MODELS)
    if models == reading.models:
        return reading
    protected = any(model.name.removeprefix(_PREFIX) == _PROTECTED for model in reading.models)
    nothing = Outcome.LOCKED if protected else Outcome.EMPTY
    return msgspec.structs.replace(reading, outcome=Outcome.SERVED if models else nothing, models=models)


def _model(name: str, props: Mapping[str, Any], flags: Mapping[str, Any]) -> Model:
    tools, tools_source = read_tools(props)
    template = source(props.get("chat_template"))
    return openai_list.model(
        name,
        context_served=number(props.get("n_ctx"), 1)
        or number(mapping(props.get("default_generation_settings")).get("n_ctx"), 1),
        capabilities=_abilities(flags, tools),
        template_hash=sha256_hex(template) if template else None,
        tools=tools,
        tools_source=tools_source,
        tools_level=tools_source and "server",
    )


def _abilities(flags: Mapping[str, Any], tools: Tools) -> tuple[str, ...] | None:
    if "vision" not in flags:
        return None
    said = {
        "completion": flags.get("llm") is not False,
        "vision": flags["vision"] is True,
        "audio": flags.get("audio") is True,
        "tools": tools is Tools.YES,
    }
    return capabilities(word for word, holds in said.items() if holds)


KIND = Kind(
    name="KoboldCpp",
    ports=(5001,),
    asks=tuple(("GET", path) for path in (openai_list.PATH, *emulators.ASKED, _VERSION, _PROPS)),
    tells="the model with its context, capabilities, tools by its chat template; version; whether it is locked",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
