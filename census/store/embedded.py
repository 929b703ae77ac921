"""A Postgres that needs no installing: it belongs to a folder, its first user starts it and its last one stops it.

Who is there is told by locks (flock), which the kernel drops when a process dies, whatever it died of:
`users` is held shared by every user, `running` by the server itself, which inherits it, and `turn` by whoever
starts or stops. So no process number is ever believed to mean that a server lives.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from urllib.parse import quote

import platformdirs
import psycopg
from psycopg import sql
from psycopg.pq import PGconn, Ping

from census.store.programs import LOG, EmbeddedError, explain, program, run
from census.store.sockets import PORT, make_private, socket_folder

__all__ = ["DATABASE", "USER", "Embedded", "EmbeddedError", "home", "program"]

USER = DATABASE = "census"

_SILENT_SECONDS = 30  # a server that lives and does not even refuse is given up after that
_SLOW_SECONDS = 600  # recovery after a crash may take that long
_LAST_SECONDS = 60  # waiting for the last checkpoint; it goes on without us

# Access is the folder's matter; sorting and letters do not depend on the machine.
_KIND_OF_DATA = [
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
]
if sys.platform == "linux":
    _KIND_OF_DATA += ["--sync-method=syncfs"]  # one call for the disk, a quarter of the time that a thousand files take

# Kept in postgresql.conf, where a researcher with a large study may raise them.
_SETTINGS = {
    "work_mem": "64MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "100",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


def _buffers() -> int:
    """An eighth of the memory, in MB, from 128 to 512: statistics read little from elsewhere then."""
    return max(128, min(512, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 8 // 2**20))


def home(path: Path | None = None) -> Path:
    """The folder of what census keeps on this machine: `path`, else CENSUS_HOME, else the user's data folder."""
    named = path or os.environ.get("CENSUS_HOME")
    return Path(named).expanduser().absolute() if named else platformdirs.user_data_path("census")


