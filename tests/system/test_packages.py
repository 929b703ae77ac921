"""What is published: wheel and source distribution are built, hold what they must, and the program runs from the wheel.

Needs a registry of Python packages, for the build and for the dependencies of a fresh environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import census

pytestmark = pytest.mark.system

_ROOT = Path(__file__).parents[2]
_LOOSE = (
    "README.md", "LICENSE", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "CITATION.cff", "Makefile",
    "pyproject.toml", "docker-compose.yml",
)  # fmt: skip


def _files(folder: str) -> set[str]:
    """The files below a folder of the checkout, as they are named from its top, without what Python left there."""
    found = (path for path in (_ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(_ROOT).as_posix() for path in found}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both: the wheel is built from the source distribution, so that one is known to be enough."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", folder, _ROOT], check=True, capture_output=True)
    return folder


def _wheel(built: Path) -> Path:
    [wheel] = built.glob("*.whl")
    return wheel


def test_both_have_the_version_of_the_program_and_a_description_that_renders(built: Path) -> None:
    names = sorted(file.name for file in built.iterdir())
    version = census.__version__
    assert names == [f"inference_census-{version}-py3-none-any.whl", f"inference_census-{version}.tar.gz"]
    checked = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *built.iterdir()],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_the_wheel_has_the_package_its_data_and_the_migrations_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(_wheel(built)) as wheel:
        names = set(wheel.namelist())
    own = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert own == _files("census") | {f"census/{name}" for name in _files("migrations")}
    assert {name.split("/")[-1] for name in names - own} == {
        "METADATA",
        "WHEEL",
        "RECORD",
        "entry_points.txt",
        "LICENSE",
    }


def test_the_source_distribution_has_all_that_a_developer_needs(built: Path) -> None:
    [file] = built.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    folders = ("census", "migrations", "tests", "docs", "deploy", "benchmarks")
    wanted = {*_LOOSE, *(name for folder in folders for name in _files(folder))}
    secrets = {name for name in wanted if name.startswith("deploy/secrets/")}
    assert wanted - secrets - names == set()
    assert names - wanted <= {"PKG-INFO", ".gitignore"}


def test_the_program_runs_from_the_wheel_in_a_fresh_environment(built: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    programs = tmp_path / "venv/bin"
    subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", f"{_wheel(built)}[report]"], check=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CENSUS_", "PYTHON"))}

    def run(*arguments: str) -> str:
        return subprocess.run(
            [programs / "census", *arguments], cwd=tmp_path, env={**kept, "CENSUS_HOME": str(tmp_path / "home")},
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip

    assert run("--version").split()[-1] == census.__version__
    assert run("help", "scope").startswith("# The scope file")
    run("demo", "--endpoints", "60", "--seed", "3", "--html", "page.html")
    assert "vega" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert run("stats", "families", "--format", "csv").count("\n") > 3
