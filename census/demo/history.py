"""The simulated neighbourhood over time: the same seed gives the same course, one moment for each scan.

Machines arrive, are away and come back, move to another address, and go for good; the servers on them change as
`changes.py` says. An address that somebody left is sometimes let to the next. The first moment is the population that
`generate` draws; nothing here does I/O.
"""

from __future__ import annotations

import dataclasses
import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from census.demo.behaviour import MIX, Behaviour
from census.demo.changes import changed, failing, stripped
from census.demo.population import Population, Resident, drawn, generate, placed_at, settled
from census.demo.sites import Site

_AWAY, _BACK = 0.05, 0.4  # of the machines that are there, or away, from one scan to the next
_MOVED = 0.015
_GONE = 0.01
_ARRIVED = 0.018  # new ones for each that is there
_LET_AGAIN = 0.5  # of those that need an address, how many get one that somebody left
_FAILS = 0.03  # of the servers, at one scan
_LEFT_OUT = 0.04  # of the targets, in one scan
_CROWDS: Final = {Behaviour.DECOY_PORTS, Behaviour.SUSPECT_CLONE}
_HOSTS_OF_A_NETWORK: Final = range(1, 255)
SECONDS: Final = 1800  # that a scan takes
_SERVERS: Final = [behaviour for behaviour, nature in MIX.items() if nature.outcome.recognised and nature.weight]


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine with its servers as they are while it is there; while it is away, its address does as `left`."""

    residents: tuple[Resident, ...]
    there: bool = True
    left: Behaviour = Behaviour.REFUSED

    @property
    def address(self) -> str:
        """Where it is now."""
        return self.residents[0].address

    @property
    def serves(self) -> bool:
        """Whether it has an inference server; what else a scan meets does not change."""
        return any(each.outcome.recognised for each in self.residents)

    @property
    def steady(self) -> bool:
        """Whether it belongs to those that are only told by being many: they stay as they are."""
        return any(each.behaviour in _CROWDS for each in self.residents)


@dataclass(frozen=True, slots=True)
class Moment:
    """The neighbourhood at one scan: everything that was ever a target, and which places of it the scan asks."""

    number: int
    population: Population
    asked: frozenset[str]

    def targets(self) -> Iterator[str]:
        """The lines of the list of its scan."""
        return (endpoint for endpoint in self.population.targets() if endpoint in self.asked)


class Moments:
    """The moments of the neighbourhood of a seed, numbered from 1 and made when they are asked for.

    Raises ValueError for fewer than one endpoint.
    """

    def __init__(self, seed: int, endpoints: int) -> None:
        self._seed = seed
        first = generate(seed, endpoints)
        self._networks = first.networks
        self._machines = _machines(first.residents)
        self._places = {each.endpoint: each for each in first.residents}
        self._left: list[str] = []
        self._free = _free(random.Random(f"{seed} free"), first)  # noqa: S311  a simulation that must repeat
        self._made = [Moment(1, first, frozenset(self._places))]

    def at(self, number: int) -> Moment:
        """The neighbourhood at the scan of this number."""
        while len(self._made) < number:
            self._made.append(self._next(len(self._made) + 1))
        return self._made[number - 1]

    def _next(self, number: int) -> Moment:
        rng = random.Random(f"{self._seed} {number}")  # noqa: S311  a simulation that must repeat
        lived = [self._lived(rng, machine) for machine in self._machines]
        there = sum(machine is not None and machine.serves and machine.there for machine in lived)
        arrived = [self._arrival(rng) for _ in range(there) if rng.random() < _ARRIVED]
        self._machines = [machine for machine in (*lived, *arrived) if machine is not None]
        self._places |= dict(self._standing(rng))
        residents = sorted(self._places.values(), key=lambda each: (*map(int, each.address.split(".")), each.port))
        asked = frozenset(each.endpoint for each in residents if rng.random() >= _LEFT_OUT)
        return Moment(number, Population(tuple(residents), self._networks), asked)

    def _lived(self, rng: random.Random, machine: Machine) -> Machine | None:
        """A machine one scan later; None when it has gone for good."""
        if machine.steady or not machine.serves:
            return machine
        fate = rng.random()
        if not machine.there:
            return dataclasses.replace(machine, there=fate < _BACK)
        if fate < _GONE:
            self._left.append(machine.address)
            return None
        if fate < _GONE + _AWAY:
            left = rng.choice((Behaviour.REFUSED, Behaviour.REFUSED, Behaviour.SILENT))
            return dataclasses.replace(machine, there=False, left=left)
        residents = tuple(changed(rng, each) for each in machine.residents)
        if fate < _GONE + _AWAY + _MOVED:
            self._left.append(machine.address)
            site, address = self._address(rng)
            residents = tuple(dataclasses.replace(each, address=address, **placed_at(site)) for each in residents)
        return dataclasses.replace(machine, residents=residents)

    def _arrival(self, rng: random.Random) -> Machine:
        behaviour = rng.choices(_SERVERS, [MIX[each].weight for each in _SERVERS])[0]
        return Machine((settled(rng, self._address(rng), drawn(rng, MIX[behaviour].ports), behaviour),))

    def _address(self, rng: random.Random) -> tuple[Site, str]:
        """One that somebody left, or one that nobody had."""
        if self._left and rng.random() < _LET_AGAIN:
            address = self._left.pop(rng.randrange(len(self._left)))
            return self._site(address), address
        site = rng.choices(list(self._free), [each.share for each in self._free])[0]
        return site, self._free[site].pop()

    def _site(self, address: str) -> Site:
        prefix = address.rpartition(".")[0]
        return next(site for site, prefixes in self._networks.items() if prefix in prefixes)

    def _standing(self, rng: random.Random) -> Iterator[tuple[str, Resident]]:
        """What each place answers now where that may have changed; whoever stands there comes after who has left."""
        for endpoint, resident in self._places.items():
            if resident.outcome.recognised:
                yield endpoint, stripped(resident, Behaviour.REFUSED)
        for machine in self._machines:
            for resident in machine.residents:
                if not machine.there:
                    yield resident.endpoint, stripped(resident, machine.left)
                elif resident.outcome.recognised and not machine.steady and rng.random() < _FAILS:
                    yield resident.endpoint, failing(rng, resident)
                else:
                    yield resident.endpoint, resident


class History:
    """The moments of a seed with times: `start` is when the first scan begins, `step` the time between two.

    What stands where depends on the seed and on the number of endpoints alone.
    """

    def __init__(self, seed: int, endpoints: int, start: datetime, step: timedelta) -> None:
        self.seed = seed
        self._start = start
        self._step = step
        self._moments = Moments(seed, endpoints)

    def moment(self, number: int) -> Moment:
        """The neighbourhood at the scan of this number."""
        return self._moments.at(number)

    def began(self, number: int) -> datetime:
        """When the scan of a moment begins."""
        return self._start + (number - 1) * self._step

    def at(self, number: int, endpoint: str) -> datetime:
        """When the scan of a moment asks this target, whatever its order."""
        return self.began(number) + timedelta(seconds=zlib.crc32(f"{number} {endpoint}".encode()) % SECONDS)


def _machines(residents: Sequence[Resident]) -> list[Machine]:
    return [Machine(tuple(crowd)) for _, crowd in groupby(residents, key=lambda each: each.address)]


def _free(rng: random.Random, first: Population) -> dict[Site, list[str]]:
    """The addresses that nobody has, in the order in which they are given away from the end."""
    taken = {each.address for each in first.residents}
    free = {site: list(_addresses(prefixes, taken)) for site, prefixes in first.networks.items()}
    for addresses in free.values():
        rng.shuffle(addresses)
    return free


def _addresses(prefixes: Iterable[str], taken: set[str]) -> Iterator[str]:
    everywhere = (f"{prefix}.{last}" for prefix in prefixes for last in _HOSTS_OF_A_NETWORK)
    return (address for address in everywhere if address not in taken)
