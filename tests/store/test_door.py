from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from census.store.connect import connect
from census.store.door import BusyError, DatabaseLostError, Door
from tests.support.line import Line, line_to


def number(connection: psycopg.Connection[Any], value: int) -> int:
    row = connection.execute("select %s::int", (value,)).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def line(database_url: str) -> Iterator[Line]:
    with line_to(database_url) as made:
        yield made


def test_calls_are_answered_in_their_turn(database_url: str) -> None:
    door = Door(database_url)
    answers = [door.submit(number, value) for value in range(20)]
    assert [answer.result(10) for answer in answers] == list(range(20))
    door.close(5)


def test_a_lost_connection_is_made_anew_and_the_call_done_again(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    door = Door(line.url)
    assert door.call(number, 1) == 1
    line.cut()
    with caplog.at_level(logging.WARNING):
        waiting = door.submit(number, 2)
        time.sleep(0.5)
        assert not waiting.done()
        line.mend()
        assert waiting.result(20) == 2
    door.close(5)
    assert "the database is away" in caplog.text
    assert "the database is back" in caplog.text
    assert "hunter2" not in caplog.text


def test_patience_ends_with_a_sentence_without_the_password(line: Line) -> None:
    door = Door(line.url, patience=0.5)
    door.call(number, 1)
    line.cut()
    with pytest.raises(DatabaseLostError, match="the database was away for") as told:
        door.call(number, 2)
    assert "hunter2" not in str(told.value)
    door.close(5)


def test_whoever_can_bring_the_server_up_is_asked_to(line: Line) -> None:
    door = Door(line.url, revive=line.mend)
    door.call(number, 1)
    line.cut()
    assert door.submit(number, 2).result(20) == 2
    door.close(5)


def test_a_server_that_does_not_answer_does_not_keep_the_door_from_closing(line: Line) -> None:
    door = Door(line.url)
    door.call(number, 1)
    line.freeze()
    waiting = door.submit(number, 2)
    closing = threading.Thread(target=door.close, args=(0.1,))
    closing.start()
    closing.join(10)
    assert not closing.is_alive()
    with pytest.raises(DatabaseLostError):
        waiting.result(10)


def test_what_was_asked_wrongly_is_told_at_once(database_url: str) -> None:
    door = Door(database_url)
    with pytest.raises(psycopg.errors.UndefinedTable):
        door.call(lambda connection: connection.execute("select from no_such_table"))
    assert door.call(number, 3) == 3
    door.close(5)


def test_a_lock_that_somebody_keeps_is_told_as_busy(database_url: str) -> None:
    door = Door(database_url)
    with connect(database_url) as other, other.transaction():
        other.execute("lock table scan")

        def wait(connection: psycopg.Connection[Any]) -> None:
            connection.execute("set lock_timeout = '50ms'")
            connection.execute("select from scan")

        with pytest.raises(BusyError):
            door.call(wait)
    door.close(5)


def test_a_full_disk_is_waited_out(database_url: str) -> None:
    door = Door(database_url)
    tries = []

    def write(connection: psycopg.Connection[Any]) -> int:
        tries.append(1)
        code = "53100" if len(tries) == 1 else "53300"  # disk_full, too_many_connections
        if len(tries) < 3:
            connection.execute(f"do $$ begin raise exception 'no room' using errcode = '{code}'; end $$".encode())
        return number(connection, len(tries))

    assert door.call(write) == 3
    door.close(5)
