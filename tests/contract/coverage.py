"""Which operations of each vendor are held against its description, and the page that says so.

Run `python -m tests.contract.coverage` to write `docs/contract-tests.md`; it needs the vendors' data (`CONNECT_SHARED`).
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from graphql import FieldNode, OperationDefinitionNode, parse

import connectors
from connectors import shopify
from connectors.shopify.graph import Document
from docs.generate import table
from tests.contract.bad_input import ROWS
from tests.contract.exercise import Run, exercise
from tests.contract.operations import METHODS, PAGE, TOKEN, described, operation_of, specification

MIRAKL_CODE = re.compile(r"[A-Z]{1,4}\d{2}")
PATH = re.compile(r"/[a-z_{].*")
WORD = re.compile(r"[A-Za-z_]+(?:-[A-Za-z_]+)*")
NO_OPERATION = frozenset({"api", "wp-json", "wc-auth", "authorize"})
"""Parts of base addresses, and of WooCommerce's page on which a person agrees."""
DESCRIPTIONS: Mapping[str, str] = {
    "shopify": "GraphQL schema of the Admin API 2026-10",
    "woocommerce": "`OPTIONS` answers and JSON schemas of a WooCommerce shop",
    "shopware6": "OpenAPI file of the Admin API",
    "shopware5": "tables of the REST documentation",
    "mirakl": "OpenAPI files of MMP and MCM for sellers",
}
ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "woocommerce": {
        "GET /wc/v3/products/{id}": (
            "tests/connectors/test_woocommerce_contract.py::test_the_shop_knows_every_request_of_the_other_features"
        )
    },
    "shopware5": {
        "GET /propertyGroups/{id}": "tests/connectors/test_shopware5_import.py::test_the_vendors_own_example_is_read"
    },
}
"""Operations that the sandboxes give no occasion for, with the test that shows them."""


@dataclass(frozen=True)
class Covered:
    """What the contract run of one connector held against the vendor's description."""

    key: str
    operations: tuple[str, ...]
    described: int
    """How many operations the vendor describes."""
    requests: int
    """Those that the shop took; a request that was rightly refused is judged by its answer."""
    answers: int


def violations(run: Run) -> list[str]:
    """What in a run breaks the vendor's description."""
    return [problem for exchange in run.exchanges for problem in specification(run.key).violations(exchange)]


def covered(run: Run) -> Covered:
    """Count a run."""
    named = {operation_of(run.key, exchange) for exchange in run.exchanges} | set(ELSEWHERE.get(run.key, ()))
    taken = sum(exchange.status < 400 for exchange in run.exchanges)
    return Covered(run.key, tuple(sorted(named)), len(described(run.key)), taken, len(run.exchanges))


# --- what the source says ------------------------------------------------------------------------------------------------


@cache
def documents() -> Mapping[str, Document]:
    """Shopify's queries and mutations by name."""
    found = {}
    for module in pkgutil.iter_modules(shopify.__path__, "connectors.shopify."):
        for _, value in inspect.getmembers(importlib.import_module(module.name)):
            if isinstance(value, Document):
                name = re.search(r"\b(?:query|mutation) (\w+)", value.text)
                assert name is not None
                found[name[1]] = value
    return found


def root_fields() -> set[str]:
    """The root fields that Shopify's documents use."""
    nodes = [node for document in documents().values() for node in parse(document.text).definitions]
    operations = [node for node in nodes if isinstance(node, OperationDefinitionNode)]
    fields = [field for node in operations for field in node.selection_set.selections]
    return {field.name.value for field in fields if isinstance(field, FieldNode)}


def uncovered(key: str, operations: Sequence[str]) -> set[str]:
    """What the connector's source names as an operation, or as a part of a path, that no covered operation has."""
    if key == "shopify":
        return {*documents(), TOKEN} ^ set(operations)
    texts = set(_texts(key))
    if key == "mirakl":
        return {text for text in texts if MIRAKL_CODE.fullmatch(text)} ^ set(operations)
    words = {word for text in texts if PATH.match(text) for word in WORD.findall(text.replace("{}", ""))}
    known = NO_OPERATION | {word for operation in operations for word in WORD.findall(operation)}
    return (words - known) | {call for call in _calls(key) if not _is_covered(key, call, operations)}


