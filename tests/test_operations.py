"""Holds docs/operations.md to the program: its commands and options are there, and so are the tables it names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from census.cli.main import cli
from census.store.tables import metadata

_PAGE = (Path(__file__).parents[1] / "docs/operations.md").read_text(encoding="utf-8")


def _lines() -> Iterator[str]:
    """Every command of the page, from its blocks and from its sentences."""
    for block in re.findall(r"^```shell\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL):
        yield from (line.partition(" < ")[0] for line in block.splitlines())
    yield from re.findall(r"`(census [^`]*)`", _PAGE)


@pytest.mark.parametrize("line", sorted(set(_lines())))
def test_a_command_of_the_page_is_one_of_the_program(line: str) -> None:
    words = [word for word in shlex.split(line) if "=" not in word or word.startswith("-")]
    assert words.pop(0) == "census"
    command: click.Command = cli
    while words and isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None, line
        command = found
    known = {name for parameter in command.params for name in parameter.opts}
    assert command.name == "shell" or {word for word in words if word.startswith("--")} <= known


def test_tables_that_the_page_names_exist() -> None:
    assert {"pruning", "scan"} <= set(metadata.tables)
    assert {"uuid", "places"} <= set(metadata.tables["scan"].columns.keys())
