"""The line that tells how far a scan is, and the scan that is followed without one."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from census.cli import progress
from census.cli.progress import line, renewing, show
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


def test_a_scan_that_is_followed_quietly_is_not_remembered_step_by_step() -> None:
    told: list[weakref.ref[Counter[str]]] = []

    def steps() -> Iterator[Progress]:
        for done in range(100):
            outcomes = Counter(served=done)
            told.append(weakref.ref(outcomes))
            yield replace(BEGUN, done=done, outcomes=outcomes)
            assert sum(each() is not None for each in told) <= 2

    assert show(steps(), quiet=True).done == 99


def test_what_is_renewed_is_told_with_the_time_that_is_left_and_of_nothing_not_a_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with renewing(quiet=False):
        pass
    assert capsys.readouterr() == ("", "")
    with renewing(quiet=False) as tell:
        tell(0, 14, None)
        tell(5, 14, 12.0)
        tell(14, 14, 0.0)
    assert capsys.readouterr() == ("", "results renewed: 14 of 14\n")
    monkeypatch.setattr(progress, "_LINE_EVERY", 0.0)
    with renewing(quiet=False) as tell:
        tell(5, 14, 12.0)
    assert capsys.readouterr() == ("", "results renewed: 5 of 14, 12 s left\n")
    with renewing(quiet=True) as tell:
        tell(14, 14, 0.0)
    assert capsys.readouterr() == ("", "")
