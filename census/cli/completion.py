"""`census completion`: the script that lets bash, zsh or fish complete commands, options and statistics."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_NOW = {
    "bash": 'eval "$(census completion bash)"',
    "zsh": 'autoload -U compinit; compinit; eval "$(census completion zsh)"',
    "fish": "census completion fish | source",
}
# Where each shell looks for scripts by itself: a folder and the name of the file in it, and what it has to be told.
_FOR_GOOD = {
    "bash": ("~/.local/share/bash-completion/completions", "census", ""),
    "zsh": ("~/.zfunc", "_census", "# and in ~/.zshrc:     fpath+=~/.zfunc; autoload -U compinit; compinit\n"),
    "fish": ("~/.config/fish/completions", "census.fish", ""),
}


@click.command("completion")
@click.argument("shell", type=click.Choice(tuple(_NOW)))
def completion(*, shell: str) -> None:
    """Print the script that lets SHELL complete commands, options and the names of statistics.

    The last lines of the script say how to install it. bash has to be 4.4 or newer.
    """
    from census.cli.main import COMPLETE_VARIABLE, cli  # noqa: PLC0415  it imports this module

    made = get_completion_class(shell)
    assert made is not None
    # Not `source()`: that of bash starts a bash to look at its version, and here the script is only text. What is said
    # of it stands at the end, for zsh knows a script by its first line.
    script = made.source_template % made(cli, {}, "census", COMPLETE_VARIABLE).source_vars()
    # zsh takes the file for the body of a function: from its second call on it completes too, and registers nothing.
    script = script.replace("== loadautofunc ]]", "== (loadautofunc|shfunc) ]]")
    folder, name, told = _FOR_GOOD[shell]
    click.echo(f"{script.strip()}\n\n# In this shell only:  {_NOW[shell]}")
    click.echo(f"# In every new one:    mkdir -p {folder}; census completion {shell} > {folder}/{name}")
    click.echo(told, nl=False)
