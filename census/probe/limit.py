"""An end to the time of a task that may be put off: as asyncio's time-out, but that putting it off costs nothing."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class Limit:
    """Ends what runs inside it at `when`, on the loop's clock: the `with` statement raises TimeoutError then.

    asyncio makes another timer for each move. Nearly every target answers long before its first time is over, so the
    one timer there is looks, when it rings, whether it was moved meanwhile.
    """

    __slots__ = ("_cancelling", "_loop", "_over", "_task", "_timer", "_when")

    def __init__(self, when: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._when = when
        self._over = False

    def move(self, when: float) -> None:
        """End it at another time, not before the one that was set first."""
        self._when = when

    def __enter__(self) -> Self:
        assert self._task is not None
        self._cancelling = self._task.cancelling()
        self._timer = self._loop.call_at(self._when, self._ring)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._timer.cancel()
        # Who was cancelled by others as well is not given back to itself.
        if self._over and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _ring(self) -> None:
        assert self._task is not None
        if self._loop.time() < self._when:
            self._timer = self._loop.call_at(self._when, self._ring)
        else:
            self._over = True
            self._task.cancel()
