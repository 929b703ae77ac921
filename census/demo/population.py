"""Draws a simulated population of hosts from a seed: what stands where, how it behaves, what a scan must find.

Nothing here does I/O but `Population.write_places`. The mix follows published censuses: some 60 % of the targets are
inference servers, most of them Ollama of all ages; the rest is what else a scan meets.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from census.demo import catalogue, sites
from census.demo.behaviour import MIX, Behaviour
from census.demo.catalogue import Entry
from census.demo.holdings import Held, hold, release_of
from census.demo.sites import Site
from census.facts import Outcome, Verdict
from census.probe.pace import network_of
from census.store.scans import DEMO

_PORTS_OF_A_HOST: Final = ((1, 85), (2, 11), (3, 4))  # ports, and how many hosts of a hundred have so many
_VINTAGE: Final = 0.26  # hosts whose owner set them up early and kept to the models of then
_VINTAGE_BEFORE: Final = (0, 3)
_PS_SINCE: Final = (0, 1, 38)  # the first that tells what is loaded
_T = TypeVar("_T")
Where = tuple[Site, str]
Free = dict[Site, list[str]]
_LAST_PORT: Final = 65535
_HOSTS_OF_A_NETWORK: Final = range(1, 255)
_ROOM: Final = 60  # endpoints from which on those that only come together are there too
_CROWDS: Final = {Behaviour.DECOY_PORTS: 10, Behaviour.SUSPECT_CLONE: 6}
_CROWD_PORT: Final = 20000
_PORT: Final = 11434


@dataclass(frozen=True, slots=True)
class Resident:
    """One target of the neighbourhood, and what a scan with details must find there.

    `software`, `version` and `models` are those of a recognised server (served, locked, empty), else None and none;
    `running` is the number of models loaded now, None where the server does not tell; the place is as the file of
    `Population.write_places` has it; `signals` are the words of those that fire, sorted.
    """

    address: str
    port: int
    behaviour: Behaviour
    outcome: Outcome
    software: str | None
    version: str | None
    models: tuple[Held, ...]
    running: int | None
    verdict: Verdict
    country: str | None
    region: str | None
    city: str | None
    asn: int | None
    organization: str | None
    signals: tuple[str, ...] = ()

    @property
    def endpoint(self) -> str:
        """Address and port as a line of a target list."""
        return f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Population:
    """All residents of one neighbourhood, in the order of their addresses, and the networks they live in."""

    residents: tuple[Resident, ...]
    networks: dict[Site, tuple[str, ...]]

    def targets(self) -> Iterator[str]:
        """The lines of a target list, one a resident."""
        return (resident.endpoint for resident in self.residents)

    @property
    def ends(self) -> tuple[Resident, ...]:
        """All targets of a scan of it."""
        return self.residents

    def seen(self, unit: str) -> Iterator[tuple[Hashable, Resident]]:
        """Every resident with the unit that it is counted under, in one scan: host or endpoint. Raises ValueError."""
        if unit not in ("host", "endpoint"):
            raise ValueError(f"the truth of one scan is counted by host or endpoint, not by {unit}")
        return ((each.address if unit == "host" else each.endpoint, each) for each in self.residents)

    def scope_toml(self, today: date, *, details: bool = True) -> str:
        """A scope file that allows to scan this neighbourhood on `today`, with limits that do not slow it down."""
        return (
            "[authorization]\n"
            f'reference = "{DEMO}"\n'
            'basis = "simulated hosts on the loopback network of this machine"\n'
            'contact = "mailto:census-demo@localhost.localdomain"\n'
            f"valid_from = {today - timedelta(days=1)}\n"
            f"valid_until = {today + timedelta(days=1)}\n"
            "\n[scope]\n"
            'networks = ["127.0.0.0/8"]\n'
            "\n[limits]\n"
            "rate = 5000\n"
            "rate_per_network = 2000\n"
            "\n[probe]\n"
            f"details = {str(details).lower()}\n"
            "loaded = 1\n"
        )

    def write_places(self, path: Path) -> None:
        """Write an MMDB file of where this neighbourhood's networks are and whose; a few it does not know."""
        sites.write_places(path, self.networks)


def generate(seed: int, endpoints: int = 3000) -> Population:
    """The population of `seed` with so many endpoints, always the same one; ValueError for fewer than one.

    With 60 endpoints or more every behaviour is there at least once.
    """
    if endpoints < 1:
        raise ValueError(f"a neighbourhood of {endpoints} endpoints is none; ask for one or more")
    rng = random.Random(seed)  # noqa: S311  a simulation that must repeat, not a secret
    crowds = _CROWDS if endpoints >= _ROOM else {}
    hosts = _hosts(rng, _behaviours(rng, endpoints - sum(crowds.values())))
    placed = sites.networks(seed, len(hosts) + sum(crowds.values()))
    free = _free(rng, placed)
    residents = [
        settled(rng, where, port, behaviour)
        for where, crowd in zip(_anywhere(rng, free, len(hosts)), hosts, strict=True)
        for port, behaviour in _on_ports(rng, crowd)
    ]
    for behaviour, size in crowds.items():
        residents += _crowd(rng, free, behaviour, size)
    residents.sort(key=lambda each: (*map(int, each.address.split(".")), each.port))
    return Population(tuple(residents), placed)


