"""Careful reading: whatever a server sends becomes a clean, bounded value here, or None.

Answers are adversarial and a wrong type is the rule, so nothing in this module raises on any of them.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

import msgspec

from census.exchanges import Exchange, parse_json
from census.kinds import alike

NAME_LIMIT: Final = 512  # characters of a model's name
SHORT_LIMIT: Final = 64  # characters of a version, an architecture, a capability
DIGEST_LIMIT: Final = 128
WORDS_LIMIT: Final = 64  # capabilities of one model
MODELS_LIMIT: Final = 2000  # models of one endpoint
ENTRIES_LIMIT: Final = 2 * MODELS_LIMIT  # of any list; each is looked at by forty kinds, and one worker has one thread
BIGINT: Final = 2**63 - 1  # what the database can hold

_OK: Final = 200
_LONGEST: Final = 32 * 1024  # characters of a name or a text that are looked at; no system has longer paths

# Control characters (NUL and NEL among them), line and paragraph separators, direction marks, overrides and
# isolates, and halves of surrogate pairs: none can be stored or shown without doing harm.
_UNWANTED: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

# Possessive, so that no name however long is scanned more than once.
_PATH: Final = re.compile(r"\s*+(?:[/\\]|\.{1,2}[/\\]|~[^/\\]*+[/\\]|[A-Za-z]:[/\\]|file:[/\\])")
_HUB_CACHE: Final = re.compile(r"(?:^|[/\\])models--([^/\\]++)(?:[/\\]snapshots[/\\][^/\\]++)?[/\\]*+$")

_UNREADABLE: Final = object()
# Documents kept parsed, while one kind after another looks at them: of the short ones, those of all targets that are
# being asked. Large ones take up to thirty times the room of their bodies, so there are two of them at most: the lists
# of the two opening questions.
_SMALL: Final = 16 * 1024
_PARSED_SMALL: Final = 512
_PARSED: Final = 4
_LARGE: Final = 256 * 1024
_PARSED_LARGE: Final = 2


def text(value: Any, limit: int = NAME_LIMIT) -> str | None:
    """`value` without unwanted characters, at most `limit` characters; None if it is no string or nothing is left."""
    if not isinstance(value, str):
        return None
    # Nearly all that servers say is short and printable ASCII, where there is nothing to look for.
    plain = len(value) <= limit and value.isascii() and value.isprintable()
    cleaned = value if plain else _clean(value)[:limit]
    return None if not cleaned or cleaned.isspace() else cleaned


def _clean(value: str) -> str:
    cut = value[:_LONGEST]
    return cut if cut.isascii() and cut.isprintable() else _UNWANTED.sub("", cut)


def model_name(value: Any) -> str | None:
    """A model's name as it was sent, but clean; paths are reduced so that no folder or user name is kept.

    An absolute path, a home path or one from the working folder (`./`, `../`) becomes its last part, a Hugging Face
    cache folder becomes `org/name`; relative ids such as `org/name` or `tiny/tiny.gguf` stay. None if there is no
    usable name.
    """
    if not isinstance(value, str):
        return None
    cleaned = _clean(value)
    cached = _HUB_CACHE.search(cleaned.rstrip()) if "models--" in cleaned else None
    if cached:
        cleaned = "/".join(part for part in cached[1].split("--", 1) if part)
    if _PATH.match(cleaned):
        parts = [part for part in re.split(r"[/\\]", _PATH.sub("", cleaned, count=1)) if part.strip()]
        return text(parts[-1]) if parts else None
    return text(cleaned)


def number(value: Any, low: int = 0, high: int = BIGINT) -> int | None:
    """`value` as a whole number from `low` to `high`; 4096.0 is one, True and "4096" are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():  # infinity is not either
        return None
    whole = int(value)
    return whole if low <= whole <= high else None


def source(value: Any) -> str | None:
    """A chat template as it was sent, to be hashed and looked through but never kept; None if there is none."""
    return value if isinstance(value, str) and value.strip() else None


def records(value: Any, limit: int = MODELS_LIMIT) -> list[dict[str, Any]]:
    """The first `limit` objects of a list; whatever is no object is dropped, whatever is no list is empty."""
    if not isinstance(value, list):
        return []
    return list(islice((entry for entry in value[:ENTRIES_LIMIT] if isinstance(entry, dict)), limit))


def mapping(value: Any) -> dict[str, Any]:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def words(value: Any) -> tuple[str, ...] | None:
    """The distinct strings of a list in lower case, sorted; None if there are none to be read, unlike an empty list.

    None are there in what is no list, and in a list with something in it and no string.
    """
    if not isinstance(value, list):
        return None
    cleaned = (text(entry, SHORT_LIMIT) for entry in value[:ENTRIES_LIMIT])
    found = tuple(sorted({entry.strip().lower()[:SHORT_LIMIT] for entry in cleaned if entry})[:WORDS_LIMIT])
    return None if value and not found else found


