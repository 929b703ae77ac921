"""The servers: they answer on the wire as the real ones do, and misbehave as they should."""

from __future__ import annotations

import json
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvloop

from census.demo import DemoError, Neighbourhood, Resident, Servers, generate, launch
from census.demo.behaviour import Behaviour
from census.demo.servers import Record
from tests.support.seeds import own_seed

QUICK = 0.6  # seconds; far more than loopback needs


@dataclass(frozen=True)
class Answer:
    status: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.headers]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def _find(neighbourhood: Neighbourhood, behaviour: Behaviour, *, since: str = "", before: str = "9") -> Resident:
    def release(version: str) -> list[int]:
        return [int(part) for part in version.partition("-")[0].split(".")]

    fitting = (each for each in neighbourhood.population.residents if each.behaviour is behaviour)
    if since:
        fitting = (each for each in fitting if release(since) <= release(str(each.version)) < release(before))
    return next(fitting)


@contextmanager
def _connected(resident: Resident) -> Iterator[socket.socket]:
    with socket.create_connection((resident.address, resident.port), QUICK) as client:
        client.settimeout(QUICK)
        yield client


def _read(client: socket.socket, limit: int = 1_000_000) -> bytes:
    """What comes until the other side closes, at most `limit` bytes."""
    received = b""
    while len(received) < limit and (data := client.recv(65536)):
        received += data
    return received


def _ask(resident: Resident, path: str, method: str = "GET", body: bytes = b"") -> Answer:
    with _connected(resident) as client:
        length = f"Content-Length: {len(body)}\r\n" if body or method == "POST" else ""
        client.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{length}\r\n".encode() + body)
        return _parsed(_read(client))


def _parsed(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return Answer(status, headers, _unchunked(body) if ("Transfer-Encoding", "chunked") in headers else body)


def _unchunked(body: bytes) -> bytes:
    joined = b""
    while True:
        size, _, rest = body.partition(b"\r\n")
        if int(size, 16) == 0:
            return joined
        joined += rest[: int(size, 16)]
        body = rest[int(size, 16) + 2 :]


def test_an_ollama_greets_and_writes_its_headers_as_go_does(neighbourhood: Neighbourhood) -> None:
    answer = _ask(_find(neighbourhood, Behaviour.OLLAMA), "/")
    assert answer.status == "HTTP/1.1 200 OK"
    assert answer.names == ["Content-Type", "Date", "Content-Length", "Connection"]
    assert answer.body == b"Ollama is running"


def test_an_ollama_lists_its_models_with_the_fields_of_its_release(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.OLLAMA, since="0.1.0", before="0.30.0")
    entries = _tags(resident)
    assert [entry["name"] for entry in entries] == [held.name for held in resident.models]
    assert [entry["digest"] for entry in entries] == [held.digest for held in resident.models]
    assert all("capabilities" not in entry for entry in entries)
    assert _ask(resident, "/api/version").json == {"version": resident.version}
    new = _find(neighbourhood, Behaviour.OLLAMA, since="0.30.0")
    assert all("completion" in e["capabilities"] or "embedding" in e["capabilities"] for e in _tags(new))


def _tags(resident: Resident) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = _ask(resident, "/api/tags").json["models"]
    return entries


def test_an_ollama_shows_a_model_in_chunks(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.OLLAMA, since="0.6.4", before="0.12.0")
    held = resident.models[0]
    answer = _ask(resident, "/api/show", "POST", json.dumps({"model": held.name}).encode())
    assert answer.names == ["Content-Type", "Date", "Connection", "Transfer-Encoding"]
    assert tuple(sorted(answer.json["capabilities"])) == held.capabilities
    assert answer.json["model_info"]["general.parameter_count"] == held.parameters


def test_an_old_ollama_shows_no_capabilities(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.OLLAMA, since="0.1.0", before="0.6.4")
    shown = _ask(resident, "/api/show", "POST", json.dumps({"name": resident.models[0].name}).encode()).json
    assert "template" in shown
    assert "capabilities" not in shown


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"", "HTTP/1.1 400 Bad Request", "missing request body"),
        (b"{}", "HTTP/1.1 400 Bad Request", "model is required"),
        (b'{"model":"no-such"}', "HTTP/1.1 404 Not Found", "model 'no-such:latest' not found"),
    ],
)
def test_an_ollama_says_what_is_wrong_with_a_show(
    neighbourhood: Neighbourhood, body: bytes, status: str, error: str
) -> None:
    answer = _ask(_find(neighbourhood, Behaviour.OLLAMA), "/api/show", "POST", body)
    assert (answer.status, answer.json) == (status, {"error": error})


