"""Debian's real Prometheus takes our files, and during a real scan everything that we ask it has an answer."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from census.demo import launch
from tests.deploy.grafana import expressions
from tests.deploy.watching import FOLDER, Prometheus, configured, inputs, program, running
from tests.support.ports import free_ports
from tests.support.program import SCOPE, command, surroundings

pytestmark = pytest.mark.system

_TESTS = Path(__file__).with_name("alerts.yml")
_PATIENCE = 240  # seconds, on a machine that has other things to do


def promtool(*arguments: str | Path) -> str:
    ran = subprocess.run([program("promtool"), *arguments], capture_output=True, text=True, check=False, timeout=60)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said
    return said


def test_the_configuration_and_its_rules_are_valid() -> None:
    assert "2 rule files found" in promtool("check", "config", FOLDER / "prometheus.yml")
    promtool("check", "rules", "--lint=all", "--lint-fatal", FOLDER / "rules.yml", FOLDER / "alerts.yml")


def test_alerts_fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", _TESTS)


def test_every_alert_is_tested() -> None:
    tested = _TESTS.read_text(encoding="utf-8")
    assert [name for name in alerts() if name not in tested] == []


def test_everything_that_is_asked_has_an_answer_during_a_scan(database_url: str, tmp_path: Path) -> None:
    with scan(database_url, tmp_path) as prometheus:
        unanswered = {expression for asked in expressions("20s").values() for expression in asked}
        unanswered |= {rule["record"] for rule in rules() if "record" in rule}
        unanswered |= {name for expression in alerts().values() for name in inputs(expression)}
        until(
            lambda: all_answered(prometheus, unanswered),
            lambda: f"no answer to: {sorted(unanswered)}\n{logs(tmp_path)}",
        )
        for expression in alerts().values():
            prometheus.ask(expression)  # valid, and empty by right
        assert {(rule["health"], rule.get("lastError")) for rule in prometheus.rules()} == {("ok", None)}
        assert len(prometheus.rules()) == len(rules())
        assert prometheus.ask('ALERTS{alertstate="firing"}') == []
        assert len(prometheus.ask('up{job="census-worker"} == 1')) == 2


def all_answered(prometheus: Prometheus, unanswered: set[str]) -> bool:
    """Whether the last expressions have an answer now; takes away those that have."""
    unanswered -= {expression for expression in unanswered if prometheus.ask(expression)}
    return not unanswered


def logs(folder: Path) -> str:
    return "\n".join(f"{log.name}: {log.read_text(encoding='utf-8')}" for log in sorted(folder.glob("*.log")))


def rules() -> list[dict[str, str]]:
    files = [yaml.safe_load((FOLDER / name).read_text(encoding="utf-8")) for name in ("rules.yml", "alerts.yml")]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def alerts() -> dict[str, str]:
    return {rule["alert"]: rule["expr"] for rule in rules() if "alert" in rule}


@contextlib.contextmanager
def scan(url: str, folder: Path) -> Iterator[Prometheus]:
    """A scan of the simulated neighbourhood by two workers, slow enough to be watched, and the Prometheus that does."""
    first = free_ports(4)
    own, server, workers = first, first + 1, (first + 2, first + 3)
    settings = configured(folder / "prometheus", {"census": [server], "worker": workers})
    scope, targets = folder / "scope.toml", folder / "targets.txt"
    scope.write_text(SCOPE)
    watch = [
        program("prometheus"), f"--config.file={settings}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{own}", "--log.level=warn",
    ]  # fmt: skip
    serve = command("serve", "--listen", f"127.0.0.1:{server}")
    ask = command(
        "scan", targets, "--scope", scope, "--workers", "2", "--metrics-port", str(workers[0]), "--rate", "3",
        "--timeout", "1", "--deadline", "3",
    )  # fmt: skip
    around = {"env": surroundings(folder, url)}
    with contextlib.ExitStack() as stack:
        neighbourhood = stack.enter_context(launch(seed=11, endpoints=400))
        targets.write_text("\n".join(neighbourhood.population.targets()), encoding="utf-8")
        for name, program_, more in (("serve", serve, around), ("scan", ask, around), ("prometheus", watch, {})):
            stack.enter_context(running(program_, folder / f"{name}.log", **more))
        prometheus = Prometheus(own)
        until(prometheus.answers, lambda: logs(folder))
        yield prometheus


def until(condition: Callable[[], bool], told: Callable[[], str]) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < end, told()
        time.sleep(1)
