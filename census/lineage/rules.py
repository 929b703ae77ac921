"""The rules of families.toml, read once and indexed by their first word so that a name is read in one pass."""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

ANCHOR: Final = "^"  # words that count only at the beginning of a name are written after it

# Letters and digits apart, so that "phi3" holds "phi" and "dolphin" does not. Accented letters belong to the word;
# other scripts separate, as in a name that is half Chinese.
_WORD: Final = re.compile(r"[a-z\u00df-\u024f]+|[0-9]+")
_NOT_ALPHANUMERIC: Final = re.compile(r"[^a-z0-9]+")
_CLASS_NAME: Final = re.compile(r"(?:forcausallm|forconditionalgeneration)$")  # as Hugging Face names architectures


@dataclass(frozen=True, slots=True)
class Family:
    """A family: `orgs` publish its originals; a closed one is never served by an open server, except under alias."""

    name: str
    developer: str
    origin: str
    orgs: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, as the head of families.toml explains it; `derived` is True, False or "named"."""

    id: str
    words: tuple[str, ...]
    family: str | None = None
    level: str = "maker"
    derived: bool | str = False
    base: str | None = None
    tags: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()

    def applies(self, tag: str, architecture: str) -> bool:
        """Whether the conditions hold, for the first part of a tag and a plain architecture ("" if there is none)."""
        return (not self.tags or tag in self.tags) and (not self.architectures or architecture in self.architectures)


@dataclass(frozen=True, slots=True)
class Kin:
    """What an architecture tells: a family, and whether only that family uses it; None for one that many use."""

    family: str | None
    sure: bool
    rule: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand one after another, and the rule they call."""

    words: tuple[str, ...]
    anchored: bool
    rule: Rule


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules and families; `phrases` are found by their first word, the longest first, then in the file's order."""

    families: Mapping[str, Family]
    rules: tuple[Rule, ...]
    phrases: Mapping[str, tuple[Phrase, ...]]
    architectures: Mapping[str, Kin]
    carriers: frozenset[str]
    neutral: frozenset[str]
    publishers: Mapping[str, Family]

    def publisher(self, org: str) -> Family | None:
        """The family that is the only one an organisation publishes, None if there is none or more than one."""
        return self.publishers.get(org)


def words_of(text: str) -> list[str]:
    """The words and numbers of a text in lower case."""
    return _WORD.findall(text.lower())


def plain(architecture: str) -> str:
    """An architecture without what its spellings differ in: `Qwen2ForCausalLM` is qwen2, `gpt-oss` is gptoss."""
    return _CLASS_NAME.sub("", _NOT_ALPHANUMERIC.sub("", architecture.lower()))


def records() -> dict[str, Any]:
    """families.toml as it stands."""
    return tomllib.loads(resources.files(__package__).joinpath("families.toml").read_text("utf-8"))


@functools.cache
def digest() -> str:
    """SHA-256 over the rules and the code that applies them, hex: another one may place models otherwise."""
    files = sorted(resources.files(__package__).iterdir(), key=lambda file: file.name)
    texts = [file.read_text("utf-8") for file in files if file.name.endswith((".toml", ".py"))]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


@functools.cache
def rulebook() -> Rulebook:
    """The rules, read from the package on the first call."""
    data = records()
    families = {name: Family(name, **_tuples(entry)) for name, entry in data["families"].items()}
    rules = tuple(_rule(entry, families) for entry in data["rule"])
    return Rulebook(
        families=MappingProxyType(families),
        rules=rules,
        phrases=MappingProxyType(_indexed(rules)),
        architectures=MappingProxyType(_kin(families, data["shared_architectures"], data["common_architectures"])),
        carriers=frozenset(data["carriers"]),
        neutral=frozenset(data["neutral"]),
        publishers=MappingProxyType(_publishers(families, frozenset(data["carriers"]))),
    )


def _tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def _rule(entry: Mapping[str, Any], families: Mapping[str, Family]) -> Rule:
    fields = {key: value for key, value in _tuples(entry).items() if key != "examples"}
    rule = Rule(**fields)
    if rule.family is not None and families[rule.family].closed:
        return Rule(**{**fields, "level": "closed"})
    return rule


def _indexed(rules: tuple[Rule, ...]) -> dict[str, tuple[Phrase, ...]]:
    index: dict[str, list[Phrase]] = {}
    for rule in rules:
        for text in rule.words:
            words = tuple(words_of(text))
            index.setdefault(words[0], []).append(Phrase(words, text.startswith(ANCHOR), rule))
    return {first: tuple(sorted(found, key=lambda phrase: -len(phrase.words))) for first, found in index.items()}


def _publishers(families: Mapping[str, Family], carriers: frozenset[str]) -> dict[str, Family]:
    """The organisations that publish one family and no more, and are no carriers."""
    times = Counter(org for family in families.values() for org in family.orgs)
    return {
        org: family for family in families.values() for org in family.orgs if times[org] == 1 and org not in carriers
    }


def _kin(families: Mapping[str, Family], shared: Mapping[str, str], common: list[str]) -> dict[str, Kin]:
    told = {plain(name): Kin(family.name, True, name) for family in families.values() for name in family.architectures}
    told |= {plain(name): Kin(family, False, name) for name, family in shared.items()}
    return told | {plain(name): Kin(None, False, name) for name in common}
