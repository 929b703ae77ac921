"""Completion in a real zsh and a real fish: their own check of the script, and what Tab gives."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.program import census, command, surroundings

pytestmark = pytest.mark.system

TYPED = {
    "census replic": "census replicate",
    "census stats weekly": "census stats weekly-ranks",
    "census report --char": "census report --charts",
    "census stats families --unit endp": "census stats families --unit endpoint",
}


def shell(name: str) -> str:
    return shutil.which(name) or pytest.fail(f"this test needs {name}, which is not installed: apt-get install {name}")


@pytest.fixture
def around(tmp_path: Path) -> dict[str, str]:
    """An environment in which `census` is the program under test, and the home of the shell is empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "census"
    program.write_text(f'#!/bin/sh\nexec {" ".join(command())} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    mine = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(tmp_path), "ZDOTDIR": str(tmp_path)}
    return surroundings(tmp_path, None, mine | {"PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm"})


def installed(name: str, around: dict[str, str], folder: Path) -> str:
    """Install the script as its own last lines say, and give what else they want to be told to the shell."""
    script = census("completion", name, folder=folder).stdout
    [line] = re.findall(r"^# In every new one: +(.*)$", script, re.MULTILINE)
    subprocess.run([shell(name), "-c", line], env=around, cwd=folder, check=True, timeout=120)
    return "".join(re.findall(r"^# and in ~/\.zshrc: +(.*)$", script, re.MULTILINE))


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_a_script_passes_the_check_of_its_own_shell(name: str, tmp_path: Path) -> None:
    file = tmp_path / "script"
    file.write_text(census("completion", name, folder=tmp_path).stdout, encoding="utf-8")
    checked = subprocess.run([shell(name), "-n", file], capture_output=True, text=True, check=False, timeout=60)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_fish_offers_commands_options_and_statistics(around: dict[str, str], tmp_path: Path) -> None:
    installed("fish", around, tmp_path)
    for typed, whole in TYPED.items():
        asked = [shell("fish"), "-c", 'complete --do-complete "$argv[1]"', typed]
        offered = subprocess.run(asked, env=around, capture_output=True, text=True, check=True, timeout=120)
        assert [line.split("\t")[0] for line in offered.stdout.splitlines()] == whole.split()[-1:]


def test_tab_in_zsh_completes_commands_options_and_statistics(around: dict[str, str], tmp_path: Path) -> None:
    told = installed("zsh", around, tmp_path)
    (tmp_path / ".zshrc").write_text(f"{told}\nPS1='ready> '\n", encoding="utf-8")
    ours, theirs = pty.openpty()
    process = subprocess.Popen([shell("zsh"), "-d", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, env=around)
    os.close(theirs)
    try:
        for typed, whole in TYPED.items():
            read_until("ready> ", ours)
            os.write(ours, typed.encode() + b"\t")
            read_until(whole, ours)
            os.write(ours, b"\x15\n")  # Ctrl-U: the line is not run
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read_until(wanted: str, terminal: int) -> None:
    """Read what a shell writes, but for the moves of its cursor, until something is in it."""
    written = ""
    while wanted not in re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", written):
        assert select.select([terminal], [], [], 120)[0], written
        written += os.read(terminal, 65536).decode()
