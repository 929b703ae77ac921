"""The order: each target once, networks together, the seed alone decides, in memory or through a file."""

from __future__ import annotations

import ipaddress
import random
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from census.facts import Target
from census.targets.entries import Block, Plain
from census.targets.order import MEMORY, Spool
from census.targets.records import Scatter
from census.targets.shards import Shard

Entry = Target | Block | Plain


def chunks_of(
    entries: Iterable[Entry], seed: int = 1, size: int = 100, memory: int = MEMORY, shard: Shard | None = None
) -> list[list[Target]]:
    with Spool(seed, memory, shard) as spool:
        for entry in entries:
            spool.add(entry)
        return list(spool.chunks(size))


def network_of(target: Target) -> str:
    if target.address is None:
        return target.name or ""
    bits = 48 if ":" in target.address else 24
    return str(ipaddress.ip_network(f"{target.address}/{bits}", strict=False))


def mixed_entries(number: int, seed: int = 5) -> list[Entry]:
    draw = random.Random(seed)
    v4 = [draw.randrange(1 << 24, 1 << 32) for _ in range(number // 8)]
    entries: list[Entry] = [
        Target(str(ipaddress.IPv4Address(a & ~7 | draw.randrange(8))), 80 + draw.randrange(3)) for a in v4 * 6
    ]
    entries += [
        Target(f"2001:db8:{draw.randrange(40):x}:{draw.randrange(9):x}::{draw.randrange(5)}", 80)
        for _ in range(number // 8)
    ]
    entries += [Target(None, 443, f"h{draw.randrange(50)}.example", tls=True) for _ in range(number // 16)]
    entries += [Block(v4[0] & ~0xFF, 700, 4, (80, 81)), Block(0x20010DB8 << 96, 600, 6, (80,))]
    entries.append(Plain([v4[1] << 16 | port for port in range(1, 60)]))
    return entries


def expanded(entries: Iterable[Entry]) -> set[tuple[str, int]]:
    """Every (address or name, port), by the standard library alone."""
    found = set()
    for entry in entries:
        if isinstance(entry, Target):
            found.add((entry.name or str(ipaddress.ip_address(entry.address or "")), entry.port))
        elif isinstance(entry, Plain):
            found |= {(str(ipaddress.IPv4Address(key >> 16)), key & 0xFFFF) for key in entry.keys}
        else:
            make = ipaddress.IPv4Address if entry.version == 4 else ipaddress.IPv6Address
            found |= {(str(make(entry.first + n)), port) for n in range(entry.count) for port in entry.ports}
    return found


def keys(chunks: Iterable[list[Target]]) -> list[tuple[str, int]]:
    return [(target.address or target.name or "", target.port) for chunk in chunks for target in chunk]


def test_each_distinct_target_comes_exactly_once() -> None:
    entries = mixed_entries(4000)
    given_out = keys(chunks_of(entries))
    assert len(given_out) == len(set(given_out))
    assert set(given_out) == expanded(entries)


def test_a_network_is_in_one_chunk_or_has_chunks_of_its_own_in_a_row() -> None:
    chunks = chunks_of(mixed_entries(4000))
    at: dict[str, list[int]] = {}
    for number, chunk in enumerate(chunks):
        for network in {network_of(target) for target in chunk}:
            at.setdefault(network, []).append(number)
    wide = {network: places for network, places in at.items() if len(places) > 1}
    assert wide
    for places in wide.values():
        assert places == list(range(places[0], places[-1] + 1))
        assert all(len({network_of(target) for target in chunks[place]}) == 1 for place in places)


def test_chunks_are_of_about_the_size_asked_for_and_never_larger() -> None:
    chunks = chunks_of([Plain([n << 24 | 80 for n in range(70_000, 75_050)])], size=100)
    assert [len(chunk) for chunk in chunks] == [100] * 50 + [50]


def test_the_order_of_the_list_and_duplicates_change_nothing() -> None:
    entries = mixed_entries(2000)
    shuffled = entries * 2
    random.Random(3).shuffle(shuffled)
    assert chunks_of(shuffled) == chunks_of(entries)


def test_a_network_and_its_addresses_one_by_one_are_the_same_list() -> None:
    block = [Block(0x08080800, 512, 4, (80, 81)), Block(0x2620 << 112, 300, 6, (80, 81))]
    single = [Target(address, port) for address, port in sorted(expanded(block))]
    assert chunks_of(block) == chunks_of(single)


def test_another_seed_gives_another_order_of_the_same_targets() -> None:
    entries = mixed_entries(2000)
    one, other = chunks_of(entries, seed=1), chunks_of(entries, seed=2)
    assert sorted(keys(one)) == sorted(keys(other))
    assert not {network_of(t) for t in one[0]} & {network_of(t) for t in other[0]}


@pytest.mark.parametrize("memory", [1 << 14, 1 << 18])
def test_going_through_a_file_changes_nothing(memory: int) -> None:
    entries = mixed_entries(6000)
    assert chunks_of(entries, memory=memory) == chunks_of(entries)


@pytest.mark.parametrize("memory", [1 << 14, 1 << 17])
def test_one_huge_network_goes_through_a_file_as_a_stream(memory: int) -> None:
    entries = [Target(f"2001:db8::{n % 3000:x}", 80) for n in range(6000)]
    entries += [Target(f"8.8.8.{n % 250}", 1 + n % 20) for n in range(6000)]
    chunks = chunks_of(entries, memory=memory)
    assert chunks == chunks_of(entries)
    assert len(keys(chunks)) == len(expanded(entries))


def test_neighbours_in_a_chunk_are_of_different_networks() -> None:
    (chunk,) = chunks_of([Block(0x08080000, 256 * 16, 4, (80,))], size=5000)
    networks = [network_of(target) for target in chunk]
    assert len(chunk) == 4096
    assert all(a != b for a, b in pairwise(networks))
    last: dict[str, int] = {}
    distances = []
    for place, network in enumerate(networks):
        if network in last:
            distances.append(place - last[network])
        last[network] = place
    assert min(distances) >= 8


def test_a_large_network_is_spread_among_small_ones() -> None:
    (chunk,) = chunks_of(
        [Block(0x08080800, 200, 4, (80,)), Plain([n << 24 | 80 for n in range(9000, 9400)])], size=5000
    )
    places = [place for place, target in enumerate(chunk) if network_of(target) == "8.8.8.0/24"]
    assert len(places) == 200
    assert all(abs(place - 3 * n) < 60 for n, place in enumerate(places))


def test_addresses_within_a_network_are_not_asked_in_a_row() -> None:
    (chunk,) = chunks_of([Block(0x08080800, 256, 4, (80,))], size=5000)
    hosts = [int(ipaddress.ip_address(target.address or "")) for target in chunk]
    assert sum(abs(a - b) == 1 for a, b in pairwise(hosts)) < 20


def test_neighbouring_networks_lie_far_apart_in_the_order() -> None:
    chunks = chunks_of([Plain([n << 24 | 80 for n in range(0x080000, 0x080000 + 2000)])], size=10)
    networks = [[int(ipaddress.ip_address(t.address or "")) >> 8 for t in chunk] for chunk in chunks]
    assert sum(abs(a - b) == 1 for chunk in networks for a, b in pairwise(sorted(chunk))) < 60


def test_names_are_one_whatever_their_case_and_final_dot() -> None:
    entries = [
        Target(None, 80, "LLM.example.edu."),
        Target(None, 80, "llm.example.edu"),
        Target(None, 81, "llm.example.edu"),
    ]
    assert sorted(keys(chunks_of(entries))) == [("llm.example.edu", 80), ("llm.example.edu", 81)]


@pytest.mark.parametrize(("address", "name"), [("8.8.8.8", None), ("2001:db8::1", None), (None, "a.example")])
def test_of_one_target_with_and_without_a_scheme_the_scheme_stays(address: str | None, name: str | None) -> None:
    plain, clear, tls = (Target(address, 80, name, scheme) for scheme in (None, False, True))
    assert chunks_of([plain]) == [[plain]]
    assert chunks_of([plain, clear]) == chunks_of([clear, plain]) == [[clear]]
    assert chunks_of([tls, clear, plain]) == chunks_of([clear, tls]) == [[tls]]


@pytest.mark.parametrize(("address", "name"), [("8.8.8.8", None), ("2001:db8::1", None), (None, "a.example")])
def test_targets_that_are_named_with_both_schemes_are_counted(address: str | None, name: str | None) -> None:
    plain, clear, tls = (Target(address, 80, name, scheme) for scheme in (None, False, True))
    for entries, both in (([plain, clear, clear], 0), ([tls, plain], 0), ([clear, tls, plain, clear], 1)):
        with Spool(1) as spool:
            for entry in entries:
                spool.add(entry)
            assert len(list(spool.chunks(10))) == 1
            assert spool.both_schemes == both


def test_a_scheme_stays_where_a_network_names_the_target_again() -> None:
    (chunk,) = chunks_of([Block(0x08080808, 2, 4, (80,)), Target("8.8.8.8", 80, tls=True)])
    assert sorted(map(str, chunk)) == ["8.8.8.8:80", "8.8.8.9:80"]
    assert {target.tls for target in chunk if target.address == "8.8.8.8"} == {True}


def test_an_address_in_the_clothes_of_ipv6_is_the_ipv4_one() -> None:
    assert chunks_of([Target("::ffff:8.8.8.8", 80), Target("8.8.8.8", 80)]) == [[Target("8.8.8.8", 80)]]


def test_the_count_is_of_what_was_taken_in() -> None:
    with Spool(1) as spool:
        spool.add(Target("8.8.8.8", 80))
        spool.add(Target("8.8.8.8", 80))
        spool.add(Target(None, 80, "a.example"))
        spool.add(Plain([1 << 40, 2 << 40]))
        spool.add(Block(0x08080880, 700, 4, (80, 81)))
        assert spool.count == 5 + 1400


def test_a_target_that_is_nothing_is_refused() -> None:
    with Spool(1) as spool, pytest.raises(ValueError, match="is no IP address"):
        spool.add(Target(None, 80))


def test_an_empty_spool_has_no_chunks() -> None:
    assert chunks_of([]) == []


def test_shards_divide_the_list_by_network_whatever_the_seed() -> None:
    entries = mixed_entries(3000)
    shards = [chunks_of(entries, seed=index, shard=(index, 3)) for index in (1, 2, 3)]
    assert sorted(key for shard in shards for key in keys(shard)) == sorted(expanded(entries))
    networks = [{network_of(target) for chunk in shard for target in chunk} for shard in shards]
    assert not networks[0] & networks[1]
    assert not networks[1] & networks[2]
    assert all(len(some) > 100 for some in networks)


@pytest.mark.parametrize("network", range(0x080808, 0x080810))
def test_a_network_is_of_one_shard_however_it_is_written(network: int) -> None:
    address = network << 8
    ways: list[Entry] = [
        Plain([address << 16 | 80]),
        Block(address, 1, 4, (80,)),
        Target(str(ipaddress.IPv4Address(address)), 80),
    ]
    found = [[index for index in range(1, 6) if chunks_of([way], shard=(index, 5))] for way in ways]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 1


def test_the_count_of_a_shard_is_its_own() -> None:
    block = Block(8 << 24, 1 << 12, 4, (80,))
    counts = []
    for index in (1, 2):
        with Spool(1, shard=(index, 2)) as spool:
            spool.add(block)
            counts.append(spool.count)
            assert len(keys(spool.chunks(100))) == spool.count
    assert sum(counts) == 1 << 12


SCATTERS = [Scatter("order 1"), Scatter("order 2")]


@settings(deadline=None)
@given(st.sampled_from(SCATTERS), st.integers(0, (1 << 24) - 1))
def test_a_position_gives_its_network_back(scatter: Scatter, network: int) -> None:
    assert scatter.network(scatter.position(network)) == network
    assert scatter.numbers([network << 24 | 7 << 16 | 80])[0] >> 34 == scatter.position(network)


ENTRIES = st.one_of(
    st.builds(
        lambda a, p, t: Target(str(a), p, None, t), st.ip_addresses(), st.integers(1, 9), st.sampled_from([None, True])
    ),
    st.builds(Block, st.integers(0, 5000), st.integers(1, 900), st.sampled_from([4, 6]), st.just((1, 65535))),
    st.builds(lambda a, p: Plain([a << 16 | p]), st.integers(0, (1 << 32) - 1), st.integers(1, 65535)),
    st.builds(lambda n, p: Target(None, p, n), st.sampled_from(["a", "a-b", "a.b", "b"]), st.integers(1, 3)),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ENTRIES, max_size=12), st.integers(1, 300), st.integers(0, 1 << 16))
def test_any_list_is_given_out_whole_and_the_same_through_a_file(entries: list[Entry], size: int, memory: int) -> None:
    entries = [e for e in entries if not (isinstance(e, Target) and (e.address or "").startswith("::ffff:"))]
    chunks = chunks_of(entries, size=size)
    assert sorted(keys(chunks)) == sorted(expanded(entries))
    assert max(map(len, chunks), default=0) <= size
    assert chunks_of(entries[::-1], size=size, memory=1024 + memory) == chunks


def peak_of(number: int) -> int:
    """Bytes at most allocated for a list of this many targets, taken in and given out."""
    draw = random.Random(number)
    tracemalloc.start()
    with Spool(1, memory=1 << 17) as spool:
        for _ in range(number // 1000):
            spool.add(Plain([draw.randrange(1 << 24, 1 << 32) << 16 | 80 for _ in range(1000)]))
        assert sum(map(len, spool.chunks(500))) > number * 0.99
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_list() -> None:
    small, large = peak_of(5_000), peak_of(40_000)
    assert large < small * 1.5


# Reads a list of any size, and tells by how many bytes the process has grown when nothing of it is left.
_READER = """
import random
import subprocess
import sys
import sys
from pathlib import Path
from census.targets.entries import Plain
from census.targets.order import Spool

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1])

draw, before = random.Random(1), resident()
with Spool(1) as spool:
    for _ in range(int(sys.argv[1])):
        spool.add(Plain([draw.randrange(1 << 24, 1 << 32) << 16 | 80 for _ in range(1000)]))
    for chunk in spool.chunks(5000):
        pass
print((resident() - before) * 4096)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there is it known how much the system has given")
def test_what_a_list_took_is_given_back_to_the_system() -> None:
    told = subprocess.run([sys.executable, "-c", _READER, "400"], capture_output=True, text=True, check=True)
    assert int(told.stdout) < 8_500_000  # 6 million, and 11 million where nothing is given back
