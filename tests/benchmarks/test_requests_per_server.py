"""The benchmark of requests for each server runs, and the real prober sees in every example what the kinds read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_example_is_recognised_over_a_real_connection_in_eight_questions() -> None:
    script = ROOT / "benchmarks" / "requests_per_server.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    _, _, *lines = done.stdout.splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    kinds = {
        path.stem: json.loads(path.read_text("utf-8"))["kind"]
        for path in (ROOT / "tests" / "kinds" / "examples").glob("*.json")
    }
    assert {row[0]: row[1] for row in rows} == {name: kind or "-" for name, kind in kinds.items()}
    assert max(int(row[4]) for row in rows) <= 8
