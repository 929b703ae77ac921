"""What servers told of models whose answers are alike wherever they are, so that the next ones need not be asked.

An answer is known once hosts of two networks have given it: whoever holds one network cannot make it up for all. For
each network that says otherwise it takes two more, so a contradiction makes a model one that is asked again, until
most agree. Of hosts that list what is known some are asked all the same, or nobody would ever contradict: one in twenty
while few have agreed, so that liars who came first are found after some twenty hosts, and then one in a hundred.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Final

from census.facts import Saying
from census.probe.networks import network_of

_LIMIT: Final = 50_000  # models remembered, known ones and others apart; those not heard of for longest go first
_ANSWERS: Final = 4  # different ones of one model that are remembered
_NETWORKS: Final = 64  # of one answer that are remembered
_FIRM: Final = 6  # networks that agree, from which on there are hardly only liars among them
_EVERY, _EVERY_NEW = 100, 20  # of so many that list what is known, one is asked; the other while it is not firm

Key = tuple[str, str]
Answers = dict[str, set[str]]  # the networks that gave each


class Memory:
    """What was told so far, in bounded room; `limit` is a number of models."""

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._open: dict[Key, Answers] = {}
        self._settled: dict[Key, Answers] = {}
        self._known: dict[Key, str] = {}

    def hear(self, address: str, told: Iterable[Saying]) -> None:
        """Take in what the host with this address told, unless it is suspect."""
        network = network_of(address)
        for saying in told:
            key = (saying.digest, saying.rules)
            answers = self._settled.pop(key, None) or self._open.pop(key, None) or {}
            if len(answers) < _ANSWERS or saying.said in answers:
                networks = answers.setdefault(saying.said, set())
                if len(networks) < _NETWORKS:
                    networks.add(network)
            self._settle(key, answers)

    def known(self, digest: str, rules: str) -> str | None:
        """What hosts agree on, as `Saying.said`."""
        return self._known.get((digest, rules))

    def every(self, digest: str, rules: str) -> int:
        """Of how many hosts that list what is known one should be asked itself."""
        agreeing = self._settled[digest, rules][self._known[digest, rules]]
        return _EVERY if len(agreeing) >= _FIRM else _EVERY_NEW

    def _settle(self, key: Key, answers: Answers) -> None:
        best = max(answers, key=lambda said: len(answers[said]))
        others = sum(map(len, answers.values())) - len(answers[best])
        self._known.pop(key, None)
        if len(answers[best]) >= needed(others):
            self._settled[key] = answers
            self._known[key] = best
        else:
            self._open[key] = answers
        while len(self._open) > self._limit:
            del self._open[next(iter(self._open))]
        while len(self._settled) > self._limit:
            oldest = next(iter(self._settled))
            del self._settled[oldest], self._known[oldest]

    def __len__(self) -> int:
        return len(self._open) + len(self._settled)


def needed(others: int) -> int:
    """How many networks must agree on what so many others contradict."""
    return 2 + 2 * others


def one_in(many: int) -> bool:
    """A draw that no target can foresee."""
    return many == 1 or secrets.randbelow(many) == 0


class Recall:
    """What is known while one host is looked at: once given, it stays."""

    def __init__(self, memory: Memory, to_be_asked: Callable[[int], bool] = one_in) -> None:
        self._memory = memory
        self._to_be_asked = to_be_asked
        self._given: dict[Key, str] = {}
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
