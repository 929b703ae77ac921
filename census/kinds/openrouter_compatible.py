"""Gateways whose list has the form that OpenRouter made common: modalities, contexts and parameters of each model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Model, Reading
from census.kinds import openai_list
from census.kinds.abilities import capabilities, told, tools_among
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.reading import mapping, number, words

_IN: Final = {"image": "vision", "audio": "audio"}
_OUT: Final = {"text": "completion", "image": "image", "audio": "audio", "embeddings": "embedding"}


def _recognise(exchanges: Exchanges) -> str | None:
    rich = openai_list.every(exchanges, _is_entry)
    return "supported parameters of every model" if rich else None


def _is_entry(entry: Mapping[str, Any]) -> bool:
    """Without a look at prices, which many leave out; llama-swap lists so too, under its own name."""
    described = isinstance(entry.get("architecture"), dict) or number(entry.get("context_length"), 1) is not None
    own = entry.get("owned_by") == "llama-swap"
    return described and isinstance(entry.get("supported_parameters"), list) and not own


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    return openai_list.reading(exchanges, _model, relay=True)


def _model(name: str, entry: Mapping[str, Any]) -> Model:
    parameters = words(entry.get("supported_parameters"))
    return openai_list.model(
        name,
        context_length=number(entry.get("context_length"), 1),
        capabilities=_abilities(mapping(entry.get("architecture")), parameters or ()),
        **told(tools_among(parameters), "supported_parameters", "relay"),
    )


def _abilities(architecture: Mapping[str, Any], parameters: tuple[str, ...]) -> tuple[str, ...] | None:
    given, made = (words(architecture.get(key)) for key in ("input_modalities", "output_modalities"))
    if given is None or made is None:
        return None
    kinds = [_IN[word] for word in given if word in _IN] + [_OUT[word] for word in made if word in _OUT]
    return capabilities((*kinds, *parameters))


KIND = Kind(
    name="OpenRouter-compatible",
    ports=(443,),
    asks=(("GET", openai_list.PATH), ("GET", CANARY_PATH)),
    tells="the models it passes on, their contexts, capabilities and tools",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
