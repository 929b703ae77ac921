"""Which pairs stand together more often than chance would put them: the null model of co-deployment.

Chance here keeps both margins: every unit keeps its number of families, and every family its number of units; only
who stands with whom is drawn anew. So a family that is everywhere is expected with everybody, and units with long
lists are expected to hold many pairs, which the lift does not take into account. Draws are made by global curveball
trades (Carstens, Hamann, Meyer et al. 2018), which sample all such tables with equal probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Whole = NDArray[np.int64]

_BURN_IN = 20  # trades of all units before the first draw; each exchanges half of what can be exchanged
_BETWEEN = 8  # trades between two draws; benchmarks/null_model.py: at four they still correlate by 0.2, at eight not


@dataclass(frozen=True, slots=True)
class Expected:
    """What chance gives for one pair: mean number of units, 95 % range of the draws, distance of what was counted.

    `z` is (counted - mean) / standard deviation, None where the draws do not differ; `p` is two-sided, by rank among
    the draws, and so never below 2 / (draws + 1).
    """

    mean: float
    low: float
    high: float
    z: float | None
    p: float


def expected(sets: Sequence[tuple[Sequence[str], int]], *, draws: int, seed: int) -> Mapping[tuple[str, str], Expected]:
    """For each pair that some unit holds, what chance would give; `sets` are members with the units that hold them.

    Members of one set are distinct. `draws` is at least 1. The same sets, draws and seed give the same answer.
    """
    names = sorted({name for members, _ in sets for name in members})
    table = _Table(sets, names)
    counted = table.pairs()
    held = np.flatnonzero(counted)
    rng = np.random.default_rng(seed)
    drawn = np.empty((draws, len(held)), dtype=np.int64)
    for number in range(draws):
        for _ in range(_BETWEEN if number else _BURN_IN):
            table.trade(rng)
        drawn[number] = table.pairs()[held]
    first, second = np.divmod(held, max(len(names), 1))
    return {
        (names[a], names[b]): _summary(int(counted[pair]), drawn[:, place])
        for place, (a, b, pair) in enumerate(zip(first, second, held, strict=True))
    }


def _summary(counted: int, drawn: _Whole) -> Expected:
    mean, spread = float(drawn.mean()), float(drawn.std())
    low, high = np.quantile(drawn, (0.025, 0.975))
    beyond = 1 + min(int((drawn >= counted).sum()), int((drawn <= counted).sum()))
    p = min(1.0, 2 * beyond / (len(drawn) + 1))
    return Expected(mean, float(low), float(high), (counted - mean) / spread if spread > 0 else None, p)


class _Table:
    """Units and members as a list of edges; `trade` draws the units of the edges anew, the members stay in place."""

    def __init__(self, sets: Sequence[tuple[Sequence[str], int]], names: Sequence[str]) -> None:
        number = {name: place for place, name in enumerate(names)}
        held = [(np.array([number[name] for name in members], dtype=np.int64), count) for members, count in sets]
        held = [(members, count) for members, count in held if len(members) and count > 0]
        counts = np.array([count for _, count in held], dtype=np.int64)
        self._sizes: _Whole = np.repeat(np.array([len(members) for members, _ in held], dtype=np.int64), counts)
        self._width = len(names)
        self._units = len(self._sizes)
        self._unit: _Whole = np.repeat(np.arange(self._units), self._sizes)
        self._member: _Whole = np.concatenate(
            [np.tile(members, count) for members, count in held] or [np.empty(0, dtype=np.int64)]
        )

    def trade(self, rng: np.random.Generator) -> None:
        """Pair all units at random; each pair deals out anew, at random, the members that only one of both has."""
        place = rng.permutation(self._units)
        pair = place[self._unit] // 2
        meeting = pair * self._width + self._member
        order = np.argsort(meeting, kind="stable")
        alike = meeting[order[1:]] == meeting[order[:-1]]
        alone = np.ones(len(order), dtype=bool)
        alone[order[1:][alike]] = False
        alone[order[:-1][alike]] = False
        edges = np.flatnonzero(alone)
        by_pair = edges[np.argsort(pair[edges], kind="stable")]
        shuffled = edges[np.argsort(pair[edges] + rng.random(len(edges)))]
        self._unit[shuffled] = self._unit[by_pair]

    def pairs(self) -> _Whole:
        """Units for each pair of members, flat: the place of a pair is first * width + second, first the smaller."""
        members = self._member[np.lexsort((self._member, self._unit))]
        starts = np.cumsum(self._sizes) - self._sizes
        total = np.zeros(self._width * self._width, dtype=np.int64)
        for size in np.unique(self._sizes[self._sizes > 1]):
            rows = members[starts[self._sizes == size][:, None] + np.arange(size)]
            for first in range(size - 1):
                places = rows[:, first, None] * self._width + rows[:, first + 1 :]
                total += np.bincount(places.ravel(), minlength=len(total))
        return total
