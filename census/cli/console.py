"""The terminal that tables are shown on."""

from __future__ import annotations

from rich.console import Console


class Terminal(Console):
    """Standard output; when its reader, such as `head`, has seen enough, that is no failure."""

    def on_broken_pipe(self) -> None:
        """Let the program end as for any other broken pipe; rich would exit with 1."""
        raise BrokenPipeError
