"""A scan of real inference servers, from the command line to the rows that a researcher selects."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from census.store.embedded import Embedded

pytestmark = pytest.mark.real

_SCOPE = """
[authorization]
reference = "tests of census"
basis = "servers that the test itself has started"
contact = "mailto:nobody@example.org"
valid_from = 2020-01-01
valid_until = 2099-12-31

[scope]
networks = ["127.0.0.0/8"]
"""


@dataclass(frozen=True)
class Servers:
    """Ports of mlx-lm, an open LiteLLM, one that wants a key, and the server behind both."""

    mlx: int
    litellm: int
    locked: int
    upstream: int

    def inferences(self) -> int:
        """How often the server behind LiteLLM was asked for more than a list."""
        lines = json.loads(_get(self.upstream, "/asked"))
        return sum(not line.startswith("GET ") for line in lines)


@dataclass(frozen=True)
class Scanned:
    """What a scan of the servers left: its last line, the database, and the inferences it caused behind LiteLLM."""

    summary: dict[str, Any]
    database: str
    inferences: int

    def rows(self, view: str, port: int) -> list[dict[str, Any]]:
        """The rows of a view in `export` for one of the servers."""
        query = sql.SQL("select * from export.{} where port = %s").format(sql.Identifier(view))
        with psycopg.connect(self.database, row_factory=dict_row) as connection:
            return connection.execute(query, [port]).fetchall()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    if not (Path(__file__).parents[2] / ".venv-real").is_dir():
        pytest.fail(".venv-real is missing; `make test-real` makes it and runs these tests")
    command = [sys.executable, str(Path(__file__).with_name("servers.py")), str(tmp_path_factory.mktemp("servers"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the servers did not start; above is what they said"
        yield Servers(**json.loads(line))


@pytest.fixture(scope="module")
def scanned(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanned]:
    folder = tmp_path_factory.mktemp("scan")
    (folder / "scope.toml").write_text(_SCOPE)
    ports = (servers.mlx, servers.litellm, servers.locked)
    (folder / "targets.txt").write_text("".join(f"127.0.0.1:{port}\n" for port in ports))
    before = servers.inferences()
    with Embedded(folder) as server:
        ended = subprocess.run(
            [sys.executable, "-m", "census", "scan", "targets.txt", "--scope", "scope.toml", "--json"],
            cwd=folder,
            env=os.environ | {"CENSUS_HOME": str(folder)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        summary = json.loads(ended.stdout.splitlines()[-1])
        yield Scanned(summary, server.url, servers.inferences() - before)


def _get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        body: bytes = answer.read()
        return body


def test_every_server_ends_in_the_outcome_that_fits_it(scanned: Scanned) -> None:
    assert scanned.summary["targets"] == 3
    assert {word: n for word, n in scanned.summary["outcomes"].items() if n} == {"served": 2, "locked": 1}
    assert scanned.summary["models"] == 4


def test_an_mlx_lm_server_is_known_with_its_model_and_without_its_path(scanned: Scanned, servers: Servers) -> None:
    [endpoint] = scanned.rows("endpoints", servers.mlx)
    assert (endpoint["software"], endpoint["version"]) == ("mlx-lm", None)
    assert endpoint["decoy"] == "credible"
    [model] = scanned.rows("models", servers.mlx)
    assert (model["model"], model["tools"]) == ("tiny-qwen2", "unknown")


def test_a_litellm_proxy_is_known_with_the_tools_of_each_model(scanned: Scanned, servers: Servers) -> None:
    [endpoint] = scanned.rows("endpoints", servers.litellm)
    assert (endpoint["software"], endpoint["version"]) == ("LiteLLM", None)
    assert endpoint["decoy"] == "credible"
    tools = {row["model"]: row["tools"] for row in scanned.rows("models", servers.litellm)}
    assert tools == {"with-tools": "yes", "without-tools": "no", "nothing-told": "unknown"}
    [observation] = scanned.rows("observations", servers.litellm)
    assert observation["models"] == ["nothing-told", "with-tools", "without-tools"]
    assert observation["tools"] == "yes"


def test_a_litellm_proxy_that_wants_a_key_is_locked(scanned: Scanned, servers: Servers) -> None:
    [observation] = scanned.rows("observations", servers.locked)
    assert (observation["outcome"], observation["software"]) == ("locked", "LiteLLM")
    assert observation["models"] is None
    assert scanned.rows("models", servers.locked) == []


def test_no_model_behind_litellm_had_to_work_for_the_scan(scanned: Scanned) -> None:
    assert scanned.inferences == 0


def test_a_health_check_of_litellm_would_have_been_noticed(servers: Servers) -> None:
    """GET /health, which no scan may ask, sends a prompt to each model; the test above would see that."""
    before = servers.inferences()
    _get(servers.litellm, "/health")
    assert servers.inferences() == before + 3
