"""Holds the floors of the house: who may import whom, who may speak, and that every module says what it is for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import census

_HOUSE = Path(census.__file__).parent
_MODULES = sorted(_HOUSE.rglob("*.py"))

# From the ground up: each may import only what stands before it, and its own.
_FLOORS = (
    "census", "errors", "machine", "facts", "exchanges", "metrics", "lineage", "advisories", "kinds", "targets",
    "places", "probe", "store", "resampling", "scan", "report", "serve", "demo", "cli", "__main__",
)  # fmt: skip

# Processes that others start: they answer by their output and their exit code.
_ENTRIES = ("scan/process.py", "demo/__main__.py")


def _name(file: Path) -> str:
    return file.relative_to(_HOUSE).as_posix()


def _floor(module: str) -> str:
    """The floor of a module of ours, by its dotted name."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "census"


def _floor_of(file: str) -> str:
    """The floor of a file, by its path in the house."""
    return "census" if file == "__init__.py" else file.split("/", maxsplit=1)[0].removesuffix(".py")


def _imports(tree: ast.AST) -> Iterator[str]:
    """The dotted names of what is imported from our own house, wherever in the module that is done."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "census")
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield f"census.{'.' * node.level}{node.module or ''}"
        elif isinstance(node, ast.ImportFrom) and node.module == "census":
            yield from (f"census.{alias.name}" for alias in node.names if alias.name in _FLOORS)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("census."):
            yield node.module or ""


def _climbs(file: str, source: str) -> list[str]:
    """The imports of a module that lead to a floor above its own; relative ones count as such."""
    allowed = _FLOORS[: _FLOORS.index(_floor_of(file)) + 1]
    return [name for name in _imports(ast.parse(source)) if _floor(name) not in allowed]


def _speech(source: str) -> list[str]:
    """Where a module prints or ends the process: the names it uses for that. To print into a file is no speech."""
    loud = ("print", "exit", "quit", "SystemExit", "sys.exit", "os._exit", "sys.stdout", "sys.stderr", "click")
    nodes = list(ast.walk(ast.parse(source)))
    written = {
        call.func for call in nodes if isinstance(call, ast.Call) and any(k.arg == "file" for k in call.keywords)
    }
    return [name for node in nodes if node not in written for name in _used(node) if name in loud]


def _used(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return [f"{node.value.id}.{node.attr}"]
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def test_every_folder_and_module_has_a_floor() -> None:
    assert {_floor_of(_name(file)) for file in _MODULES} <= set(_FLOORS)


def test_no_module_imports_from_a_floor_above_its_own() -> None:
    climbs = {_name(file): _climbs(_name(file), file.read_text()) for file in _MODULES}
    assert {file: names for file, names in climbs.items() if names} == {}


def test_only_the_command_line_prints_or_exits() -> None:
    quiet = [file for file in _MODULES if _floor_of(_name(file)) != "cli" and _name(file) not in _ENTRIES]
    heard = {_name(file): _speech(file.read_text()) for file in quiet}
    assert {file: names for file, names in heard.items() if names} == {}


def test_the_page_on_architecture_names_every_module_and_no_other() -> None:
    page = (_HOUSE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"^- `([\w/]+\.py)`: ", page, re.MULTILINE)
    folders = {_name(file) for file in _HOUSE.glob("*/__init__.py")}  # the heads of the floors
    assert sorted(named) == sorted({_name(file) for file in _MODULES} - folders - {"__init__.py", "__main__.py"})


def test_every_module_says_what_it_is_for() -> None:
    assert [_name(file) for file in _MODULES if not ast.get_docstring(ast.parse(file.read_text()))] == []


@pytest.mark.parametrize(
    "source",
    [
        "import census.store.scans",
        "from census.store import scans",
        "from census import cli",
        "from ..store import scans",
        "def late():\n    from census.scan.run import follow",
    ],
)
def test_an_import_from_above_is_found(source: str) -> None:
    assert _climbs("probe/look.py", source) != []


@pytest.mark.parametrize(
    "source",
    [
        "import json",
        "from census import __version__, metrics",
        "from census.facts import Model",
        "import census.probe.pace",
    ],
)
def test_an_import_from_below_or_beside_is_none_of_its_business(source: str) -> None:
    assert _climbs("probe/look.py", source) == []


@pytest.mark.parametrize(
    "source",
    [
        "print(1)",
        "import sys\nsys.exit(2)",
        "raise SystemExit",
        "from sys import exit",
        "import click",
        "sys.stderr.write('')",
        "print(1, file=sys.stderr)",
    ],
)
def test_speech_is_heard(source: str) -> None:
    assert _speech(source) != []


def test_writing_into_a_file_is_no_speech() -> None:
    assert _speech("print(1, file=stream)") == []
