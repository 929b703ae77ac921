"""Runs the commands of README.md, in their order and as they stand, against a few simulated servers.

Blocks marked `bash` are run, with the README's own scope file and the neighbourhood's list. What cannot be run here
(git, make, a scan that a person interrupts) is marked `shell`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from census.demo import launch

_README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
_BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", _README, re.MULTILINE | re.DOTALL)
_ENDPOINTS = 60


def _blocks(mark: str) -> list[str]:
    return [text for name, text in _BLOCKS if name == mark]


def _run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A block as a reader would paste it; it ends at the first command that fails."""
    quick = {"CENSUS_SCAN_TIMEOUT": "0.5", "CENSUS_SCAN_DEADLINE": "1.5"}  # some simulated servers never answer
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=os.environ | quick | {"PATH": programs, "CENSUS_HOME": str(folder / "home"), "PAGER": "cat"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    [scope] = _blocks("toml")
    (tmp_path / "scope.toml").write_text(scope, encoding="utf-8")
    yield tmp_path
    _run("census db stop", tmp_path)


def test_every_block_says_what_it_is() -> None:
    assert {mark for mark, _ in _BLOCKS} == {"bash", "shell", "toml", "text"}
    assert len(_BLOCKS) * 2 == len(re.findall("^ *```", _README, re.MULTILINE))


def test_every_command_works_as_it_stands(folder: Path) -> None:
    with launch(seed=203, endpoints=_ENDPOINTS) as neighbourhood:
        (folder / "targets.txt").write_text("\n".join(neighbourhood.population.targets()), encoding="utf-8")
        for block in _blocks("bash"):
            ran = _run(block, folder)
            assert ran.returncode == 0, f"{block}\n{ran.stdout}\n{ran.stderr}"
    assert (folder / "report.html").stat().st_size > 10_000
    assert (folder / "models.csv").read_text(encoding="utf-8").count("\n") > 10


def test_the_list_is_in_scope_but_for_the_one_line_of_which_it_is_said(folder: Path) -> None:
    [targets] = _blocks("text")
    (folder / "targets.txt").write_text(targets, encoding="utf-8")
    told = json.loads(_run("census preflight targets.txt --scope scope.toml --json", folder).stdout)
    assert (told["targets"], told["out_of_scope"], told["lines_that_are_no_target"]) == (4, 1, 0)
