"""The benchmark of the study's size runs on a small population, which has the study's proportions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from census.store.statistics import STATISTICS

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "study_scale.py"


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    folder = tmp_path_factory.mktemp("study")
    command = [sys.executable, str(SCRIPT), "--hosts", "300", "--folder", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout)["300"]
    return found


def test_every_statistic_is_asked_over_all_time_of_the_last_scan_and_of_30_days(measured: dict[str, float]) -> None:
    for name in STATISTICS:
        for period in ("all time", "last scan", "30 days"):
            assert measured[f"{name} | host | {period}"] > 0
    assert "co-deployment --triples | host | all time" in measured


def test_report_program_sizes_and_one_more_scan_are_measured(measured: dict[str, float]) -> None:
    for key in ("the report", "all statistics, as the report asks", "census stats tool-calling --scan latest"):
        assert measured[key] > 0
    assert measured["one more scan: writing them"] > 0
    assert measured["one more scan: observations"] > 0
    # 41 observations of a host take 5 to 10 KB.
    assert 1 < measured["all tables and indexes, MB"] < 20