def digest(value: Any) -> str | None:
    """A digest as it was sent, clean and bounded."""
    return text(value, DIGEST_LIMIT)


def sha256_hex(value: str) -> str:
    """The SHA-256 of a text in hex; any string has one."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def document(exchange: Exchange | None) -> Any:
    """The JSON of an exchange, whatever its status; None if it was not asked or cannot be read. Not to be changed."""
    parsed = _parsed(exchange)
    return None if parsed is _UNREADABLE else parsed


def answer(exchange: Exchange | None) -> dict[str, Any]:
    """The JSON object that answered with status 200, else an empty one."""
    return mapping(document(exchange)) if exchange is not None and exchange.status == _OK else {}


def _parsed(exchange: Exchange | None) -> Any:
    if exchange is None or exchange.truncated:
        return _UNREADABLE
    return _parsed_body(exchange.body)


def _parsed_body(body: bytes) -> Any:
    parse = _parse_small if len(body) <= _SMALL else _parse if len(body) <= _LARGE else _parse_large
    return parse(body)


def _read(body: bytes) -> Any:
    try:
        return alike.parse(body) or parse_json(body)
    except (ValueError, RecursionError):
        return _UNREADABLE


_parse_small: Final = functools.lru_cache(maxsize=_PARSED_SMALL)(_read)
_parse: Final = functools.lru_cache(maxsize=_PARSED)(_read)
_parse_large: Final = functools.lru_cache(maxsize=_PARSED_LARGE)(_read)


class Listing(msgspec.Struct, frozen=True):
    """A model list: its entries that are objects, or `misread` if it claims to be one and cannot be read.

    `more` says that it has further entries, which nobody looked at.
    """

    entries: tuple[dict[str, Any], ...] = ()
    misread: bool = False
    more: bool = False


def listing(exchange: Exchange | None, key: str) -> Listing | None:
    """The model list that an answer holds under `key` (`models` or `data`), None if it is no model list at all.

    Only status 200 counts; null is an empty list, as some servers write it.
    """
    if exchange is None or exchange.status != _OK:
        return None
    parsed = _parsed(exchange)
    if parsed is _UNREADABLE:
        return Listing(misread=True) if _claims(exchange) else None
    return _listed(exchange.body, key)


@functools.lru_cache(maxsize=_PARSED)
def _listed(body: bytes, key: str) -> Listing | None:
    parsed = _parsed_body(body)
    if not isinstance(parsed, dict) or key not in parsed:
        return None
    value = parsed[key]
    if value is None or value == []:
        # {"code": 0, "data": []} is what many web services answer to anything: an empty list needs its own frame.
        framed = parsed.get("object") == "list" or parsed.keys() == {"models"}
        return Listing() if framed else None
    framed = parsed.get("object") == "list" or parsed.keys() == {key}
    if not isinstance(value, list):
        return Listing(misread=True) if framed else None
    entries = tuple(entry for entry in value[:ENTRIES_LIMIT] if isinstance(entry, dict))
    return Listing(entries, more=len(value) > ENTRIES_LIMIT) if entries or framed else None


def _claims(exchange: Exchange) -> bool:
    """Whether a body that is not JSON, or was cut off by the cap, set out to be a model list."""
    there_is = exchange.truncated or bool(exchange.body.strip())  # nothing is left of a body that was damaged
    return begins_as_list(exchange) or (exchange.is_json and there_is)


def begins_as_list(exchange: Exchange) -> bool:
    """Whether a body begins as model lists do, however it goes on."""
    head = re.sub(rb"\s+", b"", exchange.body[:256].removeprefix(b"\xef\xbb\xbf"))
    return head.startswith((b'{"models":', b'{"object":"list"', b'{"data":['))


def named(entries: Iterable[Mapping[str, Any]], *keys: str) -> tuple[dict[str, Mapping[str, Any]], bool]:
    """The entries by their names, in order, and whether there were more than are kept.

    An entry without a name is dropped, of a repeated name the first is kept.
    """
    return by_names((first_name(entry, *keys), entry) for entry in entries)


def first_name(entry: Mapping[str, Any], *keys: str) -> str | None:
    """The first usable name under `keys`."""
    for key in keys:
        name = model_name(entry.get(key))
        if name is not None:
            return name
    return None


def by_names(entries: Iterable[tuple[str | None, Mapping[str, Any]]]) -> tuple[dict[str, Mapping[str, Any]], bool]:
    """As `named`, of entries whose names have been read."""
    kept: dict[str, Mapping[str, Any]] = {}
    for name, entry in entries:
        if name is None or name in kept:
            continue
        if len(kept) == MODELS_LIMIT:
            return kept, True
        kept[name] = entry
    return kept, False
