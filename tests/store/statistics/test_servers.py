"""Access, transport and equal lists of models, against a history that is counted in plain Python."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from sqlalchemy import Connection

from tests.store.statistics.history import Listed, Look, World
from tests.store.statistics.reckoning import agree, share, shared, shares, told, units


def test_access_and_transport_are_those_of_a_unit_s_endpoints(history: Connection, world: World) -> None:
    def way(look: Look) -> tuple[str, str]:
        return (
            "locked" if look.models is None else "open",
            "https" if world.endpoints[look.endpoint][3] else "http",
        )

    def reckon(options: dict[str, Any]) -> Any:
        found = units(world, options)
        counted = shares([map(way, looks) for looks in found.values()], options["unit"])
        nobody = share(0, len(found), options["unit"])
        ways = [(access, scheme) for access in ("open", "locked") for scheme in ("http", "https")]
        return {each: counted.get(each, nobody) for each in ways}

    agree(lambda options: shared(told(history, "transport", options), "access", "scheme"), reckon)


def test_clusters_are_equal_lists_on_several_hosts(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        listed = {key: {look.models for look in looks if look.models} for key, looks in units(world, options).items()}
        listed = {key: lists for key, lists in listed.items() if lists}
        rows = []
        for models in {each for lists in listed.values() for each in lists}:
            hosts = {world.host(look) for look in world.asked(**options) if look.models == models}
            if len(hosts) > 1:
                count = sum(models in lists for lists in listed.values())
                networks = {world.hosts[host][2:] for host in hosts}
                countries = {world.hosts[host][0] for host in hosts} - {None}
                names = names_of_three(world, models)
                columns = share(count, len(listed), options["unit"])
                rows.append((len(models), names, len(hosts), len(networks), len(countries), *columns))
        return sorted(rows, key=repr)

    def ask(options: dict[str, Any]) -> Any:
        return sorted((tuple(row.values())[1:] for row in told(history, "clusters", options)), key=repr)

    agree(ask, reckon)
    assert ask({"population": "raw"})


def names_of_three(world: World, models: tuple[Listed, ...]) -> list[str]:
    """The names of the three models that were stored first."""
    lists: dict[Hashable, None] = dict.fromkeys(look.models for look in world.looks if look.models is not None)
    stored = list(dict.fromkeys(model for each in lists for model in each))  # type: ignore[attr-defined]  # lists are tuples here
    return sorted({model.name for model in sorted(models, key=stored.index)[:3]})
