"""`census report`: the whole census, on the terminal, as a page, or as charts for a paper."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from census.cli.console import paged
from census.cli.database import database
from census.cli.options import Common, common_options, option
from census.cli.remarks import remark
from census.cli.stats import NO_SCAN, moment, opened, scan_number, window
from census.report.asked import POPULATIONS, Asked
from census.report.findings import Findings, gather
from census.report.together import SAME_MOMENT

_ELSEWHEN = "No scan was under way in what was asked for; `census report` without --since and --until shows all."


@click.command("report")
@option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Write one self-contained page (with the extra `report`).")  # fmt: skip
@option("--charts", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
        help="Write each chart of that page as SVG and as PNG (with the extra `report`).")  # fmt: skip
@option("--scan", "wanted", default="all", show_default=True, metavar="ID|latest|all", help="Which scans count.")
@option("--since", callback=moment, metavar="TIME", help="Only observations from this day or moment on (UTC).")
@option("--until", callback=moment, metavar="TIME", help="Only observations before this day or moment (UTC).")
@option("--population", type=click.Choice(POPULATIONS), default=POPULATIONS[0], show_default=True,
        help="With decoys (raw), or without endpoints whose verdict is decoy; the other one's figures stand beside.",
)  # fmt: skip
@common_options()
@click.pass_obj
def report(common: Common, /, *, html: Path | None, charts: Path | None, wanted: str, since: datetime | None,
           until: datetime | None, population: str) -> None:  # fmt: skip
    """Show the census on the terminal, or write it as one HTML page that needs no network.

    The page has a picture for each question, with its unit, its population, n, and the SQL that gives it.
    """
    window(since, until)
    if html is not None and not html.parent.is_dir():
        raise click.UsageError(f"--html: there is no folder {html.parent}; make it, or name another file")
    if html is not None or charts is not None:
        from census.report.page import check  # noqa: PLC0415  the terminal needs none of it

        check()
    with database(common) as url, opened(url) as connection:
        connection.execution_options(**SAME_MOMENT)
        asked = Asked(scan_number(url, wanted), since, until, population)
        if not common.quiet:
            remark(url, scan=asked.scan, since=since, until=until)
        findings = gather(connection, asked)
    if html is None and charts is None:
        from census.report.terminal import terminal_report  # noqa: PLC0415  the page needs none of it

        with paged() as terminal:
            terminal_report(findings, terminal)
    _write(common, findings, html, charts)
    if not findings.scans and not common.quiet:
        click.echo(NO_SCAN if asked == Asked(population=population) else _ELSEWHEN, err=True)


def _write(common: Common, findings: Findings, html: Path | None, charts: Path | None) -> None:
    told = []
    if html is not None:
        from census.report.page import write_page  # noqa: PLC0415  loads the charts, which the terminal needs not

        write_page(findings, html)
        told.append(f"wrote {html}; open it in a browser")
    if charts is not None:
        from census.report.files import write_charts  # noqa: PLC0415  likewise

        told.append(f"wrote {len(write_charts(findings, charts)) // 2} charts, each as SVG and PNG, into {charts}")
    if not common.quiet:
        for line in told:
            click.echo(line)
