"""The container files fit the code. No engine runs here: they are read, not started (docs/administrator.md says so)."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

import cli
from settings import Settings

ROOT = Path(__file__).parents[2]
OURS = ("migrate", "setup-temporal", "web", "worker")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The composition as a container engine reads it."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return read


@pytest.fixture(scope="module")
def dockerfile() -> list[str]:
    """The instructions of the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def settings_names() -> set[str]:
    """Every environment variable that a process of ours reads."""
    return {f"CONNECT_{name.upper()}" for name in Settings.model_fields}


def test_every_variable_of_ours_is_a_setting(compose: dict[str, Any], dockerfile: list[str]) -> None:
    """A misspelt variable would be ignored in silence."""
    used = set(re.findall(r"CONNECT_[A-Z_]+", (ROOT / "docker-compose.yml").read_text() + "\n".join(dockerfile)))
    assert used
    assert used <= settings_names()


def test_our_services_are_given_values_that_the_settings_accept(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each service starts with settings that can be read, and finds both servers."""
    for name in OURS:
        with monkeypatch.context() as patch:
            for variable, value in compose["services"][name]["environment"].items():
                assert isinstance(value, str), f"{name}: {variable} is not a text"
                patch.setenv(variable, re.sub(r"\$\{\w+(?::-([^}]*)|:\?[^}]*)?\}", r"\1", value))
            settings = Settings()
        assert settings.database_url.endswith("@postgres:5432/connect")
        assert settings.temporal_address == "temporal:7233"


def test_our_services_run_commands_that_exist(compose: dict[str, Any], dockerfile: list[str]) -> None:
    """What stands behind the image's `connect` is a command of the command line."""
    assert 'ENTRYPOINT ["connect"]' in dockerfile
    for name in OURS:
        answer = CliRunner().invoke(cli.app, [*compose["services"][name]["command"], "--help"])
        assert answer.exit_code == 0, f"{name}: {answer.output}"


def test_what_a_service_waits_for_can_become_true(compose: dict[str, Any]) -> None:
    """Healthy needs a health check, completed needs a job that ends."""
    services = compose["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other], f"{name} waits for the health of {other}"
            else:
                assert how["condition"] == "service_completed_successfully"
                assert services[other]["restart"].startswith("on-failure"), f"{name} waits for the end of {other}"


def test_workers_scale(compose: dict[str, Any]) -> None:
    """Several workers share one definition: no fixed name, no port, a number of replicas."""
    worker = compose["services"]["worker"]
    assert not {"container_name", "ports"} & set(worker)
    assert worker["deploy"]["replicas"] >= 1


def test_secrets_come_from_outside_and_must_be_given(compose: dict[str, Any]) -> None:
    """Nothing secret stands in the file, and nothing starts without it."""
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|PWD|SECRET|API_KEY|DATABASE_URL", variable):
                assert re.search(r"\$\{[A-Z_]+:\?", value), f"{name}: {variable}"


def test_ports_are_open_to_this_machine_only(compose: dict[str, Any]) -> None:
    """The Temporal page has no login, ours has no certificate."""
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_database_volume_is_where_version_18_wants_it(compose: dict[str, Any]) -> None:
    """Mounted at the older place, the image refuses to start."""
    postgres = compose["services"]["postgres"]
    assert postgres["image"] == "postgres:18"
    assert postgres["volumes"] == ["postgres:/var/lib/postgresql"]
    assert "postgres" in compose["volumes"]


def test_the_image_holds_every_package_and_runs_as_nobody_special(dockerfile: list[str]) -> None:
    """A package that is not copied is missing only at run time."""
    packages = {init.parent.name for init in ROOT.glob("*/__init__.py")}
    copied = {line.split()[1] for line in dockerfile if line.startswith("COPY ") and len(line.split()) == 3}
    assert packages <= copied
    modules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["py-modules"]
    named = " ".join(line for line in dockerfile if line.startswith("COPY "))
    assert all(f"{module}.py" in named for module in modules)
    assert "-c constraints.txt" in "\n".join(dockerfile)
    users = [line.split()[1] for line in dockerfile if line.startswith("USER ")]
    assert users
    assert users[-1] not in ("root", "0")
