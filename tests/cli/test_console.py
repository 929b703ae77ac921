"""The terminal as a person has it: a pager when it is too short, colours where they can be seen, completion."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

from census.store.statistics import STATISTICS
from tests.support.program import census, command, surroundings

LINES = {"COLUMNS": "80", "TERM": "xterm-256color", "PAGER": "sed s/^/PAGED/"}


def in_terminal(*line: str, folder: Path, url: str | None = None, **environment: str) -> str:
    """What a command writes to a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    given = {"LINES": "500", "FORCE_COLOR": "", "NO_COLOR": "", **LINES, **environment}
    inherited = surroundings(folder, url, {name: value for name, value in given.items() if value})
    process = subprocess.Popen(command(*line), stdin=theirs, stdout=theirs, env=inherited)
    os.close(theirs)
    written = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # the other end of a terminal is gone
            break
        if not block:
            break
        written += block
    os.close(ours)
    assert process.wait() == 0
    return written.decode().replace("\r\n", "\n")


def test_a_list_longer_than_the_terminal_goes_through_the_pager(tmp_path: Path) -> None:
    long = in_terminal("stats", folder=tmp_path, LINES="20")
    assert long.count("PAGED") == len(long.splitlines()) > 100
    assert "PAGED" not in in_terminal("stats", folder=tmp_path)
    assert "PAGED" not in census("stats", folder=tmp_path, **LINES, LINES="20").stdout


def test_pager_cat_is_no_pager(tmp_path: Path) -> None:
    through = in_terminal("stats", folder=tmp_path, LINES="20", PAGER="cat")
    assert through.rstrip() == in_terminal("stats", folder=tmp_path).rstrip()


def test_colours_are_for_terminals_and_for_who_asks_for_them(tmp_path: Path, database_url: str) -> None:
    def piped(**environment: str) -> str:
        return census("stats", "families", folder=tmp_path, url=database_url, **environment).stdout

    assert "\x1b[" in in_terminal("stats", "families", folder=tmp_path, url=database_url)
    assert "\x1b[" not in piped()
    assert "\x1b[" in piped(FORCE_COLOR="1", TERM="xterm-256color")
    assert "\x1b[3" not in in_terminal("stats", "families", folder=tmp_path, url=database_url, NO_COLOR="1")
    assert "\x1b[" not in in_terminal("stats", "families", folder=tmp_path, url=database_url, TERM="dumb")


@pytest.mark.parametrize(("shell", "first"), [("bash", "_census_completion()"), ("zsh", "#compdef census"),
                                              ("fish", "function _census_completion")])  # fmt: skip
def test_each_shell_gets_a_script_that_says_how_to_install_it(tmp_path: Path, shell: str, first: str) -> None:
    script = census("completion", shell, folder=tmp_path)
    assert (script.returncode, script.stderr) == (0, "")
    assert script.stdout.startswith(first)
    assert "_CENSUS_COMPLETE" in script.stdout
    assert f"; census completion {shell} > ~/" in script.stdout


def test_a_shell_that_is_not_known_is_told_which_are(tmp_path: Path) -> None:
    done = census("completion", "tcsh", folder=tmp_path)
    assert done.returncode == 2
    assert "'bash', 'zsh', 'fish'" in done.stderr


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("census re", ["resume", "replicate", "report"]),
        ("census stats weekly", ["weekly-ranks"]),
        ("census stats families --popu", ["--population"]),
        ("census stats families --unit e", ["endpoint"]),
        ("census report --ch", ["--charts"]),
        ("census db st", ["start", "stop"]),
        ("census completion z", ["zsh"]),
    ],
)
def test_commands_options_and_statistics_are_completed(tmp_path: Path, typed: str, offered: list[str]) -> None:
    words = typed.split()
    asked = {"_CENSUS_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    lines = census(folder=tmp_path, **asked).stdout.splitlines()
    assert [line.partition(",")[2] for line in lines] == offered
    assert not (tmp_path / "home").exists()


def test_all_statistics_are_offered_in_bash_itself(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "census"
    program.write_text(f'#!/bin/sh\nexec {" ".join(command())} "$@"\n')
    program.chmod(0o755)
    typed = (
        'eval "$(census completion bash)"; COMP_WORDS=(census stats ""); COMP_CWORD=2; _census_completion census "";'
        ' printf "%s\\n" "${COMPREPLY[@]}"'
    )
    given = surroundings(tmp_path, None, {"PATH": f"{folder}:{os.environ['PATH']}"})
    done = subprocess.run(["bash", "-c", typed], capture_output=True, text=True, check=True, env=given)
    assert done.stdout.split() == list(STATISTICS)


@pytest.mark.parametrize("line", [
    ("stats",), ("stats", "families"), ("stats", "families", "--format", "csv"), ("report",), ("help", "units"),
    ("export", "--dictionary"), ("export", "models"),
], ids=" ".join)  # fmt: skip
def test_a_closed_standard_output_is_no_reason_for_a_traceback(
    line: tuple[str, ...], tmp_path: Path, database_url: str
) -> None:
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *command(*line)]
    surrounded = surroundings(tmp_path, database_url)
    done = subprocess.run(closed, stderr=subprocess.PIPE, text=True, check=False, timeout=60, env=surrounded)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_a_sentence_that_says_what_to_do(tmp_path: Path, database_url: str) -> None:
    surrounded = surroundings(tmp_path, database_url)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command("export", "--dictionary"), stdout=full, stderr=subprocess.PIPE, text=True,
                              check=False, timeout=60, env=surrounded)  # fmt: skip
    assert done.returncode == 1
    assert "census: No space left on device; make room, or write elsewhere, and try again" in done.stderr
    named = census("export", "--dictionary", "--output", "/dev/full", folder=tmp_path, url=database_url)
    assert "census: /dev/full: No space left on device; make room" in named.stderr
