"""The program `census`: its commands, loaded when they are called, and what each failure says and exits with."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from census.cli.options import Common, common_options
from census.cli.start import begun
from census.errors import FailedError, StoppedError, UseError

# Help is one line each here, so that `census --help` loads none of them.
_COMMANDS = {
    "demo": ("census.cli.demo", "Show the whole job on this machine: simulate, scan, count, report."),
    "scan": ("census.cli.scan", "Scan the targets of one or more lists under a scope."),
    "resume": ("census.cli.scan", "Go on with a scan that was interrupted."),
    "stop": ("census.cli.status", "End a running scan on all workers, from anywhere."),
    "worker": ("census.cli.worker", "Help, from this or another machine, with the scans that are open."),
    "status": ("census.cli.status", "Show how far a scan is."),
    "preflight": ("census.cli.preflight", "Show what a scan would contact and how long it would take."),
    "exclude": ("census.cli.exclude", "Keep the list of those who asked to be left alone."),
    "stats": ("census.cli.stats", "Answer one of the questions of a census, or list them."),
    "replicate": ("census.cli.replicate", "Put the figures of a published study beside ours."),
    "report": ("census.cli.report", "Show the census on the terminal, or write it as one HTML page."),
    "export": ("census.cli.export", "Write rows for other programs, or all of it as a dataset for an archive."),
    "diff": ("census.cli.diff", "Show what is new, gone or changed from one scan to another."),
    "notify": ("census.cli.notify", "Write for each network what was seen there; nothing is sent."),
    "kinds": ("census.cli.kinds", "List the server kinds that are recognised and what each is asked."),
    "lineage": ("census.cli.lineage", "Show how names of models are placed, and place stored ones anew."),
    "places": ("census.cli.places", "Look up again where the hosts of the database are."),
    "serve": ("census.cli.serve", "Serve Prometheus metrics and the report over HTTP."),
    "completion": ("census.cli.completion", "Print the script that lets a shell complete commands and options."),
    "db": ("census.cli.db", "Upgrade, start, stop, open and look after the database."),
    "help": ("census.cli.help", "Explain a topic: scope, lists, statistics, units, decoys and more."),
}

# By a variable of this name a shell asks what could follow; cli/completion.py prints the scripts that set it.
COMPLETE_VARIABLE = "_CENSUS_COMPLETE"

_EPILOG = """
Start with `census demo`. A real scan needs a scope file: `census scan --help` shows one.

\b
Topics (`census help TOPIC`):
  scope  lists  statistics  units  decoys  uncertainty  privacy  exit-codes
"""

_FAILED, _WRONG_USE, _INTERRUPTED = 1, 2, 130


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called: `--help` and completion stay quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        command = getattr(module, f"{cmd_name}_" if cmd_name == "help" else cmd_name)  # help is a name of Python's
        assert isinstance(command, click.Command)
        begun()
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands by their names, without importing any of them: whoever presses Tab waits for it."""
        found = [
            CompletionItem(name, help=text) for name, (_, text) in _COMMANDS.items() if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough, and that is no failure
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and (near := _near(args[0])):
            raise click.UsageError(f"There is no command {args[0]!r}. Did you mean {near!r}?", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


def _near(word: str) -> str | None:
    import difflib  # noqa: PLC0415  only for a mistake

    found = difflib.get_close_matches(word, _COMMANDS, n=1)
    return found[0] if found else None


@click.group(
    cls=_LazyGroup,
    context_settings={"auto_envvar_prefix": "CENSUS", "help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
@common_options(top=True)
@click.version_option(package_name="inference-census", prog_name="census")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Take a census of exposed AI inference hosts, with written authorisation.

    It asks listed targets, read-only, whether they are Ollama- or OpenAI-compatible servers, which models they
    serve and whether those advertise tool calling; keeps the answers in Postgres; and counts them.
    """
    ctx.ensure_object(Common)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _open_closed() -> None:
    """Let standard streams that were closed (`>&-`) lead nowhere; else the next socket would take their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            os.set_inheritable(nowhere, True)
            setattr(sys, name, os.fdopen(nowhere, mode, encoding="utf-8"))


def _check_text() -> None:
    """Refuse what is not UTF-8: Python hands it on as halves of characters, which no database and no terminal takes."""
    given = [(f"argument {place}", word) for place, word in enumerate(sys.argv[1:], 1)]
    given += [(name, value) for name, value in os.environ.items() if name.startswith("CENSUS_")]
    for name, text in given:
        try:
            text.encode()
        except UnicodeEncodeError:
            # An address of a database may hold a password.
            shown = "" if ":" in text else f", {text.encode(errors='replace').decode()},"
            raise UseError(
                f"{name}{shown} is not UTF-8; write it in UTF-8, and rename a file whose name is not, or give a "
                "list on standard input (-)"
            ) from None


def main() -> None:
    """Run the program; every failure becomes a sentence on standard error and an exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    _open_closed()
    try:
        _check_text()
        code = cli(standalone_mode=False, complete_var=COMPLETE_VARIABLE)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(_INTERRUPTED)
    except StoppedError as error:
        _fail(error, _INTERRUPTED)
    except UseError as error:
        _fail(error, _WRONG_USE)
    except FailedError as error:
        _fail(error, _FAILED)
    except OSError as error:
        _fail(_explained(error), _FAILED)
    except Exception as error:
        # By name, for a command that never met the database must not load its driver for this.
        kinds = {f"{each.__module__}.{each.__name__}" for each in type(error).__mro__}
        if not kinds & {"psycopg.Error", "sqlalchemy.exc.DBAPIError"}:
            raise
        _fail(error, _FAILED)
    finally:
        gc.freeze()  # Python would look through all that was loaded once more before it ends, for a quarter second
    sys.exit(code if isinstance(code, int) else 0)


def _explained(error: OSError) -> OSError:
    """The same in words: which file, and what helps against a full disk."""
    if error.errno is None:  # one of our own, which is a sentence
        return error
    named = f"{error.filename}: " if error.filename is not None else ""
    full = "; make room, or write elsewhere, and try again" if error.errno in {errno.ENOSPC, errno.EDQUOT} else ""
    return OSError(f"{named}{error.strerror}{full}")


def _fail(error: Exception, code: int) -> NoReturn:
    click.echo(f"census: {error}", err=True)
    sys.exit(code)
