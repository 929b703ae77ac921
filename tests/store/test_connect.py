"""Addresses of databases, the settings of sessions, and failures that never tell a password."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from census.store import connect
from census.store.connect import AddressError, DatabaseError, engine, safe
from census.store.embedded import Embedded

SECRET = "s3cr3t"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_way_to_write_postgres_connects(scheme: str, server: Embedded) -> None:
    made = engine(server.url.replace("postgresql", scheme, 1))
    with made.connect() as connection:
        assert connection.execute(text("SELECT 6 * 7")).scalar_one() == 42
    made.dispose()


def test_a_session_has_the_settings_that_statistics_need(server: Embedded) -> None:
    made = engine(server.url)
    names = ("plan_cache_mode", "jit", "TimeZone", "application_name")
    with made.connect() as connection:
        connection.rollback()  # they must outlive a rollback
        found = [connection.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar() for name in names]
    made.dispose()
    assert found == ["force_custom_plan", "off", "UTC", "census"]


def test_a_plain_connection_commits_each_statement_under_the_same_settings(server: Embedded) -> None:
    with connect.connect(server.url) as connection:
        assert connection.autocommit
        assert connection.execute("SHOW plan_cache_mode").fetchone() == ("force_custom_plan",)
    with pytest.raises(DatabaseError, match="cannot reach"):
        connect.connect("postgresql://127.0.0.1:1/db")


def test_what_the_address_says_about_the_session_is_kept(server: Embedded) -> None:
    made = engine(f"{server.url}&application_name=notebook&options=-csearch_path%3Dpg_catalog")
    with made.connect() as connection:
        assert connection.execute(text("SHOW application_name")).scalar() == "notebook"
        assert connection.execute(text("SHOW search_path")).scalar() == "pg_catalog"
    made.dispose()


@pytest.mark.parametrize(
    "url", ["sqlite:///census.db", "mysql://h/db", "postgresql+asyncpg://h/db", "h/db", f"bob:{SECRET}@h/db", ""]
)
def test_an_address_of_no_postgres_is_refused(url: str) -> None:
    with pytest.raises(AddressError, match=r"is no address of a Postgres database: write postgresql://") as caught:
        engine(url)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://bob:{SECRET}@h:port/db",
        f"postgresql://bob:{SECRET}@{SECRET}@h/db",
        f"postgresql://bob:/{SECRET}@@h/db",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(AddressError, match=r"cannot be read as an address: write .*%40 for @") as caught:
        engine(url)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://bob:{SECRET}@127.0.0.1:1/db",
        f"postgresql://bob@127.0.0.1:1/db?password={SECRET}",
        f"postgresql://127.0.0.1:1/db?user=bob&PASSWORD={SECRET}",
        f"postgresql://bob@127.0.0.1:1/db?sslpassword={SECRET}&connect_timeout=2",
        f"postgresql://bob:{SECRET}%40x@127.0.0.1:1/db?sslmode={SECRET}@x",
    ],
)
def test_a_server_that_cannot_be_reached_is_named_without_its_password(url: str) -> None:
    with pytest.raises((AddressError, DatabaseError), match=r"^cannot reach .*: .*; check the address") as caught:
        engine(url).connect()
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__, "a traceback would show it"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:99999/db", "127.0.0.1:1/db?port=abc", "127.0.0.1:1/db?sslmode=maybe", "127.0.0.1:1/db?pasword=x",
     "127.0.0.1:1/db?connect_timeout=soon", "/?service=absent"],
)  # fmt: skip
def test_what_the_client_library_does_not_take_is_a_mistake_in_the_address(address: str) -> None:
    with pytest.raises(AddressError):
        engine(f"postgresql://{address}").connect()


def test_the_reason_of_the_server_is_told(server: Embedded) -> None:
    with pytest.raises(DatabaseError, match='database "absent" does not exist'):
        engine(server.url_of("absent")).connect()


def test_a_refused_connection_is_told_on_one_line() -> None:
    with pytest.raises(DatabaseError, match=r"127\.0\.0\.1:1/db: .*Connection refused; check"):
        engine("postgresql://bob@127.0.0.1:1/db").connect()


def test_a_server_that_is_too_old_is_refused(server: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "_OLDEST", 99)
    with pytest.raises(DatabaseError, match=r"is Postgres 18, and census needs 99 or newer: upgrade it"):
        engine(server.url).connect()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://bob@h/db", "postgresql://bob@h/db"),
        ("postgresql://bob:x@h:5/db", "postgresql://bob:***@h:5/db"),
        ("postgresql://bob:a:b@c/d@h/db", "postgresql://bob:***@h/db"),
        ("postgresql://:x@h/db", "postgresql://:***@h/db"),
        ("postgresql://h:5432/db", "postgresql://h:5432/db"),
        ("postgresql://h/db?password=x&sslmode=on", "postgresql://h/db?password=***&sslmode=on"),
        ("postgresql://census@/census?host=/a/b&port=5432", "postgresql://census@/census?host=/a/b&port=5432"),
        ("bob:x@h/db", "bob:***@h/db"),
    ],
)
def test_a_shown_address_has_everything_but_the_password(url: str, shown: str) -> None:
    assert safe(url) == shown
