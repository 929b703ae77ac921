"""What a model can do, in the census's own words: the servers' many vocabularies, and where tools were read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from census.facts import Tools

# Every word that `tools_source` may have. The answer is what the server advertises, not what the model does.
SOURCES: Final[Mapping[str, str]] = {
    "tags": "Ollama's list",
    "show": "Ollama's show",
    "template": "an Ollama template",
    "props_caps": "what llama.cpp worked out of a chat template",
    "props_template": "the chat template that a server shows",
    "litellm": "LiteLLM's model info",
    "lmstudio": "LM Studio's own lists",
    "localai": "LocalAI's list of capabilities",
    "model_ability": "Xinference's list",
    "labels": "Lemonade's list",
    "parser": "whether the server was started with a parser of tool calls",
    "server_side": "the software itself, which does it for any model or for none",
    "supported_parameters": "what the list of a relay says of a model",
}
# Whose answer it is: the model's, the server's for any model, or a relay's about models of others.
LEVELS: Final = frozenset({"model", "server", "relay"})

_WORDS: Final[Mapping[str, str]] = {
    "chat": "completion",
    "completion": "completion",
    "generate": "completion",
    "llm": "completion",
    "tools": "tools",
    "tool-calling": "tools",
    "tool_use": "tools",
    "vision": "vision",
    "reasoning": "thinking",
    "thinking": "thinking",
    "embed": "embedding",
    "embedding": "embedding",
    "embeddings": "embedding",
    "rerank": "rerank",
    "reranking": "rerank",
    "audio": "audio",
    "audio-generation": "audio",
    "audio2text": "audio",
    "realtime-transcription": "audio",
    "sound_generation": "audio",
    "text2audio": "audio",
    "transcript": "audio",
    "transcription": "audio",
    "tts": "audio",
    "image": "image",
    "text2image": "image",
}


def capabilities(said: Iterable[str] | None) -> tuple[str, ...] | None:
    """The census's words for what a server said of a model, sorted; words that have none there are left out."""
    return None if said is None else tuple(sorted({_WORDS[word] for word in said if word in _WORDS}))


def tools_among(said: Iterable[str] | None) -> Tools:
    """Whether tools are among the words that a server lists for a model; unknown if it lists none at all."""
    known = capabilities(said)
    if known is None:
        return Tools.UNKNOWN
    return Tools.YES if "tools" in known else Tools.NO


def told(tools: Tools, source: str, level: str) -> dict[str, Any]:
    """A model's three fields about tools; an answer that is unknown has no source."""
    return {} if tools is Tools.UNKNOWN else {"tools": tools, "tools_source": source, "tools_level": level}


def in_template(template: str) -> bool:
    """Whether a chat template in Jinja has to do with tools: by its words, as older llama.cpp told it."""
    return "tools" in template or "tool_call" in template
