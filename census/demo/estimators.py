"""Estimates and their 95 % intervals in plain Python, from the textbooks, to check those of the database by."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Final

Row = dict[str, Any]

_Z: Final = 1.959963984540054


def wilson(count: int, of: int) -> tuple[float, float]:
    """The interval of a share after Wilson (1927)."""
    share, square = count / of, _Z**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z * math.sqrt(share * (1 - share) / of + square / (4 * of**2)) / (1 + square / of)
    # Rounding must not put a bound on the wrong side of the share.
    return min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))


def kaplan_meier(events: Counter[int], censored: Counter[int]) -> list[Row]:
    """The estimate from how many were gone, and how many last seen there, by days."""
    left = events.total() + censored.total()
    share, spread = 1.0, 0.0
    rows = []
    for days in sorted(events.keys() | censored.keys()):
        gone = events[days]
        share *= 1 - gone / left
        spread += gone / (left * (left - gone)) if left > gone else 0.0
        low, high = _greenwood(share, spread)
        rows.append({
            "days": days, "at_risk": left, "events": gone, "censored": censored[days], "survival": share,
            "low": low, "high": high,
        })  # fmt: skip
        left -= gone + censored[days]
    return rows


def _greenwood(share: float, spread: float) -> tuple[float | None, float | None]:
    if not 0 < share < 1:
        return None, None
    error = _Z * math.sqrt(spread) / -math.log(share)
    return share ** math.exp(error), share ** math.exp(-error)


def chao1(observed: int, once: int, twice: int, scans: float = math.inf) -> Row:
    """The estimate of Chao (1984), bias-corrected where nothing was seen twice, with its log-normal interval.

    With the number of scans it is that of Chao (1987) for so many occasions, also called Chao2.
    """
    if once == observed:
        return {"observed": observed, "estimate": None, "low": None, "high": None}
    few = 1 - 1 / scans
    if twice:
        ratio = once / twice
        estimate = observed + few * once**2 / (2 * twice)
        variance = twice * (few * ratio**2 / 2 + few**2 * (ratio**3 + ratio**4 / 4))
    else:
        estimate = observed + few * once * (once - 1) / 2
        variance = few * once * (once - 1) / 2 + few**2 * (once * (2 * once - 1) ** 2 / 4 - once**4 / (4 * estimate))
    return {"observed": observed, "estimate": estimate, **_around(observed, estimate, variance)}


def chapman(first: int, second: int, both: int) -> Row:
    """Chapman's estimate of capture and recapture, with its log-normal interval."""
    estimate = (first + 1) * (second + 1) / (both + 1) - 1
    variance = (first + 1) * (second + 1) * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    observed = first + second - both
    return {"observed": observed, "estimate": estimate, **_around(observed, estimate, variance)}


def _around(observed: int, estimate: float, variance: float) -> Row:
    rest = estimate - observed
    if rest <= 0:
        return {"low": float(observed), "high": float(observed)}
    factor = math.exp(_Z * math.sqrt(math.log(1 + variance / rest**2)))
    return {"low": observed + rest / factor, "high": observed + rest * factor}
