"""What is sent, to whom, and what is kept: the rules of docs/politeness.md, by what arrives at listeners."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from census.exchanges import CANARY_PATH, Question
from census.kinds.allowed import ALLOWED, allowed
from tests.support.politeness import bare, scanned
from tests.support.program import SCOPE, census
from tests.support.scanning import create, scope, work
from tests.support.wire import Handler, Wire, answer, answers, handler_wires, listen, page

EXAMPLES = sorted((Path(__file__).parents[1] / "kinds" / "examples").glob("*.json"))
MODELS = page({"models": [{"name": "qwen3:8b", "model": "qwen3:8b", "digest": "b" * 64}]})
MARK = "planted-marker"


@contextlib.contextmanager
def everyone() -> Iterator[tuple[list[str], list[tuple[dict[str, Any], str]]]]:
    """An address of its own for each recorded server of each kind."""
    first = 128 + os.getpid() % 100
    found = [(json.loads(path.read_text("utf-8")), f"127.{first}.{n}.1") for n, path in enumerate(EXAMPLES)]
    yield [address for _, address in found], found


def recorded(example: dict[str, Any]) -> Handler:
    """Answers as a real server did."""
    known = {(each["method"], each["path"], each.get("model")): each for each in example["exchanges"]}
    missing = known.get(("GET", CANARY_PATH, None), {"status": 404, "headers": {}, "body": ""})

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = handler_wires[handler]
        while True:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = lines[0].split(" ")
            headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in lines[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            wire.requests.append((method, path))
            wire.headers.append(headers)
            wire.bodies.append(body)
            model = json.loads(body)["model"] if body else None
            told = known.get((method, Question(method, path).label, model), missing)
            kind = next(
                (value for name, value in told["headers"].items() if name.lower() == "content-type"), "text/html"
            )
            writer.write(answer(told["status"], told["body"].encode(), kind, "Set-Cookie: session=1; Path=/"))

    return handler


def test_every_kind_of_server_gets_only_what_the_allow_list_has_with_name_and_contact_and_never_a_key(
    database_url: str, tmp_path: Path
) -> None:
    async def run() -> list[Wire]:
        async with contextlib.AsyncExitStack() as stack:
            with everyone() as (_, servers):
                wires = [
                    await stack.enter_async_context(listen(recorded(example), address, port=example["port"]))
                    for example, address in servers
                ]
                targets = [f"{address}:{example['port']}" for example, address in servers]
            await work(database_url, create(database_url, tmp_path, targets, deadline=20.0))
            return wires

    wires = asyncio.run(run())
    asked = [
        (wire, *request) for wire in wires for request in zip(wire.requests, wire.headers, wire.bodies, strict=True)
    ]
    assert len({id(wire) for wire, *_ in asked}) == len(EXAMPLES)
    known = {"host", "user-agent", "from", "accept", "accept-encoding", "content-type", "content-length"}
    for _, (method, path), headers, body in asked:
        model = json.loads(body)["model"] if body else None
        assert allowed(Question(method, path, model)), (method, path)
        assert method == "GET" or path == "/api/show"
        assert headers["user-agent"].startswith("census/")
        assert "(mailto:scans@example.edu)" in headers["user-agent"]
        assert headers["from"] == "scans@example.edu"
        assert headers.keys() <= known, headers  # so no Authorization, no Cookie, no Origin
        assert bool(body) == (method == "POST")
        assert set(json.loads(body or b"{}")) <= {"model", "name", "verbose"}
    assert {Question(method, path).label for _, (method, path), _, _ in asked} > {"/api/show", CANARY_PATH}
    assert [method for method, _ in ALLOWED if method != "GET"] == ["POST"]


def test_a_server_that_asks_for_a_key_gets_none_and_is_not_asked_again(database_url: str, tmp_path: Path) -> None:
    locked = answer(401, b'{"error":"unauthorized"}', "application/json", "WWW-Authenticate: Bearer")
    wires = scanned(database_url, tmp_path, ["127.0.0.1"], lambda: answers({}, locked))
    [wire] = wires.values()
    assert 1 <= len(wire.requests) <= 4
    assert len(set(wire.requests)) == len(wire.requests)
    assert not any(headers.keys() & {"authorization", "x-api-key", "cookie"} for headers in wire.headers)


def test_a_redirect_to_another_host_is_not_followed(database_url: str, tmp_path: Path) -> None:
    async def run() -> tuple[int, int]:
        async with listen(answers({"/v1/models": MODELS}), "127.0.1.1") as other:
            moved = answer(302, b"", "text/html", f"Location: http://127.0.1.1:{other.port}/v1/models")
            async with listen(answers({}, moved)) as wire:
                await work(database_url, create(database_url, tmp_path, [f"127.0.0.1:{wire.port}"]))
                return len(wire.requests), other.connections

    assert asyncio.run(run()) == (2, 0)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select outcome from export.targets").fetchall() == [("other",)]


def test_an_answer_without_end_is_read_no_further_than_the_cap(database_url: str, tmp_path: Path) -> None:
    sent = [0]

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
        while True:
            writer.write(b" " * 65_536)
            await writer.drain()
            sent[0] += 65_536

    wires = scanned(database_url, tmp_path, ["127.0.0.1"], lambda: endless)
    questions = sum(wire.connections for wire in wires.values())
    # The cap, and what buffers on both sides hold.
    assert sent[0] <= questions * 16 * 1024 * 1024


def test_special_purpose_networks_are_not_contacted_unless_the_scope_names_them(
    database_url: str, tmp_path: Path
) -> None:
    async def run(networks: str) -> int:
        async with listen(answers({})) as wire:
            targets = [
                f"127.0.0.1:{wire.port}",
                f"localhost:{wire.port}",
                f"[::ffff:127.0.0.1]:{wire.port}",
                "8.8.8.8:1",
            ]
            with contextlib.suppress(planning_error()):
                await work(database_url, create(database_url, tmp_path, targets[:3], scope(tmp_path, networks)))
            return wire.connections

    assert asyncio.run(run('["0.0.0.0/0", "::/0"]')) == 0
    assert asyncio.run(run('["0.0.0.0/0", "127.0.0.0/8"]')) == 2  # as an address, once, and by its name


def planning_error() -> type[Exception]:
    from census.scan.plan import NothingToDoError  # noqa: PLC0415

    return NothingToDoError


SECRET = {
    "license": f"license {MARK}",
    "modelfile": f"FROM /home/{MARK}/model\nSYSTEM {MARK}",
    "parameters": f"stop {MARK}",
    "template": f"{{{{ .Prompt }}}} {MARK}",
    "system": f"You are {MARK}",
    "messages": [{"role": "user", "content": MARK}],
    "details": {"parent_model": f"/root/{MARK}/parent", "format": "gguf", "family": "qwen3"},
    "model_info": {
        "general.architecture": "qwen3",
        "general.file": f"/srv/{MARK}.gguf",
        "tokenizer.chat_template": MARK,
    },
    "capabilities": ["completion", "tools"],
}
PROPS = {
    "chat_template": f"{MARK} tools",
    "model_path": f"/home/{MARK}/qwen3-8b.gguf",
    "default_generation_settings": {"prompt": MARK, "n_ctx": 4096},
    "system_prompt": MARK,
    "build_info": "b5000-abc",
}


def test_prompts_templates_licences_and_paths_are_nowhere_in_the_database(database_url: str, tmp_path: Path) -> None:
    ollama = {
        "/api/tags": page({"models": [{"name": "qwen3:8b", "model": "qwen3:8b", "digest": "b" * 64}]}),
        "/api/version": page({"version": "0.5.0"}),
        "/api/ps": page({"models": []}),
        "/api/show": page(SECRET),
    }
    listed = {"id": f"/home/{MARK}/models/qwen3-8b.gguf", "object": "model", "owned_by": "llamacpp", "meta": {}}
    llama_cpp = {
        "/v1/models": page({"object": "list", "data": [listed]}, 200, "Server: llama.cpp"),
        "/props": page(PROPS, 200, "Server: llama.cpp"),
    }

    async def run() -> list[tuple[str, str]]:
        not_found = page({"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}}, 404,
                         "Server: llama.cpp")  # fmt: skip
        async with listen(answers(ollama)) as one, listen(answers(llama_cpp, not_found), "127.0.1.1") as two:
            targets = [f"127.0.0.1:{one.port}", f"127.0.1.1:{two.port}"]
            await work(database_url, create(database_url, tmp_path, targets))
            return [*one.requests, *two.requests]

    asked = asyncio.run(run())
    assert {("POST", "/api/show"), ("GET", "/props")} <= set(asked)
    everything = dump(database_url)
    assert "qwen3:8b" in everything  # the dump does hold what was seen
    assert "qwen3-8b.gguf" in everything
    assert MARK not in everything


def dump(url: str) -> str:
    """All rows of all tables as text."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("select oid::regclass::text from pg_class where relkind = 'r'"
                                    " and relnamespace = 'public'::regnamespace").fetchall()  # fmt: skip
        rows = [connection.execute(f"select t::text from {name} t".encode()).fetchall() for (name,) in tables]
    return "\n".join(str(row[0]) for found in rows for row in found)


