from __future__ import annotations

import math

import pytest

from census.exchanges import Exchange, Question
from census.probe.pauses import Pauses, retry_after

DATE = "Sat, 21 Nov 2026 12:00:00 GMT"


def answer(text: str, status: int = 429, date: str = DATE) -> Exchange:
    return Exchange(Question("GET", "/api/tags"), status, {"retry-after": text, "date": date}, b"")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", 1),
        ("000000000000060", 60),
        ("9" * 60_000, 86_400),
        ("Sat, 21 Nov 2026 12:01:30 GMT", 90),
        ("Saturday, 21-Nov-26 12:01:30 GMT", 90),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("-7", None),
        ("1.5", None),
        ("1e9", None),
        ("\u0667", None),
        ("inf", None),
        ("", None),
        ("soon", None),
        ("Sat, 99 Nov 2026 12:00:00 GMT", None),
        ("Sat, 21 Nov 99999999999 12:00:00 GMT", None),
    ],
)
def test_what_a_server_asks_to_wait(text: str, seconds: float | None) -> None:
    assert retry_after(answer(text)) == seconds
    assert retry_after(answer(text, 503)) == seconds


def test_a_date_is_taken_by_our_clock_where_the_server_does_not_tell_its_own() -> None:
    assert retry_after(answer("Fri, 01 Jan 2100 00:00:00 GMT", date="nonsense")) == 86_400


@pytest.mark.parametrize("status", [200, 301, 403, 404, 500])
def test_other_answers_ask_for_no_pause(status: int) -> None:
    assert retry_after(answer("7", status)) is None


def test_a_pause_is_the_addresses_own_and_the_longest_counts() -> None:
    pauses = Pauses()
    assert pauses.ask_for("127.0.0.1", 60)
    assert not pauses.ask_for("127.0.0.1", 2)
    assert 59 < pauses.left("127.0.0.1") <= 60
    assert pauses.left("127.0.0.2") == 0


def test_other_targets_of_an_address_wait_only_within_bounds() -> None:
    pauses = Pauses()
    pauses.ask_for("127.0.0.1", 100)
    assert 99 < pauses.wait("127.0.0.1") <= 100
    pauses.ask_for("127.0.0.2", 121)
    assert pauses.wait("127.0.0.2") == math.inf
    for _ in range(4):
        pauses.ask_for("127.0.0.3", 90)
    assert pauses.wait("127.0.0.3") == math.inf


def test_addresses_that_pause_are_not_remembered_without_end() -> None:
    pauses = Pauses()
    for number in range(150_000):
        pauses.ask_for(str(number), 1000)
    assert len(pauses._until) == 100_000
    assert pauses.left("149999") > 0
