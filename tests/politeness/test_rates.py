"""How fast, how many at a time, in which order: the rules of docs/politeness.md by times of arrival."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from census.probe.networks import network_of
from tests.support.politeness import bare, listening, scanned
from tests.support.scanning import create, scope, work
from tests.support.wire import Handler, Wire, answer, answers, handler_wires, page

LATE = 0.05  # seconds by which the clocks of both sides may differ on a loaded machine


def at_most(rate: float, arrivals: list[float], burst: int = 1) -> None:
    """In no stretch of time were there more arrivals than the rate allows, with one at either end."""
    arrivals = sorted(arrivals)
    for first, last in itertools.combinations(range(len(arrivals)), 2):
        assert last - first <= rate * (arrivals[last] - arrivals[first] + LATE) + burst


def test_a_scan_keeps_its_rate(database_url: str, tmp_path: Path) -> None:
    addresses = [f"127.0.{number}.1" for number in range(40)]
    wires = scanned(database_url, tmp_path, addresses, bare, rate=20)
    assert all(wire.connections == 1 for wire in wires.values())
    at_most(20, [moment for wire in wires.values() for moment in wire.arrivals])


@pytest.mark.parametrize("addresses", [[f"127.0.0.{number}" for number in range(1, 13)], ["::1"] * 12])
def test_a_network_is_asked_at_its_own_rate(addresses: list[str], database_url: str, tmp_path: Path) -> None:
    elsewhere = [f"127.1.{number}.1" for number in range(12)]
    wires = scanned(database_url, tmp_path, [*addresses, *elsewhere], bare, rate_per_network=8, per_host=3)
    own = [wire for where, wire in wires.items() if not where.startswith("127.1.")]
    assert len(own) == 12
    at_most(8, [moment for wire in own for moment in wire.arrivals])
    others = [moment for where, wire in wires.items() if where.startswith("127.1.") for moment in wire.arrivals]
    assert max(others) < max(moment for wire in own for moment in wire.arrivals)


def test_a_connection_that_the_server_closes_and_the_addresses_of_names_count_for_the_network(
    database_url: str, tmp_path: Path
) -> None:
    async def run() -> list[float]:
        closing = answer(404, b"", "text/plain", "Connection: close")
        async with listening(["127.0.0.1"] * 6, lambda: answers({}, closing)) as wires:
            allowed = replace(scope(tmp_path), rate_per_network=8, per_host=6)
            named = [where.replace("127.0.0.1", "localhost") for where in list(wires)[:3]]
            await work(database_url, create(database_url, tmp_path, [*named, *list(wires)[3:]], allowed, deadline=9.0))
            return [moment for wire in wires.values() for moment in wire.arrivals]

    arrivals = asyncio.run(run())
    assert len(arrivals) >= 12  # two questions each, each on a connection of its own
    at_most(8, arrivals)


@pytest.mark.parametrize("per_host", [1, 2])
def test_an_address_has_no_more_connections_at_a_time_than_the_scope_allows(
    per_host: int, database_url: str, tmp_path: Path
) -> None:
    together: list[int] = []
    wires: list[Wire] = []

    def counted() -> Handler:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            wires.append(handler_wires[handler])
            together.append(sum(wire.open_now for wire in {id(wire): wire for wire in wires}.values()))
            await asyncio.sleep(0.05)
            await bare_of(handler_wires[handler])(reader, writer)

        return handler

    scanned(database_url, tmp_path, ["127.0.0.1"] * 8, counted, per_host=per_host)
    assert len(together) == 8
    assert max(together) <= per_host


def bare_of(wire: Wire) -> Handler:
    """A server that knows no path, inside another handler of this listener."""
    handler = answers({})
    handler_wires[handler] = wire
    return handler


def test_an_endpoint_gets_no_more_requests_than_the_scope_allows(database_url: str, tmp_path: Path) -> None:
    many = [{"name": f"m{number}:1b", "model": f"m{number}:1b", "digest": f"{number:064x}"} for number in range(50)]
    pages = {"/api/tags": page({"models": many}), "/api/version": page({"version": "0.5.0"}), "/api/show": page({})}
    wires = scanned(database_url, tmp_path, ["127.0.0.1"], lambda: answers(pages), requests_per_host=9)
    assert [len(wire.requests) for wire in wires.values()] == [9]


def test_neighbours_are_not_asked_in_a_row(database_url: str, tmp_path: Path) -> None:
    addresses = [f"127.0.{network}.{host}" for network in range(8) for host in range(1, 9)]
    wires = scanned(database_url, tmp_path, addresses, bare, rate=200)
    order = [where for _, where in sorted((wire.arrivals[0], where) for where, wire in wires.items())]
    networks = [network_of(where.partition(":")[0]) for where in order]
    in_a_row = sum(before == after for before, after in itertools.pairwise(networks))
    assert in_a_row <= 8  # in the order of the list it would be 56
    numbers = [int(where.partition(":")[0].rpartition(".")[2]) for where in order]
    assert numbers[:8] != sorted(numbers[:8])
