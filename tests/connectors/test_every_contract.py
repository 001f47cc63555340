"""Every message between a connector and its sandbox is one that the vendor's own description knows, in both directions."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import connectors
from tests.contract import coverage, shopify_spec, shopware5_spec
from tests.contract.coverage import ELSEWHERE, Covered
from tests.contract.exercise import Run, exercise
from tests.contract.operations import PAGE, ROOT, TOKEN, described, listed, operation_of, unlisted

with_each = pytest.mark.parametrize("key", connectors.OWN)


@pytest.fixture(scope="module")
def run(shared: Path) -> Callable[[str], Run]:
    """The contract run of a connector, made once."""
    return cache(exercise)


@with_each
def test_every_request_and_every_answer_keeps_the_vendors_description(key: str, run: Callable[[str], Run]) -> None:
    assert coverage.violations(run(key)) == []


@with_each
def test_every_operation_that_the_source_names_is_covered(key: str, run: Callable[[str], Run]) -> None:
    assert coverage.uncovered(key, coverage.covered(run(key)).operations) == set()


@with_each
def test_what_the_run_leaves_out_is_an_operation_and_has_its_test(key: str, run: Callable[[str], Run]) -> None:
    sent = {operation_of(key, exchange) for exchange in run(key).exchanges}
    for name, test in ELSEWHERE.get(key, {}).items():
        path, _, function = test.partition("::")
        assert name in described(key) and name not in sent
        assert f"def {function}(" in (ROOT / path).read_text()


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("shopify", "AddFixedPrices"),
        ("shopify", TOKEN),
        ("woocommerce", "GET /wc/v3/orders/statuses"),
        ("woocommerce", "GET /wc/v3/products/{id}"),
        ("shopware6", "PATCH /order-delivery/{id}"),
        ("shopware5", "GET /propertyGroups/{id}"),
        ("mirakl", "OR72"),
    ],
)
def test_an_operation_that_is_not_covered_is_noticed(key: str, name: str, shared: Path) -> None:
    assert coverage.uncovered(key, sorted(listed()[key] - {name}))


def test_what_the_conformance_suite_sends_beyond_the_page_is_noticed(run: Callable[[str], Run]) -> None:
    sent = run("mirakl").exchanges
    assert unlisted("mirakl", sent) == set()
    assert unlisted("mirakl", [replace(sent[0], path="/api/version")]) == {"V01"}
    assert unlisted("mirakl", [replace(sent[0], path="/api/sales")]) == {f"{sent[0].method} /api/sales"}


@pytest.mark.parametrize(
    ("path", "change", "problem"),
    [
        ("/api/articles", {"path": "/api/goods"}, "no operation GET /api/goods"),
        ("/api/articles", {"method": "PATCH"}, "no operation PATCH /api/articles"),
        ("/api/articles", {"query": "page=2"}, "GET /articles: unknown parameter page"),
        ("/api/articles", {"query": "filter[0][expression]=GT"}, "GET /articles: unknown expression GT"),
        ("/api/articles", {"query": "limit=all"}, "GET /articles: limit is no number"),
        ("/api/articles", {"answer": b'{"success":true,"data":[]}'}, "GET /articles: a list without data and total"),
        ("/api/articles", {"answer": b"<html>"}, "GET /articles: the answer is no object with `success`"),
        ("/api/articles", {"status": 404}, "GET /articles: success is True under HTTP 404"),
        ("/api/media/1", {"answer": b'{"success":true,"data":{"url":""}}'}, "GET /media/{id}: unknown field url"),
    ],
)
def test_a_message_that_breaks_shopware_5s_tables_is_noticed(
    path: str, change: dict[str, Any], problem: str, run: Callable[[str], Run]
) -> None:
    good = next(each for each in run("shopware5").exchanges if each.path == path)
    assert shopware5_spec.violations(good) == []
    assert problem in shopware5_spec.violations(replace(good, **change))


def test_a_field_may_be_missing_only_where_the_variables_exclude_it(run: Callable[[str], Run]) -> None:
    sent = run("shopify").exchanges
    orders = next(
        each for each in sent if operation_of("shopify", each) == "Orders" and b"purchasingEntity" in each.body
    )
    asked = replace(orders, body=orders.body.replace(b'"company":false', b'"company":true'))
    assert asked.body != orders.body
    assert "data.orders.nodes[0].purchasingEntity: missing" in shopify_spec.violations(asked)


def test_the_page_says_what_the_run_covers(run: Callable[[str], Run]) -> None:
    """If not, run: .venv/bin/python -m tests.contract.coverage."""
    counts = [coverage.covered(run(key)) for key in connectors.OWN]
    assert PAGE.read_text() == coverage.page(counts)
    assert {count.key: set(count.operations) for count in counts} == listed()


def test_the_page_says_how_many_of_how_many() -> None:
    counted = Covered("mirakl", ("OR11", "OR21"), 123, 7, 8)
    (row,) = re.findall(r"^\| Mirakl .*$", coverage.page([counted]), re.MULTILINE)
    assert row.endswith("| 2 of 2 | 2 of 123 | 7 | 8 |")
