"""Where the program begins: while Python is importing, an interrupt ends it without a word, and no garbage is sought.

Python would print where it stood, and what an interrupt raises in the middle of an import may get lost there. What is
imported stays, and to look through all of it for garbage again and again took a ninth of `census stats`.
"""

from __future__ import annotations

import gc
import os
import signal
from types import FrameType

_INTERRUPTED = 130


def main() -> None:
    """Run the program, as `census` and `python -m census` do."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell may have told us to ignore it
        signal.signal(signal.SIGINT, _leave)
    gc.disable()
    from census.cli.main import main as run  # noqa: PLC0415  this is what takes the time

    run()


def begun() -> None:
    """The command is loaded: there may be something to lose, so an interrupt is raised, and there may be garbage."""
    if not gc.isenabled():
        gc.freeze()  # or all that was imported would be looked through once more
        gc.enable()
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(_INTERRUPTED)
