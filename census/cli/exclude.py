"""`census exclude`: the opt-out list of the database."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from typing import Any, TextIO, TypeVar

import click

from census.cli.options import Commands, Common, common_options, option
from census.errors import UseError
from census.targets.addresses import Network, exclusion, exclusions

F = TypeVar("F", bound=Any)

_OWNED = {4: 8, 6: 16}  # the shortest prefixes by version that one owner may have


class EntryError(UseError):
    """What was given is no opt-out; the message says where and what to write."""


@click.group("exclude", cls=Commands)
def exclude() -> None:
    """Keep the list of those who asked to be left alone: addresses, networks (CIDR) and names.

    It stands in the database and holds for every scan, whatever its scope says. Scans that run heed a change within
    5 seconds. A name covers the names below it. `census preflight` shows how many targets of a list are on it.
    """


def _entries(function: F) -> F:
    """What `add` and `remove` are told: entries, and files of them."""
    function = option("--file", "files", type=click.File(encoding="utf-8-sig"), multiple=True, metavar="FILE",
                      help="Entries one on a line, with # comments; - is standard input.")(function)  # fmt: skip
    return click.argument("entries", nargs=-1, metavar="[ADDRESS|NETWORK|NAME]...")(function)


@exclude.command("add")
@_entries
@option("--note", metavar="TEXT", help="Why, or how they asked; stored with each entry.")
@option("--by", metavar="WHO", help="Who enters it [default: your user name].")
@option("--purge", is_flag=True, help="Also delete what is stored of those hosts, from all scans.")
@option("--yes", is_flag=True, help="Do not ask before a network is entered that is too large to be one owner's.")
@common_options()
@click.pass_obj
def add(common: Common, /, *, entries: tuple[str, ...], files: tuple[TextIO, ...], note: str | None, by: str | None,
        purge: bool, yes: bool) -> None:  # fmt: skip
    """Enter opt-outs: all that are given, or none if one of them cannot be read.

    With --purge, endpoints, sightings, observations, and models that nobody else lists are deleted. In past scans
    the targets stay counted, as opted_out, without address and name. To purge those who are on the list already,
    enter them again.

    A network of more than a /8 (IPv6: /16), such as 0.0.0.0/0, would stop every scan. It is asked about first, or
    refused where nobody can be asked, unless --yes is given.
    """
    from census.cli.database import database  # noqa: PLC0415  loads psycopg, which --help must not
    from census.store import exclusions as store  # noqa: PLC0415  likewise
    from census.store import purge as purging  # noqa: PLC0415  likewise
    from census.store.connect import connect  # noqa: PLC0415  likewise

    wanted, who = _read(entries, files), by or _user()
    if not yes:
        _confirm([entry for entry in wanted if not isinstance(entry, str) and entry.prefixlen < _OWNED[entry.version]],
                 purge=purge)  # fmt: skip
    with database(common) as url, connect(url) as connection:
        if purge:
            new, gone = purging.enter_and_purge(connection, wanted, note, who)
            became = f"deleted {gone.endpoints:,} endpoints; {gone.targets:,} targets of scans made unknown"
        else:
            with connection.transaction(), connection.cursor() as cursor:
                new = store.enter(cursor, wanted, note, who)
            became = "what is stored of them stays; with --purge it is deleted"
    if not common.quiet:
        there = f"; on the list already: {len(wanted) - new:,}" if new < len(wanted) else ""
        click.echo(f"{new:,} entered{there}\n{became}")


@exclude.command("remove")
@_entries
@common_options()
@click.pass_obj
def remove(common: Common, /, *, entries: tuple[str, ...], files: tuple[TextIO, ...]) -> None:
    """Take entries off the list, written as `census exclude list` shows them: all that are given, or none."""
    from census.cli.database import database  # noqa: PLC0415  loads psycopg, which --help must not
    from census.store import exclusions as store  # noqa: PLC0415  likewise
    from census.store.connect import connect  # noqa: PLC0415  likewise

    wanted = _read(entries, files)
    with database(common) as url, connect(url) as connection:
        gone = store.remove(connection, wanted)
    if not common.quiet:
        click.echo(f"{gone:,} removed")


@exclude.command("list")
@option("--format", "format_", type=click.Choice(("table", "json", "csv", "jsonl")), default="table", show_default=True,
        help="How to write the rows.")  # fmt: skip
@common_options()
@click.pass_obj
def list_(common: Common, /, *, format_: str) -> None:
    """Show the list, the oldest entries first."""
    from census.cli.console import Terminal  # noqa: PLC0415  loads what --help must not
    from census.cli.database import database  # noqa: PLC0415  likewise
    from census.report import tables  # noqa: PLC0415  likewise
    from census.store import exclusions as store  # noqa: PLC0415  likewise
    from census.store.connect import connect  # noqa: PLC0415  likewise
    from census.store.statistics import Result  # noqa: PLC0415  likewise

    with database(common) as url, connect(url) as connection:
        rows = [(row.entry, row.note, row.added_by, row.added_at) for row in store.listed(connection)]
    result = Result(("entry", "note", "added_by", "added_at"), rows)
    if format_ == "table" and not rows:
        click.echo("nobody is on the list")
    elif format_ == "table":
        tables.show(result, Terminal(), title="those who asked to be left alone")
    else:
        tables.write(result, format_, sys.stdout)


def _confirm(vast: Sequence[Network], *, purge: bool) -> None:
    """Ask about networks that nobody owns as a whole; raises EntryError where nobody is there to answer."""
    if not vast:
        return
    shown = ", ".join(map(str, vast))
    does = "is asked by no scan any more" + (", and what is stored of it is deleted for good" if purge else "")
    if not sys.stdin.isatty():
        raise EntryError(f"whatever lies in {shown} {does}; if that is what you want, add --yes; nothing was entered")
    click.confirm(f"Whatever lies in {shown} {does}. Enter it?", abort=True, err=True)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):
        raise EntryError("the system does not tell your user name; write --by WHO") from None


def _read(entries: Sequence[str], files: Sequence[TextIO]) -> list[Network | str]:
    """What was given, each entry once. Raises EntryError."""
    if not entries and not files:
        raise EntryError("nothing is given; write addresses, networks or names, or --file FILE")
    try:
        found = [exclusion(entry) for entry in entries]
        for file in files:
            found += exclusions(file.read(), file.name)
    except UnicodeDecodeError as error:
        raise EntryError(f"{file.name}: this is not UTF-8 (byte {error.start}); save it as UTF-8 text") from None
    except ValueError as error:
        raise EntryError(str(error)) from None
    return list(dict.fromkeys(found))
