"""Questions side by side: each is answered once, at one moment, and the first failure ends all of them."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from census.report.together import SAME_MOMENT, together
from census.store.connect import engine

Question = Callable[[Connection], None]
WHO = text("select pg_backend_pid(), pg_sleep(0.1)")


def who(connection: Connection) -> int:
    return int(connection.execute(WHO).one()[0])


def number(_: Connection, given: int) -> int:
    return given


def scans(connection: Connection) -> int:
    time.sleep(0.1)  # so that both connections get some of the questions
    return int(connection.execute(text("select count(*) from place")).scalar_one())


@pytest.fixture
def made(database_url: str) -> Engine:
    return engine(database_url)


def test_two_connections_share_the_questions_and_answers_keep_their_order(made: Engine) -> None:
    with made.connect().execution_options(**SAME_MOMENT) as connection:
        asked = together(connection, [who] * 6)
        ordered = together(connection, [partial(number, given=given) for given in range(20)])
    made.dispose()
    assert len(set(asked)) == 2
    assert ordered == list(range(20))


@pytest.mark.parametrize(("processors", "questions"), [(1, 4), (2, 4), (2, 2), (2, 1), (4, 4)])
def test_two_questions_on_two_processors_take_no_parallel_workers(
    made: Engine, monkeypatch: pytest.MonkeyPatch, processors: int, questions: int
) -> None:
    def workers(connection: Connection) -> int:
        time.sleep(0.1)
        return int(connection.exec_driver_sql("show max_parallel_workers_per_gather").scalar_one())

    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(processors)))
    with made.connect().execution_options(**SAME_MOMENT) as connection:
        before = workers(connection)
        assert before > 0
        asked = together(connection, [workers] * questions)
        assert asked == [before if processors > 2 or questions == 1 else 0] * questions
        assert workers(connection) == before
    made.dispose()


def test_all_are_answered_as_of_the_moment_of_the_connection(made: Engine) -> None:
    with made.connect().execution_options(**SAME_MOMENT) as connection:
        before = scans(connection)
        with made.begin() as writing:
            writing.execute(text("insert into place (country) values ('AQ')"))
        assert together(connection, [scans] * 4) == [before] * 4
    made.dispose()


def test_who_waits_for_a_lock_of_one_who_waits_for_us_leaves_the_rest_to_the_other(made: Engine) -> None:
    """As beside `vacuum full`: it waits for the first connection, and the second one for it."""
    began = time.monotonic()
    with made.connect().execution_options(**SAME_MOMENT) as connection, made.connect() as vacuum:
        connection.execute(text("select count(*) from place"))
        waiting = ThreadPoolExecutor(1).submit(vacuum.execute, text("lock table place in access exclusive mode"))
        while not connection.scalar(text("select count(*) from pg_locks where not granted")):
            time.sleep(0.01)
        assert together(connection, [scans] * 8) == [0] * 8
        connection.rollback()
        waiting.result()
    made.dispose()
    assert time.monotonic() - began < 30


def test_a_transaction_that_may_write_is_asked_alone_for_nobody_else_sees_what_it_wrote(made: Engine) -> None:
    with made.connect() as connection:
        connection.execute(text("insert into place (country) values ('AQ')"))
        assert together(connection, [scans] * 4) == [1] * 4
    made.dispose()


def test_where_no_second_connection_is_let_in_the_first_is_asked(made: Engine) -> None:
    name = f"alone_{uuid.uuid4().hex}"  # roles are of the whole server
    with made.connect() as owner:
        owner.execute(text(f"create role {name} login connection limit 1"))
        owner.commit()
    reader = engine(made.url.set(username=name).render_as_string().replace("+psycopg", ""))
    with reader.connect().execution_options(**SAME_MOMENT) as connection:
        connection.execute(text("select 1"))
        assert len(set(together(connection, [who] * 3))) == 1
    reader.dispose()
    with made.connect() as owner:
        owner.execute(text(f"drop role {name}"))
        owner.commit()
    made.dispose()


def test_a_failure_ends_what_the_other_connection_is_asked(made: Engine) -> None:
    def fails(connection: Connection) -> None:
        connection.execute(text("select pg_sleep(0.5)"))  # until the other one is busy
        connection.execute(text("select 1 / 0"))

    def sleeps(connection: Connection) -> None:
        connection.execute(text("select pg_sleep(60)"))

    began = time.monotonic()
    with made.connect().execution_options(**SAME_MOMENT) as connection, pytest.raises(DBAPIError):
        together(connection, [_here(connection, fails, sleeps)] * 2)
    made.dispose()
    assert time.monotonic() - began < 30


def test_who_interrupts_does_not_wait_for_what_the_other_connection_is_asked(made: Engine) -> None:
    begun = threading.Event()

    def waits(_: Connection) -> None:
        assert begun.wait(30)

    def sleeps(connection: Connection) -> None:
        interrupt = threading.Timer(0.5, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        interrupt.start()
        begun.set()
        connection.execute(text("select pg_sleep(60)"))

    began = time.monotonic()
    with made.connect().execution_options(**SAME_MOMENT) as connection, pytest.raises(KeyboardInterrupt):
        together(connection, [_here(connection, waits, sleeps)] * 2)
    made.dispose()
    assert time.monotonic() - began < 30


def test_who_interrupts_does_not_wait_for_a_server_that_does_not_answer(made: Engine) -> None:
    frozen: list[int] = []

    def waits(_: Connection) -> None:
        deadline = time.monotonic() + 30
        while not frozen and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)
        raise KeyboardInterrupt

    def sleeps(connection: Connection) -> None:
        pid = int(connection.execute(text("select pg_backend_pid()")).scalar_one())
        os.kill(pid, signal.SIGSTOP)
        frozen.append(pid)
        connection.execute(text("select 1"))

    began = time.monotonic()
    try:
        with made.connect().execution_options(**SAME_MOMENT) as connection, pytest.raises(KeyboardInterrupt):
            together(connection, [_here(connection, waits, sleeps)] * 2)
        took = time.monotonic() - began
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    made.dispose()
    assert took < 20


def _here(connection: Connection, here: Question, beside: Question) -> Question:
    return lambda asked: (here if asked is connection else beside)(asked)
