"""Bytes that are no UTF-8, in arguments, variables, names of files and in files: a sentence, and nothing is done."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.program import SCOPE, census, command, surroundings


def given(
    folder: Path, *arguments: bytes | str, url: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """The program with arguments as bytes."""
    line = [os.fsdecode(word) for word in (*command(), *arguments)]
    return subprocess.run(
        line, env=surroundings(folder, url, more), capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("arguments", "which"),
    [
        ((b"status", b"week\xff"), "argument 2, week?,"),
        ((b"exclude", b"add", b"127.0.0.9", b"--note", b"by \xe4 letter"), "argument 5, by ? letter,"),
        ((b"scan", b"list\xff.txt", b"--scope", b"scope.toml"), "argument 2, list?.txt,"),
        ((b"preflight", b"list.txt", b"--scope=sc\xff.toml"), "argument 3, --scope=sc?.toml,"),
        ((b"--database", b"postgresql://bob:s3cr3t\xff@127.0.0.1:1/db", b"status"), "argument 2 is not"),
        ((b"db", b"grant-reader", b"r\xff"), "argument 3, r?,"),
    ],
)
def test_an_argument_that_is_no_utf8_is_named(arguments: tuple[bytes, ...], which: str, tmp_path: Path) -> None:
    done = given(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"census: {which}")
    assert "is not UTF-8; write it in UTF-8" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "s3cr3t" not in done.stderr
    assert not (tmp_path / "home").exists()


def test_a_variable_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    done = given(tmp_path, "status", CENSUS_STATUS_JSON=os.fsdecode(b"\xff"))
    assert (done.returncode, done.stderr[:32]) == (2, "census: CENSUS_STATUS_JSON, ?, i")


def test_utf8_beyond_ascii_is_taken(tmp_path: Path, database_url: str) -> None:
    listed, scope = tmp_path / "лист.txt", tmp_path / "範囲.toml"
    listed.write_text("127.0.0.9:9\n")
    scope.write_text(SCOPE)
    line = ("scan", listed, "--scope", scope, "--name", "Übung", "--workers", "1", "--timeout", "0.5")
    done = census(*line, folder=tmp_path, url=database_url)
    assert done.returncode == 0, done.stderr
    assert "Übung" in census("status", "Übung", folder=tmp_path, url=database_url).stdout


def test_a_list_that_is_no_utf8_costs_its_lines_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "scope.toml").write_text(SCOPE)
    (tmp_path / "list.txt").write_bytes(b"127.0.0.1:9\n127.0\xff.0.1\nh\xffst:80\n\xff\xfe\n127.0.0.2:9\n")
    done = census("preflight", tmp_path / "list.txt", "--scope", tmp_path / "scope.toml", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "targets         2" in done.stdout
    assert done.stderr.count("no target: ") == 3


@pytest.mark.parametrize("spoilt", ["scope.toml", "out.txt"])
def test_a_scope_file_or_its_exclusions_that_are_no_utf8_are_refused(spoilt: str, tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text("127.0.0.7\n")
    (tmp_path / "scope.toml").write_text(SCOPE.replace("[limits]", 'exclude_files = ["out.txt"]\n[limits]'))
    (tmp_path / spoilt).write_bytes((tmp_path / spoilt).read_bytes() + b"# \xff\n")
    line = ("preflight", "-", "--scope", tmp_path / "scope.toml")
    done = census(*line, folder=tmp_path, given="127.0.0.1:9\n")
    assert done.returncode == 2
    assert f"{spoilt} is not UTF-8 (byte" in done.stderr
