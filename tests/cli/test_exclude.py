from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from tests.support.program import SCOPE, census, command, surroundings
from tests.support.wire import Handler, answer, handler_wires, listen, until


def test_entries_are_added_listed_and_removed(tmp_path: Path, database_url: str) -> None:
    given = "# by mail\n127.5.0.1  # one\n\nLLM.example.edu.\n127.5.0.1\n"
    done = census("exclude", "add", "127.9.0.0/16", "::ffff:127.8.0.1", "--file", "-", "--note", "by mail",
                  "--by", "ann", folder=tmp_path, url=database_url, given=given)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "4 entered\n" in done.stdout
    again = census("exclude", "add", "127.9.0.0/16", "::1", folder=tmp_path, url=database_url)
    assert "1 entered; on the list already: 1" in again.stdout
    listed = json.loads(census("exclude", "list", "--format", "json", folder=tmp_path, url=database_url).stdout)
    told = {row["entry"]: (row["note"], row["added_by"]) for row in listed}
    assert list(told) == ["127.5.0.1", "127.8.0.1", "127.9.0.0/16", "llm.example.edu", "::1"]  # the last came later
    assert told["llm.example.edu"] == told["127.9.0.0/16"] == ("by mail", "ann")
    assert "llm.example.edu" in census("exclude", "list", folder=tmp_path, url=database_url).stdout
    gone = census("exclude", "remove", "127.8.0.1", "LLM.example.edu", folder=tmp_path, url=database_url)
    assert gone.stdout == "2 removed\n"
    missing = census("exclude", "remove", "127.8.0.1", "::1", folder=tmp_path, url=database_url)
    assert missing.returncode == 2
    assert missing.stderr == (
        "census: not on the list: 127.8.0.1; nothing was removed, `census exclude list` shows what is there\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing is given; write addresses, networks or names, or --file FILE"),
        (("127.0.0.1/8",), "'127.0.0.1/8' has host bits set; write 127.0.0.0/8 for the network"),
        (("bad example",), "'bad example' is neither an address nor a host name"),
    ],
)
def test_what_is_no_entry_is_refused_with_a_sentence(
    arguments: tuple[str, ...], said: str, tmp_path: Path, database_url: str
) -> None:
    done = census("exclude", "add", *arguments, folder=tmp_path, url=database_url)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"census: {said}")


@pytest.mark.parametrize("vast", ["0.0.0.0/0", "::/0", "126.0.0.0/7", "2000::/3", "::ffff:0.0.0.0/96"])
def test_what_would_stop_every_scan_is_not_entered_without_a_yes(vast: str, tmp_path: Path, database_url: str) -> None:
    done = census("exclude", "add", "127.0.0.1", vast, "--purge", folder=tmp_path, url=database_url)
    assert (done.returncode, done.stdout) == (2, "")
    assert "deleted for good" in done.stderr
    assert "add --yes; nothing was entered" in done.stderr
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from exclusion").fetchone() == (0,)


def test_a_vast_network_is_entered_with_a_yes_and_one_that_an_owner_has_without(
    tmp_path: Path, database_url: str
) -> None:
    plain = census("exclude", "add", "10.0.0.0/8", "2001::/16", folder=tmp_path, url=database_url)
    assert plain.stdout.startswith("2 entered"), plain.stderr
    assert census("exclude", "add", "::/0", "--yes", folder=tmp_path, url=database_url).stdout.startswith("1 entered")


def test_somebody_at_a_terminal_is_asked_before_everything_is_stopped(tmp_path: Path, database_url: str) -> None:
    for answered, left in (("n", 0), ("y", 1)):
        master, slave = pty.openpty()
        line = command("exclude", "add", "0.0.0.0/0")
        with subprocess.Popen(
            line, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=surroundings(tmp_path, database_url)
        ) as asked:
            os.close(slave)
            os.write(master, answered.encode() + b"\n")
            _, said = asked.communicate(timeout=60)
        os.close(master)
        assert b"0.0.0.0/0 is asked by no scan any more. Enter it?" in said
        assert asked.returncode == (0 if left else 130)
        with psycopg.connect(database_url) as connection:
            assert connection.execute("select count(*) from exclusion").fetchone() == (left,)


def test_every_faulty_line_of_a_file_is_told_and_nothing_is_entered(tmp_path: Path, database_url: str) -> None:
    file = tmp_path / "out.txt"
    file.write_text("127.0.0.1\n127.0.0.300\n\n10.0.0.1/8\n")
    done = census("exclude", "add", "--file", file, folder=tmp_path, url=database_url)
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first.startswith(f"census: {file}:2: '127.0.0.300' is neither")
    assert second.startswith(f"{file}:4: '10.0.0.1/8' has host bits set")
    assert census("exclude", "list", folder=tmp_path, url=database_url).stdout == "nobody is on the list\n"


