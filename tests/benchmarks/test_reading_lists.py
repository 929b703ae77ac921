"""The benchmark of lists runs, and every line that it writes is read as a target."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "reading_lists.py"


def test_the_table_has_a_line_for_each_form_in_which_every_line_counts() -> None:
    command = [sys.executable, str(SCRIPT), "--lines", "12345"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    head, rule, *lines = done.stdout.splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert head.count("|") == rule.count("|") == 10
    assert [row[:2] for row in rows] == [["plain", "12,345"], ["shodan", "12,345"]]
    assert all(float(row[5].replace(",", "")) > 1000 for row in rows)
    assert all(float(row[8]) > 0 for row in rows)
    assert all(10 < float(row[7].replace(",", "")) < 300 for row in rows)
