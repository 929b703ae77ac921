"""Who imitates Ollama: programs that answer /api/tags for Ollama's clients, each known by what only it says there.

The fixed digest that KoboldCpp lists is no sign: it is that of qwen:0.5b, which real Ollamas serve too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from census.exchanges import CANARY_PATH, Exchange, Exchanges
from census.kinds import alike
from census.kinds.reading import NAME_LIMIT, Listing, listing, mapping, named, sha256_hex
from census.kinds.signs import claimed, server

TAGS: Final = "/api/tags"
VERSION: Final = "/api/version"
ASKED: Final = (TAGS, VERSION)  # what whoever passes for an Ollama is asked before it is known better
LLAMA_CPP: Final = "llama.cpp"
SGLANG: Final = "SGLang"
KOBOLDCPP: Final = "KoboldCpp"
LEMONADE: Final = "Lemonade"
LOCALAI: Final = "LocalAI"
DOCKER: Final = "Docker Model Runner"
API_PROXY: Final = "ollama-api-proxy"
LMSTUDIO_PROXY: Final = "ollama-lmstudio-proxy"

_NOT_FOUND: Final = 404
_LOOKED_AT: Final = 8  # entries: a sign is in all of them, or in the first
_PREFIX: Final = "sha256:"  # which Ollama itself leaves out
_LATEST: Final = ":latest"
_NOTHING: Final = _PREFIX + "0" * 64
_HASH: Final = 64  # hex digits
_HEX: Final = re.compile(r"sha256:[0-9a-f]{64}")
_API_PROXY_SIZE: Final = 1_000_000_000
_LEMONADE_METHODS: Final = "GET, POST, PUT, DELETE, OPTIONS"

Entry = Mapping[str, Any]
Sign = Callable[[Entry], bool]  # what is looked for in a single entry


class _List(msgspec.Struct, frozen=True):
    """A list at /api/tags: its first entries, and the version claimed beside it and the canary, if they were asked.

    `some` and `every` are the signs that any of these entries has, and that each has.
    """

    answer: Exchange
    entries: tuple[dict[str, Any], ...]
    some: frozenset[Sign]
    every: frozenset[Sign]
    version: str | None
    canary: Exchange | None

    def empty(self, claimed: str) -> bool:
        return not self.entries and self.version == claimed


def listed(exchanges: Exchanges) -> Listing | None:
    """The list at /api/tags, whoever's it is; None if there is none."""
    return exchanges.once(_listed, TAGS)


def _listed(exchanges: Exchanges) -> Listing | None:
    return listing(exchanges.get(TAGS), "models")


def imitator(exchanges: Exchanges) -> str | None:
    """The name of the kind whose imitation of Ollama's list was answered; None if it is Ollama's or nobody's."""
    return None if exchanges.once(_is_plain, TAGS) else exchanges.once(_imitator, TAGS, VERSION, CANARY_PATH)


def _is_plain(exchanges: Exchanges) -> bool:
    """Whether nothing in the list and in its headers is any of these signs, so that nothing else can make it one."""
    some, _ = exchanges.once(_signs, TAGS)
    found = listed(exchanges)
    return found is not None and bool(found.entries) and not some and not server(exchanges.get(TAGS))


def _imitator(exchanges: Exchanges) -> str | None:
    tags, told = exchanges.get(TAGS), listed(exchanges)
    if tags is None or told is None or told.misread:
        return None
    entries = told.entries[:_LOOKED_AT]
    some, every = exchanges.once(_signs, TAGS)
    found = _List(tags, entries, some, every, claimed(exchanges), exchanges.get(CANARY_PATH))
    return next((name for name, fits in _RULES if fits(found)), None)


def _signs(exchanges: Exchanges) -> tuple[frozenset[Sign], frozenset[Sign]]:
    found = listed(exchanges)
    return alike.marks(found.entries[:_LOOKED_AT] if found is not None else (), _signs_of)


def _signs_of(entry: Entry) -> frozenset[Sign]:
    return frozenset(sign for sign in _SIGNS if sign(entry))


def may_load(exchanges: Exchanges) -> bool:
    """Whether it may be ollama-lmstudio-proxy, which has a model loaded when it is asked for details.

    Its canary alone tells it from an Ollama, and that was not answered.
    """
    canary = exchanges.get(CANARY_PATH)
    if (canary is not None and canary.status) or listed(exchanges) is None:
        return False
    _, every = exchanges.once(_signs, TAGS)
    return _has_bare_hash_of_name in every


def imitated_list(exchanges: Exchanges) -> Listing | None:
    """The imitated list, its entries with only an `id`: what else they say is made up; None if there is none."""
    found = listed(exchanges) if imitator(exchanges) is not None else None
    if found is None:
        return None
    names, cut = named(found.entries, "model", "name")
    return Listing(tuple({"id": name.removesuffix(_LATEST)} for name in names), more=cut or found.more)


