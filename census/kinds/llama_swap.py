"""llama-swap: a relay before other servers that it starts and stops, with what its owner says of their models.

What is loaded stands in the list of newer versions; of older ones it is asked, where command lines are told too,
which nobody looks at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Model, Reading, Tools
from census.kinds import openai_list
from census.kinds.abilities import told
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.reading import answer, mapping, number, records, words
from census.kinds.signs import refused, version

_RUNNING: Final = "/running"
_VERSION: Final = "/api/version"
_REALM: Final = 'realm="llama-swap"'
_WORDS: Final = {
    "vision": "vision",
    "audio_transcriptions": "audio",
    "audio_speech": "audio",
    "image_generation": "image",
    "image_to_image": "image",
    "reranker": "rerank",
}


def _recognise(exchanges: Exchanges) -> str | None:
    if openai_list.owned_by(exchanges, "llama-swap"):
        return "every model is owned by llama-swap"
    first = exchanges.get(openai_list.PATH)
    locked = first is not None and refused(first) and _REALM in first.headers.get("www-authenticate", "")
    return "llama-swap's 401" if locked else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    if openai_list.found(exchanges) is None:
        return next_get(exchanges, CANARY_PATH)
    running = () if _states(exchanges) else (_RUNNING,)
    return next_get(exchanges, *running, _VERSION, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    reading = openai_list.reading(exchanges, _model, version(exchanges, _VERSION), relay=True)
    return msgspec.structs.replace(reading, running=_running(exchanges))


def _states(exchanges: Exchanges) -> list[Any]:
    """Whether each model is loaded, where the list tells; an alias is no model of its own."""
    own = (entry for entry in openai_list.entries(exchanges) if not _is_alias(entry))
    return [mapping(entry["status"]).get("value") for entry in own if "status" in entry]


def _is_alias(entry: Mapping[str, Any]) -> bool:
    return mapping(mapping(entry.get("meta")).get("llamaswap")).get("type") == "alias"


def _running(exchanges: Exchanges) -> int | None:
    states = _states(exchanges)
    if states:
        return states.count("loaded")
    loaded = answer(exchanges.get(_RUNNING)).get("running")
    return sum(each.get("state") == "ready" for each in records(loaded)) if isinstance(loaded, list) else None


def _model(name: str, entry: Mapping[str, Any]) -> Model:
    tools = _tools(entry)
    capabilities = {*_capabilities(entry), *(("tools",) if tools is Tools.YES else ())}
    return openai_list.model(
        name,
        context_served=number(entry.get("context_length"), 1),
        capabilities=tuple(sorted(capabilities)) or None,
        **told(tools, "supported_parameters", "relay"),
    )


def _tools(entry: Mapping[str, Any]) -> Tools:
    """Whichever of the two says yes; parameters that leave tools out say nothing."""
    able = mapping(entry.get("capabilities")).get("function_calling")
    if able is True or "tools" in (words(entry.get("supported_parameters")) or ()):
        return Tools.YES
    return Tools.NO if able is False else Tools.UNKNOWN


def _capabilities(entry: Mapping[str, Any]) -> Iterator[str]:
    given = mapping(entry.get("capabilities"))
    yield from (word for key, word in _WORDS.items() if given.get(key) is True)
    if "text" in (words(mapping(entry.get("architecture")).get("output_modalities")) or ()):
        yield "completion"


KIND = Kind(
    name="llama-swap",
    ports=(8080,),
    asks=tuple(("GET", path) for path in (openai_list.PATH, _RUNNING, _VERSION, CANARY_PATH)),
    tells="models; contexts, capabilities, tools as its owner says; what is loaded; version; whether it is locked",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
