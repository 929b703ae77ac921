"""Holds the generated pages of docs/reference to the program, and the written ones to what they describe."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from census.cli.main import cli
from census.facts import Outcome, Signal
from census.store.statistics import STATISTICS
from census.targets.lists import FORMS
from census.targets.scope import Scope
from tests.support.program import census

_DOCS = Path(__file__).parents[1] / "docs"
_PAGES = ("commands.md", "outcomes.md", "statistics.md")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_the_reference", _DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _reference(name: str) -> str:
    return (_DOCS / "reference" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", _PAGES)
def test_a_generated_page_is_what_the_program_says_today(generator: ModuleType, name: str) -> None:
    assert _reference(name) == generator.page(name), "run `make docs`"


def test_the_generator_makes_these_pages(generator: ModuleType) -> None:
    assert sorted(generator.PAGES) == list(_PAGES)


@pytest.mark.parametrize("name", _PAGES)
def test_the_width_of_a_terminal_changes_nothing(
    generator: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = generator.page(name)
    for width in ("30", "300"):
        monkeypatch.setenv("COLUMNS", width)
        assert generator.page(name) == usual


def test_the_page_of_commands_has_every_command_and_option() -> None:
    page = _reference("commands.md")
    for name in cli.list_commands(cli.make_context("census", ["help"])):
        assert f"\n## census {name}\n" in page
    for line in ("- `--null-model`:", "## census exclude add", "## census db merge", "[env var: CENSUS_SCAN_RATE"):
        assert line in page


def test_the_page_of_statistics_has_every_statistic_and_outcomes_every_outcome() -> None:
    assert re.findall(r"^### (.*)$", _reference("statistics.md"), re.MULTILINE) == list(STATISTICS)
    assert re.findall(r"^\| `(\w+)` \|", _reference("outcomes.md"), re.MULTILINE) == [each.word for each in Outcome]


def test_the_page_on_decoys_has_every_signal_with_its_verdict() -> None:
    page = (_DOCS / "explanation" / "decoys.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*`) \| `(\w+)` \| .+ \|$", page, re.MULTILINE)
    told = {(signal, verdict) for signals, verdict in rows for signal in re.findall(r"`([\w:-]+)`", signals)}
    assert told == {(signal.word, signal.verdict.word) for signal in Signal}


def test_the_scope_file_of_the_page_is_one_and_its_limits_are_the_defaults(tmp_path: Path) -> None:
    full, least = re.findall(r"^```toml\n(.*?)^```$", _reference("scope.md"), re.MULTILINE | re.DOTALL)
    (tmp_path / "optout.txt").write_text("192.0.2.9\n", encoding="utf-8")
    read = []
    for text in (full, least):
        (tmp_path / "scope.toml").write_text(text, encoding="utf-8")
        read.append(Scope.read(tmp_path / "scope.toml"))
    for name in ("rate", "rate_per_network", "per_host", "requests_per_host", "details", "recall"):
        assert getattr(read[0], name) == getattr(read[1], name)


def test_each_form_of_list_has_an_example_that_is_read_as_that_form() -> None:
    page = _reference("lists.md")
    examples = dict(re.findall(r"^## (.*?)\n.*?^```\w+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    assert sorted(examples) == sorted(form.name for form in FORMS)
    for name, example in examples.items():
        lines = [line.strip() for line in example.splitlines() if line.strip()]
        assert next(form.name for form in FORMS if form.fits(lines)) == name


def test_the_exit_codes_of_the_page_are_those_of_the_program(tmp_path: Path) -> None:
    page = _reference("exit-codes.md")
    assert re.findall(r"^\| (\d+) \|", page, re.MULTILINE) == ["0", "1", "2", "130"]
    assert census("kinds", folder=tmp_path).returncode == 0
    assert census("stats", "famlies", folder=tmp_path).returncode == 2
    assert census("status", folder=tmp_path, url="postgresql://127.0.0.1:1/none").returncode == 1
