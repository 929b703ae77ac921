"""What several endpoints together tell, found when a scan ends: real batches of several writers, over several scans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from census.facts import Model, Observation, Outcome, Signal, Target
from census.places import Place, Places
from census.store import claims, crowds, scans
from census.store.connect import connect
from census.store.writer import Batch, Writer
from tests.support.scanning import create

SAME, OTHER = (Model("qwen2:7b"), Model("llama3:8b")), (Model("gemma:2b"),)
PRINT = "a" * 64
NOWHERE = Places([]).locate


def seen(
    address: str,
    port: int = 11434,
    models: Sequence[Model] = SAME,
    *,
    imprint: str | None = None,
    signals: frozenset[Signal] = frozenset(),
    version: str = "0.6.8",
    latency: float | None = None,
) -> Observation:
    outcome = Outcome.SERVED if models else Outcome.EMPTY
    return Observation(
        Target(address, port), outcome, datetime.now(UTC), address, "Ollama", version, tuple(models),
        imprint=imprint, signals=signals, latency_ms=latency,
    )  # fmt: skip


def scan(
    url: str,
    folder: Path,
    observations: Sequence[Observation],
    locate: Callable[[str], Place] = NOWHERE,
) -> None:
    """Store these as one scan, the last of them by a writer of its own, and end it."""
    number = create(url, folder, [str(each.target) for each in observations])
    by_target = {(each.target.address, each.target.port): each for each in observations}
    with connect(url) as connection:
        while (claim := claims.claim(connection, number, "one")) is not None:
            found = [by_target[target.address, target.port] for target in claim.targets]
            done = bytes(each.outcome for each in found)
            for outcomes, part in ((done[:-1] + b"\0", found[:-1]), (done, found[-1:])):
                with connect(url) as another:
                    writer = Writer(another, locate)
                    writer.write(Batch(number, claim.number, claim.attempt, outcomes, part, 0, 0))
        assert scans.end(connection, number)


def told(url: str) -> dict[tuple[str, int], tuple[str, tuple[str, ...]]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("select address, port, decoy, signals from export.endpoints").fetchall()
    return {(address, port): (decoy, tuple(signals)) for address, port, decoy, signals in rows}


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        (4, ("credible", ())),
        (5, ("suspect", ("many_ports",))),
        (9, ("suspect", ("many_ports",))),
        (10, ("decoy", ("many_ports", "ten_ports"))),
    ],
)
def test_ports_of_one_address_with_one_inventory_tell(
    database_url: str, tmp_path: Path, ports: int, expected: tuple[str, tuple[str, ...]]
) -> None:
    crowd = [seen("127.0.0.1", 8000 + port) for port in range(ports)]
    others = [seen("127.0.0.1", 9000 + port, [Model(f"m{port}")]) for port in range(10)]
    neighbours = [seen(f"127.0.0.{n}") for n in range(2, 14)]
    scan(database_url, tmp_path, [*crowd, *others, *neighbours])
    found = told(database_url)
    assert all(found["127.0.0.1", 8000 + port] == expected for port in range(ports))
    assert all(found[each.target.address or "", each.target.port] == ("credible", ()) for each in others + neighbours)


def test_ten_empty_lists_of_one_address_tell_too(database_url: str, tmp_path: Path) -> None:
    scan(database_url, tmp_path, [seen("127.0.0.1", 8000 + port, ()) for port in range(10)])
    assert {verdict for verdict, _ in told(database_url).values()} == {"decoy"}


def test_ports_add_up_over_scans_and_a_changed_version_counts_once(database_url: str, tmp_path: Path) -> None:
    other = seen("127.0.0.1", 7000, OTHER)
    for version in ("0.6.8", "0.7.0"):
        scan(database_url, tmp_path, [other, *(seen("127.0.0.1", 8000 + n, version=version) for n in range(4))])
    assert {verdict for verdict, _ in told(database_url).values()} == {"credible"}
    scan(database_url, tmp_path, [seen("127.0.0.1", 9000 + port) for port in range(6)])
    found = told(database_url)
    assert found.pop(("127.0.0.1", 7000)) == ("credible", ())
    assert {verdict for verdict, _ in found.values()} == {"decoy"}


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        ([f"127.0.{n}.1" for n in range(5)], ("suspect", ("clone",))),
        ([f"127.0.{n}.1" for n in range(4)], ("credible", ())),
        ([f"127.0.0.{n}" for n in range(1, 9)], ("credible", ())),
    ],
)
def test_clones_are_of_many_networks(
    database_url: str, tmp_path: Path, addresses: list[str], expected: tuple[str, tuple[str, ...]]
) -> None:
    clones = [seen(address, imprint=PRINT) for address in addresses]
    others = [seen(f"127.1.{n}.1", imprint=f"{n:064}") for n in range(6)] + [seen(f"127.2.{n}.1") for n in range(6)]
    scan(database_url, tmp_path, [*clones, *others])
    found = told(database_url)
    assert all(found[address, 11434] == expected for address in addresses)
    assert all(found[each.target.address or "", 11434] == ("credible", ()) for each in others)


def test_networks_of_ipv6_are_48_bits_wide(database_url: str, tmp_path: Path) -> None:
    scan(database_url, tmp_path, [seen("127.0.0.1")])
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into host (address) select ('2001:db8:0:' || n || '::1')::inet from generate_series(1, 9) n"
            " union all select ('2001:db8:' || n || '::1')::inet from generate_series(1, 5) n"
        )
        connection.execute(
            "insert into endpoint (host_id, port, verdict, signals, imprint) select id, 1, 0, '{}', case when"
            " address << '2001:db8:0::/48' then 'one' else 'five' end from host where family(address) = 6"
        )
        crowds.judge(connection)
        marked = connection.execute("select imprint, count(*) from endpoint where verdict = 1 group by 1").fetchall()
    assert marked == [("five", 5)]


def systems(number: int) -> Callable[[str], Place]:
    """Places in so many autonomous systems, by the third number of an address; none for 127.9.0.0/16."""

    def locate(address: str) -> Place:
        _, second, third, _ = address.split(".")
        return Place() if second == "9" else Place(asn=64496 + int(third) % number)

    return locate


def fleet(*latencies: float | None, second: int = 0) -> list[Observation]:
    """One inventory at an address of its own network for each latency."""
    return [seen(f"127.{second}.{n}.1", latency=latency) for n, latency in enumerate(latencies)]


EQUAL = (100.0, *[101.0] * 8, 102.0)


@pytest.mark.parametrize(
    ("latencies", "count", "fires"),
    [
        (EQUAL, 5, True),
        (EQUAL, 4, False),
        (EQUAL[:9], 5, False),
        ((*EQUAL, 102.2), 5, False),
        ((*EQUAL, 40.0), 5, False),
        ((2.0, *[2.03] * 8, 2.05), 5, False),  # near by, a share of a millisecond is a difference too
        ((*EQUAL[:9], None), 5, False),
    ],
)
def test_one_inventory_that_many_systems_answer_equally_fast_is_suspect(
    database_url: str, tmp_path: Path, latencies: tuple[float | None, ...], count: int, fires: bool
) -> None:
    for waited in (0.0, 70.0, 9.0):  # only the least counts, whatever came between
        later = [latency and latency + waited * n for n, latency in enumerate(latencies)]
        assert {verdict for verdict, _ in told(database_url).values()} <= {"credible"}
        scan(database_url, tmp_path, fleet(*later), systems(count))
    expected = ("suspect", ("latency",)) if fires else ("credible", ())
    assert set(told(database_url).values()) == {expected}


def test_one_that_is_farther_off_clears_the_crowd_even_where_its_network_is_unknown(
    database_url: str, tmp_path: Path
) -> None:
    for _ in range(3):
        scan(database_url, tmp_path, [*fleet(*EQUAL), *fleet(140.0, second=9)], systems(10))
    assert set(told(database_url).values()) == {("credible", ())}


def test_equal_latencies_of_other_inventories_or_of_unknown_networks_tell_nothing(
    database_url: str, tmp_path: Path
) -> None:
    others = [seen(f"127.8.{n}.1", models=[Model(f"m{n}")], latency=100.0) for n in range(12)]
    for _ in range(3):
        scan(database_url, tmp_path, [*fleet(*[100.0] * 12, second=9), *others], systems(12))
    assert set(told(database_url).values()) == {("credible", ())}


def test_a_verdict_is_never_taken_back_and_judging_again_changes_nothing(database_url: str, tmp_path: Path) -> None:
    crowd = [seen("127.0.0.1", 8000 + port, signals=frozenset({Signal.METHOD})) for port in range(10)]
    scan(database_url, tmp_path, crowd)
    expected = {("127.0.0.1", 8000 + port): ("decoy", ("many_ports", "method", "ten_ports")) for port in range(10)}
    assert told(database_url) == expected
    with psycopg.connect(database_url) as connection:
        before = connection.execute("select array_agg(xmin::text order by id) from endpoint").fetchone()
        crowds.judge(connection)
        assert connection.execute("select array_agg(xmin::text order by id) from endpoint").fetchone() == before
    scan(database_url, tmp_path, [seen("127.0.0.1", 8000 + port, OTHER) for port in range(4)])
    assert told(database_url) == expected


def test_the_imprint_is_the_one_told_last_and_outlives_silence(database_url: str, tmp_path: Path) -> None:
    def stored() -> list[tuple[Any, ...]]:
        with psycopg.connect(database_url) as connection:
            return connection.execute("select imprint from endpoint").fetchall()

    fired = frozenset({Signal.METHOD})
    for imprint, signals, expected in (
        (None, frozenset(), None),
        (PRINT, frozenset(), PRINT),
        (None, fired, PRINT),
        ("b" * 64, fired, "b" * 64),
    ):
        scan(database_url, tmp_path, [seen("127.0.0.1", imprint=imprint, signals=signals)])
        assert stored() == [(expected,)]


def test_an_unfinished_scan_is_not_ended(database_url: str, tmp_path: Path) -> None:
    number = create(database_url, tmp_path, ["127.0.0.1:1"])
    with connect(database_url) as connection:
        assert not scans.end(connection, number)
