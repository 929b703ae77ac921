"""Options that every command shares; how options are declared, and how a group lists its commands."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class Commands(click.Group):
    """A group that lists each of its commands with a whole sentence; click's own list cuts them off."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list, wrapped to the width of the terminal."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(1000)) for name, command in found if command])


class _Option(click.Option):
    """An option that can be set by environment, and says so: `census scan --json` is CENSUS_SCAN_JSON."""

    def _name_variable(self, ctx: click.Context) -> None:
        word = max(self.opts, key=len).lstrip("-").replace("-", "_").upper()
        self.envvar = f"{ctx.auto_envvar_prefix}_{word}"

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        self._name_variable(ctx)
        return super().resolve_envvar_value(ctx)

    def get_help_extra(self, ctx: click.Context) -> click.types.OptionHelpExtra:
        self._name_variable(ctx)
        return super().get_help_extra(ctx)


option = functools.partial(click.option, cls=_Option, show_envvar=True)


@dataclass(slots=True)
class Common:
    """What was said before or after the command's name."""

    database: str | None = None
    quiet: bool = False
    verbose: bool = False


def _note(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    common = ctx.ensure_object(Common)
    if value not in (None, False):
        setattr(common, str(parameter.name), value)


def common_options(*, top: bool = False) -> Callable[[F], F]:
    """--database, --quiet and --verbose, which may stand before the command (`top`) or after it.

    Behind the command they have no variable of their own: CENSUS_DATABASE_URL, CENSUS_QUIET and CENSUS_VERBOSE do.
    """

    def decorate(function: F) -> F:
        for names, settings in reversed(_COMMON):
            variables: dict[str, Any] = (
                {"show_envvar": True} if top else {"envvar": [], "hidden": True, "allow_from_autoenv": False}
            )
            if top and "--database" in names:
                variables["envvar"] = "CENSUS_DATABASE_URL"
            function = click.option(*names, expose_value=False, callback=_note, **settings, **variables)(function)
        return function

    return decorate


_COMMON: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("--database",),
        {
            "metavar": "URL",
            "help": "A postgresql:// address; one with a password better by the variable. Without it"
            " an embedded server in CENSUS_HOME is used.",
        },
    ),
    (("--quiet", "-q"), {"is_flag": True, "help": "No progress and no notes, only results and errors."}),
    (("--verbose", "-v"), {"is_flag": True, "help": "Say more, for finding out what goes wrong."}),
)
