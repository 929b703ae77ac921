"""Writes the pages that are made from the program (docs/reference) and its database (docs/sql.md): `make docs`.

Nothing in them depends on the terminal, the environment or the machine. tests/test_reference.py and
tests/test_sql_page.py hold them to what they are made from.
"""

from __future__ import annotations

import re
import tempfile
import textwrap
from collections.abc import Callable, Iterable, Iterator
from inspect import cleandoc
from itertools import groupby
from pathlib import Path

import click
from sqlalchemy import Connection, text

from census.cli.help import TOPICS
from census.cli.main import cli
from census.resampling.clusters import CLUSTERED
from census.store import meanings, migrate
from census.store.connect import engine
from census.store.embedded import Embedded
from census.store.outcomes import MEANINGS
from census.store.statistics import GROUPS, STATISTICS, Statistic

FOLDER = Path(__file__).parent / "reference"
SQL = Path(__file__).with_name("sql.md")
_MADE = "<!-- Made by `make docs`; edit the program, not this page. -->"
_COMMANDS = f"""# Commands

{_MADE}

Every option can be set by the environment variable that stands behind it. Options of the program itself (`--database`,
`--quiet`, `--verbose`) may stand before or behind the command.

"""
_BY_ARCHITECTURE = "the column `family` is called `architecture`; in SQL (`by => 'architecture'`) it keeps its name"
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
_SQL_HEAD = Path(__file__).with_name("sql-head.md.in")
_OWN = ("alembic_version",)  # Alembic's, not ours

_FUNCTIONS = text("""
    select p.proname, pg_get_function_arguments(p.oid), obj_description(p.oid)
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'stats'
    order by p.proname
""")
_VIEWS = text("select viewname from pg_views where schemaname = 'stats'")


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


def _prose(told: str) -> str:
    """Help as Markdown: paragraphs, and what click is told not to wrap as a block."""
    paragraphs = [part for part in re.split(r"\n\s*\n", cleandoc(told)) if part.strip()]
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
    if "by" in statistic.options and "family" in statistic.columns:
        other = "it is `architectures`" if statistic.name == "families" else _BY_ARCHITECTURE
        lines.append(_filled(f"- With `--by architecture` {other}.", "  ") + "\n")
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


def sql(connection: Connection) -> str:
    """The whole page: what is written by hand in sql-head.md.in, then tables, statistics and exports as they are."""
    functions = {name: (arguments, about) for name, arguments, about in connection.execute(_FUNCTIONS)}
    views = set(connection.scalars(_VIEWS))
    parts = [_SQL_HEAD.read_text(encoding="utf-8").rstrip(), "## Tables"]
    parts += _tables(meanings.described(connection, "public"))
    parts += ["## Statistics", *_functions(meanings.described(connection, "stats"), functions)]
    parts += [
        "## What the statistics are built on",
        _listed((name, *functions[name]) for name in functions.keys() - views),
    ]
    parts += ["## Export views", *_tables(meanings.described(connection, "export"))]
    return "\n\n".join(parts) + "\n"


def _tables(found: Iterable[meanings.Described]) -> Iterator[str]:
    for name, group in groupby(found, lambda each: each.table):
        if name not in _OWN:
            of = list(group)
            schema = "" if of[0].schema == "public" else f"{of[0].schema}."
            yield f"### `{schema}{name}`"
            yield f"{of[0].about}."
            yield _columns(of)


def _functions(found: Iterable[meanings.Described], functions: dict[str, tuple[str, str]]) -> Iterator[str]:
    names = {each.function: each.name for each in STATISTICS.values()}
    for name, group in groupby(found, lambda each: each.table):
        arguments, about = functions[name]
        called = f" (`census stats {names[name]}`)" if name in names else ""
        yield f"### `stats.{name}`{called}"
        yield _safe(about)
        yield f"```sql\nstats.{name}({_short(arguments)})\n```"
        yield _columns(group)


def _listed(functions: Iterable[tuple[str, str, str]]) -> str:
    return "\n".join(
        f"- `stats.{name}({_short(arguments)})`: {_safe(about)}" for name, arguments, about in sorted(functions)
    )


def _columns(found: Iterable[meanings.Described]) -> str:
    rows = [f"| `{each.column}` | {each.type} | {_safe(each.meaning)} | {each.unit} |" for each in found]
    return "\n".join(["| column | type | meaning | unit |", "|---|---|---|---|", *rows])


def _short(arguments: str) -> str:
    return (
        arguments.replace(" DEFAULT NULL::timestamp with time zone", " default null")
        .replace("timestamp with time zone", "timestamptz")
        .replace(" DEFAULT NULL::bigint", " default null")
        .replace("::text", "")
        .replace("DEFAULT", "default")
    )


def _safe(text: str) -> str:
    """A sentence in a cell of a table."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def _write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for made in PAGES:
        (FOLDER / made).write_text(page(made), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, Embedded(Path(folder)) as server:
        migrate.upgrade(server.url)
        with engine(server.url).connect() as connection:
            SQL.write_text(sql(connection), encoding="utf-8")
    print(f"wrote {', '.join(PAGES)} and {SQL.name}")


if __name__ == "__main__":
    _write()
