"""What a person sees while a scan runs, and after it: a moving bar on a terminal, quiet lines elsewhere.

All of it goes to standard error.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from census.store.scans import Progress

_LINE_EVERY = 10.0  # seconds between two lines where there is no terminal


def show(steps: Iterable[Progress], *, quiet: bool) -> Progress:
    """Follow a scan to its end and give the last progress."""
    if quiet:
        return _last(steps)
    return _bar(steps) if sys.stderr.isatty() else _lines(steps)


def _last(steps: Iterable[Progress]) -> Progress:
    (last,) = deque(steps, maxlen=1)  # a list of all would grow as long as the scan goes on
    return last


def _lines(steps: Iterable[Progress]) -> Progress:
    due = time.monotonic() + _LINE_EVERY
    step = None
    for step in steps:
        if time.monotonic() >= due:
            click.echo(line(step), err=True)
            due = time.monotonic() + _LINE_EVERY
    assert step is not None
    click.echo(line(step), err=True)
    return step


def line(step: Progress) -> str:
    """One line: done of all, rate, time left, outcomes."""
    left = f", {duration(step.eta)} left" if step.eta is not None and step.done < step.targets else ""
    words = ", ".join(f"{word} {count:,}" for word, count in by_count(step.outcomes))
    told = f"; {words}" if words else ""  # nothing yet
    return f"scan {step.scan}: {step.done:,} of {step.targets:,} done, {step.rate:,.0f}/s{left}{told}"


def by_count(outcomes: dict[str, int]) -> list[tuple[str, int]]:
    """Outcomes, the most frequent first."""
    return sorted(outcomes.items(), key=lambda item: (-item[1], item[0]))


def duration(seconds: float) -> str:
    """Seconds as a person says them: 42 s, 3 min 20 s, 5 h 10 min, 2 d 3 h."""
    whole = round(seconds)
    for unit, small, size, per in (("d", "h", 86_400, 3_600), ("h", "min", 3_600, 60), ("min", "s", 60, 1)):
        if whole >= size:
            rest = whole % size // per
            return f"{whole // size} {unit} {rest} {small}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def _bar(steps: Iterable[Progress]) -> Progress:
    bar = Bar(
        TextColumn("scan {task.fields[scan]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[left]}"),
    )
    task = bar.add_task("", total=None, scan="", rate="", left="")
    step = None
    with Live(console=Console(stderr=True), refresh_per_second=8, transient=False) as live:
        for step in steps:
            left = f"{duration(step.eta)} left" if step.eta is not None and step.done < step.targets else ""
            bar.update(
                task, total=step.targets, completed=step.done, scan=step.scan, rate=f"{step.rate:,.0f}/s", left=left
            )
            live.update(_panel(bar, step))
    assert step is not None
    return step


def _panel(bar: Bar, step: Progress) -> Table:
    grid = Table.grid()
    grid.add_row(bar)
    words = Text("  ")
    for word, count in by_count(step.outcomes):
        words.append(f"{word} ", style="dim")
        words.append(f"{count:,}   ")
    grid.add_row(words)
    return grid


@contextmanager
def renewing(*, quiet: bool) -> Iterator[Callable[[int, int, float | None], None]]:
    """Show how many results are renewed, of how many, and the seconds left; nothing before it is told of the first."""
    if quiet:
        yield lambda _done, _of, _left: None
    elif sys.stderr.isatty():
        with _renewed_bar() as tell:
            yield tell
    else:
        yield _renewed_lines()


def _renewed_lines() -> Callable[[int, int, float | None], None]:
    due = time.monotonic() + _LINE_EVERY

    def tell(done: int, of: int, left: float | None) -> None:
        nonlocal due
        if done == of or time.monotonic() >= due:
            rest = f", {duration(left)} left" if left is not None and done < of else ""
            click.echo(f"results renewed: {done:,} of {of:,}{rest}", err=True)
            due = time.monotonic() + _LINE_EVERY

    return tell


@contextmanager
def _renewed_bar() -> Iterator[Callable[[int, int, float | None], None]]:
    bar = Bar(
        TextColumn("results renewed"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
        console=Console(stderr=True),
    )
    task = bar.add_task("", total=None, left="")

    def tell(done: int, of: int, left: float | None) -> None:
        rest = f"{duration(left)} left, " if left is not None else ""
        bar.update(task, total=of, completed=done, left=f"{rest}Ctrl-C ends it" if done < of else "")
        bar.start()

    try:
        yield tell
    finally:
        if bar.live.is_started:
            bar.stop()
