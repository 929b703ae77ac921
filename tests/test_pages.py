"""Holds the pages together: links lead somewhere, every page is in the index, and versions agree with the package."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

import census

_ROOT = Path(__file__).parents[1]
_PAGES = sorted([*_ROOT.glob("*.md"), *_ROOT.glob("docs/**/*.md"), *_ROOT.glob("deploy/**/*.md")])


def _links(page: Path) -> list[str]:
    """The files of this checkout to which a page links."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", prose) if not re.match(r"\w+:", link)]


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.relative_to(_ROOT).as_posix())
def test_every_link_leads_to_a_file(page: Path) -> None:
    linked = {(page.parent / link).resolve() for link in _links(page)}
    assert {file for file in linked if not file.exists()} == set()


def test_every_page_can_be_reached_from_the_index() -> None:
    index = _ROOT / "docs" / "README.md"
    linked = {(index.parent / link).resolve() for link in _links(index)}
    assert set(_ROOT.glob("docs/**/*.md")) - {index} <= linked
    assert index in {(_ROOT / link).resolve() for link in _links(_ROOT / "README.md")}


def test_the_newest_entry_of_the_changelog_is_this_version() -> None:
    text = (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", text, re.MULTILINE)
    assert versions[0][0] == census.__version__
    assert [date.fromisoformat(day) for _, day in versions] == sorted(
        (date.fromisoformat(day) for _, day in versions), reverse=True
    )


def test_the_citation_is_valid_and_of_this_version() -> None:
    lines = (_ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    fields = {key: value.strip('"') for key, _, value in (line.partition(": ") for line in lines) if value}
    assert {"cff-version", "message", "title", "version", "license", "date-released"} <= fields.keys()
    assert fields["cff-version"] == "1.2.0"
    assert (fields["version"], fields["license"]) == (census.__version__, "Apache-2.0")
    assert '  - name: "The census authors"' in lines
    changes = (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{census.__version__}] - {fields['date-released']}\n" in changes
