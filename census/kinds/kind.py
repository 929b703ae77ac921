"""The record that a server kind is: what it is called, how it is told, what it is asked, how it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from census.exchanges import Exchanges, Question
from census.facts import Reading


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the researcher wants to know beyond the list.

    `details` allows POST /api/show for each model; `loaded` asks what is loaded at this moment, where that is a
    question of its own.
    """

    details: bool = True
    loaded: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """One server software. All functions are pure: they see exchanges and never the network.

    `recognise` gives the evidence in a few words when the exchanges so far show this kind, else None.
    `confirm` gives the one question that would decide, when the exchanges make this kind likely, else None.
    `ask` gives the next question once recognised, None when everything is known.
    `read` makes the reading of a recognised server; it never raises, whatever the answers hold.
    `asks` lists every (method, path) that a server of this kind may be asked: its list, and what `confirm` and
    `ask` can give; `tells` says what can be learnt, in words.

    Recognition may be repeated after each answer and then may change its mind only for something better: the
    generic kind takes a readable list at once, so that it is kept whatever follows, and gives way to another kind.
    """

    name: str
    ports: tuple[int, ...]
    asks: tuple[tuple[str, str], ...]
    tells: str
    recognise: Callable[[Exchanges], str | None]
    confirm: Callable[[Exchanges], Question | None]
    ask: Callable[[Exchanges, Wishes], Question | None]
    read: Callable[[Exchanges], Reading]


def no_question(_exchanges: Exchanges) -> Question | None:
    """The `confirm` of a kind that is sure without: it never asks."""
    return None


def next_get(exchanges: Exchanges, *paths: str) -> Question | None:
    """The first GET among `paths` that was not yet asked (failed ones were), None when all were."""
    for path in paths:
        if exchanges.get(path) is None:
            return Question("GET", path)
    return None