def _own_names(entry: Entry) -> set[str]:
    """What a server may have called the model before it wrote it as Ollama does."""
    written = {value[:NAME_LIMIT] for value in (entry.get("name"), entry.get("model")) if isinstance(value, str)}
    return written | {name.removesuffix(_LATEST) for name in written}


def _is_hash_of_name(entry: Entry, prefix: str) -> bool:
    digest = entry.get("digest")
    if not isinstance(digest, str) or len(digest) != len(prefix) + _HASH:
        return False
    return any(digest == prefix + sha256_hex(name) for name in _own_names(entry))


# --- what is looked for in an entry


def _has_hash_of_name(entry: Entry) -> bool:
    return _is_hash_of_name(entry, _PREFIX)


def _has_bare_hash_of_name(entry: Entry) -> bool:
    return _is_hash_of_name(entry, "")


def _has_hash_and_no_size(entry: Entry) -> bool:
    return entry.get("size") == 0 and _has_hash_of_name(entry)


def _has_name_for_digest(entry: Entry) -> bool:
    """The digest of older ollama-api-proxys: the letters and digits of the name."""
    digest = entry.get("digest")
    if not isinstance(digest, str) or not digest.startswith(_PREFIX):
        return False
    return any(digest == _PREFIX + re.sub("[^a-zA-Z0-9]", "", name) for name in _own_names(entry))


def _has_blanks(entry: Entry) -> bool:
    return entry.get("digest") == "" and entry.get("size") == ""


def _is_of_sglang(entry: Entry) -> bool:
    by_digest = str(entry.get("digest")).startswith("sha256:sglang0")
    return by_digest and mapping(entry.get("details")).get("format") == "sglang"


def _is_of_koboldcpp(entry: Entry) -> bool:
    return mapping(entry.get("details")).get("family") == "koboldcpp"


def _has_digest_of_nothing(entry: Entry) -> bool:
    return entry.get("digest") == _NOTHING


def _has_digest_and_no_size(entry: Entry) -> bool:
    return entry.get("size") == 0 and _HEX.fullmatch(str(entry.get("digest"))) is not None


def _has_size_of_api_proxy(entry: Entry) -> bool:
    return entry.get("size") == _API_PROXY_SIZE


_SIGNS: Final = (
    _has_hash_of_name, _has_bare_hash_of_name, _has_hash_and_no_size, _has_name_for_digest, _has_blanks,
    _is_of_sglang, _is_of_koboldcpp, _has_digest_of_nothing, _has_digest_and_no_size, _has_size_of_api_proxy,
)  # fmt: skip


# --- whose list it is


def _llama_cpp(found: _List) -> bool:
    return server(found.answer) == "llama.cpp" or _has_blanks in found.every


def _sglang(found: _List) -> bool:
    return _is_of_sglang in found.every


def _koboldcpp(found: _List) -> bool:
    return server(found.answer).startswith("concedollamaforkoboldserver") or _is_of_koboldcpp in found.every


def _lemonade(found: _List) -> bool:
    by_header = found.answer.headers.get("access-control-allow-methods") == _LEMONADE_METHODS
    return _has_digest_of_nothing in found.every or (found.empty("0.16.1") and by_header)


def _localai(found: _List) -> bool:
    # Where Ollama lists nothing it says [].
    return _has_hash_and_no_size in found.some or (found.empty("0.9.0") and b"null" in found.answer.body)


def _docker(found: _List) -> bool:
    """It claims 0.1.0, which as an Ollama could not tell its version."""
    return found.empty("0.1.0") or (found.version == "0.1.0" and _has_digest_and_no_size in found.every)


def _api_proxy(found: _List) -> bool:
    by_header = "charset" in found.answer.headers  # as a header of its own, by mistake
    return (by_header or _has_size_of_api_proxy in found.some) and not found.some.isdisjoint(
        (_has_hash_of_name, _has_name_for_digest)
    )


def _lmstudio_proxy(found: _List) -> bool:
    """Its digests look right, and a decoy that is made with care has the like; but its 404 is not Ollama's."""
    canary = found.canary
    other = canary is not None and canary.status == _NOT_FOUND and canary.body.strip() != b"404 page not found"
    return other and _has_bare_hash_of_name in found.every


_RULES: Final[tuple[tuple[str, Callable[[_List], bool]], ...]] = (
    (LLAMA_CPP, _llama_cpp),
    (KOBOLDCPP, _koboldcpp),
    (SGLANG, _sglang),
    (LEMONADE, _lemonade),
    (LOCALAI, _localai),
    (DOCKER, _docker),
    (API_PROXY, _api_proxy),
    (LMSTUDIO_PROXY, _lmstudio_proxy),
)
