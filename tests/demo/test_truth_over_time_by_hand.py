"""The truth over time: three weeks of a few hosts that can be counted by hand, and estimates from the textbooks."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from census.demo import Resident, generate, truth_of_models, truth_of_places, truth_over_time, truth_over_weeks
from census.demo.behaviour import Behaviour
from census.demo.catalogue import OLLAMA
from census.demo.estimators import chao1, chapman, kaplan_meier, wilson
from census.demo.holdings import hold
from census.demo.sights import Selection, Sight
from census.facts import Outcome, Verdict

MONDAY = datetime(2026, 9, 7, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
ENTRIES = {entry.name: entry for entry in OLLAMA}
LLAMA, QWEN, GEMMA = "llama3:8b", "qwen2.5:7b", "gemma:7b"
SOMEBODY = next(each for each in generate(1, 60).residents if each.behaviour is Behaviour.OLLAMA)


def _resident(host: int, *names: str, version: str = "0.6.8", verdict: Verdict = Verdict.CREDIBLE) -> Resident:
    return dataclasses.replace(
        SOMEBODY, address=f"127.0.0.{host}", port=11434, version=version, verdict=verdict, country="CN", region=None,
        outcome=Outcome.SERVED if names else Outcome.EMPTY, running=len(names) % 2,
        models=tuple(hold(ENTRIES[name], Behaviour.OLLAMA, version) for name in names),
    )  # fmt: skip


def _sight(scan: int, resident: Resident) -> Sight:
    return Sight(scan, MONDAY + (scan - 1) * WEEK, resident)


# Host 1 is there in all weeks and upgrades in the third; host 2 is away in the second; host 3 goes after the first;
# host 4 comes in the third; host 5 is a decoy in the first.
SELECTION = Selection(
    sights=(
        _sight(1, _resident(1, LLAMA)),
        _sight(1, _resident(2, LLAMA, QWEN)),
        _sight(1, _resident(3, LLAMA)),
        _sight(1, _resident(5, GEMMA, verdict=Verdict.DECOY)),
        _sight(2, _resident(1, LLAMA, QWEN)),
        _sight(3, _resident(1, LLAMA, QWEN, version="0.9.6")),
        _sight(3, _resident(2, QWEN)),
        _sight(3, _resident(4)),
    ),
    failures=(_sight(2, _resident(2)), _sight(2, _resident(3)), _sight(3, _resident(3))),
    ends=(),
    names={},
)


def _picked(rows: list[dict[str, Any]], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


def test_persistence_counts_observations_with_a_model() -> None:
    rows = truth_over_time.persistence(SELECTION)
    assert _picked(rows, "seen", "count", "observations") == [
        ("1", 1, 1),
        ("2-10", 2, 5),
        ("11-100", 0, 0),
        (">100", 0, 0),
    ]
    assert truth_over_time.persistence(SELECTION, credible=False)[0]["count"] == 2
    assert truth_over_time.persistence(SELECTION, "observation")[1]["count"] == 5


def test_uptime_has_two_readings() -> None:
    rows = truth_over_time.uptime(SELECTION)
    counts = {(row["period"], row["uptime"]): row["count"] for row in rows if row["count"]}
    # Host 3 is asked in vain only after it was last seen; host 4 was asked once.
    assert counts == {
        ("seen", "100%"): 1, ("seen", "50-79%"): 1, ("seen", "once"): 2,
        ("asked", "100%"): 1, ("asked", "50-79%"): 1, ("asked", "<50%"): 1, ("asked", "once"): 1,
    }  # fmt: skip
    assert rows[0]["mean"] == pytest.approx((1 + 2 / 3) / 2)


def test_survival_ends_at_the_first_attempt_in_vain_after_the_last_sight() -> None:
    rows = truth_over_time.survival(SELECTION)
    assert _picked(rows, "days", "at_risk", "events", "censored") == [(0, 4, 0, 1), (7, 3, 1, 0), (14, 2, 0, 2)]
    assert [row["survival"] for row in rows] == pytest.approx([1, 2 / 3, 2 / 3])


def test_growth_counts_the_new_and_the_gone() -> None:
    rows = truth_over_weeks.growth(SELECTION)
    assert _picked(rows, "week", "count", "new", "gone") == [
        ("2026-09-07", 3, 3, 0), ("2026-09-14", 1, 0, 1), ("2026-09-21", 3, 1, 0),
    ]  # fmt: skip
    assert [row["models_mean"] for row in rows] == pytest.approx([4 / 3, 2, 1.5])


def test_a_version_is_changed_gone_or_there() -> None:
    rows = truth_over_time.upgrades(SELECTION)
    assert sorted(_picked(rows, "version", "fate", "became", "count", "of", "days"), key=str) == [
        ("0.6.8", "changed", "0.9.6", 1, 4, 7.0),
        ("0.6.8", "gone", None, 1, 4, 7.0),
        ("0.6.8", "there", None, 2, 4, None),
        ("0.9.6", "there", None, 1, 1, None),
    ]


def test_weekly_ranks_tell_who_came_and_how_the_order_turned() -> None:
    rows = truth_over_weeks.weekly_ranks(SELECTION)
    assert _picked(rows, "week", "rank", "family", "count") == [
        ("2026-09-07", 1, "Llama", 3), ("2026-09-07", 2, "Qwen", 1),
        ("2026-09-14", 1, "Llama", 1), ("2026-09-14", 2, "Qwen", 1),
        ("2026-09-21", 1, "Qwen", 2), ("2026-09-21", 2, "Llama", 1),
    ]  # fmt: skip
    assert [rows[place]["tau"] for place in (0, 2, 4)] == [1, None, -1]
    with_decoys = truth_over_weeks.weekly_ranks(SELECTION, credible=False)
    assert [row["change"] for row in with_decoys if row["family"] == "Gemma"] == [None, "left"]


def test_ranks_differ_by_what_is_counted() -> None:
    [llama, qwen] = sorted(truth_over_time.ranks(SELECTION), key=lambda row: str(row["family"]))
    assert (llama["by_observation"], llama["by_host"], llama["volatility"]) == (1, 1, 0)
    assert (qwen["by_observation"], qwen["by_host_day"], qwen["deviation"]) == (2, 2, 0)


def test_unseen_counts_scans_and_not_observations() -> None:
    chao, few, again = truth_over_time.unseen(SELECTION)
    assert (chao["observed"], chao["once"], chao["twice"], chao["estimate"]) == (4, 2, 1, 6)
    assert (few["observed"], few["scans"], few["estimate"]) == (4, 3, pytest.approx(4 + 2 / 3 * 2))
    assert (again["in_first"], again["in_second"], again["in_both"], again["estimate"]) == (1, 3, 1, 3)


def test_sizes_loads_and_concentration_are_those_of_the_hosts() -> None:
    sizes = {row["band"]: (row["count"], row["largest"]) for row in truth_of_models.parameter_sizes(SELECTION)}
    assert sizes["4-7B"] == (2, 0)
    assert sizes["8-14B"] == (3, 3)
    loaded = {row["running"]: (row["count"], row["loaded"]) for row in truth_of_models.running(SELECTION)}
    assert loaded == {"yes": (3, 3 / 6), "no": (0, None), "unknown": (0, None)}
    family = truth_of_places.concentration(SELECTION)[2]
    assert family["hhi"] == pytest.approx((3 / 5) ** 2 + (2 / 5) ** 2)
    assert family["gini"] == pytest.approx(0.1)


def test_a_weakness_is_told_by_the_ranges_of_its_sources() -> None:
    told = {(row["advisory"], row["affected"]): row["count"] for row in truth_of_places.exposure(SELECTION)}
    assert (told["CVE-2024-37032", "no"], told["CVE-2024-37032", "yes"]) == (3, 0)
    assert told["CVE-2026-7482", "yes"] == 3  # before 0.17.1


def test_estimates_are_those_of_the_textbooks() -> None:
    # Freireich's patients under 6-mercaptopurine, in weeks: the example in nearly every book on survival.
    events = Counter({6: 3, 7: 1, 10: 1, 13: 1, 16: 1, 22: 1, 23: 1})
    censored = Counter({6: 1, 9: 1, 10: 1, 11: 1, 17: 1, 19: 1, 20: 1, 25: 1, 32: 2, 34: 1, 35: 1})
    shares = {row["days"]: row["survival"] for row in kaplan_meier(events, censored)}
    assert [round(shares[week], 3) for week in (6, 7, 10, 13, 16, 22, 23)] == [
        0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448,
    ]  # fmt: skip
    assert chapman(200, 150, 30)["estimate"] == pytest.approx(201 * 151 / 31 - 1)
    assert chao1(10, 4, 2)["estimate"] == 14
    assert chao1(10, 4, 0)["estimate"] == 16
    assert chao1(10, 4, 2, scans=2)["estimate"] == 12
    assert chao1(3, 3, 0)["estimate"] is None
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
