"""The benchmark of writing runs, and compares what all have written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "writing.py"


def test_the_table_has_a_line_for_the_writer_one_for_each_copy_and_their_ratios() -> None:
    command = [sys.executable, str(SCRIPT), "--observations", "300", "--batch", "100"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()]
    assert [row[0] for row in rows[2:]] == [
        "writer", "COPY, keys checked", "COPY without keys",
        "reached of COPY, keys checked", "reached of COPY without keys",
    ]  # fmt: skip
    assert all(float(row[4].replace(",", "")) > 0 for row in rows[2:5])
