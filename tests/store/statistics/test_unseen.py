"""How many units were not seen, against the formulas of the books and a history counted in plain Python."""

from __future__ import annotations

import math
from typing import Any

import pytest
from sqlalchemy import Connection, text

from tests.store.statistics.history import SCANS, Listed, World, served
from tests.store.statistics.reckoning import Z, agree, told, units

_MAY_BE_NULL = {"estimate", "low", "high", "variance"}
MODEL = (Listed("llama3.1:8b", "a1"),)


def interval(observed: int, estimate: float | None, variance: float) -> tuple[float | None, float | None]:
    if estimate is None:
        return None, None
    rest = estimate - observed
    factor = math.exp(Z * math.sqrt(math.log(1 + variance / rest**2))) if rest else 1.0
    return observed + rest / factor, observed + rest * factor


def chao(captures: list[int], scans: int | None = None) -> dict[str, Any]:
    """Chao's estimate with its variance as EstimateS gives it: Chao1, or with a number of scans Chao2."""
    observed, once, twice = len(captures), captures.count(1), captures.count(2)
    k = 1.0 if scans is None else (scans - 1) / scans if scans else 0.0
    estimate: float | None = observed + k * (once**2 / (2 * twice) if twice else once * (once - 1) / 2)
    if twice:
        ratio = once / twice
        variance: float = twice * (k * ratio**2 / 2 + k**2 * ratio**3 + k**2 * ratio**4 / 4)
    else:
        variance = k * once * (once - 1) / 2
        variance += k**2 * once * (2 * once - 1) ** 2 / 4 - k**2 * once**4 / (4 * (estimate or 1))
    if once == observed:
        estimate = None
    low, high = interval(observed, estimate, variance)
    told = {
        "estimator": "chao1", "observed": observed, "estimate": estimate, "low": low, "high": high,
        "variance": None if estimate is None else variance, "once": once, "twice": twice,
    }  # fmt: skip
    return told if scans is None else {**told, "estimator": "chao2", "scans": scans}


def chapman(first: set[Any], second: set[Any]) -> dict[str, Any]:
    n, m, both, observed = len(first), len(second), len(first & second), len(first | second)
    estimate = (n + 1) * (m + 1) / (both + 1) - 1
    variance = (n + 1) * (m + 1) * (n - both) * (m - both) / ((both + 1) ** 2 * (both + 2))
    low, high = interval(observed, estimate, variance)
    return {
        "estimator": "chapman", "observed": observed, "estimate": estimate, "low": low, "high": high,
        "variance": variance, "in_first": n, "in_second": m, "in_both": both,
    }  # fmt: skip