def _behaviours(rng: random.Random, endpoints: int) -> list[Behaviour]:
    """As many of each behaviour as its share, at least one where there is room; the commonest takes what is left."""
    drawn: list[Behaviour] = []
    total = sum(nature.weight for nature in MIX.values())
    for behaviour, nature in MIX.items():
        if nature.weight == 0:
            continue
        drawn += [behaviour] * max(1, round(endpoints * nature.weight / total))
    common = max(MIX, key=lambda behaviour: MIX[behaviour].weight)
    rare = [behaviour for behaviour in drawn if behaviour is not common]
    rng.shuffle(rare)
    kept = rare[: max(0, endpoints - 1)]
    mixed = kept + [common] * (endpoints - len(kept))
    rng.shuffle(mixed)
    return mixed


def _hosts(rng: random.Random, behaviours: Sequence[Behaviour]) -> list[Sequence[Behaviour]]:
    """The behaviours dealt out to hosts of one to three ports."""
    hosts = []
    start = 0
    while start < len(behaviours):
        size = drawn(rng, _PORTS_OF_A_HOST)
        hosts.append(behaviours[start : start + size])
        start += size
    return hosts


def _free(rng: random.Random, placed: dict[Site, tuple[str, ...]]) -> Free:
    free = {
        site: [f"{prefix}.{last}" for prefix in prefixes for last in _HOSTS_OF_A_NETWORK]
        for site, prefixes in placed.items()
    }
    for addresses in free.values():
        rng.shuffle(addresses)
    return free


def _anywhere(rng: random.Random, free: Free, count: int) -> Iterator[Where]:
    """A site and a free address of its own for each of so many hosts."""
    chosen = rng.choices(list(free), [site.share for site in free], k=count)
    return ((site, free[site].pop()) for site in chosen)


def _in_networks(rng: random.Random, free: Free, count: int) -> Iterator[Where]:
    """The same, each in another network."""
    networks = sorted({network_of(address) for addresses in free.values() for address in addresses})
    for network in rng.sample(networks, count):
        found = ((site, each) for site, addresses in free.items() for each in addresses if network_of(each) == network)
        site, address = next(found)
        free[site].remove(address)
        yield site, address


def _crowd(rng: random.Random, free: Free, behaviour: Behaviour, size: int) -> list[Resident]:
    """Residents that are alike but for where they are: on ports of one address, or on one port in many networks."""
    on_ports = behaviour is Behaviour.DECOY_PORTS
    wheres = [*_anywhere(rng, free, 1)] * size if on_ports else [*_in_networks(rng, free, size)]
    first = settled(rng, wheres[0], _CROWD_PORT if on_ports else _PORT, behaviour)
    alike = dataclasses.replace(first, running=None if first.running is None else 0)
    return [
        dataclasses.replace(alike, address=address, port=first.port + number * on_ports, **placed_at(site))
        for number, (site, address) in enumerate(wheres)
    ]


def _on_ports(rng: random.Random, crowd: Sequence[Behaviour]) -> Iterator[tuple[int, Behaviour]]:
    """A port for each endpoint of a host: one of those usual for its software, the next free one if that is taken."""
    taken: set[int] = set()
    for behaviour in crowd:
        port = drawn(rng, MIX[behaviour].ports)
        while port in taken:
            port = port % _LAST_PORT + 1
        taken.add(port)
        yield port, behaviour


def settled(rng: random.Random, where: Where, port: int, behaviour: Behaviour) -> Resident:
    """A resident of this behaviour at a site and an address, with what it runs and serves drawn."""
    nature = MIX[behaviour]
    version = drawn(rng, nature.versions) if nature.versions else None
    entries = _inventory(rng, behaviour, version)
    site, address = where
    return Resident(
        address=address,
        port=port,
        behaviour=behaviour,
        outcome=nature.outcome,
        software=nature.software,
        version=version,
        models=tuple(hold(entry, behaviour, version) for entry in entries),
        running=running(rng, behaviour, version, len(entries)),
        verdict=nature.verdict,
        signals=tuple(sorted(signal.word for signal in nature.signals)),
        **placed_at(site),
    )


def running(rng: random.Random, behaviour: Behaviour, version: str | None, models: int) -> int | None:
    """How many are loaded; None where the release does not tell."""
    if not MIX[behaviour].is_ollama or release_of(version) < _PS_SINCE:
        return None
    return models if behaviour is Behaviour.DECOY_RC_CHN else rng.randint(0, min(2, models))


def placed_at(site: Site) -> dict[str, Any]:
    """The fields of a resident that say where it is."""
    return {field: getattr(site, field) for field in ("country", "region", "city", "asn", "organization")}


def _inventory(rng: random.Random, behaviour: Behaviour, version: str | None) -> list[Entry]:
    """The entries that one resident serves, popular ones rather than others, none younger than its software."""
    nature = MIX[behaviour]
    menu = list(nature.menu)
    if nature.menu is catalogue.OLLAMA:
        release = release_of(version)
        menu = [entry for entry in menu if entry.since <= release]
        if rng.random() < _VINTAGE:
            menu = [entry for entry in menu if entry.since < _VINTAGE_BEFORE and not entry.go_tools]
    least, most = drawn(rng, tuple(((least, most), weight) for least, most, weight in nature.bands))
    wanted = rng.randint(least, most)
    # Each entry draws a number that its weight pushes towards one: the highest are a weighted draw without repeats.
    return sorted(menu, key=lambda entry: rng.random() ** (1 / entry.weight), reverse=True)[:wanted]


def drawn(rng: random.Random, weighted: Sequence[tuple[_T, int]]) -> _T:
    """One of the values, each as likely as its weight."""
    return rng.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]
