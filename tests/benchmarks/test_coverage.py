"""The check of the estimators: intervals that should hold do, and those whose assumptions are broken do not."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest

from census.store.connect import connect


@pytest.fixture(scope="module")
def coverage() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "coverage_of_intervals", Path(__file__).parents[2] / "benchmarks" / "coverage.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for their types
    spec.loader.exec_module(module)
    return module


def test_every_line_has_a_coverage_and_those_with_a_star_have_a_poor_one(coverage: ModuleType) -> None:
    for estimator, circumstance, trial in coverage.trials():
        told = [trial(random.Random(seed)) for seed in range(25)]
        held = sum(each.holds for each in told if each is not None)
        if circumstance.startswith("*"):
            assert held < 25, (estimator, circumstance)
        else:
            assert held >= 18, (estimator, circumstance)


def test_the_interval_of_the_database_is_the_textbooks(coverage: ModuleType, database_url: str) -> None:
    with connect(database_url) as connection:
        assert coverage.agreed(connection) < 1e-12


def test_a_line_says_how_often_the_truth_was_held(coverage: ModuleType) -> None:
    line = coverage.line("share", "half", coverage.share(0.5, 10), 40)
    assert line.startswith("| share | half | ")
    assert line.count("|") == 6
