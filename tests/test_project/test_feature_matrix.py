"""The feature matrix says what the published one says (D§9.1), but for the differences that are listed with their reasons."""

import ast
import re
from pathlib import Path

import pytest

import connectors
from canonical.capability import ROWS, Capability
from docs.differences import DIFFERENCES

TESTS = Path(__file__).parents[1]
PUBLISHED = {"shopify": 0, "woocommerce": 1, "shopware6": 3, "mirakl": 5}
"""Our connectors' columns of the published matrix."""


def published(shared: Path) -> dict[Capability, list[str]]:
    """The rows of D§9.1 with the marks of all its columns."""
    text = (shared / "design" / "domain.md").read_text()
    part = text[text.index("### 9.1") : text.index("Places where the matrix")]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|(.*)\|$", part, re.MULTILINE)
    by_label = {(row.area, row.label): capability for capability, row in ROWS.items()}
    found = {}
    for area, label, marks in rows:
        if (area.strip(), label.strip()) in by_label:
            found[by_label[area.strip(), label.strip()]] = [mark.strip() for mark in marks.split("|")]
    return found


def test_every_row_of_the_published_matrix_is_a_capability(shared: Path) -> None:
    assert list(published(shared)) == list(ROWS) == list(Capability)


@pytest.mark.parametrize("key", PUBLISHED)
def test_a_connector_has_what_is_published_or_the_difference_is_explained(key: str, shared: Path) -> None:
    ours = connectors.spec_of(key).capabilities
    differing = {
        row: row in ours for row, marks in published(shared).items() if (marks[PUBLISHED[key]] == "●") != (row in ours)
    }
    explained = {row: here for (connector, row), (here, _) in DIFFERENCES.items() if connector == key}
    assert differing == explained


def test_every_difference_has_a_reason() -> None:
    assert all(len(reason) > 20 for _, reason in DIFFERENCES.values())


def proved() -> set[tuple[str, str]]:
    """The capabilities that a test says it shows, by connector: `@pytest.mark.proves(connector, *capabilities)`."""
    found: set[tuple[str, str]] = set()
    for file in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "proves":
                words = [each.value for each in node.args if isinstance(each, ast.Constant)]
                found |= {(str(words[0]), str(row)) for row in words[1:]}
    return found


@pytest.mark.parametrize("key", [key for key, spec in connectors.specs().items() if not spec.family])
def test_every_declared_row_is_shown_by_a_test(key: str) -> None:
    shown = {row for connector, row in proved() if connector == key}
    assert {row.value for row in connectors.spec_of(key).capabilities} - shown == set()
    assert shown <= {row.value for row in Capability}
