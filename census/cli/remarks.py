"""Remarks on standard error about what is stored: that a question reaches what was pruned, that rules are others."""

from __future__ import annotations

from datetime import datetime

import click

from census.store import lineages, pruning
from census.store.connect import connect
from census.store.statistics import STATISTICS

_OF_LINEAGE = frozenset({
    "families", "origins", "co-deployment", "derivatives", "ranks", "weekly-ranks", "together", "concentration",
    "model-instances",
})  # fmt: skip


def remark(
    url: str,
    what: str | None = None,
    *,
    scan: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    unit: str = "host",
) -> None:
    """Say what a reader of these rows should know; `what` is a statistic or an export, None several of them."""
    with connect(url) as connection:
        statistic = STATISTICS.get(what or "")
        singles = what in {None, "observations"} or (statistic is not None and unit in statistic.singles)
        gone = pruning.incomplete(connection, scan, since, until, singles=singles)
        behind = (what is None or what in _OF_LINEAGE) and lineages.behind(connection)
    if gone is not None:
        click.echo(
            f"note: single observations from before {gone:%Y-%m-%d %H:%M} UTC were pruned; this reaches before that "
            "and is incomplete",
            err=True,
        )
    if behind:
        click.echo(
            "note: stored models were placed by other rules than this version's; `census lineage refresh --dry-run` "
            "says what would change",
            err=True,
        )
