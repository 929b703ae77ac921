"""`census kinds`: what is recognised, and what is asked for it."""

from __future__ import annotations

import json
import shutil

import click
from rich.table import Table

from census.cli.console import Terminal
from census.cli.options import Common, common_options, option
from census.kinds import KINDS


@click.command("kinds")
@option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@common_options()
@click.pass_obj
def kinds(_common: Common, /, *, as_json: bool) -> None:
    """List the server kinds that are recognised, their usual ports, what each is asked and what it can tell.

    These are the only requests that are ever sent; anything else is refused by the transport itself.
    """
    if as_json:
        click.echo(json.dumps([
            {"name": kind.name, "ports": kind.ports, "asks": [f"{method} {path}" for method, path in kind.asks],
             "tells": kind.tells} for kind in KINDS
        ]))  # fmt: skip
        return
    table = Table("kind", "ports", "is asked", "can tell", show_lines=True)
    for kind in KINDS:
        asks = "\n".join(f"{method} {path}" for method, path in kind.asks)
        table.add_row(kind.name, ", ".join(map(str, kind.ports)), asks, kind.tells)
    Terminal(width=min(shutil.get_terminal_size((110, 24)).columns, 140)).print(table)
