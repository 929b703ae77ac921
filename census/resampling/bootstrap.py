"""Intervals for shares where hosts are not independent: whole networks are drawn again, with all their hosts.

Hosts of one network were often set up by one hand. An interval over single hosts claims then more than the data
hold; the cluster bootstrap draws networks instead (Efron and Tibshirani, An Introduction to the Bootstrap, chapter 8).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np

K = TypeVar("K", bound=Hashable)

_AT_ONCE = 250  # draws held in memory together: 250 x 4,000 networks are 8 MB


def intervals(
    networks: Sequence[tuple[Mapping[K, int], int]], *, draws: int, seed: int
) -> Mapping[K, tuple[float, float]]:
    """The 95 % percentile interval (low, high) of the share of each value, networks drawn with replacement.

    `networks` has for each network the units that have each value, and all its units that count. With fewer than two
    networks nothing can be said and no value has an interval. The same networks, draws and seed give the same answer.
    """
    if len(networks) < 2:  # noqa: PLR2004  one network drawn again is itself
        return {}
    values = list({value: None for counts, _ in networks for value in counts})
    column = {value: place for place, value in enumerate(values)}
    table = np.zeros((len(networks), len(values) + 1))
    for row, (counts, of) in zip(table, networks, strict=True):
        row[-1] = of
        for value, count in counts.items():
            row[column[value]] = count
    low, high = np.quantile(_shares(table, draws, np.random.default_rng(seed)), (0.025, 0.975), axis=0)
    return {value: (float(low[place]), float(high[place])) for value, place in column.items()}


def _shares(table: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Shares in each draw, draws x values; the last column of `table` is the whole. A draw without any unit is left."""
    count = len(table)
    even = np.full(count, 1 / count)
    blocks = []
    for done in range(0, draws, _AT_ONCE):
        often = rng.multinomial(count, even, size=min(_AT_ONCE, draws - done))
        blocks.append(often @ table)
    sums = np.concatenate(blocks)
    sums = sums[sums[:, -1] > 0]
    shares: np.ndarray = sums[:, :-1] / sums[:, -1:]
    return shares
