"""Where the program begins: an interrupt while Python is still importing ends it without a word.

Python would print where it stood, and what an interrupt raises in the middle of an import may get lost there.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

_INTERRUPTED = 130


def main() -> None:
    """Run the program, as `census` and `python -m census` do."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell may have told us to ignore it
        signal.signal(signal.SIGINT, _leave)
    from census.cli.main import main as run  # noqa: PLC0415  this is what takes the time

    run()


def begun() -> None:
    """From now on there may be something to lose: an interrupt is raised, and says how to go on."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(_INTERRUPTED)
