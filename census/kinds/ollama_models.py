"""One Ollama model, from its entry in the list and from what show tells of its digest, here or elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import Exchanges
from census.facts import Model, Tools
from census.kinds import alike
from census.kinds.ollama_shows import NOTHING, Shown, told_in
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
    text,
    words,
)
from census.lineage.names import parameters_of, parse_count, quantization_of

Entries = Mapping[str, Mapping[str, Any]]

_CLOUD: Final = "cloud"
NAMES: Final = ("name", "model")  # the keys of an entry under which its name stands
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
    for name, needed in zip(entries, alike.of_each(entries.values(), _needs_show), strict=True):
        if needed:
            wanted.setdefault(same(name, entries[name]), name)
    return list(wanted.values())


def own_name(entry: Mapping[str, Any]) -> str | None:
    """The name under which an entry is kept."""
    return first_name(entry, *NAMES)


def _needs_show(entry: Mapping[str, Any]) -> bool:
    """Where the list tells no capabilities, as below 0.30, or a chat model without tools, which it may have missed."""
    if is_remote(own_name(entry) or "", entry):
        return False
    listed = words(entry.get("capabilities"))
    return listed is None or ("completion" in listed and "tools" not in listed)


def same(name: str, entry: Mapping[str, Any]) -> str:
    """What names of the same model share: the digest of its manifest; a slash keeps names without one apart."""
    return alike.of(entry, listed_digest) or f"/{name}"


def listed_digest(entry: Mapping[str, Any]) -> str | None:
    """The digest that the list gives for an entry."""
    return digest(entry.get("digest"))


def answers(exchanges: Exchanges, entries: Entries) -> dict[str, dict[str, Any]]:
    """What show answered here, by what names of the same model share; nothing of those that were not asked."""
    found: dict[str, dict[str, Any]] = {}
    for name, entry in entries.items() if exchanges.about_models else ():
        told = answer(exchanges.shown(name))
        if told:
            found.setdefault(same(name, entry), told)
    return found


def loaded(exchanges: Exchanges) -> dict[str, dict[str, Any]]:
    """What /api/ps says of each model that is loaded now, by name."""
    return exchanges.once(_loaded, "/api/ps")


def _loaded(exchanges: Exchanges) -> dict[str, dict[str, Any]]:
    entries = records(answer(exchanges.get("/api/ps")).get("models"))
    if not entries:
        return {}
    names = ((model_name(entry.get("name")) or model_name(entry.get("model")), entry) for entry in entries)
    return {name: entry for name, entry in names if name is not None}


def imprint(entries: Entries) -> str | None:
    """A hash over the digests and the instants at which they were written: equal only for copies of one machine.

    None for fewer than three models in whole seconds. The layers of a container image keep no more of an instant, so
    that those who run an image with a model in it would all agree. Finer instants are enough with any model: they
    are not brought along by a container, though they are by a copy of a whole disk, whoever made it and what for.
    """
    instants = [text(entry.get("modified_at"), SHORT_LIMIT) for entry in entries.values()]
    written = zip(alike.of_each(entries.values(), listed_digest), instants, strict=True)
    told = sorted({(made, at) for made, at in written if made is not None and at is not None})
    copied = any(map(_FINE.search, [at for _, at in told])) or len({made for made, _ in told}) >= _ENOUGH
    return sha256_hex(repr(told)) if copied else None


def listed_model(entry: Mapping[str, Any]) -> Model:
    """The model of an entry with a name, by the list alone, which tells the same in all epochs."""
    name = own_name(entry)
    assert name is not None
    return read_model(name, entry, NOTHING)


def read_model(name: str, entry: Mapping[str, Any], shown: Shown) -> Model:
    """The model: what its server tells goes before what its name says, show's exact numbers before the list's.

    Nothing of it is of the moment, such as the context that it is loaded with now: it would be another model after
    each load.
    """
    details = told_in(mapping(entry.get("details")))
    listed = words(entry.get("capabilities"))
    tools, tools_source = read_tools(listed, shown)
    return Model(
        name,
        digest=digest(entry.get("digest")),
        size=number(entry.get("size")),
        format=details.get("format") or shown.format,
        architecture=details.get("family") or shown.family or shown.architecture,
        parameters=shown.parameters
        or parse_count(details.get("parameter_size") or shown.parameter_size)
        or parameters_of(name),
        quantization=details.get("quantization_level") or shown.quantization or quantization_of(name),
        context_length=shown.context_length or number(mapping(entry.get("details")).get("context_length"), 1),
        capabilities=shown.capabilities if shown.capabilities is not None else listed,
        tools=tools,
        tools_source=tools_source,
        tools_level=tools_source and "model",
        remote=is_remote(name, entry),
        template_hash=shown.template_hash,
    )


def read_tools(listed: tuple[str, ...] | None, shown: Shown) -> tuple[Tools, str | None]:
    """Whether the server advertises tools, and by what: `tags`, `show` or `template`; else unknown, None."""
    if listed is not None and "tools" in listed:
        return Tools.YES, "tags"
    if shown.tools is not Tools.UNKNOWN:
        return shown.tools, shown.tools_source
    return (Tools.NO, "tags") if listed is not None else (Tools.UNKNOWN, None)
