from __future__ import annotations

import heapq
import random
import time

import pytest

from census.probe.networks import Networks, network_of, written_network
from tests.support.weight import bytes_kept

RATE = 1e6


def ask(networks: Networks, addresses: list[str], *, answered: bool) -> None:
    for address in addresses:
        networks.end(address, networks.begin(address), answered=answered)


def addresses(first: int, last: int) -> list[str]:
    return [f"127.0.0.{number}" for number in range(first, last)]


def test_a_network_that_answered_and_falls_silent_is_asked_more_slowly_and_never_slower_than_an_eighth() -> None:
    networks = Networks(RATE)
    ask(networks, addresses(0, 20), answered=True)
    assert networks.slowness("127.0.0") == 1
    ask(networks, addresses(20, 40), answered=False)
    assert networks.slowness("127.0.0") > 1
    ask(networks, addresses(40, 256), answered=False)
    assert networks.slowness("127.0.0") == 8
    assert networks.slowness("127.0.1") == 1


def test_slowness_is_in_the_time_between_two_connections() -> None:
    networks = Networks(2)
    networks.slow_down("127.0.0", "retry_after")
    first = networks.reserve("127.0.0")
    assert first - time.monotonic() > 0.5  # the rest that was to come is lengthened at once
    assert networks.ready("127.0.0") - first == pytest.approx(1.0)


def test_answers_bring_the_rate_back_slowly() -> None:
    networks = Networks(RATE)
    networks.slow_down("127.0.0", "failures")
    ask(networks, addresses(0, 3), answered=True)
    assert 1 < networks.slowness("127.0.0") < 2
    ask(networks, addresses(3, 12), answered=True)
    assert networks.slowness("127.0.0") == 1


def test_a_dark_network_keeps_its_rate() -> None:
    networks = Networks(RATE)
    ask(networks, addresses(0, 256), answered=False)
    assert networks.slowness("127.0.0") == 1


def test_the_ports_of_one_dead_address_count_once() -> None:
    networks = Networks(RATE)
    ask(networks, addresses(0, 20), answered=True)
    ask(networks, ["127.0.0.200"] * 500, answered=False)
    assert networks.slowness("127.0.0") == 1


def test_addresses_that_answered_and_do_not_any_more_tell_of_it_too() -> None:
    networks = Networks(RATE)
    for _ in range(3):
        ask(networks, addresses(0, 20), answered=True)
    ask(networks, addresses(0, 20), answered=False)
    assert networks.slowness("127.0.0") > 1


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("ports", [1, 5])
def test_a_network_of_which_a_part_is_alive_keeps_its_rate_though_silence_takes_longer_than_an_answer(
    share: float, ports: int
) -> None:
    slowed = sum(worst_of(random.Random(seed), share, ports) > 1 for seed in range(20))
    assert slowed <= 1


def worst_of(rng: random.Random, share: float, ports: int) -> float:
    """A /24 with some hosts alive, asked at 20 a second; silence is known after 3 seconds, an answer at once."""
    networks = Networks(RATE)
    hosts = addresses(0, 256)
    alive = {host for host in hosts if rng.random() < share}
    events = [(number / 20, host, ports, None) for number, host in enumerate(rng.sample(hosts, len(hosts)))]
    heapq.heapify(events)
    worst = 1.0
    while events:
        at, host, left, attempt = heapq.heappop(events)
        if isinstance(attempt, tuple):
            networks.end(host, attempt[0], answered=host in alive)
            worst = max(worst, networks.slowness("127.0.0"))
            if left > 1:
                heapq.heappush(events, (at + 0.05, host, left - 1, None))
        else:
            begun = (networks.begin(host),)
            heapq.heappush(events, (at + (0.02 if host in alive else 3.0), host, left, begun))  # type: ignore[misc]
    return worst


def test_idle_networks_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("census.probe.networks.time.monotonic", lambda: now)
    networks = Networks(20)
    for number in range(100_000):
        now += 0.004
        networks.reserve(f"{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(networks._networks) <= 8_000


def test_addresses_of_idle_networks_are_forgotten_however_many_a_network_has(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("census.probe.networks.time.monotonic", lambda: now)
    networks = Networks(1000)
    most = 0
    for number in range(100_000):
        now += 0.004
        network = f"{number // 51_200}.{number // 200 % 256}.0"
        networks.reserve(network)
        networks.begin(f"{network}.{number % 200}")
        most = max(most, sum(len(each.met) for each in networks._networks.values())) if number % 1000 == 0 else most
    assert most <= 8_000  # the 5,000 of the last 20 seconds are not idle


def test_what_is_remembered_of_an_address_does_not_hold_its_text() -> None:
    def remember() -> object:
        networks = Networks(RATE)
        ask(networks, [f"10.0.{number}.{host}" for number in range(20) for host in range(200)], answered=True)
        return networks

    assert bytes_kept(remember) / 4_000 < 70


def test_the_addresses_of_a_network_of_ipv6_are_told_apart() -> None:
    networks = Networks(RATE)
    ask(networks, [f"2001:db8:0:{number:x}::1" for number in range(20)], answered=True)
    ask(networks, ["2001:db8:0:ff::1"] * 500, answered=False)
    assert networks.slowness(network_of("2001:db8::")) == 1
    ask(networks, [f"2001:db8:0:{number:x}::2" for number in range(20)], answered=False)
    assert networks.slowness(network_of("2001:db8::")) > 1


def test_the_networks_of_addresses_as_people_write_them() -> None:
    assert written_network(network_of("127.1.2.3")) == "127.1.2.0/24"
    assert written_network(network_of("2001:db8:1:2::1")) == "2001:db8:1::/48"
    assert written_network("llm.example.edu") == "llm.example.edu"
