"""One Ollama model, from its entry in the list and, where it was asked, from what show tells of its digest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from census.facts import Exchanges, Model, Tools
from census.kinds import alike, ollama_template
from census.kinds.ollama_epochs import Epoch
from census.kinds.reading import (
    SHORT_LIMIT,
    answer,
    digest,
    first_name,
    mapping,
    model_name,
    number,
    records,
    sha256_hex,
    source,
    text,
    words,
)
from census.lineage.names import parameters_of, parse_count, quantization_of

Entries = Mapping[str, Mapping[str, Any]]

_CLOUD: Final = "cloud"
_NAMES: Final = ("name", "model")
_TOLD: Final = ("format", "family", "parameter_size", "quantization_level")
_ENOUGH: Final = 3  # models whose instants can only agree by copying, even if they are told in whole seconds
# Digits below a second, not all zero: no two machines write a file at the same such instant.
_FINE: Final = re.compile(r"T\d\d:\d\d:\d\d\.(?=0*[1-9])\d{3,9}(?!\d)")


def is_remote(name: str, entry: Mapping[str, Any]) -> bool:
    """Whether a model runs elsewhere: then show would make the target send a signed request to its maker's cloud."""
    if entry.get("remote_host") or entry.get("remote_model"):
        return True
    return _names_cloud(name) or (entry.get("model") != name and _names_cloud(model_name(entry.get("model")) or ""))


def _names_cloud(name: str) -> bool:
    """By the tag, `120b-cloud` or `cloud`; rather once too often than once too few."""
    lowered = name.strip().lower().partition("@")[0]
    return lowered.endswith((f":{_CLOUD}", f"-{_CLOUD}"))


def to_show(entries: Entries) -> list[str]:
    """The names that show is to be asked about, one for each digest: names with one digest are one model."""
    wanted: dict[str, str] = {}
    for name, entry in entries.items():
        if alike.of(entry, _needs_show):
            wanted.setdefault(_same(name, entry), name)
    return list(wanted.values())


def own_name(entry: Mapping[str, Any]) -> str | None:
    """The name under which an entry is kept."""
    return first_name(entry, *_NAMES)


def _needs_show(entry: Mapping[str, Any]) -> bool:
    """Where the list tells no capabilities, as below 0.30, or a chat model without tools, which it may have missed."""
    if is_remote(own_name(entry) or "", entry):
        return False
    listed = words(entry.get("capabilities"))
    return listed is None or ("completion" in listed and "tools" not in listed)


def _same(name: str, entry: Mapping[str, Any]) -> str:
    """What names of the same model share: the digest of its manifest; a slash keeps names without one apart."""
    return alike.of(entry, listed_digest) or f"/{name}"


def listed_digest(entry: Mapping[str, Any]) -> str | None:
    """The digest that the list gives for an entry."""
    return digest(entry.get("digest"))


def shown(exchanges: Exchanges, entries: Entries) -> dict[str, dict[str, Any]]:
    """What show told, by names: of each model that was asked, and of those with the same digest; no others."""
    answers = {name: told for name in entries if (told := answer(exchanges.shown(name)))}
    if not answers:
        return {}
    by_digest: dict[str, dict[str, Any]] = {}
    for name, told in answers.items():
        by_digest.setdefault(_same(name, entries[name]), told)
    found = ((name, by_digest.get(_same(name, entry))) for name, entry in entries.items())
    return {name: told for name, told in found if told is not None}


def loaded(exchanges: Exchanges) -> dict[str, dict[str, Any]]:
    """What /api/ps says of each model that is loaded now, by name."""
    entries = records(answer(exchanges.get("/api/ps")).get("models"))
    names = ((model_name(entry.get("name")) or model_name(entry.get("model")), entry) for entry in entries)
    return {name: entry for name, entry in names if name is not None}


