"""The program as a person runs it: a process of its own, with its exit code and what it printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCOPE = """
[authorization]
reference   = "TEST-2"
basis       = "our own machine"
contact     = "mailto:scans@example.edu"
valid_from  = 2020-01-01
valid_until = 2099-12-31
[scope]
networks    = ["127.0.0.0/8"]
[limits]
rate             = 5000
rate_per_network = 2000
"""


def census(
    *arguments: str | Path, folder: Path, url: str | None = None, given: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `census` with these arguments to its end; `given` is its standard input, `folder` its home."""
    return subprocess.run(
        command(*arguments), input=given, capture_output=True, text=True, check=False, timeout=120,
        env=surroundings(folder, url, environment),
    )  # fmt: skip


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "census", *map(str, arguments)]


def surroundings(folder: Path, url: str | None, more: Mapping[str, str] | None = None) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CENSUS_")}
    named = {} if url is None else {"CENSUS_DATABASE_URL": url}
    return {**inherited, "CENSUS_HOME": str(folder / "home"), **named, **(more or {})}


def last_json(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON on the last line of what was printed."""
    return json.loads(done.stdout.splitlines()[-1])
