"""The feature matrix says what the published one says (D§9.1), but for the differences that are listed with their reasons."""

import re
from pathlib import Path
from types import ModuleType

import pytest

import connectors
from canonical.capability import ROWS, Capability
from docs.differences import DIFFERENCES
from tests.test_project.proofs import PAGE, Proof, page, proofs, proofs_in

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


IMPORTED = {
    "Article import": Capability.IMPORT_ARTICLES,
    "Prices": Capability.IMPORT_PRICES,
    "Images": Capability.IMPORT_MEDIA,
}
"""Rows of D§9.2 as rows of the matrix: Shopware 5 is only imported from."""


def test_shopware_5_has_what_is_published_for_it(shared: Path) -> None:
    text = (shared / "design" / "domain.md").read_text()
    part = text[text.index("### 9.2") : text.index("### 9.3")]
    rows = dict(re.findall(r"^\| ([^|]+) \|.*\| ([^|]+) \|$", part, re.MULTILINE))
    available = {row for row, mark in rows.items() if mark.strip() in ("●", "import")}
    assert available == {*IMPORTED, "Variants"}
    spec = connectors.spec_of("shopware5")
    assert {row for row, capability in IMPORTED.items() if capability in spec.capabilities} == set(IMPORTED)
    assert not spec.features and set(spec.capabilities) == set(IMPORTED.values())


def test_every_difference_has_a_reason() -> None:
    assert all(len(reason) > 20 for _, reason in DIFFERENCES.values())


@pytest.mark.parametrize("key", [key for key, spec in connectors.specs().items() if not spec.family])
def test_every_declared_row_is_shown_by_a_test(key: str) -> None:
    shown = {proof.row for proof in proofs() if proof.connector == key}
    assert {row.value for row in connectors.spec_of(key).capabilities} - shown == set()
    assert shown <= {row.value for row in Capability}


def test_a_mark_names_a_connector() -> None:
    assert {proof.connector for proof in proofs()} <= {
        key for key, spec in connectors.specs().items() if not spec.family
    }


@pytest.mark.parametrize("key", PUBLISHED)
def test_every_row_that_is_published_as_available_has_a_test_or_an_explained_difference(key: str, shared: Path) -> None:
    shown = {proof.row for proof in proofs() if proof.connector == key}
    explained = {row for (connector, row), (here, _) in DIFFERENCES.items() if connector == key and not here}
    available = {row for row, marks in published(shared).items() if marks[PUBLISHED[key]] == "●"}
    assert len(available) > 25
    assert {row for row in available - explained if row.value not in shown} == set()


def test_the_page_names_the_tests() -> None:
    """If not, run: .venv/bin/python -m tests.test_project.proofs."""
    assert PAGE.read_text() == page()


MARKED = """
import pytest
ROWS = ("stock", "prices")

@pytest.mark.proves("demo", *ROWS)
def test_with_a_star(): ...

@pytest.mark.parametrize("x", [1, pytest.param(2, marks=pytest.mark.proves("demo", "ean"))])
def test_of_one_parameter(x): ...

class TestOfAClass:
    @pytest.mark.proves("demo", "images")
    def test_method(self): ...

@pytest.mark.skip
@pytest.mark.proves("demo", "refunds")
def test_that_does_not_run(): ...

@pytest.mark.proves("demo", "tracking")
def no_test(): ...
"""


def test_marks_are_read_as_pytest_reads_them() -> None:
    module = ModuleType("marked")
    exec(MARKED, vars(module))
    assert list(proofs_in(module, "t.py")) == [
        Proof("demo", "stock", "t.py::test_with_a_star"),
        Proof("demo", "prices", "t.py::test_with_a_star"),
        Proof("demo", "ean", "t.py::test_of_one_parameter"),
        Proof("demo", "images", "t.py::TestOfAClass.test_method"),
    ]
