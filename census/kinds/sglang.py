"""SGLang: its list says so, or the digest with which it plays Ollama; its model information tells the tool parser.

With a key it refuses every path in words that others use too, and what stays open is no metadata: it is not named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Reading, Tools
from census.kinds import emulators, openai_list
from census.kinds.abilities import told
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.reading import answer, text

_INFO: Final = "/model_info"
_OLDER_INFO: Final = "/get_model_info"
_OK: Final = 200


def _recognise(exchanges: Exchanges) -> str | None:
    if openai_list.owned_by(exchanges, "sglang"):
        return "every model is owned by sglang"
    return "SGLang's digest at /api/tags" if emulators.imitator(exchanges) == emulators.SGLANG else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    info = exchanges.get(_INFO)
    if info is None or info.status == _OK:
        return next_get(exchanges, openai_list.PATH, _INFO, CANARY_PATH)
    return next_get(exchanges, openai_list.PATH, _OLDER_INFO, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    info = _info(answer(exchanges.get(_INFO)) or answer(exchanges.get(_OLDER_INFO)))
    return openai_list.reading(exchanges, lambda name, entry: openai_list.rooted(name, entry, **info))


def _info(said: Mapping[str, Any]) -> dict[str, Any]:
    """What the model information tells of the one model, and so of adapters on it."""
    tools = _tools(said)
    capabilities = tuple(sorted(_capabilities(said, tools)))
    return {
        "architecture": text(said.get("model_type"), 64),
        "capabilities": capabilities or None,
        **told(tools, "parser", "server"),
    }


def _tools(said: Mapping[str, Any]) -> Tools:
    """Without a parser a call comes back as plain text; older versions do not tell whether they have one."""
    parser = said.get("tool_call_parser", ...)
    if parser is None:
        return Tools.NO
    return Tools.YES if text(parser) is not None else Tools.UNKNOWN


def _capabilities(said: Mapping[str, Any], tools: Tools) -> Iterator[str]:
    if not isinstance(said.get("is_generation"), bool):
        return
    yield "completion" if said["is_generation"] else "embedding"
    flags = {
        "tools": tools is Tools.YES,
        "vision": said.get("has_image_understanding") is True,
        "audio": said.get("has_audio_understanding") is True,
        "thinking": text(said.get("reasoning_parser")) is not None,
    }
    yield from (word for word, has in flags.items() if has)


KIND = Kind(
    name="SGLang",
    ports=(30000,),
    asks=tuple(("GET", path) for path in (openai_list.PATH, emulators.TAGS, _INFO, _OLDER_INFO, CANARY_PATH)),
    tells="models, the context they are served with, architecture, capabilities, tools by its parser",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
