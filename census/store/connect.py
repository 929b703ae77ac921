"""Connections to the database: which addresses are taken, how each session is set, and failures without passwords."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
from typing import Any
from urllib.parse import unquote

import psycopg
from psycopg.pq import Conninfo, Format
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from census.errors import FailedError, UseError

# An option of a statement: its rows come in Postgres' binary formats, which cost half of what texts cost on both sides.
BINARY = "census_binary"

_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_OLDEST = 15  # UNIQUE NULLS NOT DISTINCT
_CONNECT_SECONDS = 10
# A network that is gone is noticed in some 15 seconds, not in as many minutes; a server that thinks is waited for.
_LINE = {"keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3, "tcp_user_timeout": 15_000}
_HIDDEN = "***"
_REFUSED_BY_LIBPQ = re.compile(r"invalid (\w+ value|port number|integer value)|definition of service")
# What libpq itself would show of an address; a word that it does not know may be a password spelt wrongly.
_SHOWN = frozenset(each.keyword.decode() for each in Conninfo.get_defaults() if each.dispchar != b"*")

# Set by a statement, for connection poolers refuse them as options of the start.
# Generic plans made the statistics four times slower, and compiling them never paid.
_SESSION = (
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', false),"
    " set_config('jit', 'off', false), set_config('TimeZone', 'UTC', false)"
)


# It warns of connections that it had to close; what that means to the user, we say.
logging.getLogger("psycopg").setLevel(logging.ERROR)


class DatabaseError(FailedError):
    """The database cannot be used; the sentence names it without its password, the reason and a remedy."""


class AddressError(UseError):
    """What was given is no address of a database; the sentence says what to write, without its password."""


def engine(url: str) -> Engine:
    """An engine for the Postgres at `url`; nothing is connected yet.

    Takes `postgresql://`, `postgres://` and `postgresql+psycopg://`. AddressError for any other address;
    DatabaseError from whatever connects through the engine when the server cannot be reached or is older than
    Postgres 15.
    """
    made = create_engine(_parse(url))

    @event.listens_for(made, "do_connect")
    def connect(
        dialect: Dialect, _entry: ConnectionPoolEntry, arguments: list[Any], options: dict[str, Any]
    ) -> psycopg.Connection[Any]:
        options.setdefault("application_name", "census")
        options.setdefault("connect_timeout", _CONNECT_SECONDS)
        for name, value in _LINE.items():
            options.setdefault(name, value)
        try:
            connection: psycopg.Connection[Any] = dialect.loaded_dbapi.connect(*arguments, **options)
        except psycopg.Error as error:
            raise _unreachable(url, error) from None
        try:
            _prepare(connection, url)
        except BaseException:
            connection.close()
            raise
        return connection

    @event.listens_for(made, "before_cursor_execute")
    def ask(_asked: Connection, cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
        if context is not None and context.execution_options.get(BINARY):
            cursor.format = Format.BINARY

    return made


def connect(url: str) -> psycopg.Connection[Any]:
    """A plain connection in autocommit, for the rows of scans and the writer's COPY; errors as `engine`."""
    pooled = engine(url).raw_connection()
    connection = pooled.driver_connection
    pooled.detach()  # it belongs to the caller, not to the pool of an engine that nobody keeps
    assert isinstance(connection, psycopg.Connection)
    connection.autocommit = True
    return connection


def for_program(url: str) -> tuple[str, dict[str, str]]:
    """The address without its password, for the command line of a program of Postgres, and variables that hold it.

    Everybody on a machine can read command lines, and only its owner the variables of a process. AddressError for
    an address that cannot be read, or with a secret for which libpq has no variable.
    """
    parsed = _parse(url)
    for name in parsed.query:
        if _is_secret(name) and name != "password":
            raise AddressError(
                f"{safe(url)!r} holds the secret {name}, which cannot be given to a program out of sight: put it into "
                "a service file (~/.pg_service.conf) and write postgresql:///?service=NAME"
            )
    secret = parsed.password if parsed.password is not None else parsed.query.get("password")
    bare = URL.create("postgresql", parsed.username, None, parsed.host, parsed.port, parsed.database, parsed.query)
    shown = bare.difference_update_query(["password"]).render_as_string(hide_password=False)
    return shown, {} if secret is None else {"PGPASSWORD": str(secret)}


