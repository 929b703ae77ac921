"""What an Ollama never does: the signs that something only pretends to be one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from census.exchanges import CANARY_PATH, SHOW_PATH, Exchange, Exchanges
from census.facts import Signal
from census.kinds import alike
from census.kinds.ollama_decoys import MARKS, Mark, known, known_by_marks
from census.kinds.ollama_epochs import ENGINES, LIST_TELLS, SHOW_TELLS, Release, release_of
from census.kinds.ollama_models import Entries, is_remote, loaded
from census.kinds.ollama_shows import is_digest
from census.kinds.reading import answer, mapping, number, sha256_hex, text
from census.kinds.signs import by_python, catch_all, claimed, server

_TAGS: Final = "/api/tags"
_PS: Final = "/api/ps"
_OK: Final = 200
_NOT_FOUND: Final = 404
_WRONG_METHOD: Final = 405
_MODEL_TOLD: Final[Release] = (0, 2, 0)  # `model` beside `name` came with 0.1.21; some releases of slack
_METHOD_TOLD: Final[Release] = (0, 7, 0)  # the first to answer a wrong method with 405
_METHOD_UNTOLD: Final[Release] = (0, 6, 9)  # below it was 404; candidates of this one had either
_VERSION_SINCE: Final[Release] = (0, 1, 13)  # /api/version came with 0.1.14, and /api/ps with 0.1.38;
_PS_SINCE: Final[Release] = (0, 1, 36)  # some releases of slack
_SURE: Final = 2  # local models that must all lack a field: one alone may have a broken file
_USUALLY_LOADED: Final = 3  # models that an Ollama keeps loaded unless it is told otherwise or has several cards
_MUCH_MEMORY: Final = 200_000_000_000  # bytes: more than the cards of nearly any machine that is found in the open

_NO_DIGEST: Final = "0" * 64
# KoboldCpp gives this one to every model. It is that of qwen:0.5b, which real servers have too.
_KOBOLD_DIGEST: Final = "b5dc5e784f2a3ee1582373093acf69a2f4e2ac1710b253a001712b86a61f88bb"
_KOBOLD_FAMILY: Final = "qwen2"
# The versions that KoboldCpp, LocalAI, Lemonade and Docker's runner claim for ever; there were real ones too.
_EMULATED: Final = frozenset({"0.7.0", "0.9.0", "0.16.1", "0.1.0"})


class _Told(msgspec.Struct, frozen=True):
    """All that was told; `release` is what the version claims, None if it claims none that can be held to.

    `some` are the marks that any entry of the list has.
    """

    exchanges: Exchanges
    entries: Entries
    some: frozenset[Mark]
    shows: list[dict[str, Any]]
    version: str | None
    release: Release | None


def signals(exchanges: Exchanges, entries: Entries, shows: list[dict[str, Any]]) -> frozenset[Signal]:
    """All signs that fire for these entries of the list and these answers of show."""
    some, _ = alike.marks(entries.values(), _marks_of)
    version = claimed(exchanges)
    told = _Told(exchanges, entries, some, shows, version, release_of(version))
    rules = (*_RULES, *(_ABOUT_MODELS if exchanges.about_models else ()), *(_LOADED if loaded(exchanges) else ()))
    fired = {sign for sign, rule in rules if rule(told)}
    return _by_marks(some, version, bool(entries)) | catch_all(exchanges) | fired | known(exchanges, entries)


def made_up(exchanges: Exchanges) -> str:
    """A name that no server has a model of: another one for each list, so that no decoy can be written for it."""
    tags = exchanges.get(_TAGS)
    return sha256_hex(tags.text if tags is not None else "")[:16]


# --- what is looked for in an entry


def _marks_of(entry: Mapping[str, Any]) -> frozenset[Mark]:
    return frozenset(mark for mark in _MARKS if mark(entry))


def _has_other_digest(entry: Mapping[str, Any]) -> bool:
    return "digest" in entry and not is_digest(entry["digest"])


def _has_static_digest(entry: Mapping[str, Any]) -> bool:
    digest = str(entry.get("digest")).removeprefix("sha256:")
    borrowed = digest == _KOBOLD_DIGEST and mapping(entry.get("details")).get("family") != _KOBOLD_FAMILY
    return borrowed or digest == _NO_DIGEST


def _has_size(entry: Mapping[str, Any]) -> bool:
    return bool(number(entry.get("size")))


def _has_capabilities(entry: Mapping[str, Any]) -> bool:
    return "capabilities" in entry


def _has_model(entry: Mapping[str, Any]) -> bool:
    return "model" in entry


def _needs_engine(entry: Mapping[str, Any]) -> bool:
    return _family(entry) in ENGINES


_MARKS: Final = (
    _has_other_digest, _has_static_digest, _has_size, _has_capabilities, _has_model, _needs_engine, *MARKS,
)  # fmt: skip


@functools.lru_cache(maxsize=1024)
def _by_marks(some: frozenset[Mark], version: str | None, listed: bool) -> frozenset[Signal]:
    """What fires by the marks of the entries, if any are `listed`, and by the version: many hosts share these."""
    release = release_of(version)
    emulated = _has_static_digest in some or _has_size not in some
    new = release is not None and release < LIST_TELLS
    has_model_name = release is not None and release >= _MODEL_TOLD
    rules = (
        (Signal.DIGEST, _has_other_digest in some),
        (Signal.DIGEST_STATIC, _has_static_digest in some),
        (Signal.EMULATED, listed and version in _EMULATED and emulated),
        (Signal.FIELD_TOO_NEW, new and _has_capabilities in some),
        (Signal.FIELD_MISSING, listed and has_model_name and _has_model not in some),
    )
    return known_by_marks(some) | {sign for sign, fires in rules if fires}


# --- digests


def _sized(entry: Mapping[str, Any]) -> tuple[str, int] | None:
    """A digest with the size that is told for it."""
    size = number(entry.get("size"))
    return (entry["digest"], size) if size is not None and is_digest(entry.get("digest")) else None


def _shares_digest(told: _Told) -> bool:
    """Two names of one digest are one model; then they agree in what its manifest says."""
    if len(told.entries) == 1:
        return False
    sized = set(alike.of_each(told.entries.values(), _sized)) - {None}
    return len({found[0] for found in sized if found is not None}) < len(sized)


# --- what the claimed version has


def _shows_new_field(told: _Told) -> bool:
    return told.release is not None and told.release < SHOW_TELLS and any("capabilities" in it for it in told.shows)


def _lacks_field(told: _Told) -> bool:
    """Only what no real server of that release leaves out, even with a broken model file among its own."""
    if told.release is None or _has_capabilities in told.some:
        return False
    local = [entry for name, entry in told.entries.items() if not is_remote(name, entry)]
    # Not 0.30.0 itself, whose release candidates may have been made before the field.
    return told.release > LIST_TELLS and len(local) >= _SURE and all(map(_is_gguf, local))


def _is_gguf(entry: Mapping[str, Any]) -> bool:
    return mapping(entry.get("details")).get("format") == "gguf"


def _shows_no_capabilities(told: _Told) -> bool:
    return _tells_in_show(told) and any(map(_lacks_capabilities, told.shows))


def _tells_in_show(told: _Told) -> bool:
    """Not the candidates of the first release that does, which may have been made before the field."""
    candidate = "rc" in (told.version or "")
    return told.release is not None and (told.release > SHOW_TELLS or (told.release == SHOW_TELLS and not candidate))


def _lacks_capabilities(show: Mapping[str, Any]) -> bool:
    """Of a model that the server could read it always says at least completion or embedding.

    Only what runs elsewhere, or is stored in another format than GGUF, may have none.
    """
    parts = (("model_info", dict), ("details", dict), ("template", str))
    about_model = any(isinstance(show.get(key), kind) for key, kind in parts)
    other = text(mapping(show.get("details")).get("format")) not in (None, "gguf")
    return about_model and "capabilities" not in show and not (other or is_remote("", show))


def _runs_newer_engine(told: _Told) -> bool:
    release = told.release
    if release is None or _needs_engine not in told.some:
        return False
    return any(release < ENGINES.get(_family(entry), release) for entry in told.entries.values())


def _family(entry: Mapping[str, Any]) -> str:
    return str(mapping(entry.get("details")).get("family"))


def _answers_other_method(told: _Told) -> bool:
    """A GET of what takes a POST: not found before a certain release, a wrong method since."""
    asked = told.exchanges.get(SHOW_PATH)
    if asked is None or told.release is None or _is_proxied(asked):
        return False
    if told.release >= _METHOD_TOLD:
        return asked.status in (_OK, _NOT_FOUND)
    return told.release < _METHOD_UNTOLD and asked.status in (_OK, _WRONG_METHOD)


def _has_new_path(told: _Told) -> bool:
    """Only of what was asked anyway. A path that is missing tells nothing: a gateway may pass on a few and no more."""
    if told.release is None:
        return False
    if told.release >= _PS_SINCE:
        return False
    return told.release < _VERSION_SINCE or "models" in answer(told.exchanges.get(_PS))


# --- how it answers


def _has_python_server(told: _Told) -> bool:
    return any(map(by_python, [exchange for exchange in told.exchanges if "server" in exchange.headers]))


def _has_other_404(told: _Told) -> bool:
    """A 404 that is not gin's, unless a proxy that stands in front may have written it."""
    canary = told.exchanges.get(CANARY_PATH)
    if canary is None or canary.status != _NOT_FOUND or _is_proxied(canary):
        return False
    return canary.body != b"404 page not found" or canary.headers.get("content-type") != "text/plain"


