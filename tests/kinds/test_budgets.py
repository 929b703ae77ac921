"""How many questions a look takes: eight for a host of unknown kind without details, two for a dead end."""

from __future__ import annotations

from typing import Any

import pytest

from census.exchanges import Exchange, Question
from census.kinds import confirm, opening
from tests.kinds.course import drive, web
from tests.kinds.test_examples import EXAMPLES, answers

HOST = 8
DEAD_END = 2
PORTS = (11434, 8000)


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_server_is_asked_more_than_eight_questions_without_details(name: str) -> None:
    for port in (*PORTS, EXAMPLES[name]["port"]):
        assert len(drive(answers(EXAMPLES[name]), port, details=False).asked) <= HOST


@pytest.mark.parametrize("name", [name for name, example in EXAMPLES.items() if example["kind"] is None])
def test_what_is_recognised_by_nobody_costs_two_questions_and_one_more_if_it_is_like_something(name: str) -> None:
    for port in PORTS:
        course = drive(answers(EXAMPLES[name]), port)
        likely = confirm(type(course.exchanges)(list(course.exchanges)[:DEAD_END])) is not None
        assert len(course.asked) <= DEAD_END + likely


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize(
    "missing",
    [
        (404, {"server": "nginx"}, b"<html>404</html>"),
        (200, {"server": "nginx", "content-type": "text/html"}, b"<html>Welcome</html>"),
        (401, {"server": "nginx", "www-authenticate": 'Basic realm="x"'}, b"<html>401</html>"),
        (302, {"location": "/login"}, b""),
        (500, {"content-type": "application/json"}, {"error": "boom"}),
        (200, {"content-type": "application/json"}, {"code": 0, "data": []}),
        (404, {"content-type": "text/plain"}, b"404 page not found"),
        (503, {}, b""),
    ],
)
def test_a_dead_end_costs_two_questions(port: int, missing: Any) -> None:
    course = drive(web({}, missing), port)
    assert (course.kind, len(course.asked)) == (None, DEAD_END)


@pytest.mark.parametrize("port", range(0, 65536, 4099))
def test_a_look_begins_with_two_questions_at_most(port: int) -> None:
    assert len(opening(port)) <= DEAD_END


def test_a_suspect_stays_within_the_budget_on_any_port() -> None:
    def answer(question: Question) -> Exchange:
        body = b'{"object":"list","data":[{"id":"a:b","object":"model"}],"models":[{"name":"a:b","digest":"x"}]}'
        return Exchange(question, 200, {"content-type": "application/json"}, body)

    for port in PORTS:
        assert len(drive(answer, port, details=False).asked) <= HOST
