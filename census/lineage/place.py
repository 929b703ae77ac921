"""Places a model: whose it is, by its name, else by the architecture that its server reports."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Final, NamedTuple

from census.facts import Lineage
from census.lineage.names import parse
from census.lineage.rules import Kin, Rule, Rulebook, plain, rulebook, words_of

# Two names of 512 characters in each entry at most: some ten megabytes when every name is hostile.
_REMEMBERED: Final = 8_192
_REPORTED: Final = 512  # architectures, of which there are far fewer than models
_TAG: Final = "|"  # stands between the words of base and tag; no rule's words cross it
_SHORTEST: Final = 3  # letters of a word that may show that a model was reworked

_UNKNOWN: Final = Lineage()


@functools.lru_cache(maxsize=_REMEMBERED)
def place(name: str, architecture: str | None) -> Lineage:
    """The lineage of a model with this name and this architecture, if its server reports one.

    All fields are None when no rule of families.toml places it. Never raises, in time linear to the name.
    """
    clues = _look(name, architecture)
    rule = _deciding(clues)
    if rule is not None and rule.level != "tune":
        return _made(rule, clues)
    if rule is not None:
        return _tuned(rule, clues)
    return _published(clues) or _built(clues)


class _Clues(NamedTuple):  # a dataclass that is frozen takes a microsecond to make
    """What a name and an architecture show: the rules in the order of their words, and the words no rule knows."""

    book: Rulebook
    org: str
    rules: tuple[Rule, ...]
    strange: bool
    kin: Kin | None

    def at(self, level: str) -> Iterator[Rule]:
        """The rules of one level, in the order of their words."""
        return (rule for rule in self.rules if rule.level == level)


def _look(name: str, architecture: str | None) -> _Clues:
    book = rulebook()
    parsed = parse(name)
    built, kin = _reported(architecture or "")
    base = words_of(parsed.base)
    tag = (parsed.tag or "").lower()
    words = (*base, _TAG, *words_of(tag))
    rules, left = _read(book, words, tag.partition("-")[0], built)
    return _Clues(
        book=book,
        org=(parsed.org or "").lower(),
        rules=tuple(rules),
        strange=any(
            position < len(base) and len(words[position]) >= _SHORTEST and words[position] not in book.neutral
            for position in left
        ),
        kin=kin,
    )


def _read(book: Rulebook, words: tuple[str, ...], tag: str, built: str) -> tuple[list[Rule], list[int]]:
    """The rules that the words call, from left to right, and the positions of words that belong to none."""
    rules: list[Rule] = []
    left: list[int] = []
    position = 0
    while position < len(words):
        for phrase in book.phrases.get(words[position], ()):
            end = position + len(phrase.words)
            fits = words[position:end] == phrase.words and (position == 0 or not phrase.anchored)
            if fits and phrase.rule.applies(tag, built):
                if phrase.rule.level != "noise":
                    rules.append(phrase.rule)
                position = end
                break
        else:
            if not words[position].isdigit():
                left.append(position)
            position += 1
    return rules, left


@functools.lru_cache(maxsize=_REPORTED)
def _reported(architecture: str) -> tuple[str, Kin | None]:
    """An architecture plainly written, and what it tells: from the table, else from a maker's name in it."""
    book, built = rulebook(), plain(architecture)
    if not built or built in book.architectures:
        return built, book.architectures.get(built)
    rules, _ = _read(book, tuple(words_of(architecture)), "", built)  # as new ones will have
    maker = next((rule for rule in rules if rule.level == "maker"), None)
    return built, Kin(maker.family, True, maker.id) if maker else None


def _deciding(clues: _Clues) -> Rule | None:
    """The rule that decides: a maker's name that always counts, the first maker's, a fine-tune's, a closed maker's."""
    makers = next(clues.at("own"), None) or next(clues.at("maker"), None)
    first = makers or next((rule for rule in clues.at("tune") if rule.family), None)
    # Under a closed model's name a server that reports an architecture serves something else: it is an alias.
    return first if first is not None or clues.kin is not None else next(clues.at("closed"), None)


def _made(rule: Rule, clues: _Clues) -> Lineage:
    """A maker's model: an original, or derived by the maker itself, or reworked by others."""
    named = next((other.family for other in clues.at("maker") if other.family != rule.family), None)
    if rule.derived is True or (rule.derived and named):
        return _lineage(clues, rule.family, rule.id, base=named or rule.base or _other(clues.kin, rule.family))
    if _reworked(rule, clues):
        return _lineage(clues, rule.family, rule.id, base=rule.family)
    return _lineage(clues, rule.family, rule.id, derived=False)


def _tuned(rule: Rule, clues: _Clues) -> Lineage:
    """A community's fine-tune that names no maker: of the family its architecture shows, else of its usual base."""
    family = clues.kin.family if clues.kin and clues.kin.sure else rule.family
    return _lineage(clues, family, rule.id, base=family)


def _published(clues: _Clues) -> Lineage | None:
    """A name that tells nothing, from an organisation that publishes one family only."""
    family = clues.book.publisher(clues.org) if clues.org else None
    return _lineage(clues, family.name, f"org:{clues.org}", derived=False) if family else None


def _built(clues: _Clues) -> Lineage:
    """The architecture alone: it tells the family but not whether the weights are the maker's."""
    if clues.kin is None or clues.kin.family is None:
        return _UNKNOWN
    rule = f"architecture:{clues.kin.rule}"
    reworked = any(clues.at("tune"))
    return _lineage(
        clues, clues.kin.family, rule, base=clues.kin.family if reworked else None, derived=reworked or None
    )


def _reworked(rule: Rule, clues: _Clues) -> bool:
    """Whether others than the maker made it, by what its name says beside the maker's."""
    family = clues.book.families[rule.family or ""]
    if clues.org in family.orgs:
        return False
    if any(other.level == "tune" or other.family != rule.family for other in clues.rules):
        return True
    # Without an organisation a strange word is more often somebody's alias than somebody's weights.
    return clues.strange and clues.org != "" and clues.org not in clues.book.carriers


def _other(kin: Kin | None, family: str | None) -> str | None:
    return kin.family if kin and kin.family != family else None


def _lineage(
    clues: _Clues, family: str | None, rule: str, base: str | None = None, *, derived: bool | None = True
) -> Lineage:
    known = clues.book.families[family or ""]
    return Lineage(known.name, known.developer, known.origin, derived, base, rule)
