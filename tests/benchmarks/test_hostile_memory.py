"""A scan of six hundred of the most costly servers at once stays within its memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "hostile_memory.py"


@pytest.mark.system
def test_a_scan_of_six_hundred_hostile_servers_takes_less_than_600_megabytes() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    targets, _, together, *_ = (cell.strip() for cell in done.stdout.splitlines()[-1].strip("|").split("|"))
    assert (targets, 0 < int(together) < 600) == ("600", True)
