"""The layers hold, and the contracts that say so know every connector."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import connectors

ROOT = Path(__file__).parents[2]


def contracts() -> configparser.ConfigParser:
    """The contracts as import-linter reads them."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    return parser


def packages() -> list[str]:
    """The packages that the contracts know."""
    return contracts()["importlinter"]["root_packages"].split()


def systems_named(contract: str, field: str) -> set[str]:
    """The connector packages that a contract lists."""
    modules = contracts()[f"importlinter:contract:{contract}"][field].split()
    return {module.removeprefix("connectors.") for module in modules if module.startswith("connectors.")}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a checkout."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


def test_the_layers_hold() -> None:
    """As `make lint` sees it, also for those who only run the tests."""
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


def test_every_connector_is_in_the_registry_and_in_the_contracts() -> None:
    """A connector that nobody lists is guarded by no contract."""
    folders = {init.parent.name for init in (ROOT / "connectors").glob("*/__init__.py")}
    assert folders == set(connectors.OWN)
    assert systems_named("systems", "modules") == folders
    assert systems_named("shared", "forbidden_modules") == folders
    assert systems_named("web", "forbidden_modules") - {"transport"} == folders


def test_what_connectors_share_is_listed_in_the_contracts() -> None:
    """A new shared module must not know a single system either."""
    shared = {file.stem for file in (ROOT / "connectors").glob("*.py")} - {"__init__"}
    assert systems_named("shared", "source_modules") == shared


def test_every_package_is_under_the_contracts() -> None:
    """A package that nobody lists may import what it likes."""
    assert {init.parent.name for init in ROOT.glob("*/__init__.py")} == set(packages())


def test_a_forbidden_import_breaks_the_contracts(tmp_path: Path) -> None:
    """The gate itself works: each planted import is found."""
    for package in packages():
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    planted = {
        "canonical/planted.py": "import httpx\n",
        "connectors/spec.py": "import erp.tables\n",
        "erp/planted.py": "import connectors.spec\n",
        "workflows/planted.py": "import sqlmodel\n",
        "activities/planted.py": "import workflows.integration\n",
        "web/planted.py": "import connectors.woocommerce\n",
        "embedded/planted.py": "import settings\n",
        "sandbox/planted.py": "import canonical.order\n",
    }
    for name, line in planted.items():
        with (tmp_path / name).open("a") as file:
            file.write(line)
    result = lint(tmp_path)
    assert result.returncode == 1
    missed = [name for name in planted if f"{name.removesuffix('.py').replace('/', '.')} -> " not in result.stdout]
    assert missed == [], result.stdout
