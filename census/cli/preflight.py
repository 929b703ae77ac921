"""`census preflight`: what a scan would do, without asking anything of any target."""

from __future__ import annotations

import json

import click

from census.cli import progress as shown
from census.cli.lists import Lists, list_options, rate_of, tell_problems
from census.cli.options import Common, common_options, option
from census.facts import Outcome
from census.scan import plan as planning
from census.targets.lists import Problems
from census.targets.order import Spool


@click.command("preflight")
@list_options
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@common_options()
@click.pass_obj
def preflight(common: Common, /, *, lists: tuple[str, ...], scope_file: str, ports: tuple[int, ...],
              rate: float | None, seed: int | None, shard: str | None, partial: bool,
              as_json: bool) -> None:  # fmt: skip
    """Show what a scan of LIST would contact and what not, at which rate and for how long.

    Names are not resolved and nothing is sent to any target.
    """
    wanted = Lists.given(lists, scope_file, ports, seed, shard, partial=partial)
    speed = rate_of(wanted.scope, rate, quiet=common.quiet)
    plan = planning.Plan(wanted.scope, wanted.seed, Problems())
    try:
        with Spool(wanted.seed, shard=wanted.shard) as spool:
            planning.fill(spool, wanted.lists, plan, wanted.ports, partial=wanted.partial)
            for _ in planning.chunks(plan, spool, workers=1):
                pass
    finally:
        tell_problems(plan.problems)
    if as_json:
        click.echo(json.dumps(_numbers(plan, speed)))
    else:
        click.echo(_text(plan, speed))


def _numbers(plan: planning.Plan, rate: float) -> dict[str, object]:
    return {
        "targets": plan.targets,
        "to_ask": plan.to_ask,
        "names": plan.names,
        "out_of_scope": plan.verdicts[Outcome.OUT_OF_SCOPE],
        "opted_out": plan.verdicts[Outcome.OPTED_OUT],
        "lines_that_are_no_target": plan.problems.count,
        "rate": rate,
        "rate_per_network": plan.scope.rate_per_network,
        "seconds": round(plan.seconds(rate), 1),
        "seed": plan.seed,
        "authorization": plan.scope.reference,
        "valid_until": str(plan.scope.valid_until),
    }


def _text(plan: planning.Plan, rate: float) -> str:
    scope = plan.scope
    pace = f"{rate:g} new connections a second, {scope.rate_per_network:g} into one /24 (IPv6: /48)"
    largest = f"its largest network has {plan.largest:,} targets"
    return "\n".join((
        f"authorisation   {scope.reference}, valid until {scope.valid_until}; contact {scope.contact}",
        f"targets         {plan.targets:,}",
        f"to be asked     {plan.to_ask:,} (names among them: {plan.names:,}, resolved only in the scan)",
        f"out of scope    {plan.verdicts[Outcome.OUT_OF_SCOPE]:,}",
        f"opted out       {plan.verdicts[Outcome.OPTED_OUT]:,}",
        f"no targets      {plan.problems.count:,} lines",
        f"pace            {pace}, {scope.per_host} at a time to one address",
        f"will take       at least {shown.duration(plan.seconds(rate))} ({largest})",
    ))  # fmt: skip
