"""In which order the targets of a chunk are let go, which can be given away, and what that takes in memory."""

from __future__ import annotations

import pytest

from census.facts import Target
from census.scan.chunks import OpenChunk
from census.scan.feed import Feed
from census.store.claims import Claim
from tests.support.weight import bytes_kept

DENSE = tuple(Target(f"10.0.{place // 200}.{1 + place % 200}", 11434) for place in range(5_000))
SPARSE = tuple(Target(f"10.{place // 250}.{place % 250}.7", 11434) for place in range(5_000))


def at_once(_network: str) -> float:
    return 0.0


def let_go(targets: list[Target], per_host: int = 1) -> list[list[int]]:
    """The places in each lane, in the order of the lanes."""
    feed = Feed(targets, range(len(targets)), per_host)
    return [[place for place, _ in lane] for _, _, lane in feed.in_turn(at_once)]


def test_networks_take_turns_and_each_lets_its_addresses_go_in_the_order_of_the_list() -> None:
    targets = [Target(address, 1) for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.1")]
    resting = {"10.0.0": 0.0, "10.0.1": 0.0}
    met = []
    for _, network, lane in Feed(targets, range(4), 1).in_turn(resting.__getitem__):
        resting[network] += 1.0
        met += [place for place, _ in lane]
    assert met == [0, 3, 1, 2]


@pytest.mark.parametrize(
    ("per_host", "expected"), [(1, [[0, 1, 3, 4], [2]]), (2, [[0, 3], [1, 4], [2]]), (9, [[0], [1], [2], [3], [4]])]
)
def test_the_ports_of_an_address_are_dealt_to_as_many_lanes_as_may_be_asked_at_a_time(
    per_host: int, expected: list[list[int]]
) -> None:
    addresses = ("10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.1")
    assert let_go([Target(address, port) for port, address in enumerate(addresses)], per_host) == expected


def test_only_places_that_are_left_are_let_go_and_names_are_networks_of_their_own() -> None:
    targets = [Target(None, 1, "a.example.edu"), Target("10.0.0.1", 1), Target(None, 1, "b.example.edu")]
    lanes = Feed(targets, (0, 2), 1).in_turn(at_once)
    assert [(network, lane) for _, network, lane in lanes] == [
        ("a.example.edu", [(0, targets[0])]),
        ("b.example.edu", [(2, targets[2])]),
    ]


def test_what_is_given_away_are_whole_networks_that_nobody_was_asked_in_and_they_are_let_go_no_more() -> None:
    targets = [Target(f"10.0.{network}.{host}", 1) for network in range(5) for host in (1, 2)]
    feed = Feed(targets, range(10), 1)
    turns = feed.in_turn(at_once)
    _, first, lane = next(turns)
    assert (first, lane[0][0]) == ("10.0.0", 0)
    assert feed.spare(5) == []  # half of the four others have four targets
    assert feed.spare(4) == [6, 7, 8, 9]
    assert sorted(place for _, _, lane in turns for place, _ in lane) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("targets", "most"), [(DENSE, 30), (SPARSE, 350)])
def test_a_chunk_that_is_being_asked_takes_little_beside_its_targets(targets: tuple[Target, ...], most: int) -> None:
    def begin() -> object:
        chunk = OpenChunk(Claim(1, 0, 1, targets, bytes(5_000)), frozenset())
        feed = Feed(targets, chunk.left(), 1)
        turns = feed.in_turn(at_once)
        next(turns)
        return chunk, feed, turns

    assert bytes_kept(begin) / len(targets) < most


def test_what_was_let_go_is_not_kept_until_the_chunk_is_done() -> None:
    def run() -> object:
        feed = Feed(SPARSE, range(len(SPARSE)), 1)
        assert sum(len(lane) for _, _, lane in feed.in_turn(at_once)) == len(SPARSE)
        return feed

    assert bytes_kept(run) < 300_000  # what is left is the table of a dictionary that was full
