"""What `make` installs: everything that pyproject.toml asks for, in one version each, for every Python that we promise."""

import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]


def project() -> dict[str, object]:
    """The project's table."""
    table: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def pins() -> dict[str, Requirement]:
    """Every pinned package by name."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(each.name): each for each in pinned}


def wanted() -> list[Requirement]:
    """What the project and its tests ask for."""
    table = project()
    extras = table["optional-dependencies"]
    assert isinstance(extras, dict)
    lines = [*table["dependencies"], *(line for extra in extras.values() for line in extra)]  # type: ignore[misc]
    return [Requirement(line) for line in lines]


def test_every_dependency_is_pinned_to_a_version_that_it_may_have() -> None:
    """A package without a pin changes under our feet."""
    pinned = pins()
    for requirement in wanted():
        pin = pinned.get(canonicalize_name(requirement.name))
        assert pin is not None, f"{requirement.name} is not in constraints.txt"
        (exact,) = pin.specifier
        assert exact.operator == "=="
        assert Version(exact.version) in requirement.specifier, f"{pin} does not fit {requirement}"


def test_the_demo_needs_nothing_that_only_tests_need() -> None:
    """The newcomer's first command installs as little as possible."""
    dependencies = {Requirement(line).name for line in project()["dependencies"]}  # type: ignore[attr-defined]
    assert not {"pytest", "playwright", "ruff", "mypy", "hypothesis"} & dependencies


def make(folder: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """Ask for the demo in a copy where nothing is installed, with only the given programs."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (folder / name).write_text((ROOT / name).read_text())
    for name in ("make", "sh", "touch", "rm", "cat"):
        found = next(base / name for base in (Path("/usr/bin"), Path("/bin")) if (base / name).exists())
        (path / name).symlink_to(found)
    return subprocess.run(
        [path / "make", "demo"], cwd=folder, env={"PATH": str(path)}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("python", "line"),
    [
        (None, "Python 3.11 to 3.14 is needed, found none: apt-get install python3 python3-venv"),
        (
            'case "$2" in *"not ("*) exit 1;; *) echo 3.9.2;; esac',
            "Python 3.11 to 3.14 is needed, found 3.9.2: apt-get install python3 python3-venv",
        ),
        (
            'case "$2" in *ensurepip*) exit 1;; *%d*) echo python3.11;; esac',
            "python3.11 cannot make virtual environments: apt-get install python3.11-venv",
        ),
    ],
    ids=["no Python", "an old Python", "a Python without venv"],
)
def test_make_says_the_one_line_that_helps(tmp_path: Path, python: str | None, line: str) -> None:
    """In a folder with a space in its name, on machines that lack something."""
    folder, path = tmp_path / "a folder", tmp_path / "bin"
    folder.mkdir()
    path.mkdir()
    if python is not None:
        (path / "python3").write_text(f"#!/bin/sh\n{python}\n")
        (path / "python3").chmod(0o755)
    answer = make(folder, path)
    assert answer.returncode != 0
    said = [each for each in answer.stderr.splitlines() if "make: ***" not in each]
    assert said == [line]
    assert not (folder / ".venv").exists()
