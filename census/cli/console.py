"""The terminal that tables are shown on: in a pager where it is too short, plain where there is none."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console


class Terminal(Console):
    """Standard output; when its reader, such as `head`, has seen enough, that is no failure."""

    def on_broken_pipe(self) -> None:
        """Let the program end as for any other broken pipe; rich would exit with 1."""
        raise BrokenPipeError


@contextmanager
def paged() -> Iterator[Terminal]:
    """A terminal whose output goes through the pager (PAGER, else `less`) if it is longer than the screen.

    Where standard output is no terminal, there is no pager, also when FORCE_COLOR asks for colours.
    """
    terminal = Terminal()
    if not sys.stdout.isatty():
        yield terminal
        return
    with terminal.capture() as captured:
        yield terminal
    text = captured.get()
    if text.count("\n") < terminal.height:
        click.echo(text, nl=False, color=True)
        return
    # `less` shows colours only with -R, and needs not clear the screen when it ends.
    os.environ.setdefault("LESS", "-FRX")
    click.echo_via_pager(text.rstrip("\n"), color=True)  # it adds a line break
