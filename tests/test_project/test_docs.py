"""The documentation says what the code says."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import connectors
from canonical.codes import CODES
from canonical.feature import Feature
from canonical.settings import FeatureSettings
from docs.generate import SHARED, own_settings, pages
from settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
REFERENCE = re.compile(r"`([\w/]+\.py)(?:::([\w.]+))?`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@cache
def names_in(file: Path) -> frozenset[str]:
    """Every function, class and method of a module, methods as `Class.method`."""
    names: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = (each for each in node.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)))
            names.update(f"{node.name}.{method.name}" for method in methods)
    return frozenset(names)


@cache
def anchors_of(page: Path) -> frozenset[str]:
    """The anchors that a page's headings make."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


def cells(page: Path) -> set[str]:
    """The first cells of all table rows, without the marks."""
    return {line.split("|")[1].strip().strip("`") for line in page.read_text().splitlines() if line.startswith("|")}


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_generated_pages_are_up_to_date(name: str) -> None:
    """If not, run: .venv/bin/python -m docs.generate."""
    assert (DOCS / name).read_text() == pages()[name]


def test_every_code_has_a_line() -> None:
    """Whoever meets a code finds what it means."""
    assert set(CODES) <= cells(DOCS / "codes.md")


def test_every_feature_has_a_line() -> None:
    """Also those that no connector has yet."""
    assert {feature.value for feature in Feature} <= cells(DOCS / "feature-matrix.md")


def test_every_setting_has_a_line() -> None:
    """Shared ones, those of each connector, and the credentials."""
    wanted = {name for _, model in SHARED for name in model.model_fields}
    for spec in connectors.specs().values():
        wanted |= set(spec.credentials.model_fields)
        for declared in spec.features.values():
            assert issubclass(declared.settings, FeatureSettings)
            wanted |= set(own_settings(declared.settings))
    assert wanted <= cells(DOCS / "settings.md")


def test_every_environment_variable_is_described_with_its_default() -> None:
    """The administrator's table is the only place where they are described."""
    rows = re.findall(r"^\| `(CONNECT_\w+)` \| (?:`(.*?)`)? ?\|", (DOCS / "administrator.md").read_text(), re.MULTILINE)
    described = dict(rows)
    assert set(described) == {f"CONNECT_{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True, validated_data={})
        shown = "" if default is None or str(default) == "" else str(default)
        assert described[f"CONNECT_{name.upper()}"] == (shown.lower() if isinstance(default, bool) else shown), name


@each_page
def test_every_function_that_a_page_names_exists(page: Path) -> None:
    """The walks through the code lead somewhere."""
    for path, name in REFERENCE.findall(page.read_text()):
        file = next((base / path for base in (ROOT, DOCS) if (base / path).is_file()), None)
        if "/" not in path and file is None and not name:
            continue  # a file name spoken of in general, such as `client.py` of any connector
        assert file is not None, f"{path} does not exist"
        assert not name or name in names_in(file), f"{path} has no {name}"


@each_page
def test_every_link_leads_to_something(page: Path) -> None:
    """Files, folders and headings."""
    for target in LINK.findall(page.read_text()):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target} leads nowhere"
        assert not anchor or anchor in anchors_of(file), f"{target}: no such heading"


def test_every_page_can_be_reached_from_the_readme() -> None:
    """A page that nobody links to is not read."""
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        for target in LINK.findall(page.read_text()):
            file = (page.parent / target.partition("#")[0]).resolve()
            if file.suffix == ".md" and file.is_file() and file not in seen:
                waiting.append(file)
    assert set(PAGES) <= seen


def test_the_first_screen_of_the_readme_has_the_two_commands() -> None:
    """A newcomer must not scroll."""
    first = (ROOT / "README.md").read_text().splitlines()[:15]
    assert any(line.startswith("make demo") for line in first)
    assert any(line.startswith("make test") for line in first)


def test_every_package_is_in_the_readmes_table() -> None:
    """The README maps the folders."""
    text = (ROOT / "README.md").read_text()
    missing = [init.parent.name for init in ROOT.glob("*/__init__.py") if f"`{init.parent.name}/`" not in text]
    assert missing == []


def test_every_decision_is_listed_and_dated() -> None:
    """Short records, numbered without gaps."""
    folder = DOCS / "decisions"
    records = sorted(file for file in folder.glob("*.md") if file.name != "README.md")
    assert [file.name[:4] for file in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    index = (folder / "README.md").read_text()
    for file in records:
        text = file.read_text()
        assert text.startswith(f"# {file.name[:4]} ")
        assert re.search(r"^\d{4}-\d\d-\d\d · ", text, re.MULTILINE), file.name
        assert f"({file.name})" in index
