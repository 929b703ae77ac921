"""llama.cpp's llama-server: one loaded model with exact facts, and a chat template that tells about tools.

A llamafile whose server is an older llama.cpp's answers in the same words and is taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchange, Exchanges, Question
from census.facts import Model, Reading, Tools
from census.kinds import emulators, openai_list
from census.kinds.abilities import in_template
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.reading import answer, listing, mapping, model_name, number, sha256_hex, source, text, words
from census.kinds.signs import error, refused, server, version

_PROPS: Final = "/props"
_LISTS: Final = (openai_list.PATH, emulators.TAGS)
_REFUSAL: Final = {"message": "Invalid API Key", "type": "authentication_error", "code": 401}
_SIZES: Final = {"small": "S", "medium": "M", "large": "L"}
# As the server names file types: "Q4_K - Medium", "all F32", "IQ3_XS - 3.3 bpw", "MXFP4 MoE", "(guessed) Q8_0".
_FTYPE: Final = re.compile(r"(?:\(guessed\) )?(?:all |mostly )?([A-Z][A-Z0-9_]*)(?: - (Small|Medium|Large))?")


def _recognise(exchanges: Exchanges) -> str | None:
    listed = openai_list.found(exchanges)
    if emulators.imitator(exchanges) == emulators.LLAMA_CPP:
        return "llama.cpp's entries at /api/tags"
    if listed is None:
        return "llama.cpp's 401" if any(_is_refusal(exchanges.get(path)) for path in _LISTS) else None
    if server(exchanges.get(openai_list.PATH)) == "llama.cpp" and not listed.misread:
        return "Server: llama.cpp"
    owned = openai_list.every(exchanges, lambda entry: entry.get("owned_by") == "llamacpp")
    return "every model is owned by llamacpp" if owned else None


def _is_refusal(exchange: Exchange | None) -> bool:
    """By header or, where a proxy put its own, by the words; with a key the server answers so to any path."""
    return refused(exchange) and (server(exchange) == "llama.cpp" or error(exchange) == _REFUSAL)


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    if any(refused(exchanges.get(path)) for path in _LISTS):  # with a key, every path worth asking is guarded
        return next_get(exchanges, CANARY_PATH)
    return next_get(exchanges, openai_list.PATH, _PROPS, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    props = _own_props(exchanges)
    shown = listing(exchanges.get(openai_list.PATH), "models")
    capabilities = {
        name: words(entry.get("capabilities"))
        for entry in (shown.entries if shown is not None else ())
        if (name := model_name(entry.get("name"))) is not None
    }

    def make(name: str, entry: Mapping[str, Any]) -> Model:
        return _model(name, entry, props, capabilities.get(name))

    return openai_list.reading(exchanges, make, version(exchanges, _PROPS, "build_info"))


def _own_props(exchanges: Exchanges) -> dict[str, Any]:
    """What /props tells, but only where it is about the one model of the list: a router's is about none."""
    props = answer(exchanges.get(_PROPS))
    alone = len(openai_list.entries(exchanges)) == 1 and props.get("role") != "router"
    return props if alone else {}


def _model(
    name: str, entry: Mapping[str, Any], props: Mapping[str, Any], capabilities: tuple[str, ...] | None
) -> Model:
    meta = mapping(entry.get("meta"))
    template = source(props.get("chat_template"))
    tools, tools_source = read_tools(props)
    return openai_list.model(
        name,
        size=number(meta.get("size"), 1),
        parameters=number(meta.get("n_params"), 1),
        quantization=_quantization(meta.get("ftype")) or _quantization(props.get("model_ftype")),
        context_length=number(meta.get("n_ctx_train"), 1),
        context_served=number(meta.get("n_ctx"), 1)
        or number(mapping(props.get("default_generation_settings")).get("n_ctx"), 1),
        capabilities=_able(capabilities, tools),
        tools=tools,
        tools_source=tools_source,
        tools_level=tools_source and "server",
        template_hash=sha256_hex(template) if template else None,
    )


def _able(listed: tuple[str, ...] | None, tools: Tools) -> tuple[str, ...] | None:
    """What the list says, which never has tools: with them where they are known, nothing where they are not."""
    if listed is None or tools is Tools.UNKNOWN:
        return None
    return tuple(sorted({*listed, "tools"})) if tools is Tools.YES else listed


def read_tools(props: Mapping[str, Any]) -> tuple[Tools, str | None]:
    """Whether a chat template has tools, and by what: its abilities as the server worked them out, else its text.

    The list's `capabilities` are the same for every model and tell nothing about tools.
    """
    caps = mapping(props.get("chat_template_caps"))
    flags = [caps.get(key) for key in ("supports_tools", "supports_tool_calls")]
    if any(flag is True for flag in flags):
        return Tools.YES, "props_caps"
    if any(flag is False for flag in flags):
        return Tools.NO, "props_caps"
    if source(props.get("chat_template_tool_use")):
        return Tools.YES, "props_template"
    template = source(props.get("chat_template"))
    if template is None:
        return Tools.UNKNOWN, None
    return (Tools.YES if in_template(template) else Tools.NO), "props_template"


def _quantization(ftype: Any) -> str | None:
    """The file type in the spelling that model names and Ollama use: "Q4_K - Medium" is Q4_K_M."""
    found = _FTYPE.match(text(ftype, 64) or "")
    if found is None:
        return None
    size = _SIZES.get((found[2] or "").lower())
    return found[1] if size is None or (found[1], size) == ("Q2_K", "M") else f"{found[1]}_{size}"


KIND = Kind(
    name="llama.cpp",
    ports=(8080,),
    asks=(("GET", openai_list.PATH), ("GET", _PROPS), ("GET", CANARY_PATH)),
    tells="the model with size, quantization, contexts, tools by its chat template; build; whether it is locked",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
