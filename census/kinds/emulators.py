"""Who imitates Ollama: programs that answer /api/tags for Ollama's clients, each known by what only it says there.

The fixed digest that KoboldCpp lists is no sign: it is that of qwen:0.5b, which real Ollamas serve too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from census.facts import CANARY_PATH, Exchange, Exchanges
from census.kinds.reading import NAME_LIMIT, Listing, listing, mapping, named, sha256_hex
from census.kinds.signs import server, version

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
_HEX: Final = re.compile(r"sha256:[0-9a-f]{64}")
_API_PROXY_SIZE: Final = 1_000_000_000
_LEMONADE_METHODS: Final = "GET, POST, PUT, DELETE, OPTIONS"

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _List:
    """A list at /api/tags: its first entries, and the version claimed beside it and the canary, if they were asked."""

    answer: Exchange
    entries: tuple[dict[str, Any], ...]
    version: str | None
    canary: Exchange | None

    def any(self, rule: Callable[[Entry], bool]) -> bool:
        return any(map(rule, self.entries))

    def every(self, rule: Callable[[Entry], bool]) -> bool:
        return bool(self.entries) and all(map(rule, self.entries))

    def empty(self, claimed: str) -> bool:
        return not self.entries and self.version == claimed


def imitator(exchanges: Exchanges) -> str | None:
    """The name of the kind whose imitation of Ollama's list was answered; None if it is Ollama's or nobody's."""
    return exchanges.once(_imitator, TAGS, VERSION, CANARY_PATH)


def _imitator(exchanges: Exchanges) -> str | None:
    tags = exchanges.get(TAGS)
    listed = listing(tags, "models")
    if tags is None or listed is None or listed.misread:
        return None
    found = _List(tags, listed.entries[:_LOOKED_AT], version(exchanges, VERSION), exchanges.get(CANARY_PATH))
    return next((name for name, fits in _RULES if fits(found)), None)


def may_load(exchanges: Exchanges) -> bool:
    """Whether it may be ollama-lmstudio-proxy, which has a model loaded when it is asked for details.

    Its canary alone tells it from an Ollama, and that was not answered.
    """
    canary, listed = exchanges.get(CANARY_PATH), listing(exchanges.get(TAGS), "models")
    if listed is None or (canary is not None and canary.status):
        return False
    return bool(listed.entries) and all(map(_is_hashed, listed.entries[:_LOOKED_AT]))


def imitated_list(exchanges: Exchanges) -> Listing | None:
    """The imitated list, its entries with only an `id`: what else they say is made up; None if there is none."""
    listed = listing(exchanges.get(TAGS), "models") if imitator(exchanges) is not None else None
    if listed is None:
        return None
    names, cut = named(listed.entries, "model", "name")
    return Listing(tuple({"id": name.removesuffix(_LATEST)} for name in names), more=cut or listed.more)


def _own_names(entry: Entry) -> Iterator[str]:
    """What a server may have called the model before it wrote it as Ollama does."""
    for value in (entry.get("name"), entry.get("model")):
        if isinstance(value, str):
            yield from (value[:NAME_LIMIT], value[:NAME_LIMIT].removesuffix(_LATEST))


def _is_hash_of_name(entry: Entry, prefix: str) -> bool:
    return any(entry.get("digest") == prefix + sha256_hex(name) for name in _own_names(entry))


def _is_name(entry: Entry) -> bool:
    """The digest of older ollama-api-proxys: the letters and digits of the name."""
    return any(entry.get("digest") == _PREFIX + re.sub("[^a-zA-Z0-9]", "", name) for name in _own_names(entry))


def _llama_cpp(found: _List) -> bool:
    return server(found.answer) == "llama.cpp" or found.every(
        lambda entry: entry.get("digest") == "" and entry.get("size") == ""
    )


def _sglang(found: _List) -> bool:
    return found.every(
        lambda entry: (
            str(entry.get("digest")).startswith("sha256:sglang0")
            and mapping(entry.get("details")).get("format") == "sglang"
        )
    )


def _koboldcpp(found: _List) -> bool:
    by_header = server(found.answer).startswith("concedollamaforkoboldserver")
    return by_header or found.every(lambda entry: mapping(entry.get("details")).get("family") == "koboldcpp")


def _lemonade(found: _List) -> bool:
    by_header = found.answer.headers.get("access-control-allow-methods") == _LEMONADE_METHODS
    return found.every(lambda entry: entry.get("digest") == _NOTHING) or (found.empty("0.16.1") and by_header)


def _localai(found: _List) -> bool:
    return found.any(lambda entry: entry.get("size") == 0 and _is_hash_of_name(entry, _PREFIX)) or (
        found.empty("0.9.0") and b"null" in found.answer.body  # where Ollama lists nothing it says []
    )


def _docker(found: _List) -> bool:
    """It claims 0.1.0, which as an Ollama could not tell its version."""
    digests = found.every(lambda entry: entry.get("size") == 0 and _HEX.fullmatch(str(entry.get("digest"))) is not None)
    return found.empty("0.1.0") or (digests and found.version == "0.1.0")


def _api_proxy(found: _List) -> bool:
    by_header = "charset" in found.answer.headers  # as a header of its own, by mistake
    if not by_header and not found.any(lambda entry: entry.get("size") == _API_PROXY_SIZE):
        return False
    return found.any(lambda entry: _is_hash_of_name(entry, _PREFIX) or _is_name(entry))


def _lmstudio_proxy(found: _List) -> bool:
    """Its digests look right, and a decoy that is made with care has the like; but its 404 is not Ollama's."""
    canary = found.canary
    other = canary is not None and canary.status == _NOT_FOUND and canary.body.strip() != b"404 page not found"
    return other and found.every(_is_hashed)


def _is_hashed(entry: Entry) -> bool:
    return _is_hash_of_name(entry, "")


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
