"""The lists that a command works on: the options that say which they are, and the lines that are no targets."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from census.cli.options import option
from census.scan import plan as planning
from census.targets.lists import Problems
from census.targets.scope import Scope
from census.targets.shards import parse_shard

F = TypeVar("F", bound=Callable[..., Any])


def ports(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[int, ...]:
    """A comma-separated list of ports as numbers."""
    try:
        numbers = tuple(dict.fromkeys(int(part) for part in value.split(","))) if value else ()
    except ValueError:
        raise click.BadParameter(f"{value!r} is no list of ports; write numbers with commas: 11434,8000") from None
    if any(not 0 < number < 65_536 for number in numbers):  # noqa: PLR2004  the range of TCP ports
        raise click.BadParameter(f"{value!r} holds a port that is not between 1 and 65535")
    return numbers


class _Rate(click.FloatRange):
    """A number of connections a second; `nan` and `inf` are numbers to Python, but no rates."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        rate = float(super().convert(value, param, ctx))
        if not math.isfinite(rate):
            self.fail(f"{value!r} is no rate; write connections a second, such as 100", param, ctx)
        return rate


def list_options(function: F) -> F:
    """What `scan` and `preflight` share: lists, scope, ports, rate, seed, shard, partial lists."""
    for decorate in reversed(
        (
            click.argument("lists", nargs=-1, required=True, metavar="LIST..."),
            option("--scope", "scope_file", required=True, metavar="FILE", help="The scope file: who allowed what."),
            option(
                "--ports",
                callback=ports,
                metavar="P,P",
                help="Ports for entries without one [default: the scope's, else 11434].",
            ),
            option(
                "--rate",
                type=_Rate(min=0, min_open=True),
                metavar="N",
                help="New connections a second, all workers together; never above the scope's.",
            ),
            option(
                "--seed", type=int, metavar="N", help="Seed of the order of asking [default: a random one, stored]."
            ),
            option("--shard", metavar="I/N", help="Only the I-th of N parts of the targets, cut by network."),
            option("--partial", is_flag=True, help="Use what can be read of a list that is cut off."),
        )
    ):
        function = decorate(function)
    return function


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of a command and how they are to be read."""

    lists: tuple[str, ...]
    scope: Scope
    ports: tuple[int, ...]
    seed: int
    shard: tuple[int, int] | None
    partial: bool = False

    @classmethod
    def given(cls, lists: tuple[str, ...], scope_file: str, ports: tuple[int, ...], seed: int | None,
              shard: str | None, *, partial: bool = False) -> Lists:  # fmt: skip
        """From the options; raises ScopeError and click's errors."""
        scope = Scope.read(scope_file)
        scope.check_valid(datetime.now(UTC).date())
        chosen = secrets.randbits(32) if seed is None else seed
        try:
            part = parse_shard(shard) if shard else None
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--shard") from None
        return cls(lists, scope, planning.ports_for(scope, ports), chosen, part, partial)


def rate_of(scope: Scope, wanted: float | None, *, quiet: bool) -> float:
    """The rate that applies: the wanted one, never above the scope's."""
    if wanted is not None and wanted > scope.rate and not quiet:
        click.echo(f"note: --rate {wanted:g} is above the scope's {scope.rate:g}, which applies", err=True)
    return min(wanted or scope.rate, scope.rate)


def tell_empty_shard(plan: planning.Plan, *, quiet: bool) -> None:
    """Say why a shard has nobody to ask, which is no failure: the other machines have the other shards."""
    if plan.to_ask == 0 and not quiet:
        click.echo(f"note: {planning.why_nothing_in_shard(plan)}", err=True)


def tell_both_schemes(plan: planning.Plan, *, quiet: bool) -> None:
    """Say how many targets the lists name with http and with https, for each is asked once."""
    if plan.both_schemes and not quiet:
        those = "1 target is" if plan.both_schemes == 1 else f"{plan.both_schemes:,} targets are"
        click.echo(
            f"note: {those} listed with http:// and with https://; such a target is asked once, by https; take its"
            " https:// line out to have it asked by http",
            err=True,
        )


def tell_problems(problems: Problems) -> None:
    """Say which lines were no targets: the first of them, and how many in all."""
    for sample in problems.samples:
        click.echo(f"no target: {sample}", err=True)
    if problems.count > len(problems.samples):
        click.echo(f"no target: {problems.count - len(problems.samples):,} more lines", err=True)
