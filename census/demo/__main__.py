"""`python -m census.demo --seed 7 --endpoints 300` serves a simulated neighbourhood until it is told to end."""

from __future__ import annotations

import click

from census.demo.process import serve
from census.demo.servers import DemoError


@click.command()
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True, help="Which population to serve.")
@click.option("--endpoints", type=click.IntRange(min=1), default=3000, show_default=True, help="How many targets.")
@click.option("--moment", type=click.IntRange(min=1), default=1, show_default=True, help="Which scan of its history.")
def main(seed: int, endpoints: int, moment: int) -> None:
    """Serve a simulated neighbourhood of inference servers on loopback, until standard input ends or SIGTERM."""
    try:
        serve(seed, endpoints, moment, click.echo)
    except DemoError as error:
        click.echo(str(error))  # where READY is awaited
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
