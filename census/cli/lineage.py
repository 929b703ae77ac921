"""`census lineage`: how names of models are placed, which are not, and stored ones placed anew."""

from __future__ import annotations

import dataclasses
import json
import sys

import click

from census.cli.options import Commands, Common, common_options, option
from census.facts import Lineage
from census.lineage import place

_DERIVED = {True: "derived from other weights", False: "original", None: "unknown"}


@click.group("lineage", cls=Commands)
def lineage() -> None:
    """Show how the rules of families.toml place a model by its name, and place stored models by them anew."""


@lineage.command("explain")
@click.argument("name")
@option("--architecture", metavar="WORD", help="As a server reports it, such as qwen2.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@common_options()
@click.pass_obj
def explain(_common: Common, /, *, name: str, architecture: str | None, as_json: bool) -> None:
    """Say whose model NAME is, whether it is derived, and which rule says so.

    A rule is an id of families.toml; "org:..." is an organisation that publishes one family only, and
    "architecture:..." means that the name told nothing.
    """
    found = place(name, architecture)
    if as_json:
        click.echo(json.dumps({"name": name, "architecture": architecture, **dataclasses.asdict(found)}))
        return
    for word, value in _told(found):
        click.echo(f"{word:<10} {value}")


def _told(found: Lineage) -> list[tuple[str, str]]:
    if found.rule is None:
        return [("rule", "none places it")]
    made = found.developer or "unknown"
    return [
        ("family", found.family or "unknown"),
        ("developer", f"{made} ({found.origin})" if found.origin else made),
        ("weights", _DERIVED[found.derived]),
        *([("base", found.base)] if found.base else []),
        ("rule", found.rule),
    ]


@lineage.command("unplaced")
@option("--top", type=click.IntRange(1), metavar="N", help="Only the first so many names.")
@option("--format", "format_", type=click.Choice(("table", "json", "csv", "jsonl")), default="table", show_default=True,
        help="How to write the rows.")  # fmt: skip
@common_options()
@click.pass_obj
def unplaced(common: Common, /, *, top: int | None, format_: str) -> None:
    """List the names seen in the database that no rule places, those on most hosts first.

    Over all scans, without the endpoints whose verdict is decoy.
    """
    from census.cli.console import Terminal  # noqa: PLC0415  loads what explain does not need
    from census.cli.database import database  # noqa: PLC0415  likewise
    from census.report import tables  # noqa: PLC0415  likewise
    from census.store import unplaced as names  # noqa: PLC0415  likewise
    from census.store.connect import engine  # noqa: PLC0415  likewise

    with database(common) as url, engine(url).connect() as connection:
        result = names.unplaced(connection, top)
    if format_ == "table":
        tables.show(result, Terminal(), title="names that no rule places, by hosts, credible")
    else:
        tables.write(result, format_, sys.stdout)


@lineage.command("refresh")
@option("--dry-run", is_flag=True, help="Only say what would change.")
@common_options()
@click.pass_obj
def refresh(common: Common, /, *, dry_run: bool) -> None:
    """Place all stored models by the rules of this version; says what changed.

    A model gets its family when it is first stored. A later version of census may know better, and changes nothing
    by itself, so that figures stay what they were until you say otherwise. All models change, or none.
    """
    from census.cli.database import database  # noqa: PLC0415  loads what explain does not need
    from census.store import lineages  # noqa: PLC0415  likewise
    from census.store.connect import connect  # noqa: PLC0415  likewise

    with database(common) as url, connect(url) as connection:
        told = lineages.refresh(connection, dry_run=dry_run)
    if common.quiet:
        return
    changed = "would be placed otherwise" if dry_run else "are placed otherwise"
    click.echo(f"{told.models:,} models, of which {told.changed:,} {changed}")
    for (before, now), count in sorted(told.moves.items(), key=lambda move: (-move[1], str(move[0]))):
        click.echo(f"  {count:>9,}  {_move(before, now)}")
    if told.others:
        click.echo(f"  {told.others:>9,}  in the same family, but derived otherwise or placed by another rule")
    if told.inventories:
        click.echo(f"inventories that changed with them: {told.inventories:,}")


def _move(before: str | None, now: str | None) -> str:
    if before is None:
        return f"newly placed: {now}"
    return f"no longer placed: {before}" if now is None else f"{before} -> {now}"
