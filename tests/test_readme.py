"""Runs the commands of README.md, the tutorial and the how-to pages, as they stand, against a few simulated servers.

Blocks marked `bash` are run in their order. A block that begins with a file's name (`# scope.toml`) is that file; lists
are filled with the neighbourhood's targets, in the form that the page shows. What cannot be run here (git, make, other
scanners, other machines, a scan that a person interrupts) is marked `shell`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from census.cli.main import cli
from census.demo import launch
from census.demo.process import Neighbourhood
from census.store.embedded import Embedded
from tests.support.seeds import own_seed

_ROOT = Path(__file__).parents[1]
_PAGES = ("README.md", "docs/tutorial.md", *sorted(f"docs/how-to/{page.name}" for page in _ROOT.glob("docs/how-to/*")))
_MARKS = {"bash", "shell", "toml", "text"}
_ENDPOINTS = 30
_SEED = own_seed(38)
_LEAVES = {
    "README.md": ("report.html", "models.csv"),
    "docs/tutorial.md": ("census-demo.html", "report.html", "models.csv"),
    "docs/how-to/from-zmap-to-report.md": ("report.html",),
    "docs/how-to/many-machines.md": (),
    "docs/how-to/own-estate.md": ("endpoints.csv",),
}


def _text(page: str) -> str:
    return (_ROOT / page).read_text(encoding="utf-8")


def _blocks(page: str) -> list[tuple[str, str]]:
    """The blocks of a page with their marks."""
    found: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", _text(page), re.MULTILINE | re.DOTALL)
    return found


def _files(page: str) -> dict[str, str]:
    """The files that a page shows, by their names."""
    named = ((re.match(r"# ([\w.-]+)\n", text), text) for _, text in _blocks(page))
    return {name[1]: text[name.end() :] for name, text in named if name is not None}


def _environment(folder: Path) -> dict[str, str]:
    quick = {  # some simulated servers never answer, and a demo of its usual size is for people
        "CENSUS_SCAN_TIMEOUT": "0.3", "CENSUS_SCAN_DEADLINE": "1", "CENSUS_SCAN_WORKERS": "1",
        "CENSUS_DEMO_ENDPOINTS": "60", "CENSUS_DEMO_SEED": str(_SEED + 56),
    }  # fmt: skip
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return quick | {"PATH": programs, "CENSUS_HOME": str(folder / "home"), "PAGER": "cat"}


def _run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A block as a reader would paste it; it ends at the first command that fails."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=os.environ | _environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _try(block: str, folder: Path) -> None:
    """Run a block and demand that it succeeds; questions to the database in this process, which has the libraries."""
    if all(re.fullmatch(r"census stats [\w -]+", line) for line in block.splitlines()):
        for line in block.splitlines():
            asked = CliRunner().invoke(cli, line.split()[1:], env=_environment(folder))
            assert asked.exit_code == 0, f"{line}\n{asked.output}\n{asked.exception}"
        return
    ran = _run(block, folder)
    assert ran.returncode == 0, f"{block}\n{ran.stdout}\n{ran.stderr}"


@pytest.fixture(scope="module")
def neighbourhood() -> Iterator[Neighbourhood]:
    with launch(seed=_SEED, endpoints=_ENDPOINTS) as served:
        yield served


@pytest.fixture
def folder(tmp_path: Path, initialised: Path) -> Iterator[Path]:
    """Where a reader works; the server runs all the while, which no page needs, but starting it takes time."""
    for name in ("home", "second"):
        shutil.copytree(initialised, tmp_path / name)
    with Embedded(tmp_path / "home"):
        yield tmp_path
    assert Embedded(tmp_path / "home").stop()


def _lay_down(page: str, folder: Path, neighbourhood: Neighbourhood) -> None:
    """The files of a page, with the neighbourhood's targets in its lists."""
    targets = list(neighbourhood.population.targets())
    shown = _files(page)
    filled = {"targets.txt": targets, "zmap.csv": [f"{target.replace(':', ',')},1" for target in targets]}
    for name, text in shown.items():
        lines = [*text.splitlines()[: name == "zmap.csv"], *filled[name]] if name in filled else [text]
        (folder / name).write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize("page", _PAGES)
def test_every_block_says_what_it_is(page: str) -> None:
    assert {mark for mark, _ in _blocks(page)} <= _MARKS
    assert len(_blocks(page)) * 2 == len(re.findall("^ *```", _text(page), re.MULTILINE))
    assert {mark for mark, _ in _blocks(page)} >= {"bash", "toml"}


@pytest.mark.parametrize("page", _PAGES)
def test_every_command_works_as_it_stands(page: str, folder: Path, neighbourhood: Neighbourhood) -> None:
    _lay_down(page, folder, neighbourhood)
    for mark, block in _blocks(page):
        if mark == "bash":
            _try(block, folder)
    for name in _LEAVES[page]:
        assert (folder / name).read_text(encoding="utf-8").count("\n") > 10, name


@pytest.mark.parametrize(
    ("page", "counts"),
    [("README.md", (4, 1, 0)), ("docs/tutorial.md", (3, 0, 0)), ("docs/how-to/own-estate.md", (48, 0, 0))],
)
def test_the_list_that_a_page_shows_is_in_its_scope(page: str, counts: tuple[int, int, int], folder: Path) -> None:
    """But for the one line of which the README says that it is not."""
    for name, text in _files(page).items():
        (folder / name).write_text(text, encoding="utf-8")
    told = json.loads(_run("census preflight targets.txt --scope scope.toml --json", folder).stdout)
    assert (told["targets"], told["out_of_scope"], told["lines_that_are_no_target"]) == counts
