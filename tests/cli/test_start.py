"""Before the program has begun an interrupt is quiet, however it was started, and no garbage is looked for."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.program import command, surroundings

# In the place of a package that is imported: an interrupt that comes there, and is lost, as in a callback of Python's.
_INTERRUPTED = """
import os, signal
try:
    os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    pass
raise ImportError("it went on")
"""


def _installed() -> list[str]:
    """What the script `census` does that an installation makes."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    module, function = project["project"]["scripts"]["census"].split(":")
    return [sys.executable, "-c", f"from {module} import {function}; {function}()", "stats"]


def _started(line: list[str], folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        line, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
        env=surroundings(folder, None, {"PYTHONPATH": str(folder), **settings}),
    )  # fmt: skip


@pytest.mark.parametrize("line", [command("stats"), _installed()], ids=["module", "script"])
@pytest.mark.parametrize("imported", ["click", "sqlalchemy"])  # by the program itself, and by the command
def test_an_interrupt_while_python_imports_is_quiet(line: list[str], imported: str, tmp_path: Path) -> None:
    (tmp_path / f"{imported}.py").write_text(_INTERRUPTED)
    done = _started(line, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_program_that_is_told_to_ignore_interrupts_goes_on(tmp_path: Path) -> None:
    (tmp_path / "sqlalchemy.py").write_text(_INTERRUPTED)
    ignoring = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    done = _started([sys.executable, "-c", ignoring, *command("stats")], tmp_path)
    assert done.returncode == 1
    assert "it went on" in done.stderr


def test_a_command_that_has_begun_is_interrupted_in_its_own_way() -> None:
    script = (
        "import signal, click; from census.cli import start, main; signal.signal(signal.SIGINT, start._leave);"
        "main.cli.get_command(click.Context(main.cli), 'kinds');"
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout == "True\n"


def test_garbage_is_looked_for_once_the_command_is_loaded_and_not_before(tmp_path: Path) -> None:
    script = """
import gc, sys
from census.cli.start import main
searched = []
gc.callbacks.append(lambda *told: searched.append("sqlalchemy" in sys.modules))
sys.argv = ["census", "stats"]
try:
    main()
finally:
    print(gc.isenabled(), searched.count(False), len(searched) < 20, file=sys.stderr)
"""
    done = _started([sys.executable, "-c", script], tmp_path)
    assert (done.returncode, done.stderr) == (0, "True 0 True\n")


def test_what_was_loaded_is_never_looked_through(tmp_path: Path) -> None:
    script = (
        "import gc, click; gc.disable(); from census.cli import main;"
        "main.cli.get_command(click.Context(main.cli), 'stats'); print(gc.isenabled(), gc.get_freeze_count() > 10_000)"
    )
    assert _started([sys.executable, "-c", script], tmp_path).stdout == "True True\n"
