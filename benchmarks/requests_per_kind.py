"""Requests and connections that a look at each kind of target takes, with model details and without.

    python benchmarks/requests_per_kind.py [--seed 7] [--endpoints 1000] [--json]

The real prober asks the simulated neighbourhood on loopback; a Markdown table goes to standard output, one line for
each behaviour. A connection that is refused counts, as it does in a scan.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable
from statistics import mean

from census.demo import Population, launch
from census.facts import Observation, Target
from census.probe.look import Prober
from census.probe.pace import Pace
from census.probe.transport import Manners, tls_context

_AT_ONCE = 100
_RATE = 10_000
_TIMEOUT, _DEADLINE = 1.0, 2.0  # seconds

Seen = dict[str, list[Observation]]


async def look(population: Population, *, details: bool) -> Seen:
    """What was seen of every resident, by its behaviour."""
    manners = Manners(
        "census/benchmark (+mailto:census-demo@localhost.localdomain)",
        None,
        lambda address: address.startswith("127."),
        connect_timeout=_TIMEOUT,
        deadline=_DEADLINE,
        details=details,
    )
    pace = Pace(_RATE, _RATE)
    prober = Prober(manners, pace, tls_context())
    room = asyncio.Semaphore(_AT_ONCE)
    seen: Seen = defaultdict(list)

    async def one(address: str, port: int, behaviour: str) -> None:
        async with room:
            seen[behaviour].append(await prober.look(Target(address, port), address))

    await asyncio.gather(*(one(each.address, each.port, each.behaviour.value) for each in population.residents))
    return seen


def table(with_details: Seen, without: Seen) -> Iterable[str]:
    """The lines of the table, the kinds that take most requests first."""
    yield "| target | targets | requests: mean, most | without details | connections: mean, most | without details |"
    yield "|---|--:|--:|--:|--:|--:|"
    for behaviour in sorted(with_details, key=lambda each: -mean(look.requests for look in with_details[each])):
        pairs = [
            _figures([getattr(look, what) for look in seen[behaviour]])
            for what in ("requests", "connections")
            for seen in (with_details, without)
        ]
        yield f"| {behaviour} | {len(with_details[behaviour])} | {' | '.join(pairs)} |"


def _figures(numbers: list[int]) -> str:
    return f"{mean(numbers):.1f}, {max(numbers)}"


def _mean(seen: Seen, what: str) -> float:
    return mean(getattr(look, what) for looks in seen.values() for look in looks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--endpoints", type=int, default=1000)
    parser.add_argument("--json", action="store_true", help="one for each target, as a ratio to the mean with details")
    given = parser.parse_args()
    with launch(given.seed, given.endpoints) as neighbourhood:
        seen = [asyncio.run(look(neighbourhood.population, details=details)) for details in (True, False)]
    if given.json:
        print(json.dumps({f"{what}_per_kind": 1 / _mean(seen[0], what) for what in ("requests", "connections")}))
        return
    print("\n".join(table(*seen)))


if __name__ == "__main__":
    main()
