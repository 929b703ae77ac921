"""`census help`: short texts about what no single command explains, and the help of any command."""

from __future__ import annotations

import difflib
import re
import sys
from importlib.resources import files

import click

from census.cli.options import common_options
from census.errors import UseError

TOPICS = {
    "scope": "the file that says who allowed a scan, what it may touch, and how fast",
    "lists": "the forms of target lists, and how entries are read",
    "statistics": "how to ask for figures, and what their columns mean",
    "units": "what is counted, and in which population",
    "decoys": "servers that only pretend, and how they are counted",
    "uncertainty": "intervals, what each assumes, and what none of them tells",
    "privacy": "what is asked, what is stored, and what leaves the database",
    "exit-codes": "what the program ends with, and what it prints where",
}


class UnknownTopicError(UseError):
    """There is no topic and no command of that name; says which there are and which was perhaps meant."""


@click.command("help")
@click.argument("topic", required=False, metavar="[TOPIC]")
@common_options()
@click.pass_context
def help_(ctx: click.Context, /, *, topic: str | None) -> None:
    """Explain a TOPIC in a page, or list the topics; with the name of a command, give its help.

    On a terminal the page is rendered; elsewhere it is Markdown as it stands.
    """
    if topic is None:
        _list()
    elif topic in TOPICS:
        _show(text(topic))
    else:
        click.echo(_of_command(ctx, topic))


def text(topic: str) -> str:
    """The page about a topic, in Markdown."""
    return (files("census.cli") / "topics" / f"{topic}.md").read_text(encoding="utf-8")


def _list() -> None:
    width = max(map(len, TOPICS))
    for name, about in TOPICS.items():
        click.echo(f"{click.style(name.ljust(width), bold=True)}  {about}")
    click.echo("\n`census help TOPIC` shows one. `census --help` lists the commands.")


def _show(markdown: str) -> None:
    if not sys.stdout.isatty():
        click.echo(markdown, nl=False)
        return
    from rich.markdown import Markdown  # noqa: PLC0415  not needed where nothing is rendered

    from census.cli.console import Terminal  # noqa: PLC0415  likewise

    console = Terminal()
    plain = re.sub(r"^```\w+$", "```", markdown, flags=re.MULTILINE)  # colours of code suit dark or light, never both
    console.print(Markdown(plain, code_theme="ansi_dark"), width=min(console.width, 100))


def _of_command(ctx: click.Context, name: str) -> str:
    parent = ctx.parent
    assert parent is not None
    assert isinstance(parent.command, click.Group)
    command = parent.command.get_command(parent, name)
    if command is None:
        known = [*TOPICS, *parent.command.list_commands(parent)]
        near = difflib.get_close_matches(name.lower(), known, n=1)
        hint = f"; did you mean {near[0]}?" if near else "."
        raise UnknownTopicError(f"there is no topic and no command {name!r}{hint} Topics are: {', '.join(TOPICS)}")
    return command.get_help(click.Context(command, info_name=name, parent=parent))