def test_both_estimators_are_those_of_the_history(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        found = units(world, options, carriers=True)
        captured = {key: {look.scan for look in looks} for key, looks in found.items()}
        # The scans are those with any recognised look, whatever the population.
        passes = sorted(
            {look.scan for look in world.asked(**{**options, "population": "raw"}) if look.outcome.recognised}
        )
        latest = passes[-2:]
        captures = [len(scans) for scans in captured.values()]
        rows = [chao(captures), chao(captures, len(passes))]
        if len(latest) == 2:
            first, second = ({key for key, scans in captured.items() if scan in scans} for scan in latest)
            rows.append({**chapman(first, second), "first_scan": latest[0], "second_scan": latest[1]})
        return rows

    def ask(options: dict[str, Any]) -> Any:
        return [
            {key: value for key, value in row.items() if value is not None or key in _MAY_BE_NULL}
            for row in told(history, "unseen", options)
        ]

    agree(ask, reckon)


@pytest.mark.parametrize(
    ("captures", "estimate"),
    [
        ([1] * 10 + [2] * 5 + [3], 16 + 100 / 10),
        ([1] * 4 + [3], 5 + 4 * 3 / 2),  # nobody twice: the form that is corrected for bias
        ([2, 2, 3], 3.0),  # nobody only once: everybody was seen
        ([1, 1, 1], None),  # nobody a second time: nothing is known
        ([1], None),
    ],
)
def test_chao_s_estimate_of_a_history_by_hand(blank: Connection, captures: list[int], estimate: float | None) -> None:
    world = World(scans=list(SCANS[:3]), hosts=[(None, None, None, None)] * len(captures))
    world.endpoints = [(host, 11434, 0, False) for host in range(len(captures))]
    world.looks = [served(host, MODEL, scan) for host, times in enumerate(captures) for scan in range(1, times + 1)]
    world.write(blank)
    rows = told(blank, "unseen", {})
    assert rows[0]["estimate"] == pytest.approx(estimate)
    for row, expected in zip(rows, (chao(captures), chao(captures, max(captures))), strict=False):
        assert row["estimate"] == pytest.approx(expected["estimate"])
        assert (row["low"], row["high"]) == pytest.approx((expected["low"], expected["high"]))
        if estimate is not None:
            assert len(captures) <= row["low"] <= row["estimate"] <= row["high"]


def test_with_two_scans_chao_says_what_capture_and_recapture_says(blank: Connection) -> None:
    """For n hosts in either scan and m in both n^2 / m, after Petersen; Chapman's takes the bias out of that."""
    world = World(scans=list(SCANS[:2]), hosts=[(None, None, None, None)] * 16)
    world.endpoints = [(host, 11434, 0, False) for host in range(16)]
    world.looks = [served(host, MODEL, 1) for host in range(10)] + [served(host, MODEL, 2) for host in range(6, 16)]
    world.write(blank)
    chao1, chao2, chapman = told(blank, "unseen", {})
    assert (chao2["once"], chao2["twice"], chao2["scans"], chao2["estimate"]) == (12, 4, 2, 10 * 10 / 4)
    assert chao1["estimate"] == 16 + 12**2 / 8
    assert chapman["estimate"] == 11 * 11 / 5 - 1
    assert chao2["low"] < chapman["estimate"] < chao2["high"] < chao1["high"]


def test_scans_whose_observations_were_pruned_still_count(blank: Connection) -> None:
    world = World(scans=list(SCANS[:2]), hosts=[(None, None, None, None)] * 2)
    world.endpoints = [(0, 11434, 0, False), (1, 11434, 0, False)]
    world.looks = [served(0, MODEL, 1), served(0, MODEL, 2), served(1, MODEL, 2)]
    world.write(blank)
    before = told(blank, "unseen", {})[1]
    assert before["scans"] == 2
    blank.execute(text("delete from observation where scan_id = 1"))
    blank.execute(
        text("""
        insert into chunk (scan_id, number, addresses, ports, outcomes, counts)
        select s.id, 0, array['127.0.0.1'::inet], array[11434], decode('00', 'hex'),
            array(select (s.id = 1 and word = 'served')::int from outcome order by id)
        from scan s""")
    )
    assert told(blank, "unseen", {})[1] == before


def test_two_ports_of_a_host_in_one_scan_are_one_capture(blank: Connection) -> None:
    world = World(scans=list(SCANS[:2]), hosts=[(None, None, None, None)] * 2)
    world.endpoints = [(0, 11434, 0, False), (0, 8000, 0, False), (1, 11434, 0, False)]
    world.looks = [served(0, MODEL, 1), served(1, MODEL, 1), served(2, MODEL, 1), served(2, MODEL, 2)]
    world.write(blank)
    row = told(blank, "unseen", {})[0]
    assert (row["once"], row["twice"]) == (1, 1)
    assert told(blank, "unseen", {"unit": "endpoint"})[0]["once"] == 2


@pytest.mark.parametrize(
    ("first", "second", "times"),
    [
        ((1,), (1,), 1),
        ((1,), (2,), 2),
        ((1, 2), (1, 2), 2),  # two of each port are still two
        ((1, 2), (2, 3), 3),
        ((1, 2, 3), (2,), 3),
        ((1, 2, 3), (1, 2), 3),
    ],
)
def test_a_host_was_seen_in_the_scans_of_all_its_ports(
    blank: Connection, first: tuple[int, ...], second: tuple[int, ...], times: int
) -> None:
    world = World(scans=list(SCANS[:3]), hosts=[(None, None, None, None)])
    world.endpoints = [(0, 11434, 0, False), (0, 8000, 0, False)]
    world.looks = [served(port, MODEL, scan) for port, scans in enumerate((first, second)) for scan in scans]
    world.write(blank)
    row = told(blank, "unseen", {})[0]
    assert (row["observed"], row["once"], row["twice"]) == (1, times == 1, times == 2)


def test_a_host_of_two_ports_is_counted_once_for_a_scan_whose_observations_were_pruned(blank: Connection) -> None:
    world = World(scans=list(SCANS[:2]), hosts=[(None, None, None, None)] * 2)
    world.endpoints = [(0, 11434, 0, False), (0, 8000, 0, False), (1, 11434, 0, False)]
    world.looks = [served(0, MODEL, 1), served(1, MODEL, 1), served(2, MODEL, 1), served(2, MODEL, 2)]
    world.write(blank)
    blank.execute(text("delete from observation where scan_id = 1"))
    row = told(blank, "unseen", {})[0]
    assert (row["once"], row["twice"]) == (1, 1)


def test_one_scan_has_no_estimate_and_no_pair(history: Connection) -> None:
    rows = told(history, "unseen", {"scan": 3})
    assert [row["estimator"] for row in rows] == ["chao1", "chao2"]
    for row in rows:
        assert (row["estimate"], row["low"], row["high"]) == (None, None, None)
        assert row["observed"] == row["once"] > 0
