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
@click.argument("words", nargs=-1, metavar="[TOPIC | COMMAND...]")
@common_options()
@click.pass_context
def help_(ctx: click.Context, /, *, words: tuple[str, ...]) -> None:
    """Explain a TOPIC in a page, or list the topics; with the name of a command, give its help.

    A command of a group is named by both words, as in `census help db merge`. On a terminal the page is rendered;
    elsewhere it is Markdown as it stands.
    """
    if not words:
        _list()
    elif words[0] in TOPICS:
        if len(words) > 1:
            raise click.UsageError(f"a topic is one word: `census help {words[0]}`")
        _show(text(words[0]))
    else:
        click.echo(_of_command(ctx, words))


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


def _of_command(ctx: click.Context, words: tuple[str, ...]) -> str:
    """The help of a command, or of one below it, by all its words."""
    context = ctx.parent
    assert context is not None
    for place, word in enumerate(words):
        group = context.command
        if not isinstance(group, click.Group):
            path = context.command_path
            raise UnknownTopicError(f"{path} has no commands of its own, and so no {word!r}; ask for `{path} --help`")
        command = group.get_command(context, word)
        if command is None:
            raise UnknownTopicError(_unknown(context, group, word, topics=place == 0))
        context = click.Context(command, info_name=word, parent=context)
    return context.get_help()


def _unknown(context: click.Context, group: click.Group, word: str, *, topics: bool) -> str:
    """That there is no such word, with what there is; only the first word may be a topic."""
    commands = group.list_commands(context)
    near = difflib.get_close_matches(word.lower(), [*TOPICS, *commands] if topics else commands, n=1)
    hint = f"; did you mean {near[0]}?" if near else "."
    if topics:
        return f"there is no topic and no command {word!r}{hint} Topics are: {', '.join(TOPICS)}"
    return f"there is no command {word!r} in {context.command_path}{hint} There are: {', '.join(commands)}"