def test_a_path_that_ollama_does_not_know_gets_gins_404(neighbourhood: Neighbourhood) -> None:
    answer = _ask(_find(neighbourhood, Behaviour.OLLAMA), "/0123456789abcdef")
    assert answer.status == "HTTP/1.1 404 Not Found"
    assert ("Content-Type", "text/plain") in answer.headers
    assert answer.body == b"404 page not found"


def test_a_wrong_method_is_told_from_0_7_on(neighbourhood: Neighbourhood) -> None:
    old = _ask(_find(neighbourhood, Behaviour.OLLAMA, since="0.1.0", before="0.7.0"), "/api/show")
    new = _ask(_find(neighbourhood, Behaviour.OLLAMA, since="0.7.0"), "/api/show")
    assert (old.status, old.body) == ("HTTP/1.1 404 Not Found", b"404 page not found")
    assert (new.status, new.body) == ("HTTP/1.1 405 Method Not Allowed", b"405 method not allowed")


def test_an_empty_ollama_has_an_empty_list_and_none_for_openai(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.OLLAMA_EMPTY, since="0.2.0")
    assert _ask(resident, "/api/tags").body == b'{"models":[]}'
    assert _ask(resident, "/v1/models").body == b'{"object":"list","data":null}\n'


def test_vllm_writes_small_headers_and_its_list(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.VLLM)
    answer = _ask(resident, "/v1/models")
    assert answer.names == ["date", "server", "content-length", "content-type", "vary", "connection"]
    (entry,) = answer.json["data"]
    assert (entry["id"], entry["owned_by"]) == (resident.models[0].name, "vllm")
    assert entry["permission"][0]["id"].startswith("modelperm-")
    assert _ask(resident, "/health").names == ["date", "server", "content-length", "vary", "connection"]
    assert _ask(resident, "/api/tags").body == b'{"detail":"Not Found"}'


def test_a_locked_vllm_guards_only_v1(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.VLLM_LOCKED)
    refused = _ask(resident, "/v1/models")
    assert (refused.status, refused.body) == ("HTTP/1.1 401 Unauthorized", b'{"error":"Unauthorized"}')
    assert "vary" not in refused.names
    assert _ask(resident, "/version").json == {"version": resident.version}


def test_llama_cpp_says_who_it_is_even_where_there_is_nothing(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.LLAMA_CPP)
    answer = _ask(resident, "/nothing")
    assert answer.headers[:2] == [("Server", "llama.cpp"), ("Access-Control-Allow-Origin", "")]
    assert answer.body == b'{"error":{"message":"File Not Found","type":"not_found_error","code":404}}'
    listed = _ask(resident, "/v1/models").json
    assert listed["models"][0]["name"] == listed["data"][0]["id"] == resident.models[0].name
    assert listed["data"][0]["meta"]["n_params"] == resident.models[0].parameters
    assert _ask(resident, "/props").json["build_info"] == resident.version


def test_a_locked_llama_cpp_guards_everything_but_its_health(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.LLAMA_CPP_LOCKED)
    body = b'{"error":{"message":"Invalid API Key","type":"authentication_error","code":401}}'
    assert _ask(resident, "/v1/models").body == _ask(resident, "/0123456789abcdef").body == body
    assert _ask(resident, "/health").json == {"status": "ok"}


def test_litellm_tells_of_tools_in_three_ways(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.LITELLM)
    answer = _ask(resident, "/v1/models")
    assert answer.names[-4:-1] == ["x-frame-options", "content-security-policy", "x-content-type-options"]
    assert {entry["created"] for entry in answer.json["data"]} == {1677610602}
    infos = {row["model_name"]: row["model_info"] for row in _ask(resident, "/model/info").json["data"]}
    words = {held.name: infos[held.name]["supports_function_calling"] for held in resident.models}
    assert words == {
        held.name: {"yes": True, "no": False, "unknown": None}[held.tools.word] for held in resident.models
    }


def test_a_locked_litellm_lives_and_says_so(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.LITELLM_LOCKED)
    assert _ask(resident, "/v1/models").json["error"]["code"] == "401"
    assert _ask(resident, "/health/liveliness").body == b'"I\'m alive!"'
    assert _ask(resident, "/health/readiness").json["litellm_version"] == resident.version


