"""Roles that may read statistics and rows, and nothing else; upgrades grant it to them anew.

An upgrade drops what lies in the schemas stats and export and makes it again, and rights go with what is dropped.
So the roles are noted in the table reader, and an upgrade grants in its own transaction, whoever runs it.
"""

from __future__ import annotations

from typing import Any, Final

from psycopg import Connection, errors, sql

from census.errors import FailedError, UseError
from census.store import tables

_ROLE: Final = "select rolcanlogin from pg_roles where rolname = %s"
_OBJECTS: Final = "select o from laid, unnest(objects) o"
_NOTE: Final = "insert into reader (role) values (%s) on conflict (role) do update set granted_at = now()"
_NOTED: Final = "select role from reader join pg_roles on rolname = role order by role"

# Whatever of ours the role could change, by its own rights, another role's, or as owner or superuser.
_WRITES: Final = """
    select format('may write %%s', c.oid::regclass) from pg_class c
    where c.oid = any (%(tables)s::regclass[])
      and (has_table_privilege(%(role)s, c.oid, 'insert, update, delete, truncate')
           or pg_has_role(%(role)s, c.relowner, 'member'))
    union all
    select format('may create objects in schema %%s', nspname) from pg_namespace
    where nspname = any (%(schemas)s) and has_schema_privilege(%(role)s, oid, 'create')
    union all
    select 'may create schemas' where has_database_privilege(%(role)s, current_database(), 'create')
    order by 1
"""


class ReaderError(UseError):
    """The role cannot be a reader; says why and what to name or do instead."""


class NoRightError(FailedError):
    """This user may not make or change roles; the message is what an administrator must run."""


def grant(connection: Connection[Any], role: str, password: str | None = None) -> bool:
    """Let `role` read, make it if it is not there, and note it; gives whether it may log in.

    Without a password a new role cannot log in, and an old one keeps what it has. The password is made unreadable
    here, so that the server never sees it, nor its log. Raises ReaderError, NoRightError.
    """
    with connection.transaction():
        _make(connection, role)
        if password is not None:
            _let_in(connection, role, password)
        _give(connection, role)
        connection.execute(_NOTE, (role,))
        _require_harmless(connection, role)
    row = connection.execute(_ROLE, (role,)).fetchone()
    return bool(row and row[0])


def grant_again(connection: Connection[Any]) -> None:
    """Grant what was just laid down to every noted role that this server has, in the caller's transaction."""
    for (role,) in connection.execute(_NOTED).fetchall():
        _give(connection, role)


def _make(connection: Connection[Any], role: str) -> None:
    if connection.execute(_ROLE, (role,)).fetchone():
        return
    try:
        connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
    except errors.ReservedName as error:
        raise ReaderError(f"{role!r} is a name that Postgres keeps for itself: choose another") from error
    except errors.InsufficientPrivilege as error:
        command = sql.SQL("create role {} nologin;").format(sql.Identifier(role)).as_string(connection)
        raise NoRightError(
            f"this user may not make roles: let an administrator of the server run\n  {command}\n"
            f"and run `census db grant-reader {role}` again; nothing was changed"
        ) from error


def _let_in(connection: Connection[Any], role: str, password: str) -> None:
    digest = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    change = sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(digest.decode()))
    try:
        connection.execute(change)
    except errors.InsufficientPrivilege as error:
        command = sql.SQL("alter role {} login;").format(sql.Identifier(role)).as_string(connection)
        raise NoRightError(
            f"this user may not change the role {role}: let an administrator of the server run, in psql,\n"
            f"  {command}\n  \\password {role}\nand run `census db grant-reader {role}` without --password-file;"
            " nothing was changed"
        ) from error


def _give(connection: Connection[Any], role: str) -> None:
    """Rights on our own tables and objects only: a researcher's other tables are none of the reader's business."""
    to = sql.Identifier(role)
    schemas = sql.SQL(", ").join(map(sql.Identifier, _schemas(connection)))
    connection.execute(sql.SQL("grant usage on schema {} to {}").format(schemas, to))
    ours = sql.SQL(", ").join(map(sql.Identifier, _tables()))
    connection.execute(sql.SQL("grant select on {} to {}").format(ours, to))
    for (thing,) in connection.execute(_OBJECTS).fetchall():
        kind, _, name = thing.partition(" ")
        right = "select on" if kind == "view" else "execute on function"
        # The name comes from the catalogue, quoted by it.
        connection.execute(sql.SQL("grant {} {} to {}").format(sql.SQL(right), sql.SQL(name), to))


def _require_harmless(connection: Connection[Any], role: str) -> None:
    asked = {"role": role, "tables": _tables(), "schemas": _schemas(connection)}
    found = [row[0] for row in connection.execute(_WRITES, asked).fetchall()]
    if found:
        raise ReaderError(
            f"the role {role} {found[0]}, so it would be more than a reader, and nothing was changed: name another "
            f"role, which is made if it is not there, or take that right away from {role} (or from PUBLIC)"
        )


def _schemas(connection: Connection[Any]) -> list[str]:
    row = connection.execute("select current_schema()").fetchone()
    assert row is not None
    return [row[0], "stats", "export"]


def _tables() -> list[str]:
    return [*sorted(tables.metadata.tables), "alembic_version"]
