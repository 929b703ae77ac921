from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from census.cli.main import cli
from tests.support.program import census


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli, info_name="census", auto_envvar_prefix="CENSUS")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        yield name, command


@pytest.mark.parametrize(
    ("name", "command"), list(commands()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_option_says_what_it_does_and_which_variable_sets_it(name: str, command: click.Command) -> None:
    parent = click.Context(cli, info_name="census", auto_envvar_prefix="CENSUS")
    context = click.Context(command, info_name=name, parent=parent)
    said = " ".join(command.get_help(context).split())
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden and "--help" not in option.opts:
            assert option.help, option.opts
            variable = f"CENSUS_{name}_{option.opts[0].lstrip('-').replace('-', '_')}".upper()
            assert f"[env var: {variable}" in said


def pages(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """The help of a command and of all below it, on a terminal of 80 columns."""
    context.terminal_width = 80
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from pages(below, click.Context(below, info_name=name, parent=context))


def test_help_fits_eighty_columns_and_cuts_no_sentence_off() -> None:
    said = dict(pages(cli, click.Context(cli, info_name="census", auto_envvar_prefix="CENSUS")))
    assert {"census", "census db", "census db grant-reader", "census help"} <= said.keys()
    assert [(path, line) for path, page in said.items() for line in page.splitlines() if len(line) > 80] == []
    assert [path for path, page in said.items() if re.search(r"^  .*\w\.\.\.$", page, re.MULTILINE)] == []


def test_an_option_can_be_set_by_environment(tmp_path: Path, database_url: str) -> None:
    done = census("stats", "inventory", folder=tmp_path, url=database_url, CENSUS_STATS_FORMAT="json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 6
    assert census("kinds", folder=tmp_path, CENSUS_KINDS_JSON="1").stdout.startswith("[")


def test_the_database_may_be_named_before_or_after_the_command(tmp_path: Path, database_url: str) -> None:
    for line in (("--database", database_url, "stats", "funnel"), ("stats", "funnel", "--database", database_url)):
        done = census(*line, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    assert not (tmp_path / "home").exists()


def test_help_loads_neither_database_nor_network(tmp_path: Path) -> None:
    script = "import sys; from census.cli.main import cli; cli(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"sqlalchemy", "psycopg", "aiohttp", "rich", "alembic", "maxminddb"}


def test_each_command_of_the_top_help_exists() -> None:
    for name, command in commands():
        assert command.name == name
