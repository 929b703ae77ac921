"""The line that tells how far a scan is."""

from __future__ import annotations

from dataclasses import replace

from census.cli.progress import line
from census.store.scans import Progress, State

BEGUN = Progress(
    scan=3, name=None, state=State.RUNNING, targets=4_000, done=0, outcomes={}, requests=0, connections=0,
    unexpected_errors=0, seconds=1.0, rate=0.0, eta=None,
)  # fmt: skip


def test_a_scan_that_has_just_begun_ends_its_line_with_the_rate() -> None:
    assert line(BEGUN) == "scan 3: 0 of 4,000 done, 0/s"


def test_outcomes_stand_behind_the_time_that_is_left_the_most_frequent_first() -> None:
    under_way = replace(BEGUN, done=1_500, outcomes={"served": 400, "refused": 1_100}, rate=100.0, eta=25.0)
    assert line(under_way) == "scan 3: 1,500 of 4,000 done, 100/s, 25 s left; refused 1,100, served 400"
