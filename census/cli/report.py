"""`census report`: the whole census, on the terminal or as a page."""

from __future__ import annotations

from pathlib import Path

import click

from census.cli.console import Terminal
from census.cli.database import database
from census.cli.options import Common, common_options, option
from census.cli.remarks import remark
from census.cli.stats import scan_number
from census.report.together import SAME_MOMENT
from census.store.connect import engine


@click.command("report")
@option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Write one self-contained page (with the extra `report`).")  # fmt: skip
@option("--scan", "wanted", default="all", show_default=True, metavar="ID|latest|all", help="Which scans count.")
@common_options()
@click.pass_obj
def report(common: Common, /, *, html: Path | None, wanted: str) -> None:
    """Show the census on the terminal, or write it as one HTML page that needs no network."""
    with database(common) as url, engine(url).connect().execution_options(**SAME_MOMENT) as connection:
        number = scan_number(url, wanted)
        if not common.quiet:
            remark(url, scan=number)
        if html is None:
            from census.report.terminal import terminal_report  # noqa: PLC0415  the page needs none of it

            terminal_report(connection, Terminal(), number)
            return
        from census.report.page import write_page  # noqa: PLC0415  loads the charts, which the terminal needs not

        write_page(connection, html, number)
        if not common.quiet:
            click.echo(f"wrote {html}; open it in a browser")