def test_who_why_when_with_what_and_how_many_of_each_outcome_is_on_record(database_url: str, tmp_path: Path) -> None:
    scanned(database_url, tmp_path, ["127.0.0.1", "127.0.1.1"], bare)
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "select reference, basis, contact, length(authorization_hash), settings -> 'scope' ->> 'rate', seed,"
            " version, began <= ended from scan"
        ).fetchone()
        outcomes = connection.execute("select outcome, count(*) from export.targets group by 1").fetchall()
    assert row is not None
    assert row[:6] == ("TEST-1", "our own machine", "mailto:scans@example.edu", 64, "2000", 1)
    assert row[6]
    assert row[7] is True
    assert outcomes == [("other", 2)]


@pytest.mark.parametrize(
    "wrong", [SCOPE.replace("2099-12-31", "2021-01-01"), SCOPE.replace('reference   = "TEST-2"\n', "")]
)
def test_without_an_authorisation_that_holds_nobody_is_contacted(wrong: str, database_url: str, tmp_path: Path) -> None:
    (tmp_path / "scope.toml").write_text(wrong)

    async def run() -> tuple[int, int]:
        async with listen(answers({})) as wire:
            line = ("scan", "-", "--scope", tmp_path / "scope.toml")
            done = await asyncio.to_thread(
                census, *line, folder=tmp_path, url=database_url, given=f"127.0.0.1:{wire.port}\n"
            )
            return done.returncode, wire.connections

    assert asyncio.run(run()) == (2, 0)
