"""Debian's Prometheus with our configuration, reading what runs on ports of this test."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"
_METRIC = re.compile(r"\b(census[_:][\w:]+|up)\b")


def program(name: str) -> str:
    """Where a program of the package `prometheus` is; the test fails with what to do if it is nowhere."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed; `make test-system` installs it where it may, elsewhere it says how")
    return found


def configured(folder: Path, targets: Mapping[str, Sequence[int]]) -> Path:
    """Our configuration, reading these ports every two seconds; only places and times are changed."""
    shutil.copytree(FOLDER, folder)
    for name, ports in targets.items():
        path = folder / "targets" / f"{name}.yml"
        groups = yaml.safe_load(path.read_text(encoding="utf-8"))
        groups[0]["targets"] = [f"127.0.0.1:{port}" for port in ports]
        path.write_text(yaml.safe_dump(groups), encoding="utf-8")
    file = folder / "prometheus.yml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    settings["global"] = dict.fromkeys(settings["global"], "2s")
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return file


@contextlib.contextmanager
def running(command: Sequence[str | Path], log: Path, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process as long as the block lasts; what it says goes into a file."""
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT, **more)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Prometheus:
    """The HTTP interface of a Prometheus on this machine."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/api/v1/"

    def answers(self) -> bool:
        try:
            self._get("status/buildinfo")
        except OSError:
            return False
        return True

    def ask(self, expression: str) -> list[Any]:
        """The series that an expression gives at this moment; one that is no PromQL fails the test."""
        try:
            result: list[Any] = self._get("query", query=expression)["result"]
        except urllib.error.HTTPError as error:
            pytest.fail(f"{expression}: {error.read().decode()}")
        return result

    def rules(self) -> list[dict[str, Any]]:
        """All recording and alert rules as they were evaluated last."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def _get(self, path: str, **parameters: str) -> Any:
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self._address}{path}?{query}", timeout=20) as response:
            return json.load(response)["data"]


def inputs(expression: str) -> set[str]:
    """The names of the metrics that an expression reads."""
    return set(_METRIC.findall(expression))
