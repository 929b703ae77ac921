"""What hosts told of models is known once two networks agree, and no one network can make it up."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from census.facts import Saying
from census.probe.memory import Memory, Recall
from tests.support.weight import bytes_kept

DIGEST, RULES = "a" * 64, "0.6.4"
TRUTH, LIE = '{"tools":2}', '{"tools":0}'


def told(said: str, digest: str = DIGEST) -> tuple[Saying, ...]:
    return (Saying(digest, RULES, said),)


def known(*heard: tuple[str, str]) -> str | None:
    """What is known after hosts with these addresses said this, in order."""
    memory = Memory()
    for address, said in heard:
        memory.hear(address, told(said))
    return memory.known(DIGEST, RULES)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ([("192.0.2.1", TRUTH)], None),
        ([("192.0.2.1", TRUTH), ("192.0.2.1", TRUTH)], None),
        ([("192.0.2.1", TRUTH), ("198.51.100.1", TRUTH)], TRUTH),
        ([("2001:db8::1", TRUTH), ("2001:db8::2", TRUTH)], None),
        ([("2001:db8::1", TRUTH), ("2001:db8:1::1", TRUTH)], TRUTH),
        # One liar, first or last, and two of one network.
        ([("192.0.2.1", LIE), ("198.51.100.1", TRUTH), ("203.0.113.1", TRUTH)], None),
        ([("192.0.2.1", LIE), *((f"10.0.{each}.1", TRUTH) for each in range(4))], TRUTH),
        ([*((f"10.0.{each}.1", TRUTH) for each in range(4)), ("192.0.2.1", LIE)], TRUTH),
        ([("192.0.2.1", LIE), ("192.0.2.2", LIE)], None),
        ([("192.0.2.1", LIE), ("192.0.2.2", LIE), *((f"10.0.{each}.1", TRUTH) for each in range(4))], TRUTH),
        ([("192.0.2.1", TRUTH), ("198.51.100.1", TRUTH), ("203.0.113.1", LIE)], None),
        # Two liars in two networks are believed, until somebody contradicts them and most agree with him.
        ([("192.0.2.1", LIE), ("198.51.100.1", LIE)], LIE),
        ([("192.0.2.1", LIE), ("198.51.100.1", LIE), ("10.0.0.1", TRUTH)], None),
        (
            [("192.0.2.1", LIE), ("198.51.100.1", LIE), *((f"10.0.{each}.1", TRUTH) for each in range(6))],
            TRUTH,
        ),
    ],
)
def test_what_two_networks_agree_on_is_known_and_a_contradiction_takes_two_more(
    heard: Iterable[tuple[str, str]], expected: str | None
) -> None:
    assert known(*heard) == expected


def test_what_is_told_under_other_rules_is_another_thing() -> None:
    memory = Memory()
    memory.hear("192.0.2.1", told(TRUTH))
    memory.hear("198.51.100.1", (Saying(DIGEST, "0.9.0", TRUTH),))
    assert memory.known(DIGEST, RULES) is None


def test_no_flood_of_models_or_answers_makes_the_memory_grow() -> None:
    memory = Memory(known=50, unknown=40)
    for each in range(1000):
        memory.hear("192.0.2.1", told(TRUTH, f"{each:064x}"))
        memory.hear(f"10.{each % 256}.{each // 256}.1", told(str(each)))
    assert len(memory) == 40
    for each in range(1000):
        for address in ("192.0.2.1", "198.51.100.1"):
            memory.hear(address, told(TRUTH, f"{each:064x}"))
    assert len(memory) == 51  # fifty that are known, and the one of a thousand answers
    assert (memory.known(f"{900:064x}", RULES), memory.known(f"{999:064x}", RULES)) == (None, TRUTH)


@pytest.mark.parametrize(("networks", "most"), [(1, 180), (2, 300), (64, 1_100)])
def test_a_model_takes_little_room_however_many_told_of_it(networks: int, most: int) -> None:
    def hear() -> object:
        memory = Memory()
        for model in range(300):
            for network in range(networks):
                memory.hear(f"10.{network}.{model % 250}.1", told(TRUTH, f"{model:064x}"))
        return memory

    assert bytes_kept(hear) / 300 < most


def test_a_flood_of_unknown_models_drives_out_nothing_that_is_known() -> None:
    memory = Memory(known=50, unknown=40)
    for address in ("192.0.2.1", "198.51.100.1"):
        memory.hear(address, told(TRUTH))
    for each in range(1000):
        memory.hear("192.0.2.1", told(LIE, f"{each:064x}"))
    assert memory.known(DIGEST, RULES) == TRUTH


def test_what_was_given_to_a_look_stays_to_its_end_though_it_was_thrown_out_meanwhile() -> None:
    memory = Memory()
    recall = Recall(memory, lambda _many: False)
    assert recall(DIGEST, RULES) is None
    for address in ("192.0.2.1", "198.51.100.1"):
        memory.hear(address, told(TRUTH))
    assert recall(DIGEST, RULES) == TRUTH
    memory.hear("203.0.113.1", told(LIE))
    assert (recall(DIGEST, RULES), Recall(memory)(DIGEST, RULES)) == (TRUTH, None)


def test_a_host_that_is_to_say_itself_what_is_known_is_told_nothing_however_often_it_is_looked_up() -> None:
    memory = Memory()
    for address in ("192.0.2.1", "198.51.100.1"):
        memory.hear(address, told(TRUTH))
        memory.hear(address, (Saying(DIGEST, "0.9.0", TRUTH),))
    chances = iter([True, False, False])
    recall = Recall(memory, lambda _many: next(chances))
    assert [recall(DIGEST, rules) for rules in (RULES, "0.9.0", RULES)] == [None, None, None]


@pytest.mark.parametrize(("networks", "of"), [(2, 20), (5, 20), (6, 100), (60, 100)])
def test_some_that_list_what_is_known_are_asked_all_the_same_and_fewer_once_many_agree(networks: int, of: int) -> None:
    memory = Memory()
    for each in range(networks):
        memory.hear(f"10.0.{each}.1", told(TRUTH))
    asked = sum(Recall(memory)(DIGEST, RULES) is None for _ in range(4_000))
    assert 0.3 < asked * of / 4_000 < 2  # ten deviations and more


def test_a_digest_that_two_liars_poisoned_is_thrown_out_after_some_hosts_and_then_told_rightly() -> None:
    memory = Memory()
    for address in ("192.0.2.1", "198.51.100.1"):
        memory.hear(address, told(LIE))
    believed = []
    for each in range(2_000):
        recall = Recall(memory)
        believed.append(recall(DIGEST, RULES))
        if believed[-1] is None:
            memory.hear(f"10.{each // 256}.{each % 256}.1", told(TRUTH))
    assert believed.count(LIE) < 400  # twenty are to be expected; so many one time in a thousand million
    assert believed[-1000:].count(TRUTH) > 900
    assert LIE not in believed[-1000:]
