"""What can be said of docker-compose.yml and the Dockerfile without starting them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

import census
from census.cli.main import cli
from census.store import programs

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("inference-census:")]
STAYING = [name for name, service in SERVICES.items() if "restart" in service]
DOCKERFILE = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))


def steps(instruction: str) -> list[str]:
    return re.findall(rf"^{instruction} (.*)$", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"[1-9]\d*:\d+", service["user"])
    assert any(each.startswith("/tmp:") for each in service["tmpfs"])
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service)


@pytest.mark.parametrize("image", [each["image"] for each in SERVICES.values()] + [f.split()[0] for f in steps("FROM")])
def test_an_image_has_a_version(image: str) -> None:
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+[\w.-]*", image)


def test_our_image_has_the_version_of_the_program() -> None:
    assert {SERVICES[name]["image"] for name in OURS} == {f"inference-census:{census.__version__}"}


@pytest.mark.parametrize("name", SERVICES)
def test_what_stays_is_looked_after_and_what_ends_is_waited_for(name: str) -> None:
    healthcheck = SERVICES[name]["healthcheck"]
    if name in STAYING:
        assert healthcheck["test"][0] == "CMD"
        assert {"interval", "timeout", "retries"} <= set(healthcheck)
    else:
        assert healthcheck == {"disable": True}
        waiting = [each.get("depends_on", {}).get(name) for each in SERVICES.values()]
        assert {"condition": "service_completed_successfully"} in waiting


def test_only_this_machine_gets_at_a_port() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_the_database_has_no_way_out() -> None:
    assert SERVICES["database"]["networks"] == ["data"]
    assert COMPOSE["networks"]["data"] == {"internal": True}


def test_secrets_are_files_that_git_ignores_and_stand_in_no_environment() -> None:
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"deploy/secrets/{name}"}
        assert not (ROOT / secret["file"]).is_symlink()
    assert (DEPLOY / "secrets" / ".gitignore").read_text(encoding="utf-8").split() == ["*", "!.gitignore"]
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    assert "deploy/secrets/[!.]*" in build["targets"]["sdist"]["exclude"]  # the builder does not ask that .gitignore
    for service in SERVICES.values():
        environment = service.get("environment", {})
        assert all(key.endswith("_FILE") for key in environment if re.search("PASSWORD|SECRET|TOKEN|KEY", key))
        assert not any(re.search(r"://[^/@]*:[^/@]*@", str(value)) for value in environment.values())


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_reads_the_secrets_that_it_is_given_and_no_other(name: str) -> None:
    service = SERVICES[name]
    told = str([service.get(key) for key in ("environment", "entrypoint", "command")])
    if name == "grafana":
        told += (DEPLOY / "grafana/provisioning/datasources/census.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"/run/secrets/(\w+)", told)) == set(service.get("secrets", []))
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])


def test_data_are_in_volumes_where_the_images_keep_them() -> None:
    kept = {
        "database": "database:/var/lib/postgresql",
        "prometheus": "prometheus:/prometheus",
        "grafana": "grafana:/var/lib/grafana",
        **dict.fromkeys(OURS, "home:/var/lib/census"),
    }
    named = {n: [v for v in each.get("volumes", []) if not v.startswith(".")] for n, each in SERVICES.items()}
    assert named == {name: [volume] for name, volume in kept.items()}
    assert set(COMPOSE["volumes"]) == {volume.split(":")[0] for volume in kept.values()}
    assert "CENSUS_HOME=/var/lib/census" in " ".join(steps("ENV"))


def test_files_that_are_mounted_exist_and_cannot_be_written() -> None:
    mounted = [v.split(":") for each in SERVICES.values() for v in each.get("volumes", []) if v.startswith(".")]
    assert len(mounted) == 3
    for source, _, mode in mounted:
        assert any((ROOT / source).iterdir())
        assert mode == "ro"


def test_grafana_finds_its_dashboards_where_they_are_mounted() -> None:
    provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/census.yml").read_text(encoding="utf-8"))
    path = provider["providers"][0]["options"]["path"]
    assert f"./deploy/grafana/dashboards:{path}:ro" in SERVICES["grafana"]["volumes"]


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_is_a_command_with_options_that_it_has(name: str, tmp_path: Path) -> None:
    for secret in SERVICES[name]["secrets"]:
        (tmp_path / secret).write_text("secret", encoding="utf-8")
    words = [word.replace("/run/secrets", str(tmp_path)) for word in SERVICES[name]["command"]]
    count = 2 if words[0] == "db" else 1
    command: click.Command | None = cli
    for word in words[:count]:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
    with command.make_context(name, words[count:]):  # which closes the files that options name
        pass


def test_all_of_ours_are_started_as_the_image_starts() -> None:
    assert steps("ENTRYPOINT") == ['["census"]']
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "census" in project["scripts"]
    assert all(SERVICES[name]["entrypoint"][-1] == "census" for name in OURS)


def test_what_prometheus_reads_is_what_listens_and_can_be_reached() -> None:
    def targets(name: str) -> list[str]:
        groups = yaml.safe_load((DEPLOY / f"prometheus/targets/{name}.yml").read_text(encoding="utf-8"))
        return [target for group in groups for target in group["targets"]]

    worker, census = SERVICES["worker"]["command"], SERVICES["census"]["command"]
    first = int(worker[worker.index("--metrics-port") + 1])
    count = int(worker[worker.index("--workers") + 1])
    assert f'"http://127.0.0.1:{first}/metrics"' in SERVICES["worker"]["healthcheck"]["test"][-1]
    assert targets("worker") == [f"worker:{first + number}" for number in range(count)]
    assert targets("census") == [f"census:{census[census.index('--listen') + 1].rpartition(':')[2]}"]
    assert all("watch" in SERVICES[name]["networks"] for name in ("prometheus", "census", "worker"))
    assert SERVICES["worker"]["environment"]["CENSUS_METRICS_ADDRESS"] == "0.0.0.0"


def test_what_grafana_asks_can_be_reached_with_the_role_that_is_made() -> None:
    known = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/census.yml").read_text(encoding="utf-8"))
    sources = {each["name"]: each for each in known["datasources"]}
    for source in sources.values():
        host = source["url"].removeprefix("http://").split(":")[0]
        assert set(SERVICES[host]["networks"]) & set(SERVICES["grafana"]["networks"])
    assert SERVICES["reader"]["command"][2] == sources["Census"]["user"]
    assert sources["Census"]["jsonData"]["database"] == SERVICES["database"]["environment"]["POSTGRES_DB"]


def test_the_image_is_built_from_what_is_there_and_runs_without_rights() -> None:
    sources = [word for step in steps("COPY") if not step.startswith("--from") for word in step.split()[:-1]]
    sent = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    assert all((ROOT / source).exists() for source in sources)
    assert set(sources) == sent
    [extras] = re.findall(r"pip install .*'\.\[(.*)\]'", DOCKERFILE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    assert len(steps("FROM")) == 2
    user = steps("USER")[-1]
    assert user == "10001:10001"
    assert {SERVICES[name]["user"] for name in OURS} == {user}


def test_its_postgres_treats_memory_as_our_own_server_does() -> None:
    assert SERVICES["database"]["environment"]["GLIBC_TUNABLES"] == programs._MALLOC
