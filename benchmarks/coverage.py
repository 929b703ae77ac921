"""How often the 95 % intervals of the estimates hold what they should, over many simulated populations.

    python benchmarks/coverage.py [--seeds 1000]

A Markdown table goes to standard output: for each estimator and circumstance the share of the simulated populations
whose true value lay in the interval (coverage), the mean of estimate by truth (bias), and the mean width by truth.
Where the assumptions of an estimator hold, coverage should be near 95 %; the lines marked with * break one of them on
purpose, and show what that costs. Chao2 is Chao1 for few scans, which cannot see anybody more often than that.

`stats.wilson` of a database of our own is compared with the textbook's formula first; the other estimates are those of
`census.demo.estimators`, which the tests hold equal to the statistics of the database.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import exp, inf, isclose
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

from psycopg import Connection

from census.demo.estimators import chao1, chapman, kaplan_meier, wilson
from census.store import migrate
from census.store.connect import connect
from census.store.embedded import Embedded

_SEEDS = 1000
_RESAMPLED = 400  # times a bootstrap draws


@dataclass(frozen=True)
class Estimate:
    """One estimate with its interval, beside the truth."""

    truth: float
    value: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Whether the truth lies in the interval; rounding does not put it outside."""
        inside = self.low <= self.truth <= self.high
        return inside or isclose(self.truth, self.low) or isclose(self.truth, self.high)


# An estimate of one seed's population; None where the estimator says that it cannot tell.
Trial = Callable[[random.Random], Estimate | None]


# --- shares: a super-population of hosts, of which a sample is seen ---


def share(truth: float, hosts: int) -> Trial:
    """A share among hosts that are drawn independently."""

    def trial(rng: random.Random) -> Estimate:
        count = sum(rng.random() < truth for _ in range(hosts))
        return Estimate(truth, count / hosts, *wilson(count, hosts))

    return trial


def _clustered(rng: random.Random, truth: float, networks: int, size: int) -> list[tuple[int, int]]:
    """Count and hosts of each network, whose owners set them up alike: their shares differ from network to network."""
    drawn = []
    for _ in range(networks):
        own = rng.betavariate(2 * truth, 2 * (1 - truth))
        drawn.append((sum(rng.random() < own for _ in range(size)), size))
    return drawn


def clustered_share(truth: float, networks: int, size: int) -> Trial:
    """A share among hosts that are alike within a network, with the interval for independent ones."""

    def trial(rng: random.Random) -> Estimate:
        drawn = _clustered(rng, truth, networks, size)
        count, of = sum(count for count, _ in drawn), networks * size
        return Estimate(truth, count / of, *wilson(count, of))

    return trial


def resampled_share(truth: float, networks: int, size: int) -> Trial:
    """The same, with the interval of a bootstrap that draws whole networks."""

    def trial(rng: random.Random) -> Estimate:
        drawn = _clustered(rng, truth, networks, size)
        shares = []
        for _ in range(_RESAMPLED):
            again = rng.choices(drawn, k=networks)
            shares.append(sum(count for count, _ in again) / sum(of for _, of in again))
        shares.sort()
        value = sum(count for count, _ in drawn) / (networks * size)
        return Estimate(truth, value, shares[int(0.025 * _RESAMPLED)], shares[int(0.975 * _RESAMPLED) - 1])

    return trial


# --- hosts that were not seen ---


def seen_in_scans(hosts: int, scans: int, chances: Callable[[random.Random], float], *, few: bool = False) -> Trial:
    """Chao's estimate from scans that each host answers with a chance of its own; `few` says how many there are."""

    def trial(rng: random.Random) -> Estimate | None:
        times = [sum(rng.random() < chance for _ in range(scans)) for chance in (chances(rng) for _ in range(hosts))]
        counted = Counter(times)
        told = chao1(hosts - counted[0], counted[1], counted[2], scans if few else inf)
        if told["estimate"] is None:
            return None
        return Estimate(hosts, told["estimate"], told["low"], told["high"])

    return trial


def two_lists(hosts: int, chances: Callable[[random.Random], tuple[float, float]]) -> Trial:
    """Chapman's estimate from two lists that each hold a host with a chance."""

    def trial(rng: random.Random) -> Estimate:
        first = second = both = 0
        for _ in range(hosts):
            one, other = (rng.random() < chance for chance in chances(rng))
            first, second, both = first + one, second + other, both + (one and other)
        told = chapman(first, second, both)
        return Estimate(hosts, told["estimate"], told["low"], told["high"])

    return trial


def _dependent(rng: random.Random) -> tuple[float, float]:
    """Lists of one origin: what is easily found is in both, the rest hardly in either."""
    chance = rng.choice((0.8, 0.2))
    return chance, chance


# --- how long hosts stay exposed ---