def _is_covered(key: str, call: str, operations: Sequence[str]) -> bool:
    """Whether a call of the source, such as `GET /orders/{}`, is a covered operation, by the vendor's name where it has one."""
    covered_, vendors = ({_shape(name) for name in names} for names in (operations, described(key)))
    if _shape(call) in vendors:
        return _shape(call) in covered_
    pattern = re.compile(re.escape(_shape(call)).replace(re.escape("{}"), "[^/]+"))
    return any(pattern.fullmatch(name) for name in covered_)


def _shape(operation: str) -> str:
    """An operation without the base of its path, numbers and the names of places."""
    method, _, path = operation.partition(" ")
    return f"{method} {re.sub(r'{[^}]*}|(?<=/)[0-9]+(?=/|$)', '{}', path.removeprefix('/wc/v3'))}"


def _calls(key: str) -> Iterator[str]:
    """The calls of a connector's source that have their path written in place."""
    for node in _nodes(key):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            method, path = node.func.attr.upper(), _text(node.args[0])
            if method in METHODS and path is not None and PATH.match(path):
                yield f"{method} {path}"


def _texts(key: str) -> Iterator[str]:
    """The texts of a connector's source, without documentation."""
    yield from (text for node in _nodes(key) if (text := _text(node)) is not None and "\n" not in text)


def _text(node: ast.AST) -> str | None:
    """A text as written; what an f-string fills in is `{}`."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _nodes(key: str) -> Iterator[ast.AST]:
    folder = Path(str(importlib.import_module(f"connectors.{key}").__file__)).parent
    for file in sorted(folder.glob("*.py")):
        yield from ast.walk(ast.parse(file.read_text()))


# --- the page ------------------------------------------------------------------------------------------------------------


def page(counts: Sequence[Covered]) -> str:
    """Write the page."""
    rows = []
    for each in counts:
        of_all = len(root_fields()) if each.key == "shopify" else len(each.operations)
        numbers = f"{len(each.operations)} of {len(each.operations)}", f"{of_all} of {each.described}"
        title = connectors.spec_of(each.key).title
        rows.append((title, DESCRIPTIONS[each.key], *numbers, str(each.requests), str(each.answers)))
    head = ("System", "Held against", "Operations used, covered", "Of the vendor's", "Requests", "Answers")
    parts = [_part(each) for each in counts]
    tried = table(
        ("What is tried", "With", "Tests"),
        ((what, keys, "<br>".join(f"`{test}`" for test in tests)) for what, keys, tests in ROWS),
    )
    return HEAD.format(table=table(head, rows), tried=tried) + "\n".join(parts)


def _part(each: Covered) -> str:
    names = ", ".join(f"`{name}`" for name in each.operations)
    elsewhere = "".join(
        f"\nNot sent in this run: {name}; shown by `{test}`.\n" for name, test in ELSEWHERE.get(each.key, {}).items()
    )
    return f"## {connectors.spec_of(each.key).title}\n{elsewhere}\nOperations: {names}.\n"


HEAD = """<!-- Written by tests/contract/coverage.py; after a change run: .venv/bin/python -m tests.contract.coverage -->
# Contract tests

Every connector is used for all that it can do against its sandbox, and each message, there and back, is held against the
vendor's own description of its interface: path, parameters, body, status, answer; no field may be invented. Known
deviations of real shops from their description are tables in `tests/contract/`, each with its reason.

{table}

*Operations used* are methods of paths; with Shopify the queries and mutations, and of the vendor's the root fields in them.
*Requests* are those that were taken: one that was rightly refused is judged by its answer.

`tests/connectors/test_every_contract.py` makes the run and compares this page with it; it also fails when a connector's
source names an operation that the run does not send. The conformance suite (`tests/connectors/test_conformance.py`) fails
when a connector sends one that is not listed here. Beyond that `tests/connectors/test_shopify_contract.py` reckons what
queries cost and which permissions they need, `tests/connectors/test_mirakl_contract.py` compares the limits, and
`tests/connectors/test_woocommerce_contract.py` and `tests/connectors/test_shopware6_contract.py` check requests to the field.

## Bad input

{tried}

"""


if __name__ == "__main__":
    PAGE.write_text(page([covered(exercise(key)) for key in connectors.OWN]))