def test_llama_cpp_python_owns_its_models_itself(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.LLAMA_CPP_PYTHON)
    answer = _ask(resident, "/v1/models")
    assert "openai-processing-ms" in answer.names
    assert [(entry["owned_by"], entry["permissions"]) for entry in answer.json["data"]] == [("me", [])]
    assert _ask(resident, "/openapi.json").json["info"]["version"] == resident.version


def test_mlx_lm_speaks_http_1_0_and_closes_unasked(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.MLX_LM)
    with _connected(resident) as client:
        client.sendall(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = _parsed(_read(client))
    assert answer.status == "HTTP/1.0 200 OK"
    assert answer.headers[0] == ("Server", "BaseHTTP/0.6 Python/3.11.7")
    assert not {"Content-Length", "Connection"} & set(answer.names)
    assert answer.body.startswith(b'{"object": "list", "data": [{"id": "mlx-community/')
    missing = _ask(resident, "/version")
    assert (missing.status, missing.body) == ("HTTP/1.0 404 Not Found", b"Not Found")


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        (Behaviour.NGINX_PAGE, "200 OK"),
        (Behaviour.NGINX_404, "404 Not Found"),
        (Behaviour.NGINX_LOCKED, "401 Unauthorized"),
    ],
)
def test_a_web_server_answers_every_path_alike(neighbourhood: Neighbourhood, behaviour: Behaviour, status: str) -> None:
    resident = _find(neighbourhood, behaviour)
    answers = [_ask(resident, path) for path in ("/api/tags", "/v1/models", "/0123456789abcdef")]
    assert {answer.status for answer in answers} == {f"HTTP/1.1 {status}"}
    assert answers[0].body == answers[1].body == answers[2].body
    assert ("WWW-Authenticate" in answers[0].names) == (behaviour is Behaviour.NGINX_LOCKED)


def test_decoys_give_themselves_away(neighbourhood: Neighbourhood) -> None:
    assert _ask(_find(neighbourhood, Behaviour.DECOY_CANARY), "/0123456789abcdef").status == "HTTP/1.1 200 OK"
    assert all(e["digest"].startswith("sha256:") for e in _tags(_find(neighbourhood, Behaviour.DECOY_DIGEST)))
    impossible = _find(neighbourhood, Behaviour.DECOY_FIELDS)
    assert str(impossible.version).startswith("0.5.")
    assert all("capabilities" in entry for entry in _tags(impossible))
    python = _ask(_find(neighbourhood, Behaviour.SUSPECT_PYTHON), "/api/tags")
    assert ("server", "uvicorn") in python.headers


def test_lists_that_cannot_be_read_look_like_lists(neighbourhood: Neighbourhood) -> None:
    assert _ask(_find(neighbourhood, Behaviour.NO_LIST), "/api/tags").json == {"models": "x"}
    broken = _ask(_find(neighbourhood, Behaviour.BROKEN_JSON), "/api/tags")
    assert broken.body.startswith(b'{"models":[{"name"')
    with pytest.raises(json.JSONDecodeError):
        assert broken.json


def test_an_endless_list_has_more_than_anybody_reads(neighbourhood: Neighbourhood) -> None:
    with _connected(_find(neighbourhood, Behaviour.ENDLESS)) as client:
        client.sendall(b"GET /api/tags HTTP/1.1\r\nHost: x\r\n\r\n")
        assert len(_read(client, 3_000_000)) >= 3_000_000


def test_requests_on_one_connection_are_answered_in_order(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.OLLAMA)
    with _connected(resident) as client:
        for part in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /api/ver", b"sion HTTP/1.1\r\nConnection: close\r\n\r\n"):
            client.sendall(part)
            time.sleep(0.02)
        received = _read(client)
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.index(b"Ollama is running") < received.index(b'{"version"')


def test_what_is_no_request_is_a_bad_one(neighbourhood: Neighbourhood) -> None:
    with _connected(_find(neighbourhood, Behaviour.OLLAMA)) as client:
        client.sendall(b"\x16\x03\x01\r\n\r\n")
        assert _read(client).startswith(b"HTTP/1.1 400 Bad Request")


def test_the_silent_let_connecting_time_out(neighbourhood: Neighbourhood) -> None:
    silent = [each for each in neighbourhood.population.residents if each.behaviour is Behaviour.SILENT]
    for resident in silent[:2]:
        with pytest.raises(TimeoutError):
            socket.create_connection((resident.address, resident.port), QUICK)