def safe(url: str) -> str:
    """The address as messages may show it: every password replaced by `***`, also where it is written wrongly."""
    hidden = re.sub(r"(?s)(^|//)([^:/?@]*):(?!//).*@", rf"\1\2:{_HIDDEN}@", url)
    return re.sub(
        r"(?s)([?&])([^=&]*)=([^&]*)", lambda m: f"{m[1]}{m[2]}={_HIDDEN if _is_secret(m[2]) else m[3]}", hidden
    )


def _is_secret(parameter: str) -> bool:
    return parameter.lower() not in _SHOWN


def hide(text: str, url: str) -> str:
    """A text as it may be shown or logged: without any password that stands in the address."""
    for secret in sorted(_secrets(url), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return text


def _parse(url: str) -> URL:
    scheme = url.partition("://")[0]
    if scheme not in _SCHEMES or "://" not in url:
        shown = repr(safe(url)) if "://" in url else "what was given"  # other forms may hold a password anywhere
        raise AddressError(f"{shown} is no address of a Postgres database: write postgresql://user@host:5432/database")
    try:
        parsed = make_url(url).set(drivername="postgresql+psycopg")
        parsed.get_dialect()().create_connect_args(parsed)  # which alone reads the ports among the parameters
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or "@" in (parsed.host or ""):
        raise AddressError(
            f"{safe(url)!r} cannot be read as an address: write postgresql://user@host:5432/database, with a number as "
            "the port and, in names and passwords, %40 for @, %2F for / and %3A for :"
        )
    return parsed


def _prepare(connection: psycopg.Connection[Any], url: str) -> None:
    """Check the server's version and set the session for the statistics."""
    major = connection.info.server_version // 10_000
    if major < _OLDEST:
        raise DatabaseError(
            f"{safe(url)} is Postgres {major}, and census needs {_OLDEST} or newer: upgrade it, or leave --database "
            "out to use the embedded server"
        )
    try:
        connection.execute(_SESSION)
        connection.commit()
    except psycopg.Error as error:
        raise _unreachable(url, error) from None


def _unreachable(url: str, error: psycopg.Error) -> DatabaseError | AddressError:
    """The sentence for a failure to connect; what libpq said stands in it on one line and without passwords."""
    reason = re.sub(r"^connection failed: |Is the server running[^?]*\?", "", str(error))
    said = hide(" ".join(reason.split()), url)
    # What libpq does not take at all is a mistake in the address, whether a server is there or not.
    mistaken = isinstance(error, psycopg.ProgrammingError) or _REFUSED_BY_LIBPQ.search(said)
    return (AddressError if mistaken else DatabaseError)(
        f"cannot reach {safe(url)}: {said.rstrip('.')}; "
        "check the address, that the server runs, and that it lets this user in"
    )


def _secrets(url: str) -> set[str]:
    """Every password in an address, as it is written and as it is meant."""
    parsed = make_url(url)
    meant = [str(parsed.password or ""), *(str(value) for name, value in parsed.query.items() if _is_secret(name))]
    parameters = re.findall(r"[?&]([^=&]*)=([^&]*)", url)
    written = [value for name, value in parameters if _is_secret(name)] + re.findall(r"//[^:/?@]*:(.*)@", url)
    return {text for secret in (*meant, *written) for text in (secret, unquote(secret)) if text}


def cut(connection: psycopg.Connection[Any]) -> None:
    """End the wait of another thread on this connection: its socket reads as closed from now on."""
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=connection.fileno()) as line:
        try:
            line.shutdown(socket.SHUT_RDWR)
        finally:
            line.detach()