def _is_proxied(exchange: Exchange) -> bool:
    """By its headers; and a proxy in Go with rules for /api only writes the 404 of Go's library, and no header."""
    by_go = exchange.body == b"404 page not found\n" and exchange.headers.get("x-content-type-options") == "nosniff"
    return by_go or "via" in exchange.headers or (bool(server(exchange)) and not by_python(exchange))


def _shows_any(told: _Told) -> bool:
    asked = told.exchanges.shown(made_up(told.exchanges))
    return asked is not None and asked.status == _OK


# --- what is loaded


def _has_all_loaded(told: _Told) -> bool:
    return len(told.entries) > _USUALLY_LOADED and told.entries.keys() <= loaded(told.exchanges).keys()


def _has_much_memory(told: _Told) -> bool:
    return sum(number(entry.get("size_vram")) or 0 for entry in loaded(told.exchanges).values()) >= _MUCH_MEMORY


_Rules: TypeAlias = "tuple[tuple[Signal, Callable[[_Told], bool]], ...]"

_RULES: Final[_Rules] = (
    (Signal.DIGEST_SHARED, _shares_digest),
    (Signal.FIELD_MISSING, _lacks_field),
    (Signal.ENGINE_TOO_NEW, _runs_newer_engine),
    (Signal.METHOD, _answers_other_method),
    (Signal.PATH, _has_new_path),
    (Signal.SERVER_HEADER, _has_python_server),
    (Signal.NOT_FOUND_SHAPE, _has_other_404),
)
_ABOUT_MODELS: Final[_Rules] = (  # only where show was asked about any
    (Signal.FIELD_TOO_NEW, _shows_new_field),
    (Signal.FIELD_MISSING, _shows_no_capabilities),
    (Signal.SHOW_ANY, _shows_any),
)
_LOADED: Final[_Rules] = (  # only where it is told that any is
    (Signal.ALL_LOADED, _has_all_loaded),
    (Signal.MEMORY, _has_much_memory),
)