def test_the_refusing_refuse_at_once(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.REFUSED)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((resident.address, resident.port), QUICK)


def test_the_mute_take_a_question_and_keep_it(neighbourhood: Neighbourhood) -> None:
    with _connected(_find(neighbourhood, Behaviour.MUTE)) as client:
        client.sendall(b"GET /api/tags HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(TimeoutError):
            client.recv(1)


def test_a_dripping_list_never_stops_and_never_ends(neighbourhood: Neighbourhood) -> None:
    with _connected(_find(neighbourhood, Behaviour.DRIP)) as client:
        client.sendall(b"GET /api/tags HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")
        assert client.recv(65536) in b'{"models":['


def test_some_break_off_at_once_some_when_asked_and_some_in_the_middle(neighbourhood: Neighbourhood) -> None:
    assert _broken(_find(neighbourhood, Behaviour.RESET)) == (b"", True)
    assert _broken(_find(neighbourhood, Behaviour.HANG_UP)) == (b"", False)
    received, reset = _broken(_find(neighbourhood, Behaviour.CUT))
    assert reset
    assert b'{"models":[{"name"' in received
    assert len(received) < 100_000


def _broken(resident: Resident) -> tuple[bytes, bool]:
    """What was received before the end, and whether the end was a reset."""
    received = b""
    try:
        with _connected(resident) as client:
            client.sendall(b"GET /api/tags HTTP/1.1\r\nHost: x\r\n\r\n")
            while data := client.recv(65536):
                received += data
    except ConnectionError:
        return received, True
    return received, False


def test_what_is_no_http_speaks_first(neighbourhood: Neighbourhood) -> None:
    with _connected(_find(neighbourhood, Behaviour.SSH)) as client:
        assert client.recv(100).startswith(b"SSH-2.0-")
    with _connected(_find(neighbourhood, Behaviour.NOISE)) as client:
        assert not client.recv(100).startswith(b"HTTP")


def test_every_request_and_every_connection_is_on_record(neighbourhood: Neighbourhood) -> None:
    resident = _find(neighbourhood, Behaviour.OPENAI)
    before = neighbourhood.record()
    with _connected(resident), _connected(resident):
        _ask(resident, "/v1/models")
        _ask(resident, "/v1/models?limit=1")
    after = neighbourhood.record()
    assert after.connections[resident.endpoint] - before.connections[resident.endpoint] == 4
    asked = after.requests - before.requests
    assert asked[resident.endpoint, "GET", "/v1/models"] == asked[resident.endpoint, "GET", "/v1/models?limit=1"] == 1
    assert after.most_at_once[resident.address] >= 3


def test_a_record_survives_its_way_as_json() -> None:
    record = Record()
    record.requests["127.0.0.1:1", "GET", "/"] += 2
    record.connections["127.0.0.1:1"] += 1
    record.most_at_once["127.0.0.1"] = 1
    record.user_agents["census"] += 2
    assert Record.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_three_thousand_listen_within_three_seconds() -> None:
    async def started() -> float:
        servers = Servers(generate(own_seed(30), 3000))
        began = time.perf_counter()
        await servers.start()
        taken = time.perf_counter() - began
        await servers.stop()
        return taken

    assert uvloop.run(started()) < 3


def test_after_the_end_nobody_listens_and_the_same_can_start_again() -> None:
    seed = own_seed(31)
    with launch(seed, 30) as first:
        resident = next(each for each in first.population.residents if each.behaviour is Behaviour.OLLAMA)
        with pytest.raises(DemoError, match=r"127\.\d+\.\d+\.\d+:\d+ .*in use.* --seed"), launch(seed, 30):
            pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((resident.address, resident.port), QUICK)


def test_too_few_open_files_are_a_sentence_with_a_remedy() -> None:
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    command = [sys.executable, "-m", "census.demo", "--endpoints", "30", "--seed", str(own_seed(32))]
    ended = subprocess.run(
        command, preexec_fn=few, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert ended.returncode == 1
    assert "ulimit -Hn" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_it_ends_with_its_standard_input() -> None:
    command = [sys.executable, "-m", "census.demo", "--endpoints", "10", "--seed", str(own_seed(33))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stdout.readline() == "READY\n"
        child.stdin.close()
        assert child.wait(5) == 0
