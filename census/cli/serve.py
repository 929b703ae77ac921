"""`census serve`: metrics and the report over HTTP."""

from __future__ import annotations

import click

from census.cli.database import database
from census.cli.options import Common, common_options, option


def listen(_ctx: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, int]:
    """HOST:PORT or [v6]:PORT as a pair."""
    host, separator, port = value.rpartition(":")
    if not separator or not port.isdecimal() or not 0 < int(port) < 65_536:  # noqa: PLR2004  the range of TCP ports
        raise click.BadParameter(f"{value!r} is no HOST:PORT; write 127.0.0.1:9464 or [::1]:9464")
    return host.strip("[]") or "127.0.0.1", int(port)


@click.command("serve")
@option("--listen", "listening", callback=listen, default="127.0.0.1:9464", show_default=True, metavar="HOST:PORT",
        help="Where to listen; everybody who reaches it can read.")  # fmt: skip
@common_options()
@click.pass_obj
def serve(common: Common, /, *, listening: tuple[str, int]) -> None:
    """Serve Prometheus metrics (/metrics), the report (/) and /health over HTTP until stopped."""
    from census.serve import run  # noqa: PLC0415  loads the web server

    def ready(address: str) -> None:
        if not common.quiet:
            click.echo(f"{address}/ has the report, /metrics the numbers; Ctrl-C ends it", err=True)

    with database(common) as url:
        run(url, *listening, ready)
