"""`census preflight`: what a scan would do, without asking anything of any target."""

from __future__ import annotations

import json
from pathlib import Path

import click

from census import __version__
from census.cli import progress as shown
from census.cli.lists import Lists, list_options, rate_of, tell_both_schemes, tell_empty_shard, tell_problems
from census.cli.options import Common, common_options, option
from census.errors import FailedError
from census.facts import Outcome
from census.scan import plan as planning
from census.targets.gate import Reason
from census.targets.lists import Problems
from census.targets.order import Spool
from census.targets.probing import PATH, canonical
from census.targets.probing import probing_txt as text_of


@click.command("preflight")
@list_options
@option("--probing-txt", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Also write a probing.txt (RFC 9511), which says who probes; it is to be published.")  # fmt: skip
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@common_options()
@click.pass_obj
def preflight(common: Common, /, *, lists: tuple[str, ...], scope_file: str, ports: tuple[int, ...],
              rate: float | None, seed: int | None, shard: str | None, partial: bool, probing_txt: Path | None,
              as_json: bool) -> None:  # fmt: skip
    """Show what a scan of LIST would contact and what not and why, at which rate and for how long.

    Names are not resolved and nothing is sent to any target. The opt-out list of the database counts as in a scan.
    """
    wanted = Lists.given(lists, scope_file, ports, seed, shard, partial=partial)
    speed = rate_of(wanted.scope, rate, quiet=common.quiet)
    plan = planning.Plan(wanted.scope, wanted.seed, Problems(), _opted_out(common))
    if probing_txt is not None:
        _publish(probing_txt, plan, quiet=common.quiet)
    try:
        with Spool(wanted.seed, shard=wanted.shard) as spool:
            planning.fill(spool, wanted.lists, plan, wanted.ports, partial=wanted.partial)
            for _ in planning.chunks(plan, spool, workers=1):
                pass
        tell_empty_shard(plan, quiet=common.quiet)
        tell_both_schemes(plan, quiet=common.quiet)
    finally:
        tell_problems(plan.problems)
    click.echo(json.dumps(_numbers(plan, speed)) if as_json else _text(plan, speed))


def _opted_out(common: Common) -> tuple[str, ...]:
    """The opt-out list; none where there is no database yet, which a look ahead need not make."""
    from census.store.embedded import home  # noqa: PLC0415  loads what --help must not

    if common.database is None and not (home() / "postgres" / "data").exists():
        return ()
    from census.cli.database import database  # noqa: PLC0415  likewise
    from census.store import exclusions  # noqa: PLC0415  likewise

    with database(common) as url:
        return exclusions.entries(url)


def _publish(file: Path, plan: planning.Plan, *, quiet: bool) -> None:
    try:
        file.write_text(text_of(plan.scope, __version__), encoding="utf-8")
    except OSError as error:
        raise FailedError(f"{file} cannot be written ({error.strerror}); name another file") from None
    if not quiet:
        where = canonical(plan.scope) or f"https://[your site]{PATH}"
        click.echo(f"{file}: publish it as {where}, and as {PATH} on every address that the scan comes from", err=True)


def _numbers(plan: planning.Plan, rate: float) -> dict[str, object]:
    return {
        "targets": plan.targets,
        "to_ask": plan.to_ask,
        "names": plan.names,
        "with_both_schemes": plan.both_schemes,
        "out_of_scope": plan.refused(Outcome.OUT_OF_SCOPE),
        "opted_out": plan.refused(Outcome.OPTED_OUT),
        "reasons": {reason.word: plan.reasons[reason] for reason in Reason},
        "lines_that_are_no_target": plan.problems.count,
        "rate": rate,
        "rate_per_network": plan.scope.rate_per_network,
        "per_host": plan.scope.per_host,
        "seconds": round(plan.seconds(rate), 1),
        "seconds_at_rate": round(plan.to_ask / rate, 1),
        "seconds_of_largest_network": round(plan.largest / plan.scope.rate_per_network, 1),
        "largest_networks": [{"network": network, "targets": count} for network, count in plan.largest_networks()],
        "seed": plan.seed,
        "authorization": plan.scope.reference,
        "valid_until": str(plan.scope.valid_until),
    }


def _text(plan: planning.Plan, rate: float) -> str:
    scope = plan.scope
    pace = f"{rate:g} new connections a second, {scope.rate_per_network:g} into one /24 (IPv6: /48)"
    parts = f"{shown.duration(plan.to_ask / rate)} by the rate, "
    parts += f"{shown.duration(plan.largest / scope.rate_per_network)} for the largest network"
    return "\n".join((
        f"authorisation   {scope.reference}, valid until {scope.valid_until}; contact {scope.contact}",
        f"targets         {plan.targets:,}",
        f"to be asked     {plan.to_ask:,} (names among them: {plan.names:,}, resolved only in the scan)",
        f"out of scope    {plan.refused(Outcome.OUT_OF_SCOPE):,}",
        *_why(plan, Outcome.OUT_OF_SCOPE),
        f"opted out       {plan.refused(Outcome.OPTED_OUT):,}",
        *_why(plan, Outcome.OPTED_OUT),
        f"no targets      {plan.problems.count:,} lines",
        f"pace            {pace}, {scope.per_host} at a time to one address",
        f"will take       at least {shown.duration(plan.seconds(rate))} ({parts})",
        *_largest(plan),
    ))  # fmt: skip


def _why(plan: planning.Plan, outcome: Outcome) -> list[str]:
    reasons = [reason for reason in Reason if reason.outcome is outcome and plan.reasons[reason]]
    return [f"                {plan.reasons[reason]:,} {reason.sentence}" for reason in reasons]


def _largest(plan: planning.Plan) -> list[str]:
    heads = ["largest         ", *[" " * 16] * len(plan.networks)]
    return [
        f"{head}{network}: {count:,} to be asked"
        for head, (network, count) in zip(heads, plan.largest_networks(), strict=False)
    ]
