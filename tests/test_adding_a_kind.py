"""Holds docs/adding-a-kind.md to the code: the module that it shows is the one in the tree, what it names exists."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_PAGE = (_ROOT / "docs" / "adding-a-kind.md").read_text(encoding="utf-8")
_KINDS = _ROOT / "census" / "kinds"


def _blocks(mark: str) -> list[str]:
    return re.findall(rf"^```{mark}\n(.*?)\n```$", _PAGE, re.MULTILINE | re.DOTALL)


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _example(name: str) -> dict[str, Any]:
    example: dict[str, Any] = json.loads((_ROOT / "tests/kinds/examples" / name).read_text(encoding="utf-8"))
    return example


def test_every_block_says_what_it_is() -> None:
    marks = ("shell", "python", "json")
    assert sum(len(_blocks(mark)) for mark in marks) * 2 == len(re.findall("^ *```", _PAGE, re.MULTILINE))


def test_the_module_shown_is_the_module_in_the_tree() -> None:
    shown = [line for block in _blocks("python") for line in _lines(block)]
    assert shown == _lines((_KINDS / "xinference.py").read_text(encoding="utf-8"))


def test_the_example_shown_is_the_example_in_the_tree() -> None:
    [shown] = [json.loads(block) for block in _blocks("json")]
    [name] = re.findall(r"`([\w-]+\.json)`", _PAGE)
    real = _example(name)
    exchanges = shown.pop("exchanges")
    assert exchanges == real.pop("exchanges")[: len(exchanges)]
    assert shown == real


def test_there_are_the_examples_that_it_asks_for() -> None:
    outcomes = {
        _example(path.name)["expected"]["outcome"] for path in (_ROOT / "tests/kinds/examples").glob("xinference*.json")
    }
    assert outcomes == {"served", "locked", "empty"}


def test_every_file_that_it_names_exists() -> None:
    named = set(re.findall(r"`((?:census|docs|tests)/[\w./-]*)`", _PAGE))
    named |= {f"census/kinds/{name}" for name in re.findall(r"`(\w+\.py)`", _PAGE)}
    assert len(named) > 8
    assert [name for name in sorted(named) if not (_ROOT / name).exists()] == []


def test_every_test_that_it_names_exists() -> None:
    named = re.findall(r"^\| `(test_\w+)`", _PAGE, re.MULTILINE)
    tests = "".join(path.read_text(encoding="utf-8") for path in (_ROOT / "tests").rglob("test_*.py"))
    assert len(named) > 8
    assert [name for name in named if f"def {name}(" not in tests] == []


def test_the_entries_that_it_tells_to_make_are_made() -> None:
    entered = re.findall(r"in `(census/kinds/\w+\.py)`.*?:\s*`([^`]+,)`", _PAGE, re.DOTALL)
    assert [name for name, _ in entered] == ["census/kinds/specific.py", "census/kinds/allowed.py"]
    for name, line in entered:
        assert f"    {line}" in (_ROOT / name).read_text(encoding="utf-8")


def test_the_names_of_our_functions_are_right() -> None:
    for module, name in re.findall(r"`(openai_list)\.(\w+)`", _PAGE):
        assert f"def {name}(" in (_KINDS / f"{module}.py").read_text(encoding="utf-8")
    for name, module in (("_DOUBTS", "openai_compatible"), ("SOURCES", "abilities"), ("no_question", "kind")):
        assert f"`{name}`" in _PAGE
        assert name in (_KINDS / f"{module}.py").read_text(encoding="utf-8")