def test_preflight_tells_what_is_left_out_by_reason_and_source(tmp_path: Path, database_url: str) -> None:
    (tmp_path / "out.txt").write_text("127.0.2.0/24\nno.example.edu\n")
    scope = SCOPE.replace(
        'networks    = ["127.0.0.0/8"]',
        'networks = ["127.0.0.0/8", "0.0.0.0/0"]\nhosts = ["no.example.edu", "llm.example.edu"]\nports = [80, 8000]\n'
        'exclude = ["127.0.1.0/24"]\nexclude_files = ["out.txt"]',
    )
    (tmp_path / "scope.toml").write_text(scope)
    census("exclude", "add", "127.0.3.0/24", "127.0.1.1", "llm.example.edu", folder=tmp_path, url=database_url)
    lines = ["127.0.1.1:80", "127.0.2.1:80", "no.example.edu:80", "127.0.3.1:80", "127.0.3.2:80", "llm.example.edu:80"]
    lines += ["10.0.0.1:80", "[2606:4700::1]:80", "127.0.4.1:81", "127.0.5.0/28", "127.0.6.1:80"]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    line = ("preflight", tmp_path / "list.txt", "--scope", tmp_path / "scope.toml", "--rate", "4")
    told = json.loads(census(*line, "--json", folder=tmp_path, url=database_url).stdout)
    assert told["reasons"] == {
        "scope_exclude": 1, "exclude_files": 2, "database": 3, "special_purpose": 1, "outside": 1, "port": 1,
    }  # fmt: skip
    assert (told["opted_out"], told["out_of_scope"], told["to_ask"]) == (6, 3, 33)
    assert told["largest_networks"] == [
        {"network": "127.0.5.0/24", "targets": 32},
        {"network": "127.0.6.0/24", "targets": 1},
    ]
    assert told["seconds_at_rate"] == told["seconds"] == 8.2
    text = census(*line, folder=tmp_path, url=database_url).stdout
    assert "3 on the database's opt-out list" in text
    assert "1 in a special-purpose network that the scope does not name" in text
    assert "127.0.5.0/24: 32 to be asked" in text


def test_preflight_without_a_database_makes_none(tmp_path: Path) -> None:
    (tmp_path / "scope.toml").write_text(SCOPE)
    line = ("preflight", "-", "--scope", tmp_path / "scope.toml")
    assert census(*line, folder=tmp_path, given="127.0.0.1:80\n").returncode == 0
    assert not (tmp_path / "home").exists()


def test_preflight_writes_a_probing_txt(tmp_path: Path) -> None:
    with_page = SCOPE.replace("valid_from", 'info = "https://scans.example.edu/census"\nvalid_from')
    (tmp_path / "scope.toml").write_text(with_page)
    file = tmp_path / "probing.txt"
    line = ("preflight", "-", "--scope", tmp_path / "scope.toml", "--probing-txt", file)
    done = census(*line, folder=tmp_path, given="127.0.0.1:80\n")
    assert done.returncode == 0, done.stderr
    assert "publish it as https://scans.example.edu/.well-known/probing.txt" in done.stderr
    fields = [line.split(": ", 1) for line in file.read_text().splitlines()]
    assert [name for name, _ in fields] == ["Canonical", "Contact", "Expires", "Preferred-Languages", "Description"]
    told = dict(fields)
    assert told["Canonical"] == "https://scans.example.edu/.well-known/probing.txt"
    assert told["Contact"] == "mailto:scans@example.edu"
    assert told["Expires"] == "2099-12-31T23:59:59Z"
    assert "TEST-2" in told["Description"]
    assert "https://scans.example.edu/census" in told["Description"]


def bare() -> Handler:
    """A web server that knows no path."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = handler_wires[handler]
        while True:
            wire.requests.append(("GET", (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()))
            writer.write(answer(404, b"", "text/plain"))

    return handler


def test_all_workers_of_a_scan_that_runs_take_notice_within_five_seconds(tmp_path: Path, database_url: str) -> None:
    (tmp_path / "scope.toml").write_text(SCOPE)

    async def run() -> tuple[float, list[float], int]:
        async with listen(bare(), "0.0.0.0") as wire:
            networks = range(1, 241)
            (tmp_path / "list.txt").write_text("".join(f"127.77.{n}.1:{wire.port}\n" for n in networks))
            line = command("scan", tmp_path / "list.txt", "--scope", tmp_path / "scope.toml", "--rate", "12",
                           "--workers", "2", "--quiet")  # fmt: skip
            scanning = await asyncio.to_thread(
                subprocess.Popen, line, env=surroundings(tmp_path, database_url), stderr=subprocess.PIPE
            )
            await until(lambda: len(wire.arrivals) >= 5)
            done = await asyncio.to_thread(census, "exclude", "add", "127.77.0.0/16", folder=tmp_path, url=database_url)
            assert done.returncode == 0, done.stderr
            entered = time.monotonic()
            assert await asyncio.to_thread(scanning.wait, 60) == 0
            assert scanning.stderr is not None
            scanning.stderr.close()
            return entered, wire.arrivals, wire.connections

    entered, arrivals, connections = asyncio.run(run())
    assert max(arrivals) - entered < 5
    assert connections < 240
    with psycopg.connect(database_url) as connection:
        row = connection.execute("select count(*) from export.targets where outcome = 'opted_out'").fetchone()
    assert row is not None
    assert row[0] >= 240 - connections
