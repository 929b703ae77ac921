"""`census notify`: what to tell the networks in which open servers were seen."""

from __future__ import annotations

from pathlib import Path

import click

from census.cli.database import database
from census.cli.options import Common, common_options, option
from census.report import disclosure
from census.report.disclosure import contacts as contacts_file
from census.store import scans
from census.store.connect import connect, engine


@click.command("notify")
@option("--contacts", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE", required=True,
        help="CSV of networks and whom to write to: network,contact[,language].")  # fmt: skip
@option("--output", type=click.Path(path_type=Path), metavar="FOLDER", required=True,
        help="A new folder for the files.")  # fmt: skip
@option("--scan", "wanted", default="latest", show_default=True, metavar="ID|NAME|latest", help="What was seen when.")
@common_options()
@click.pass_obj
def notify(common: Common, /, *, contacts: Path, output: Path, wanted: str) -> None:
    """Write for each network what was seen there, for its contact: a CSV and a text that you can send.

    Nothing is sent. An address belongs to the smallest network of the file that has it; what belongs to none is in
    without-contact.csv. Told are open endpoints (served or empty), not those that ask for a key, no decoys, and nobody
    on the opt-out list. Texts are in English (en) or German (de). The folder holds addresses and is for you alone.
    """
    told = contacts_file.read(contacts)
    with database(common) as url, engine(url).connect() as connection:
        with connect(url) as other:
            scan, is_demo = scans.find(other, wanted), scans.holds_only_demo(other)
        written = disclosure.write(connection, scan, told, output)
    if is_demo:
        click.echo("note: these are the simulated hosts of `census demo`; there is nobody to write to", err=True)
    if not common.quiet:
        click.echo(
            f"{output}: {written.endpoints:,} endpoints in {written.networks:,} networks; {written.unmatched:,} in no"
            f" network of {contacts.name}, {written.opted_out:,} opted out. Nothing was sent.",
            err=True,
        )
