from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from census.cli.help import TOPICS, text
from census.cli.main import cli
from census.store.statistics import STATISTICS
from census.targets.lists import FORMS
from census.targets.scope import Scope
from tests.support.program import census, command, surroundings


@pytest.mark.parametrize("topic", TOPICS)
def test_each_topic_is_a_short_page_with_one_title(topic: str) -> None:
    lines = text(topic).splitlines()
    assert [line for line in lines if line.startswith("# ")] == lines[:1]
    assert 10 < len(lines) < 60
    assert max(map(len, lines)) <= 120


def test_the_top_help_names_every_topic(tmp_path: Path) -> None:
    said = census("--help", folder=tmp_path).stdout
    assert said.split("census help TOPIC`):")[1].split() == list(TOPICS)


def test_without_a_topic_all_are_listed(tmp_path: Path) -> None:
    said = census("help", folder=tmp_path).stdout
    assert [line.split()[0] for line in said.split("\n\n")[0].splitlines()] == list(TOPICS)


def test_a_page_goes_to_a_pipe_as_it_stands(tmp_path: Path) -> None:
    assert census("help", "units", folder=tmp_path).stdout == text("units")


def test_a_page_is_rendered_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command("help", "scope"), stdout=theirs, env=surroundings(tmp_path, None, {"TERM": "xterm", "COLUMNS": "80"})
    ) as child:
        os.close(theirs)
        shown = b""
        while block := _read(ours):
            shown += block
    os.close(ours)
    assert child.returncode == 0
    assert b"```" not in shown
    assert b"\x1b[1" in shown
    for line in re.sub(r"\x1b\[[\d;]*m", "", shown.decode()).splitlines():
        assert len(line.rstrip()) <= 80


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # how Linux tells that the other end of a terminal is closed
        return b""


def test_the_name_of_a_command_gives_its_help(tmp_path: Path) -> None:
    told = census("help", "kinds", folder=tmp_path)
    assert told.stdout.splitlines()[0].endswith("kinds [OPTIONS]")
    assert "CENSUS_KINDS_JSON" in told.stdout


def test_the_words_of_a_command_below_another_give_its_help(tmp_path: Path) -> None:
    told = census("help", "db", "merge", folder=tmp_path)
    assert told.stdout == census("db", "merge", "--help", folder=tmp_path).stdout
    assert told.stdout.splitlines()[0].endswith("census db merge [OPTIONS] URL|FOLDER|-")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("db", "merg"), "'merg' in "), (("db", "merg"), "did you mean merge? There are: dump"),
        (("scan", "fast"), "has no commands of its own, and so no 'fast'"),
        (("lists", "scope"), "a topic is one word: `census help lists`"),
    ],
)  # fmt: skip
def test_words_that_name_nothing_together_are_wrong_use(tmp_path: Path, line: tuple[str, ...], said: str) -> None:
    told = census("help", *line, folder=tmp_path)
    assert told.returncode == 2
    assert said in told.stderr


def test_an_unknown_topic_is_wrong_use_and_says_which_was_perhaps_meant(tmp_path: Path) -> None:
    told = census("help", "decoy", folder=tmp_path)
    assert told.returncode == 2
    assert "did you mean decoys?" in told.stderr
    assert all(topic in told.stderr for topic in TOPICS)


def test_the_scope_file_of_the_page_is_one(tmp_path: Path) -> None:
    [example] = re.findall(r"^```toml\n(.*?)^```$", text("scope"), re.MULTILINE | re.DOTALL)
    (tmp_path / "scope.toml").write_text(example, encoding="utf-8")
    (tmp_path / "optout.txt").write_text("", encoding="utf-8")
    scope = Scope.read(tmp_path / "scope.toml")
    bare = example.split("[limits]")[0]
    (tmp_path / "bare.toml").write_text(bare, encoding="utf-8")
    defaults = Scope.read(tmp_path / "bare.toml")
    for name in ("rate", "rate_per_network", "per_host", "requests_per_host", "details", "recall"):
        assert getattr(scope, name) == getattr(defaults, name)


def test_the_page_on_lists_names_every_form() -> None:
    page = text("lists").lower()
    for form in FORMS:
        assert form.name.split()[0].lower() in page


def test_commands_and_statistics_of_the_pages_exist() -> None:
    for topic in TOPICS:
        for line in re.findall(r"census (?:[a-z]+)[^\n`]*", text(topic)):
            words = line.split()
            assert words[1] in cli.list_commands(cli.make_context("census", ["help"])), line
            if words[1] == "stats" and len(words) > 2 and not words[2].startswith("-"):
                assert words[2] in {*STATISTICS, "NAME"}, line
            if words[1] == "help":
                assert words[2] in TOPICS, line
