"""The benchmark of requests runs, and its table has a line for every behaviour."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from census.demo.behaviour import Behaviour
from tests.support.seeds import own_seed

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "requests_per_kind.py"


def test_the_table_has_a_line_for_every_kind_of_target_and_none_asks_too_much_without_details() -> None:
    command = [sys.executable, str(SCRIPT), "--seed", str(own_seed(39)), "--endpoints", "60"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    head, rule, *lines = done.stdout.splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert head.count("|") == rule.count("|") == 7
    assert {row[0] for row in rows} == {behaviour.value for behaviour in Behaviour}
    assert sum(int(row[1]) for row in rows) == 60
    assert max(int(row[3].split(", ")[1]) for row in rows) <= 8
