"""Which test shows which row of the feature matrix, and the page that says so.

A test says so by `@pytest.mark.proves(connector, *rows)`, of its function, class, module or one of its parameters.
Run `python -m tests.test_project.proofs` to write `docs/feature-tests.md`.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import connectors
from canonical.capability import ROWS, Capability
from docs.generate import table

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "feature-tests.md"
LEFT_OUT = {"skip", "skipif", "xfail"}
"""A test that does not run, or may fail, shows nothing."""


@dataclass(frozen=True, order=True)
class Proof:
    """A test that shows a row; `test` is its file and function as pytest names them, without parameters."""

    connector: str
    row: str
    test: str


@cache
def proofs() -> tuple[Proof, ...]:
    """All of them, sorted by connector, row and test; modules without the mark are not imported."""
    marked = (file for file in (ROOT / "tests").rglob("test_*.py") if "mark.proves" in file.read_text())
    found = {proof for file in marked for proof in proofs_in(importlib.import_module(_module(file)), _place(file))}
    return tuple(sorted(found))


def proofs_in(module: ModuleType, place: str) -> Iterator[Proof]:
    """The proofs of one module: of what pytest would collect of it, with the marks as it would see them."""
    outer = _marks(module)
    for name, value in vars(module).items():
        if name.startswith("test") and inspect.isfunction(value):
            yield from _of_test([*outer, *_marks(value)], f"{place}::{name}")
        if name.startswith("Test") and inspect.isclass(value):
            for method, function in inspect.getmembers(value, inspect.isfunction):
                if method.startswith("test"):
                    marks = [*outer, *_marks(value), *_marks(function)]
                    yield from _of_test(marks, f"{place}::{name}.{method}")


def _of_test(marks: list[Any], test: str) -> Iterator[Proof]:
    names = {mark.name for mark in marks}
    if names & LEFT_OUT:
        return
    for mark in marks:
        if mark.name == "proves":
            yield from (Proof(str(mark.args[0]), str(row), test) for row in mark.args[1:])
        elif mark.name == "parametrize":
            # A generator is pytest's to read; only what can be read twice is looked into.
            values = mark.args[1] if len(mark.args) > 1 else mark.kwargs.get("argvalues")
            for entry in values if isinstance(values, (list, tuple)) else ():
                yield from _of_test(list(getattr(entry, "marks", ())), test)


def _marks(owner: object) -> list[Any]:
    found = getattr(owner, "pytestmark", [])
    return list(found) if isinstance(found, (list, tuple)) else [found]


def _place(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def _module(file: Path) -> str:
    return _place(file).removesuffix(".py").replace("/", ".")


def page() -> str:
    """Write the page: a table for each connector that has a column in the matrix."""
    by_row: dict[tuple[str, str], list[str]] = {}
    for proof in proofs():
        by_row.setdefault((proof.connector, proof.row), []).append(proof.test)
    specs = [spec for spec in connectors.specs().values() if not spec.family]
    parts = [f"## {spec.title}\n\n{_table(spec.key, spec.capabilities, by_row)}\n" for spec in specs]
    return HEAD + "\n".join(parts)


def _table(key: str, rows: Mapping[Capability, object], by_row: Mapping[tuple[str, str], list[str]]) -> str:
    return table(
        ("Area", "Feature", "Shown by"),
        (
            (line.area, line.label, "<br>".join(f"`{test}`" for test in by_row[key, row.value]))
            for row, line in ROWS.items()
            if row in rows
        ),
    )


HEAD = """<!-- Written by tests/test_project/proofs.py; after a change run: .venv/bin/python -m tests.test_project.proofs -->
# Tests of the feature matrix

Each row that a connector has in the [feature matrix](feature-matrix.md), with the tests that show it. A test says so by its
mark `proves`; `tests/test_project/test_feature_matrix.py` fails when a row has no test, when this page is not true any
more, and where the matrix differs from the published one without a reason.

"""


if __name__ == "__main__":
    PAGE.write_text(page())