def exposed(days: int, hosts: int, lives: Callable[[random.Random], float], truth: float, *, before: bool) -> Trial:
    """Kaplan and Meier's share after so many days, from daily scans over 120 days.

    With `before`, also of the hosts that were there when the scans began, whose days before are not known.
    """

    def trial(rng: random.Random) -> Estimate | None:
        events: Counter[int] = Counter()
        censored: Counter[int] = Counter()
        for _ in range(hosts):
            came = rng.uniform(-400 if before else 0, 100)
            gone = came + lives(rng)
            first, last = max(0, int(came) + 1), min(120, int(gone))
            if first <= last:
                (events if gone < 120 else censored)[last + (gone < 120) - first] += 1  # noqa: PLR2004  the last day
        rows = [row for row in kaplan_meier(events, censored) if row["days"] <= days]
        if not rows or rows[-1]["low"] is None:
            return None
        return Estimate(truth, rows[-1]["survival"], rows[-1]["low"], rows[-1]["high"])

    return trial


def _exponential(rng: random.Random) -> float:
    return rng.expovariate(1 / 60)


def _mixed(rng: random.Random) -> float:
    """Half of them stay for days, half for a year."""
    return rng.expovariate(1 / rng.choice((5, 365)))


def trials() -> Iterator[tuple[str, str, Trial]]:
    """Estimator, circumstance and how to try it."""
    for truth, hosts in ((0.02, 50), (0.1, 50), (0.5, 50), (0.02, 1000), (0.5, 1000)):
        yield "share (Wilson)", f"{truth:.0%} of {hosts:,} independent hosts", share(truth, hosts)
    yield "share (Wilson)", "* 30 %, 40 networks of 25 like hosts", clustered_share(0.3, 40, 25)
    yield "share (bootstrap)", "30 %, 40 networks of 25 like hosts", resampled_share(0.3, 40, 25)
    yield "share (bootstrap)", "* 30 %, 8 networks of 25 like hosts", resampled_share(0.3, 8, 25)
    yield "unseen (Chao1)", "500 hosts, 40 scans, each found with 4 %", seen_in_scans(500, 40, lambda _: 0.04)
    yield "unseen (Chao1)", "500 hosts, 10 scans, each found with 15 %", seen_in_scans(500, 10, lambda _: 0.15)
    yield "unseen (Chao1)", "* 500 hosts, 4 scans, each found with 40 %", seen_in_scans(500, 4, lambda _: 0.4)
    yield "unseen (Chao2)", "500 hosts, 4 scans, each found with 40 %", seen_in_scans(500, 4, lambda _: 0.4, few=True)
    yield (
        "unseen (Chao2)",
        "* 500 hosts, 4 scans, found with 0 to 80 %",
        seen_in_scans(500, 4, lambda rng: rng.uniform(0, 0.8), few=True),
    )
    yield "unseen (Chapman)", "500 hosts, lists with 60 % and 40 %", two_lists(500, lambda _: (0.6, 0.4))
    yield "unseen (Chapman)", "80 hosts, lists with 30 % and 30 %", two_lists(80, lambda _: (0.3, 0.3))
    yield "unseen (Chapman)", "* 500 hosts, lists of one origin", two_lists(500, _dependent)
    for days in (7, 30, 60):
        yield (
            "survival",
            f"{days} days, arrivals while scanning",
            exposed(days, 300, _exponential, exp(-days / 60), before=False),
        )
    yield "survival", "30 days, some there before, no ageing", exposed(30, 500, _exponential, exp(-0.5), before=True)
    truth = (exp(-6) + exp(-30 / 365)) / 2
    yield "survival", "* 30 days, some there before, short and long stays", exposed(30, 500, _mixed, truth, before=True)


def line(estimator: str, circumstance: str, trial: Trial, seeds: int) -> str:
    """One line of the table."""
    told = [trial(random.Random(f"{circumstance} {seed}")) for seed in range(seeds)]
    known = [each for each in told if each is not None]
    held = sum(each.holds for each in known)
    low, high = wilson(held, len(known))
    bias = mean(each.value / each.truth for each in known)
    width = mean((each.high - each.low) / each.truth for each in known)
    untold = f", {seeds - len(known)} without" if len(known) < seeds else ""
    return (
        f"| {estimator} | {circumstance} | {held / len(known):.1%} ({low:.1%} to {high:.1%}{untold}) "
        f"| {bias:.3f} | {width:.2f} |"
    )


def agreed(connection: Connection[Any], counts: int = 200) -> float:
    """The greatest difference between `stats.wilson` and the textbook's formula that the table uses."""
    asked = [(count, of) for of in (1, 7, 50, counts, 10**6) for count in {0, 1, of // 3, of}]
    rows = connection.execute(
        "select count, total, low, high from unnest(%s::bigint[], %s::bigint[]) as asked (count, total),"
        " lateral stats.wilson(count, total, 'host')",
        ([count for count, _ in asked], [of for _, of in asked]),
    ).fetchall()
    return max(
        abs(told - right)
        for count, of, *interval in rows
        for told, right in zip(interval, wilson(count, of), strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=_SEEDS, metavar="N", help="populations of each line")
    given = parser.parse_args()
    with TemporaryDirectory() as folder, Embedded(Path(folder)) as server:
        migrate.upgrade(server.url)
        with connect(server.url) as connection:
            print(f"stats.wilson differs from the textbook by at most {agreed(connection):.1g}\n")
    print("| estimator | circumstance | coverage | estimate / truth | width / truth |\n|---|---|--:|--:|--:|")
    for estimator, circumstance, trial in trials():
        print(line(estimator, circumstance, trial, given.seeds), flush=True)


if __name__ == "__main__":
    main()