class Embedded:
    """The Postgres server of a folder, such as `home()`; also a context manager that starts and releases it.

    Everything lies in `folder/postgres`, which only its owner may enter.
    """

    def __init__(self, folder: Path) -> None:
        self._place = folder.resolve() / "postgres"
        self._data = self._place / "data"
        self._kept = self._place / "keep"
        self._users: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()

    @property
    def url(self) -> str:
        """The address of the database `census`, which psql, psycopg and SQLAlchemy all take."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The address of any database of the server."""
        socket = quote(str(self._running_socket() or socket_folder(self._place)))
        return f"postgresql://{USER}@/{quote(database, safe='')}?host={socket}&port={PORT}"

    def start(self) -> None:
        """Join the users of the server, making its data and starting it where that is needed.

        Raises EmbeddedError. The database `census` exists afterwards.
        """
        if self._users is not None:
            return
        try:
            with self._explained("start"):
                make_private(self._place)
                with self._turn() as turn:
                    self._users = self._open("users")
                    fcntl.flock(self._users, fcntl.LOCK_SH)
                    self._bring_up(turn)
        except BaseException:
            self.release()
            raise

    def revive(self) -> None:
        """Start the server again if it died under its users, of whom this must be one; EmbeddedError if it cannot."""
        with self._explained("start again"), self._turn() as turn:
            self._bring_up(turn)

    def release(self) -> None:
        """Leave the users of the server; the last one stops it, unless it is kept running."""
        if self._users is not None:
            # A folder that somebody removed meanwhile needs no stopping: Postgres ends when its data is gone.
            with contextlib.suppress(FileNotFoundError):
                self._leave(stop=not self._kept.exists())

    def keep_running(self) -> None:
        """Start the server and let it run on when its last user leaves, until `stop`."""
        self.start()
        self._kept.touch()

    def stop(self) -> bool:
        """No longer keep the server running, and stop it.

        False if it runs on: others still use it, the last of whom will stop it, or it is another container's.
        """
        with self._explained("stop"):
            self._kept.unlink(missing_ok=True)
            return not self._place.exists() or self._leave(stop=True)

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database, as a copy of `template` if one is named, and return its address."""
        copy = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        self._administer(sql.SQL("CREATE DATABASE {}{}").format(sql.Identifier(name), copy))
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Delete a database, whoever is connected to it."""
        self._administer(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextlib.contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise explain(self._place, what, str(error)) from error
        except psycopg.Error as error:
            raise explain(self._place, what, str(error)) from error

    def _administer(self, command: sql.Composed) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(command)

    def _open(self, name: str) -> int:
        return os.open(self._place / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[int]:
        """Wait until nobody else starts or stops the server; yields the descriptor of the lock."""
        turn = self._open("turn")
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield turn
        finally:
            os.close(turn)

    def _leave(self, *, stop: bool) -> bool:
        """Drop the own lock and, if nobody else holds one and `stop` is set, stop the server; False if it is used."""
        with self._turn():
            users = self._open("users") if self._users is None else self._users
            self._users = None
            try:
                last = _try_lock(users)
                return last and (not stop or self._shut_down())
            finally:
                os.close(users)

    def _bring_up(self, turn: int) -> None:
        if not self._data.exists():
            self._initialise(turn)
        running = self._claim()
        if running is not None:
            try:
                self._launch(running)
            finally:
                os.close(running)
        with psycopg.connect(self.url_of("postgres")) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            self.create_database(DATABASE)

    def _initialise(self, turn: int) -> None:
        """Make the data beside its place and move it there when it is whole."""
        unfinished = self._place / "data.unfinished"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        command = [str(program("initdb")), "--pgdata", unfinished.name, "--username", USER, *_KIND_OF_DATA]
        for name, value in (_SETTINGS | {"shared_buffers": f"{_buffers()}MB"}).items():
            command += ["--set", f"{name}={value}"]
        # It holds the turn too: if we are killed, nobody removes the folder under its hands.
        run(command, self._place, "make its data", turn)
        unfinished.rename(self._data)

    def _claim(self) -> int | None:
        """The lock that the server will hold, if none runs; None as soon as a running one takes connections."""
        running = self._open("running")
        give_up = time.monotonic() + _SILENT_SECONDS
        while (answer := self._ping()) != Ping.OK:
            if answer == Ping.REJECT:  # it starts, recovers, or shuts down
                give_up = time.monotonic() + _SLOW_SECONDS
            elif _try_lock(running):
                return running
            if time.monotonic() > give_up:
                os.close(running)
                raise explain(self._place, "be reached", "a server runs but does not answer on its socket")
            time.sleep(0.02)
        os.close(running)
        return None

    def _ping(self) -> Ping:
        socket = self._running_socket()
        if socket is None:
            return Ping.NO_RESPONSE
        make_private(socket)  # another user may have taken its place in the temporary folder
        return Ping(PGconn.ping(f"{self.url_of('postgres')}&connect_timeout=2".encode()))

    def _launch(self, running: int) -> None:
        socket = socket_folder(self._place)
        make_private(socket)
        # Whoever holds `running` knows that no server of this folder lives: these files are of a crash, and the
        # process whose number they hold is a zombie or any other by now, which would keep Postgres from starting.
        for left in (self._data / "postmaster.pid", socket / f".s.PGSQL.{PORT}.lock"):
            left.unlink(missing_ok=True)
        options = f"-c listen_addresses='' -c unix_socket_permissions=0700 -k {shlex.quote(str(socket))}"
        # pg_ctl hands its arguments to a shell, so they are relative to where it runs: a path may have any letters.
        command = [str(program("pg_ctl")), "start", "--pgdata", self._data.name, "--log", LOG]
        command += ["--timeout", str(_SLOW_SECONDS), "--options", options]
        run(command, self._place, "start", running)

    def _shut_down(self) -> bool:
        """Stop the server, if one runs, and wait until its last process is gone; False if it does not go."""
        running = self._open("running")
        try:
            pid, socket = self._pid(), self._running_socket()
            gone = _try_lock(running)
            if gone or pid is None:
                return gone
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)  # its "fast" shutdown: connections end, everything is written
            give_up = time.monotonic() + _LAST_SECONDS
            while not (gone := _try_lock(running)) and time.monotonic() < give_up:
                time.sleep(0.01)
            if gone and socket is not None and socket != self._place:
                with contextlib.suppress(OSError):
                    socket.rmdir()
            return gone
        finally:
            os.close(running)

    def _status(self, line: int) -> str | None:
        """A line of what a server writes about itself, counted from 0: the process, ..., the socket's folder."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        return lines[line] if len(lines) > line else None

    def _pid(self) -> int | None:
        """The server's process; None where that number is not its own, as in another container."""
        pid = int(self._status(0) or 0)
        if sys.platform == "linux" and os.path.realpath(f"/proc/{pid}/cwd") != str(self._data):
            return None
        return pid or None

    def _running_socket(self) -> Path | None:
        named = self._status(4)
        return Path(named) if named else None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
