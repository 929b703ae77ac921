"""What servers told of models whose answers are alike wherever they are, so that the next ones need not be asked.

An answer is known once hosts of two networks have given it: whoever holds one network cannot make it up for all. For
each network that says otherwise it takes two more, so a contradiction makes a model one that is asked again, until
most agree. Of hosts that list what is known some are asked all the same, or nobody would ever contradict: one in twenty
while few have agreed, so that liars who came first are found after some twenty hosts, and then one in a hundred.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from census.facts import Saying
from census.probe.draws import one_in
from census.probe.networks import network_of

# Models remembered, known ones and others apart; those not heard of for longest go first. What few hosts list is worth
# little: of what nobody tells again while thousands of others are told of, hardly anybody would be spared a question.
_KNOWN: Final = 50_000
_UNKNOWN: Final = 5_000
_ANSWERS: Final = 4  # different ones of one model that are remembered
_NETWORKS: Final = 64  # of one answer that are remembered
_FIRM: Final = 6  # networks that agree, from which on there are hardly only liars among them
_EVERY, _EVERY_NEW = 100, 20  # of so many that list what is known, one is asked; the other while it is not firm

# Models, networks and answers are kept as hashes of 8 bytes, which are salted, so that nobody can make two the same:
# texts take three times the room. The words are needed of what is known alone, and whoever makes it known has just
# said them.
Answers: TypeAlias = "dict[int, array[int]]"  # the networks that gave each answer
Kept: TypeAlias = "Answers | bytes"  # as bytes what most models have, a single answer


class Memory:
    """What was told so far, in bounded room: of so many models that are `known`, and of so many `unknown` ones."""

    def __init__(self, known: int = _KNOWN, unknown: int = _UNKNOWN) -> None:
        self._limits = known, unknown
        self._open: dict[int, Kept] = {}
        self._settled: dict[int, Kept] = {}
        self._known: dict[int, str] = {}

    def hear(self, address: str, told: Iterable[Saying]) -> None:
        """Take in what the host with this address told, unless it is suspect."""
        network = hash(network_of(address))
        for saying in told:
            key = hash((saying.digest, saying.rules))
            answers = _unpacked(self._settled.pop(key, None) or self._open.pop(key, None))
            said = hash(saying.said)
            if len(answers) < _ANSWERS or said in answers:
                networks = answers.setdefault(said, array("q"))
                if len(networks) < _NETWORKS and network not in networks:
                    networks.append(network)
            self._settle(key, answers, saying.said)

    def known(self, digest: str, rules: str) -> str | None:
        """What hosts agree on, as `Saying.said`."""
        return self._known.get(hash((digest, rules)))

    def every(self, digest: str, rules: str) -> int:
        """Of how many hosts that list what is known one should be asked itself."""
        key = hash((digest, rules))
        agreeing = _unpacked(self._settled[key])[hash(self._known[key])]
        return _EVERY if len(agreeing) >= _FIRM else _EVERY_NEW

    def _settle(self, key: int, answers: Answers, said: str) -> None:
        best = max(answers, key=lambda said: len(answers[said]))
        others = sum(map(len, answers.values())) - len(answers[best])
        known = self._known.pop(key, None)
        if len(answers[best]) >= needed(others):
            words = said if best == hash(said) else known
            assert words is not None  # nothing becomes known by what contradicts it
            self._settled[key] = _packed(answers)
            self._known[key] = sys.intern(words)
        else:
            self._open[key] = _packed(answers)
        most, most_unknown = self._limits
        while len(self._open) > most_unknown:
            del self._open[next(iter(self._open))]
        while len(self._settled) > most:
            oldest = next(iter(self._settled))
            del self._settled[oldest], self._known[oldest]

    def __len__(self) -> int:
        return len(self._open) + len(self._settled)


def _packed(answers: Answers) -> Kept:
    """A single answer with its networks as bytes: a dictionary with an array takes 300 more, for each model."""
    if len(answers) > 1:
        return answers
    ((said, networks),) = answers.items()
    return array("q", (said, *networks)).tobytes()


def _unpacked(kept: Kept | None) -> Answers:
    if not isinstance(kept, bytes):
        return kept or {}
    said, *networks = array("q", kept)
    return {said: array("q", networks)}


def needed(others: int) -> int:
    """How many networks must agree on what so many others contradict."""
    return 2 + 2 * others


class Recall:
    """What is known while one host is looked at: once given, it stays."""

    def __init__(self, memory: Memory, to_be_asked: Callable[[int], bool] = one_in) -> None:
        self._memory = memory
        self._to_be_asked = to_be_asked
        self._given: dict[tuple[str, str], str] = {}
        self._drawn: set[str] = set()

    def __call__(self, digest: str, rules: str) -> str | None:
        """What is known of a model; None if nothing is, or if this host is to say it itself, under whatever rules."""
        key = (digest, rules)
        if key not in self._given and digest not in self._drawn:
            known = self._memory.known(digest, rules)
            if known is None:
                return None
            if self._to_be_asked(self._memory.every(*key)):
                self._drawn.add(digest)
            else:
                self._given[key] = known
        return self._given.get(key)
