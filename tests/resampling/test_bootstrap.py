"""The bootstrap over networks says less where hosts of one network are alike, and just as much where they are not."""

from __future__ import annotations

import numpy as np
import pytest

from census.resampling.bootstrap import intervals

Networks = list[tuple[dict[str, int], int]]


def wilson(count: int, of: int) -> tuple[float, float]:
    z, p = 1.959963984540054, count / of
    middle, half = p + z * z / (2 * of), z * (p * (1 - p) / of + z * z / (4 * of * of)) ** 0.5
    return (middle - half) / (1 + z * z / of), (middle + half) / (1 + z * z / of)


def width(interval: tuple[float, float]) -> float:
    return interval[1] - interval[0]


def test_networks_of_one_host_each_give_the_interval_over_hosts() -> None:
    networks: Networks = [({"yes": 1}, 1)] * 300 + [({"no": 1}, 1)] * 700
    low, high = intervals(networks, draws=4000, seed=1)["yes"]
    assert (low, high) == pytest.approx(wilson(300, 1000), abs=0.005)


def test_networks_whose_hosts_are_all_alike_widen_the_interval_by_the_root_of_their_size() -> None:
    networks: Networks = [({"yes": 25}, 25)] * 30 + [({"no": 25}, 25)] * 70
    clustered = intervals(networks, draws=4000, seed=1)["yes"]
    assert width(clustered) == pytest.approx(5 * width(wilson(750, 2500)), rel=0.1)


def test_networks_of_equal_mixture_have_hardly_any_width() -> None:
    networks: Networks = [({"yes": 30}, 100)] * 40
    assert intervals(networks, draws=200, seed=1)["yes"] == pytest.approx((0.3, 0.3))


def test_units_without_any_value_count_in_the_whole() -> None:
    networks: Networks = [({"yes": 10}, 10), ({}, 10)] * 50
    low, high = intervals(networks, draws=2000, seed=1)["yes"]
    assert low < 0.5 < high


def test_networks_that_have_no_unit_at_all_do_not_divide_by_zero() -> None:
    networks: Networks = [({}, 0)] * 3 + [({"yes": 1}, 2)]
    assert intervals(networks, draws=500, seed=1)["yes"] == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize("networks", [[], [({"yes": 5}, 9)]])
def test_fewer_than_two_networks_tell_nothing(networks: Networks) -> None:
    assert intervals(networks, draws=10, seed=1) == {}


def test_a_seed_gives_the_same_interval_again_and_another_seed_another() -> None:
    rng = np.random.default_rng(2)
    networks: Networks = [({"yes": int(rng.binomial(20, 0.4))}, 20) for _ in range(50)]
    assert intervals(networks, draws=300, seed=5) == intervals(networks, draws=300, seed=5)
    assert intervals(networks, draws=300, seed=5) != intervals(networks, draws=300, seed=6)


def test_ninety_five_of_a_hundred_intervals_hold_the_true_share() -> None:
    """Networks differ in their share (beta) and in their size; 200 censuses of the same Internet."""
    rng = np.random.default_rng(9)
    held = 0
    for census in range(200):
        sizes = rng.geometric(0.1, size=120)
        yes = rng.binomial(sizes, rng.beta(2, 3, size=120))
        networks: Networks = [({"yes": int(y)}, int(n)) for y, n in zip(yes, sizes, strict=True)]
        low, high = intervals(networks, draws=400, seed=census)["yes"]
        held += low <= 0.4 <= high
    assert 180 <= held <= 198
