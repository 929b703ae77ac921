"""The embedded server through its whole life, with real processes, locks and kills."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from census.store import embedded
from census.store.embedded import Embedded, EmbeddedError, home

HOLDER = """
import sys
from pathlib import Path
from census.store.embedded import Embedded
with Embedded(Path(sys.argv[1])) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the server until it is killed or its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def url_of(process: subprocess.Popen[str]) -> str:
    """The address that a holder prints once its server is up."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def leave(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == 0


def postmaster(folder: Path) -> int | None:
    """The number of the running server's process."""
    with contextlib.suppress(FileNotFoundError):
        return int((folder / "postgres/data/postmaster.pid").read_text().split()[0])
    return None


def answer(url: str, query: str = "SELECT 42") -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_the_first_user_starts_it_and_the_last_one_stops_it(embedded_folder: Path) -> None:
    with Embedded(embedded_folder) as first:
        server = postmaster(embedded_folder)
        with Embedded(embedded_folder) as second:
            assert postmaster(embedded_folder) == server
        assert answer(second.url) == 42
        assert answer(first.url) == 42
    assert postmaster(embedded_folder) is None
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(first.url)


def test_two_processes_share_one_server_and_the_first_may_leave_first(embedded_folder: Path) -> None:
    with holder(embedded_folder) as other:
        url = url_of(other)
        server = postmaster(embedded_folder)
        with Embedded(embedded_folder) as ours:
            leave(other)
            assert ours.url == url
            assert answer(url) == 42
            assert postmaster(embedded_folder) == server
    assert postmaster(embedded_folder) is None


def test_two_processes_that_make_the_data_at_once_do_not_collide(tmp_path: Path) -> None:
    with holder(tmp_path) as one, holder(tmp_path) as other:
        url = url_of(one)
        assert url == url_of(other)
        assert answer(url) == 42
        leave(one)
        assert answer(url) == 42
        leave(other)
    assert postmaster(tmp_path) is None
    assert not (tmp_path / "postgres/data.unfinished").exists()


def test_the_server_of_a_killed_user_is_used_again_and_stopped_by_the_next(embedded_folder: Path) -> None:
    with holder(embedded_folder) as other:
        url = url_of(other)
        server = postmaster(embedded_folder)
        other.kill()
        other.wait()
    assert answer(url) == 42
    with Embedded(embedded_folder):
        assert postmaster(embedded_folder) == server
    assert postmaster(embedded_folder) is None


def test_a_killed_server_recovers_what_was_committed(embedded_folder: Path) -> None:
    with holder(embedded_folder) as other:
        url = url_of(other)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS it")
        with psycopg.connect(url) as idle:
            killed = postmaster(embedded_folder)
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            with Embedded(embedded_folder) as ours:
                assert postmaster(embedded_folder) != killed
                assert answer(ours.url, "SELECT it FROM kept") == 42
            with pytest.raises(psycopg.OperationalError):
                idle.execute("SELECT 1")


