"""Roles that may read: what they can and cannot do, before and after an upgrade that lays other SQL."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from census.store import readers
from census.store.connect import connect
from census.store.migrate import upgrade
from census.store.statistics import STATISTICS
from census.store.tables import metadata
from tests.support.asking import rows_of

EXPORTS = ("targets", "endpoints", "observations", "models")


@pytest.fixture
def role(village_url: str) -> Iterator[str]:
    """A name for a role, odd enough that it has to be quoted; whatever has it is dropped."""
    name = f'Reader "{uuid.uuid4().hex}" %s'
    yield name
    quoted = '"' + name.replace('"', '""') + '"'
    if rows_of(village_url, f"select from pg_roles where rolname = '{name}'"):
        rows_of(village_url, f"drop owned by {quoted}; drop role {quoted}")


def grant(url: str, role: str, password: str | None = None) -> bool:
    with connect(url) as connection:
        return readers.grant(connection, role, password)


def as_role(url: str, role: str, statement: str) -> None:
    """Run a statement with the role's rights."""
    with psycopg.connect(url) as connection:
        connection.execute("select set_config('role', %s, false)", (role,))
        connection.execute(statement.encode())


def readable() -> list[str]:
    views = [f"select * from stats.{each.function}" for each in STATISTICS.values()]
    functions = [f"select * from stats.{each.function}(unit => 'endpoint')" for each in STATISTICS.values()]
    exports = [f"select * from export.{name}" for name in EXPORTS]
    return [*views, *functions, *exports, *(f"select * from {table}" for table in metadata.tables)]


def test_a_reader_reads_every_statistic_export_and_table_also_after_other_sql_was_laid(
    village_url: str, role: str
) -> None:
    grant(village_url, role)
    for _ in range(2):
        for statement in readable():
            as_role(village_url, role, statement)
        rows_of(village_url, "update laid set digest = 'older'; drop view stats.families")
        upgrade(village_url)


def test_rights_do_not_come_by_public_alone(village_url: str, role: str) -> None:
    rows_of(village_url, "revoke execute on all functions in schema stats from public")
    grant(village_url, role)
    as_role(village_url, role, "select * from stats.families")


def writing() -> Iterator[str]:
    for name, table in metadata.tables.items():
        column = [each.name for each in table.columns if each.computed is None and each.identity is None][-1]
        yield f"delete from {name}"
        yield f"truncate {name} cascade"
        yield f"insert into {name} default values"
        yield f"update {name} set {column} = {column}"


MAKING = (
    "create table mine (id int)",
    "create view stats.mine as select 1",
    "create function export.mine() returns int return 1",
    "create schema mine",
    "create role other",
    "drop view stats.families",
    "select setval('host_id_seq', 1)",
)


def test_a_reader_writes_makes_and_drops_nothing(village_url: str, role: str) -> None:
    grant(village_url, role)
    for statement in (*writing(), *MAKING):
        with pytest.raises(errors.InsufficientPrivilege):
            as_role(village_url, role, statement)


def test_a_researchers_own_table_stays_the_researchers(village_url: str, role: str) -> None:
    rows_of(village_url, "create table mine (id int)")
    grant(village_url, role)
    with pytest.raises(errors.InsufficientPrivilege):
        as_role(village_url, role, "select * from mine")


def test_granting_again_changes_nothing_and_a_new_role_cannot_log_in(village_url: str, role: str) -> None:
    assert grant(village_url, role) is False
    before = rows_of(village_url, "select relname, relacl::text from pg_class where relacl is not null order by 1")
    assert grant(village_url, role) is False
    assert (
        rows_of(village_url, "select relname, relacl::text from pg_class where relacl is not null order by 1") == before
    )
    assert rows_of(village_url, "select role from reader") == [(role,)]


def test_a_password_is_stored_as_scram_and_stays_when_the_role_is_granted_again(village_url: str, role: str) -> None:
    assert grant(village_url, role, "s3cr3t") is True
    assert grant(village_url, role) is True
    [(stored,)] = rows_of(village_url, f"select rolpassword from pg_authid where rolname = '{role}'")
    assert stored.startswith("SCRAM-SHA-256$")
    assert "s3cr3t" not in stored


@pytest.mark.parametrize(
    ("right", "why"),
    [
        ("alter role {} superuser", "may create objects"),
        ("grant insert on host to {}", "may write host"),
        ("grant pg_write_all_data to {}", "may write"),
        ("grant create on schema stats to {}", "may create objects in schema stats"),
    ],
)
def test_a_role_that_may_write_is_refused_and_nothing_changes(
    village_url: str, role: str, right: str, why: str
) -> None:
    quoted = '"' + role.replace('"', '""') + '"'
    rows_of(village_url, f"create role {quoted}; {right.format(quoted)}")
    with pytest.raises(readers.ReaderError, match=why):
        grant(village_url, role)
    assert rows_of(village_url, "select * from reader") == []


def test_who_may_not_make_roles_is_told_what_an_administrator_must_run(village_url: str, role: str) -> None:
    owner = f"owner_{uuid.uuid4().hex}"
    database = village_url.partition("?")[0].rpartition("/")[2]
    rows_of(village_url, f"create role {owner} login; alter database {database} owner to {owner}")
    rows_of(village_url, f"grant all on all tables in schema public to {owner}")
    try:
        theirs = village_url.replace("//census@", f"//{owner}@")
        with pytest.raises(readers.NoRightError, match=r'run\n  create role "Reader ""\w+"" %s" nologin;\nand'):
            grant(theirs, role)
    finally:
        rows_of(village_url, f"alter database {database} owner to census; drop owned by {owner}; drop role {owner}")


def test_a_noted_role_that_is_gone_does_not_stop_an_upgrade(village_url: str) -> None:
    rows_of(village_url, "insert into reader (role) values ('gone'); update laid set digest = 'older'")
    upgrade(village_url)


def test_a_reserved_name_is_refused(village_url: str) -> None:
    with pytest.raises(readers.ReaderError, match="choose another"):
        grant(village_url, "pg_mine")
