"""Lemonade: a rich list with labels that tell what a model can do; its own page answers any path that it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import Exchange, Exchanges, Question
from census.facts import Model, Reading, Tools
from census.kinds import emulators, openai_list
from census.kinds.abilities import capabilities, told, tools_among
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.reading import document, number, text, words
from census.kinds.signs import refused
from census.lineage.names import parameters_of, quantization_of

_REFUSAL: Final = {"error": "Invalid or missing API key"}
_SESSION: Final = "x-client-session-id"
_GIBIBYTE: Final = 2**30
_OTHER: Final = frozenset({"embedding", "rerank", "audio", "image"})  # what is no language model
_CUSTOM: Final = "custom"  # a model of the user's, for which nobody wrote labels


def _recognise(exchanges: Exchanges) -> str | None:
    if openai_list.every(exchanges, lambda entry: entry.get("owned_by") == "lemonade"):
        return "every model is owned by lemonade"
    if emulators.imitator(exchanges) == emulators.LEMONADE:
        return "Lemonade's entries at /api/tags"
    if any(_is_refusal(exchanges.get(path)) for path in (openai_list.PATH, emulators.TAGS)):
        return "Lemonade's 401"
    found = openai_list.found(exchanges)
    empty = found is not None and not found.misread and not found.entries
    return "Lemonade's headers" if empty and _names_session(exchanges.get(openai_list.PATH)) else None


def _is_refusal(exchange: Exchange | None) -> bool:
    """Its words and nothing else; a proxy may have taken away the headers that come with them."""
    return refused(exchange) and document(exchange) == _REFUSAL


def _names_session(exchange: Exchange | None) -> bool:
    return exchange is not None and _SESSION in exchange.headers.get("access-control-allow-headers", "").lower()


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    """Nothing but the list: it has no version to tell without its health, and a page for any other path."""
    locked = any(refused(exchanges.get(path)) for path in (openai_list.PATH, emulators.TAGS))
    return None if locked else next_get(exchanges, openai_list.PATH)


def _read(exchanges: Exchanges) -> Reading:
    return openai_list.reading(exchanges, _model)


def _model(name: str, entry: Mapping[str, Any]) -> Model:
    labels = words(entry.get("labels"))
    checkpoint = text(entry.get("checkpoint")) or ""
    return openai_list.model(
        name,
        size=_bytes(entry.get("size")),
        parameters=parameters_of(name) or parameters_of(checkpoint),
        quantization=quantization_of(name) or quantization_of(checkpoint),
        context_length=number(entry.get("max_context_window"), 1),
        context_served=number(entry.get("context_length"), 1),
        capabilities=_abilities(labels),
        remote=True if text(entry.get("cloud_provider")) else None,
        **told(_tools(labels), "labels", "model"),
    )


def _tools(labels: tuple[str, ...] | None) -> Tools:
    tools = tools_among(labels)
    return Tools.UNKNOWN if tools is Tools.NO and _CUSTOM in (labels or ()) else tools


def _abilities(labels: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Language models need no label of their own."""
    said = capabilities(labels)
    if said is None or not _OTHER.isdisjoint(said):
        return said
    return capabilities(("llm", *said))


def _bytes(gibibytes: Any) -> int | None:
    if isinstance(gibibytes, bool) or not isinstance(gibibytes, int | float):
        return None
    try:
        return number(round(gibibytes * _GIBIBYTE), 1)
    except (ValueError, OverflowError):  # infinite, or no number
        return None


KIND = Kind(
    name="Lemonade",
    ports=(13305, 8000),
    asks=tuple(("GET", path) for path in (openai_list.PATH, *emulators.ASKED)),
    tells="models with size, quantization, contexts, capabilities, tools by their labels; whether it is locked",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