def imprint(entries: Entries) -> str | None:
    """A hash over the digests and the instants at which they were written: equal only for copies of one machine.

    None for fewer than three models in whole seconds. The layers of a container image keep no more of an instant, so
    that those who run an image with a model in it would all agree. Finer instants are enough with any model: they
    are not brought along by a container, though they are by a copy of a whole disk, whoever made it and what for.
    """
    written = {
        (alike.of(entry, listed_digest), text(entry.get("modified_at"), SHORT_LIMIT)) for entry in entries.values()
    }
    told = sorted((made, at) for made, at in written if made is not None and at is not None)
    copied = len({made for made, _ in told}) >= _ENOUGH or any(_FINE.search(at) for _, at in told)
    return sha256_hex(repr(told)) if copied else None


def listed_model(entry: Mapping[str, Any]) -> Model:
    """The model of an entry with a name, by the list alone, which tells the same in all epochs."""
    name = own_name(entry)
    assert name is not None
    return read_model(name, entry, {}, None)


def read_model(name: str, entry: Mapping[str, Any], show: Mapping[str, Any], epoch: Epoch | None) -> Model:
    """The model: what its server tells goes before what its name says, show's exact numbers before the list's.

    Nothing of it is of the moment, such as the context that it is loaded with now: it would be another model after
    each load.
    """
    details = _told(mapping(entry.get("details")))
    if show:
        details = {**_told(mapping(show.get("details"))), **details}
    info = mapping(show.get("model_info"))
    architecture = text(info.get("general.architecture"), SHORT_LIMIT)
    template = source(show.get("template"))
    listed = words(entry.get("capabilities"))
    told = words(show.get("capabilities"))
    tools, tools_source = read_tools(listed, show, epoch)
    return Model(
        name,
        digest=digest(entry.get("digest")),
        size=number(entry.get("size")),
        format=details.get("format"),
        architecture=details.get("family") or architecture,
        parameters=number(info.get("general.parameter_count"), 1)
        or parse_count(details.get("parameter_size"))
        or parameters_of(name),
        quantization=details.get("quantization_level") or quantization_of(name),
        context_length=number(info.get(f"{architecture}.context_length"), 1)
        or number(mapping(entry.get("details")).get("context_length"), 1),
        capabilities=told if told is not None else listed,
        tools=tools,
        tools_source=tools_source,
        tools_level=tools_source and "model",
        remote=is_remote(name, entry),
        template_hash=sha256_hex(template) if template else None,
    )


def _told(details: Mapping[str, Any]) -> dict[str, str]:
    """The details that are strings and say something; a quantization that the server does not know it calls so."""
    cleaned = ((key, text(details.get(key), SHORT_LIMIT)) for key in _TOLD)
    return {key: value for key, value in cleaned if value is not None and value.lower() != "unknown"}


def read_tools(
    listed: tuple[str, ...] | None, show: Mapping[str, Any], epoch: Epoch | None
) -> tuple[Tools, str | None]:
    """Whether the server advertises tools, and by what: `tags`, `show` or `template`; else unknown, None."""
    if listed is not None and "tools" in listed:
        return Tools.YES, "tags"
    told = words(show.get("capabilities"))
    if told is not None:
        return (Tools.YES if "tools" in told else Tools.NO), "show"
    by_template = _by_template(show, epoch)
    if by_template is not Tools.UNKNOWN:
        return by_template, "template"
    return (Tools.NO, "tags") if listed is not None else (Tools.UNKNOWN, None)


def _by_template(show: Mapping[str, Any], epoch: Epoch | None) -> Tools:
    template = source(show.get("template"))
    if show and epoch is Epoch.NO_TOOLS:
        return Tools.NO  # the template may have them, this server does not pass them on
    if template is None:
        return Tools.UNKNOWN
    used = ollama_template.tools(template)
    # A built-in parser brings tools with it, whatever the template.
    return Tools.UNKNOWN if used is Tools.NO and source(show.get("parser")) else used
