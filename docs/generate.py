"""Writes the pages of docs/reference that are made from the program; `make docs` runs it.

Nothing in them depends on the terminal, the environment or the machine. tests/test_reference.py holds them to the
program.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from inspect import cleandoc
from pathlib import Path

import click

from census.cli.help import TOPICS
from census.cli.main import cli
from census.resampling.clusters import CLUSTERED
from census.store.outcomes import MEANINGS
from census.store.statistics import GROUPS, Statistic

FOLDER = Path(__file__).parent / "reference"
_MADE = "<!-- Made by `make docs`; edit the program, not this page. -->"
_COMMANDS = f"""# Commands

{_MADE}

Every option can be set by the environment variable that stands behind it. Options of the program itself (`--database`,
`--quiet`, `--verbose`) may stand before or behind the command.

"""
_STATISTICS = f"""# Statistics

{_MADE}

`census stats NAME` gives the rows of one. In the database it is the view and the function `stats.NAME`, with `_` for
`-`. All take `--scan`, `--since`, `--until`, `--unit`, `--population`, `--top` and `--format`. A share has the columns
`count`, `of` (the denominator), `share`, and `low` and `high`, its 95 % interval.
[units.md](../explanation/units.md) and [uncertainty.md](../explanation/uncertainty.md) say what these mean.
"""
_OUTCOMES = f"""# Outcomes

{_MADE}

Every target of a scan ends in exactly one of these. `census status` and `census scan --json` count them. What was
learnt before something went wrong is kept: once a list of models has been read, the target is `served` or `empty`,
whatever becomes of the further questions.

| outcome | what it says | how far it got |
|---|---|---|
"""
_STAGES = ("not contacted", "contacted", "connected", "spoke HTTP", "recognised", "served models")


def commands() -> str:
    """Every command of the program with its arguments, options and variables."""
    top = click.Context(cli, info_name="census", auto_envvar_prefix="CENSUS")
    topics = ", ".join(f"`{name}`" for name in TOPICS)
    return _COMMANDS + _filled(f"`census help TOPIC` explains {topics}.") + "\n" + "".join(_sections(cli, top))


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    """The section of a command, then those of its own commands."""
    yield f"\n## {context.command_path}\n\n"
    yield f"```text\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```\n\n"
    yield _prose(command.help or "")
    yield _options(command, context)
    yield _prose(command.epilog or "")
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from _sections(below, click.Context(below, info_name=name, parent=context))


def _prose(text: str) -> str:
    """Help as Markdown: paragraphs, and what click is told not to wrap as a block."""
    paragraphs = [part for part in re.split(r"\n\s*\n", cleandoc(text)) if part.strip()]
    return "".join(map(_paragraph, paragraphs))


def _paragraph(text: str) -> str:
    if not text.startswith("\b"):
        line = " ".join(text.split()).replace(" # ", " \\# ")  # at the beginning of a line it would be a heading
        return _filled(line) + "\n\n"
    first, *rest = text.removeprefix("\b").strip("\n").splitlines()
    block = cleandoc("\n" + "\n".join(rest))
    return f"{first.strip()}\n\n```text\n{block}\n```\n\n"


def _options(command: click.Command, context: click.Context) -> str:
    """A list of the options; those that every command shares are hidden here and stand with the program."""
    options = (
        each for each in command.get_params(context) if isinstance(each, click.Option) and "--help" not in each.opts
    )
    records = (record for option in options if (record := option.get_help_record(context)))
    lines = (_filled(f"- `{names}`: {' '.join(said.split())}", indent="  ") for names, said in records)
    return "".join(f"{line}\n" for line in lines) + "\n"


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def statistics() -> str:
    """Every statistic with its definition, columns and options."""
    return _STATISTICS + "".join(
        f"\n## {heading}\n{''.join(map(_statistic, group))}" for heading, group in GROUPS.items()
    )


def _statistic(statistic: Statistic) -> str:
    columns = ", ".join(f"`{column}`" for column in statistic.columns)
    options = [f"`--{option}`" for option in statistic.options]
    options += ["`--cluster asn`"] if statistic.name in CLUSTERED else []
    options += ["`--null-model`"] if statistic.name == "co-deployment" else []
    lines = [f"\n### {statistic.name}\n\n{_filled(statistic.definition)}\n\n{_filled(f'- Columns: {columns}', '  ')}\n"]
    if options:
        lines.append(f"- Takes also: {', '.join(options)}\n")
    if statistic.caution:
        lines.append(_filled(f"- Mind that {statistic.caution}.", "  ") + "\n")
    return "".join(lines)


def outcomes() -> str:
    """Every outcome with what it says, and how far a target with it got."""
    rows = (f"| `{word.word}` | {said.sentence} | {_STAGES[said.stage]} |\n" for word, said in MEANINGS.items())
    return _OUTCOMES + "".join(rows)


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "statistics.md": statistics,
    "outcomes.md": outcomes,
}


def page(name: str) -> str:
    """The text of one page, with one line end at its end and no two empty lines."""
    return re.sub(r"\n{3,}", "\n\n", PAGES[name]()).strip("\n") + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for made in PAGES:
        (FOLDER / made).write_text(page(made), encoding="utf-8")
