"""What Ollama's show tells of a model, cleaned, and how it is remembered: it is the same wherever the digest is."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, TypeGuard

from census.facts import Saying, Tools
from census.kinds import ollama_template
from census.kinds.ollama_epochs import SHOW_TELLS, Epoch, Release
from census.kinds.reading import SHORT_LIMIT, mapping, number, sha256_hex, source, text, words

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_TOLD: Final = ("format", "family", "parameter_size", "quantization_level")
# What releases name among the capabilities, and since when.
_WORDS: Final[dict[str, Release]] = {"thinking": (0, 9, 0), "image": (0, 14, 0), "audio": (0, 20, 0)}
_LONGEST: Final = 1024  # characters of a saying; real ones have some 350
_PARSED: Final = 4096  # sayings kept parsed: most hosts have the same models


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is kept of an answer of show; None is "it does not tell".

    `parameters` is a count and `parameter_size` the word for it; `context_length` is tokens; `tools` and
    `tools_source` are by the rules of the server's version; of the template there is the SHA-256 in hex.
    """

    format: str | None = None
    family: str | None = None
    parameter_size: str | None = None
    quantization: str | None = None
    architecture: str | None = None
    parameters: int | None = None
    context_length: int | None = None
    capabilities: tuple[str, ...] | None = None
    tools: Tools = Tools.UNKNOWN
    tools_source: str | None = None
    template_hash: str | None = None


NOTHING: Final = Shown()
_FIELDS: Final = tuple(field.name for field in fields(Shown))  # asdict would copy each value


def read_show(show: Mapping[str, Any], epoch: Epoch | None) -> Shown:
    """What an answer of show says, an empty one nothing."""
    details, info = told_in(mapping(show.get("details"))), mapping(show.get("model_info"))
    architecture = text(info.get("general.architecture"), SHORT_LIMIT)
    template = source(show.get("template"))
    capabilities = words(show.get("capabilities"))
    tools, tools_source = _tools(show, capabilities, epoch)
    return Shown(
        format=details.get("format"),
        family=details.get("family"),
        parameter_size=details.get("parameter_size"),
        quantization=details.get("quantization_level"),
        architecture=architecture,
        parameters=number(info.get("general.parameter_count"), 1),
        context_length=number(info.get(f"{architecture}.context_length"), 1),
        capabilities=capabilities,
        tools=tools,
        tools_source=tools_source,
        template_hash=sha256_hex(template) if template else None,
    )


def told_in(details: Mapping[str, Any]) -> dict[str, str]:
    """The details that are strings and say something; a quantization that the server does not know it calls so."""
    cleaned = ((key, text(details.get(key), SHORT_LIMIT)) for key in _TOLD)
    return {key: value for key, value in cleaned if value is not None and value.lower() != "unknown"}


def has_parser(show: Mapping[str, Any]) -> bool:
    """Whether the model is read by a parser that is built into the server: what it can do goes by the release then."""
    return bool(source(show.get("parser")))


def saying(digest: Any, rules: str | None, shown: Shown) -> Saying | None:
    """What others need not be asked again; None where they might answer otherwise, or where it is too long."""
    if rules is None or not is_digest(digest):
        return None
    said = json.dumps({name: getattr(shown, name) for name in _FIELDS}, separators=(",", ":"))
    return Saying(digest, rules, said) if len(said) <= _LONGEST else None


def is_digest(digest: Any) -> TypeGuard[str]:
    """Whether it is one of a manifest: 64 hex digits."""
    return isinstance(digest, str) and _DIGEST.fullmatch(digest) is not None


@functools.lru_cache(_PARSED)
def recalled(said: str) -> Shown:
    """What a saying says."""
    told = json.loads(said)
    able = told["capabilities"]
    return Shown(**{**told, "capabilities": able if able is None else tuple(able), "tools": Tools(told["tools"])})


def as_told_by(release: Release | None, told: Shown) -> Shown:
    """What a release says of a model of which a newer one has told: without the words that came later."""
    if release is None or told.capabilities is None:
        return told
    if release < SHOW_TELLS:
        return replace(told, capabilities=None, tools_source="template")
    later = {word for word, since in _WORDS.items() if release < since}
    return replace(told, capabilities=tuple(word for word in told.capabilities if word not in later))


def _tools(
    show: Mapping[str, Any], capabilities: tuple[str, ...] | None, epoch: Epoch | None
) -> tuple[Tools, str | None]:
    if capabilities is not None:
        return (Tools.YES if "tools" in capabilities else Tools.NO), "show"
    by_template = _by_template(show, epoch)
    return by_template, None if by_template is Tools.UNKNOWN else "template"


def _by_template(show: Mapping[str, Any], epoch: Epoch | None) -> Tools:
    template = source(show.get("template"))
    if show and epoch is Epoch.NO_TOOLS:
        return Tools.NO  # the template may have them, this server does not pass them on
    if template is None:
        return Tools.UNKNOWN
    used = ollama_template.tools(template)
    # A built-in parser brings tools with it, whatever the template.
    return Tools.UNKNOWN if used is Tools.NO and has_parser(show) else used
