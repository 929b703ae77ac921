"""The units for systemd and the manifests for Kubernetes: they parse, name what exists, and keep their locks on."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from census.cli.main import cli

_DEPLOY = Path(__file__).parents[2] / "deploy"
_UNITS = sorted((_DEPLOY / "systemd").iterdir())
_SERVICES = [unit for unit in _UNITS if unit.suffix == ".service"]
_MANIFESTS = sorted((_DEPLOY / "kubernetes").iterdir())

_LOCKED = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "PrivateDevices": "yes", "DynamicUser": "yes", "CapabilityBoundingSet": "", "RestrictNamespaces": "yes",
    "ProtectKernelTunables": "yes", "ProtectKernelModules": "yes", "RestrictSUIDSGID": "yes",
    "SystemCallFilter": "@system-service", "UMask": "0077",
}  # fmt: skip


def unit(file: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys of units have capitals
    parser.read_string(file.read_text())
    return parser


def pod(manifest: dict[str, Any]) -> dict[str, Any]:
    spec = manifest["spec"]
    template = spec["jobTemplate"]["spec"]["template"] if manifest["kind"] == "CronJob" else spec["template"]
    return dict(template["spec"])


def runs(words: list[str]) -> None:
    """The command and the options of a line for `census` exist."""
    command = cli.get_command(cli.make_context("census", ["--help"], resilient_parsing=True), words[0])
    assert command is not None
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words[1:] if word.startswith("--")} <= known


def test_there_is_what_is_promised() -> None:
    names = {file.name for file in _UNITS}
    assert names == {"census-worker.service", "census-serve.service", "census-scan.service", "census-scan.timer"}
    assert {yaml.safe_load(file.read_text())["kind"] for file in _MANIFESTS} == {"Deployment", "CronJob"}


@pytest.mark.parametrize("file", _SERVICES, ids=lambda file: file.stem)
def test_a_service_may_do_nothing_but_its_work(file: Path) -> None:
    service = unit(file)["Service"]
    assert {key: service.get(key) for key in _LOCKED} == _LOCKED
    assert "User" not in service
    assert service["KillMode"] == "mixed"
    assert int(service["TimeoutStopSec"]) > 5


@pytest.mark.parametrize("file", _SERVICES, ids=lambda file: file.stem)
def test_a_service_gets_the_database_as_a_credential_and_runs_what_exists(file: Path) -> None:
    text = file.read_text()
    assert "LoadCredential=database-url:/etc/census/database-url" in text
    assert "postgresql://" not in text
    shell = shlex.split(unit(file)["Service"]["ExecStart"].replace("$$", "$"))
    assert shell[:2] == ["/bin/sh", "-c"]
    address, program, line = shell[2].partition(" exec /opt/census/bin/census ")
    assert address == 'CENSUS_DATABASE_URL="$(cat "$CREDENTIALS_DIRECTORY/database-url")"'
    assert program
    runs(shlex.split(line))


def test_the_timer_starts_the_scan_each_week() -> None:
    timer = unit(_DEPLOY / "systemd/census-scan.timer")["Timer"]
    assert re.fullmatch(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d\d:\d\d", timer["OnCalendar"])
    assert timer["Persistent"] == "yes"


def test_systemd_takes_the_units() -> None:
    program = shutil.which("systemd-analyze")
    found = ["systemd-analyze", "verify"] if program else ["true"]  # a machine without systemd has none to run them
    done = subprocess.run([*found, *map(str, _UNITS)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("file", _MANIFESTS, ids=lambda file: file.stem)
def test_a_pod_has_no_rights_and_cannot_write_to_its_image(file: Path) -> None:
    spec = pod(yaml.safe_load(file.read_text()))
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    user = re.search(r"useradd --uid (\d+)", (_DEPLOY / "Dockerfile").read_text())
    assert user is not None
    assert spec["securityContext"]["runAsUser"] == int(user[1])
    assert spec["terminationGracePeriodSeconds"] > 5
    [container] = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert {mount["mountPath"] for mount in container["volumeMounts"]} >= {"/tmp", "/var/lib/census"}
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in spec["volumes"]}
    assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("file", _MANIFESTS, ids=lambda file: file.stem)
def test_a_pod_gets_the_database_from_a_secret_and_runs_what_exists(file: Path) -> None:
    [container] = pod(yaml.safe_load(file.read_text()))["containers"]
    [variable] = container["env"]
    assert variable["name"] == "CENSUS_DATABASE_URL"
    assert variable["valueFrom"] == {"secretKeyRef": {"name": "census-database", "key": "url"}}
    runs(container["args"])


def test_the_weekly_scan_is_not_started_twice() -> None:
    manifest = yaml.safe_load((_DEPLOY / "kubernetes/scan.yaml").read_text())
    assert manifest["spec"]["concurrencyPolicy"] == "Forbid"
    assert manifest["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert pod(manifest)["restartPolicy"] == "Never"
    assert manifest["spec"]["schedule"].split()[4] in set("0123456")
