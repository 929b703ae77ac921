"""Nobody but the owner reaches the socket, wherever the folder lies and whatever it is called."""

from __future__ import annotations

import contextlib
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from census.store.embedded import Embedded, EmbeddedError, program
from census.store.sockets import socket_folder

LONG = "long" * 30


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def socket_of(server: Embedded) -> Path:
    """The folder in which the running server says that its socket is."""
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SHOW unix_socket_directories").fetchone()
    assert row is not None
    return Path(row[0])


@contextlib.contextmanager
def moved(folder: Path, place: Path) -> Iterator[Path]:
    """Another place for the folder, for a while."""
    folder.rename(place)
    try:
        yield place
    finally:
        place.rename(folder)


def unstarted(tmp_path: Path) -> Path:
    """A place with a long path that starting only has to give a socket."""
    place = tmp_path / LONG
    (place / "postgres").mkdir(mode=0o700, parents=True)
    (place / "postgres/data").mkdir()
    return place


def test_only_the_owner_may_enter_and_no_parent_changes(embedded_folder: Path, tmp_path: Path) -> None:
    closed, opened = tmp_path / "closed", tmp_path / "closed/opened"
    closed.mkdir(mode=0o700)
    opened.mkdir(mode=0o755)
    with moved(embedded_folder, opened / "home") as place:
        above = (tmp_path, closed, opened, place)
        before = [mode(path) for path in above]
        with Embedded(place) as server:
            socket = socket_of(server) / ".s.PGSQL.5432"
            assert stat.S_ISSOCK(socket.stat().st_mode)
            assert mode(socket) == mode(socket.parent) == mode(place / "postgres") == 0o700
        assert [mode(path) for path in above] == before


def test_a_short_plain_path_has_its_socket_with_it() -> None:
    assert socket_folder(Path("/home/ada/census/postgres")) == Path("/home/ada/census/postgres")


@pytest.mark.parametrize("name", [LONG, 'odd, name\'s %20 + "quotes" $(x)'])
def test_a_long_or_odd_path_puts_the_socket_into_a_private_folder(
    name: str, embedded_folder: Path, tmp_path: Path
) -> None:
    with moved(embedded_folder, tmp_path / name) as place:
        with Embedded(place) as server:
            socket = socket_of(server)
            assert place not in socket.parents
            assert mode(socket) == 0o700
            with Embedded(place) as second:
                assert second.url == server.url
        assert not socket.exists()


def test_a_server_is_found_by_users_with_another_temporary_folder(
    embedded_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with moved(embedded_folder, tmp_path / LONG) as place, Embedded(place) as first:
        monkeypatch.setattr("tempfile.tempdir", "/var/tmp")
        with Embedded(place) as second:
            assert second.url == first.url
            assert socket_of(second) == socket_of(first)


def test_a_socket_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    place = unstarted(tmp_path)
    planted = socket_folder(place / "postgres")
    planted.mkdir(mode=0o755)
    try:
        with pytest.raises(EmbeddedError, match=r"must be a folder of yours that nobody else may enter.*drwxr-xr-x"):
            Embedded(place).start()
    finally:
        planted.rmdir()


def test_a_link_in_place_of_the_socket_folder_is_refused(tmp_path: Path) -> None:
    place = unstarted(tmp_path)
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    planted = socket_folder(place / "postgres")
    planted.symlink_to(target)
    try:
        with pytest.raises(EmbeddedError, match="nobody else may enter"):
            Embedded(place).start()
    finally:
        planted.unlink()


def test_a_temporary_folder_that_is_too_long_as_well_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", f"/{LONG}")
    with pytest.raises(EmbeddedError, match=r"can hold a socket.*set CENSUS_HOME to a shorter one"):
        socket_folder(Path(f"/{LONG}/postgres"))


def test_the_address_works_for_psql_as_it_is(embedded_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    with Embedded(embedded_folder) as server:
        command = [str(program("psql")), server.url, "--no-psqlrc", "-Atc", "SELECT current_database()"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "census\n"
        assert socket_of(server).is_dir()
