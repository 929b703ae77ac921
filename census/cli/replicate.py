"""`census replicate`: the figures of a published study, ours beside theirs."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from census.cli.console import Terminal
from census.cli.database import database
from census.cli.options import Common, common_options, option
from census.cli.remarks import remark
from census.cli.stats import moment, scan_number
from census.store.connect import engine


@click.command("replicate")
@click.argument("study", type=click.Choice(("silent-brothers",)))
@option("--scan", "wanted", default="all", show_default=True, metavar="ID|latest|all", help="Which scans count.")
@option("--since", callback=moment, metavar="TIME", help="Only observations from this day or moment on (UTC).")
@option("--until", callback=moment, metavar="TIME", help="Only observations before this day or moment (UTC).")
@option("--population", type=click.Choice(("raw", "credible")), default="credible", show_default=True,
        help="With decoys (raw), or without endpoints whose verdict is decoy. The study took none out.")  # fmt: skip
@option("--format", "format_", type=click.Choice(("table", "markdown", "json", "jsonl", "csv")), default="table",
        show_default=True, help="How to write the comparison.")  # fmt: skip
@common_options()
@click.pass_obj
def replicate(common: Common, /, *, study: str, wanted: str, since: datetime | None, until: datetime | None,  # noqa: ARG001  there is one study
              population: str, format_: str) -> None:  # fmt: skip
    """Put each figure of a published study beside ours, with what it means here.

    silent-brothers is the study of January 2026 of 175,108 Ollama hosts. Figures that it does not define well enough,
    or for which no data can be had, are "not comparable", with the reason.
    """
    from census.report.replicate import comparison  # noqa: PLC0415  a mistyped option needs none of it
    from census.report.replicate.census import Census  # noqa: PLC0415  likewise

    with database(common) as url, engine(url).connect() as connection:
        scan = scan_number(url, wanted)
        if not common.quiet:
            remark(url, scan=scan, since=since, until=until)
        asked = Census(connection, scan=scan, since=since, until=until, population=population)
        compared = comparison.compare(asked)
    if format_ == "table":
        comparison.show(compared, Terminal())
    elif format_ == "markdown":
        click.echo(comparison.markdown(compared), nl=False)
    else:
        from census.report import tables  # noqa: PLC0415  likewise

        tables.write(comparison.rows(compared), format_, sys.stdout)
