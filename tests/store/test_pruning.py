"""Pruning the village: what goes, that all time stays the same, and that windows know what they lack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from census.store import pruning
from census.store.connect import connect
from census.store.pruning import FutureError, Pruned
from tests.store.village import DAY_1, DAY_2, EVENING
from tests.support.asking import all_time, rows_of

NOON = DAY_2 + timedelta(hours=2)  # two scans are over, the third has not begun


def prune(url: str, before: datetime = NOON, *, targets: bool = False, dry_run: bool = False) -> Pruned:
    with connect(url) as connection:
        return pruning.prune(connection, before, targets=targets, dry_run=dry_run)


def test_statistics_over_all_time_stay_what_they_are(village_url: str) -> None:
    before = all_time(village_url, singles=False)
    [(old,)] = rows_of(village_url, f"select count(*) from observation where observed_at < '{NOON}'")
    told = prune(village_url, targets=True)
    assert told.observations == old > 0
    assert told.observation_bytes > 0
    assert all_time(village_url, singles=False) == before
    assert rows_of(village_url, f"select count(*) from observation where observed_at < '{NOON}'") == [(0,)]
    assert rows_of(village_url, "select count(*) from observation") == [(2,)]


def test_the_funnel_of_a_pruned_scan_stays(village_url: str) -> None:
    before = rows_of(village_url, "select * from stats.funnel(1)")
    prune(village_url, DAY_1 + timedelta(minutes=1))
    prune(village_url)  # a second time adds to what the first one kept
    assert rows_of(village_url, "select * from stats.funnel(1)") == before


def test_addresses_and_names_of_old_scans_go_only_when_asked_and_outcomes_stay(village_url: str) -> None:
    outcomes = rows_of(village_url, "select scan, port, outcome from export.targets order by 1, 2, 3")
    prune(village_url)
    assert rows_of(village_url, "select count(address) > 0 from export.targets where scan = 1") == [(True,)]
    told = prune(village_url, targets=True)
    assert told.targets == sum(1 for scan, *_ in outcomes if scan < 3)
    assert told.target_bytes > 0
    assert rows_of(village_url, "select distinct scan from export.targets where address is not null") == [(3,)]
    assert rows_of(village_url, "select count(name) from export.targets where scan = 1") == [(0,)]
    assert rows_of(village_url, "select scan, port, outcome from export.targets order by 1, 2, 3") == outcomes
    assert prune(village_url, targets=True).targets == 0


def test_an_unfinished_scan_keeps_its_addresses(village_url: str) -> None:
    rows_of(village_url, "update scan set ended = null where id = 1")
    told = prune(village_url, targets=True)
    assert told.unfinished == (1,)
    assert rows_of(village_url, "select count(address) > 0 from export.targets where scan = 1") == [(True,)]


def test_a_dry_run_counts_the_same_and_changes_nothing(village_url: str) -> None:
    counted = prune(village_url, targets=True, dry_run=True)
    assert rows_of(village_url, "select * from pruning") == []
    assert rows_of(village_url, "select count(*) from chunk where names is not null") == [(1,)]
    done = prune(village_url, targets=True)
    assert (counted.observations, counted.targets) == (done.observations, done.targets)


@pytest.mark.parametrize(
    ("scan", "since", "until", "lacks"),
    [
        (None, None, None, False),
        (1, None, None, True),
        (3, None, None, False),
        (None, DAY_1, None, True),
        (None, EVENING, None, False),
        (None, None, EVENING, True),
    ],
)
def test_a_window_or_scan_that_reaches_before_knows_that_it_is_incomplete(
    village_url: str, scan: int | None, since: datetime | None, until: datetime | None, *, lacks: bool
) -> None:
    with connect(village_url) as connection:
        assert pruning.incomplete(connection, scan, since, until) is None
    prune(village_url)
    with connect(village_url) as connection:
        assert pruning.incomplete(connection, scan, since, until) == (NOON if lacks else None)


def test_models_of_pruned_observations_are_still_exported_without_scan(village_url: str) -> None:
    before = rows_of(village_url, "select address, port, model, digest from export.models order by 1, 2, 3, 4")
    prune(village_url)
    assert rows_of(village_url, "select address, port, model, digest from export.models order by 1, 2, 3, 4") == before
    assert (None,) in rows_of(village_url, "select scan from export.models")


def test_a_day_to_come_is_refused(village_url: str) -> None:
    with pytest.raises(FutureError, match="has not come yet"):
        prune(village_url, datetime.now(UTC) + timedelta(days=1))
