"""The benchmark of requests below 0.30 runs, memory spares requests, and it would tell if an answer were wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "requests_below_030.py"


def measured(*options: str) -> dict[str, list[float]]:
    """Each row's cells by its name: list, version, canary, show, loaded, in all, wrong, other rows."""
    command = [sys.executable, str(SCRIPT), "--models", "20", "--own", "0", "--at-once", "20", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    _, _, *lines = done.stdout.split("\n\n")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: [float(cell) for cell in cells] for name, *cells in rows}


def test_what_others_told_spares_most_shows_and_makes_no_answer_wrong() -> None:
    found = measured("--hosts", "300")
    shows = {name: cells[3] for name, cells in found.items()}
    assert list(shows) == ["one by one", "first scan", "later scan"]
    assert shows["later scan"] < shows["first scan"] < shows["one by one"] / 2
    for one, two, three, show, loaded, in_all, *faults in found.values():
        assert (one, two, three, loaded, faults) == (1, 1, 1, 1, [0, 0])
        assert abs(in_all - 4 - show) < 0.02


def test_most_hosts_lying_makes_answers_wrong_and_the_benchmark_says_so() -> None:
    found = measured("--hosts", "200", "--liars", "0.7")
    assert found["one by one"][6] == 0
    assert found["first scan"][6] > 0
    assert found["first scan"][7] > 0