def test_a_server_that_was_killed_is_started_again_by_a_user_of_it(embedded_folder: Path) -> None:
    with Embedded(embedded_folder) as server:
        server.revive()  # it runs, so nothing happens
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("create table revived (n int)")
        os.kill(int((embedded_folder / "postgres/data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        server.revive()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("select count(*) from revived").fetchone() == (0,)


def test_a_process_number_that_is_anothers_by_now_is_no_server(embedded_folder: Path) -> None:
    with Embedded(embedded_folder):
        status = (embedded_folder / "postgres/data/postmaster.pid").read_text()
    data = embedded_folder / "postgres/data"
    foreign = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, cwd=data)
    try:
        stale = status.replace(status.split()[0], str(foreign.pid), 1)
        (data / "postmaster.pid").write_text(stale)
        assert Embedded(embedded_folder).stop()
        assert foreign.poll() is None
        with Embedded(embedded_folder) as server:
            assert answer(server.url) == 42
        assert foreign.poll() is None
    finally:
        foreign.communicate(b"\n")


def test_data_that_was_being_made_by_a_killed_process_is_made_anew(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        deadline = time.monotonic() + 20
        while not (tmp_path / "postgres/data.unfinished/base").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        other.kill()
        other.wait()
    assert not (tmp_path / "postgres/data").exists()
    with Embedded(tmp_path) as server:
        assert answer(server.url) == 42


def test_a_kept_server_runs_on_until_it_is_stopped(embedded_folder: Path) -> None:
    with Embedded(embedded_folder) as server:
        server.keep_running()
    assert answer(server.url) == 42
    with Embedded(embedded_folder):
        pass
    assert answer(server.url) == 42
    assert Embedded(embedded_folder).stop()
    assert postmaster(embedded_folder) is None


def test_stopping_leaves_the_server_to_others_who_use_it(embedded_folder: Path) -> None:
    with Embedded(embedded_folder) as server:
        server.keep_running()
        assert not Embedded(embedded_folder).stop()
        assert answer(server.url) == 42
    assert postmaster(embedded_folder) is None


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has namespaces")
def test_a_server_of_another_container_is_left_alone(embedded_folder: Path) -> None:
    script = "import sys; from census.store.embedded import *; sys.exit(3 - Embedded(home()).stop())"
    with Embedded(embedded_folder) as server:
        server.keep_running()
    done = subprocess.run(
        ["unshare", "--map-root-user", "--pid", "--fork", "--mount-proc", sys.executable, "-c", script],
        env=os.environ | {"CENSUS_HOME": str(embedded_folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare: " in done.stderr:
        pytest.skip(f"no namespaces here: {done.stderr.strip()[:200]}")
    assert done.returncode == 3, done.stderr
    assert answer(server.url) == 42


def test_a_server_that_hangs_is_given_up_with_a_sentence(
    embedded_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_SILENT_SECONDS", 0)
    monkeypatch.setattr(embedded, "_LAST_SECONDS", 0)
    with Embedded(embedded_folder) as server:
        server.keep_running()
    hanging = postmaster(embedded_folder)
    assert hanging is not None
    os.kill(hanging, signal.SIGSTOP)
    try:
        with pytest.raises(EmbeddedError, match=r"could not be reached: a server runs but does not answer"):
            Embedded(embedded_folder).start()
    finally:
        os.kill(hanging, signal.SIGCONT)
    assert answer(server.url) == 42


def test_stopping_what_was_never_started_makes_nothing(tmp_path: Path) -> None:
    assert Embedded(tmp_path / "absent").stop()
    assert not (tmp_path / "absent").exists()


def test_no_port_is_opened(embedded_folder: Path) -> None:
    with Embedded(embedded_folder) as server:
        assert answer(server.url, "SHOW listen_addresses") == ""
        assert answer(server.url, "SHOW fsync") == answer(server.url, "SHOW synchronous_commit") == "on"


def test_a_session_keeps_the_memory_of_a_question_for_the_next(embedded_folder: Path) -> None:
    with Embedded(embedded_folder) as server, psycopg.connect(server.url, autocommit=True) as connection:
        status = Path(f"/proc/{connection.info.backend_pid}/stat")
        pages = []
        for _ in range(3):
            connection.execute("SELECT count(*) FROM (SELECT DISTINCT n FROM generate_series(1, 300000) n) its")
            pages.append(int(status.read_text().rpartition(")")[2].split()[7]))
    assert pages[2] - pages[1] < 1_000  # of 4 KB; 6,000 and more where its memory went back to the system


def test_databases_are_copied_from_a_template_and_dropped_while_used(embedded_folder: Path) -> None:
    with Embedded(embedded_folder) as server:
        with psycopg.connect(server.create_database("a template")) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS it")
        url = server.create_database('it\'s "b"', template="a template")
        with psycopg.connect(url) as used:
            assert used.execute("SELECT it FROM kept").fetchone() == (42,)
            server.drop_database('it\'s "b"')
            with pytest.raises(psycopg.OperationalError):
                used.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(url)


def test_letters_beyond_ascii_are_known_and_sorted_alike_everywhere(embedded_folder: Path) -> None:
    with Embedded(embedded_folder) as server:
        assert answer(server.url, "SELECT upper('ä') || current_setting('server_encoding')") == "ÄUTF8"
        assert answer(server.url, "SELECT string_agg(x, '' ORDER BY x) FROM unnest('{b,B,a}'::text[]) x") == "Bab"


def test_home_is_the_named_folder_else_the_platforms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CENSUS_HOME", str(tmp_path))
    assert home() == tmp_path
    assert home(tmp_path / "other") == tmp_path / "other"
    monkeypatch.setenv("CENSUS_HOME", "~/census")
    assert home() == Path.home() / "census"
    monkeypatch.delenv("CENSUS_HOME")
    assert home().name == "census"
