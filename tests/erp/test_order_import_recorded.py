"""The orders that a real WooCommerce answered with: outcome, cents, and the booked order beside its draft."""

import re
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlmodel import Session

import connectors
from canonical.order import ChannelOrder
from canonical.runs import Counts
from erp.rules import Decision, OrderDraft, Outcome, decide, draft_to_json, sample_master_data
from erp.rules.model import DraftLine
from erp.tables import Article, Customer
from tests.erp.order_kit import Importer, context

Document = dict[str, Any]
TABLE = Path(__file__).parents[2] / "docs" / "orders.md"


@pytest.fixture(scope="module")
def documents(shared: Path) -> list[Document]:
    """The recorded documents."""
    found: list[Document] = orjson.loads((shared / "fixtures/woocommerce_real/orders_all.json").read_bytes())
    assert len(found) == 39
    return found


@pytest.fixture(scope="module")
def orders(documents: list[Document]) -> list[ChannelOrder]:
    """The same, as the connector reads them."""
    return [read(document) for document in documents]


def read(document: Document) -> ChannelOrder:
    """Read one document with the connector's own mapping."""
    order: ChannelOrder = connectors.reader("woocommerce").read_order(orjson.dumps(document))
    return order


def decided(of: ChannelOrder, orders: list[ChannelOrder]) -> Decision:
    """Decide in a world that knows every product of the shop."""
    master, settings = sample_master_data(orders)
    return decide(of, context(settings), master)


def test_every_recorded_total_is_met_to_the_cent(documents: list[Document], orders: list[ChannelOrder]) -> None:
    for document, of in zip(documents, orders, strict=True):
        assert of.computed_total == D(document["total"]), document["id"]
        assert of.computed_tax == D(document["total_tax"]), document["id"]
        draft = decided(of, orders).draft
        if draft is not None:
            assert sum(line.gross for line in draft.lines) == draft.total == D(document["total"]), document["id"]


def test_the_outcomes_are_those_of_the_table_in_the_docs(orders: list[ChannelOrder]) -> None:
    rows = re.findall(
        r"^\| (\d+) \| [^|]+ \| ([\d.]+) [A-Z]{3} \| (\w+) \| ([^|]*) \|", TABLE.read_text(), re.MULTILINE
    )
    written = {number: (total, outcome, codes.strip("` ")) for number, total, outcome, codes in rows}
    assert len(written) == 39
    for of in orders:
        decision = decided(of, orders)
        codes = ", ".join(finding.code for finding in decision.findings) or "–"
        assert written[of.number] == (str(of.stated.total), decision.outcome.value, codes), of.number


def test_a_cent_more_or_less_on_any_line_parks_the_order(documents: list[Document], orders: list[ChannelOrder]) -> None:
    changed = 0
    for document, of in zip(documents, orders, strict=True):
        if decided(of, orders).outcome is not Outcome.IMPORT:
            continue
        for position, line in enumerate(document["line_items"]):
            for field in ("total", "subtotal"):
                cent = {field: str(D(line[field]) + D("0.01"))}
                lines = [item | cent if n == position else item for n, item in enumerate(document["line_items"])]
                decision = decided(read(document | {"line_items": lines}), orders)
                assert decision.outcome is Outcome.REJECT, (document["id"], line["id"], field)
                assert "TOTAL_MISMATCH" in [finding.code for finding in decision.findings]
                changed += 1
    assert changed == 100


def test_what_is_booked_is_the_draft_field_by_field(orders: list[ChannelOrder], session: Session) -> None:
    importer = Importer(session, *orders)
    drafts = {of.external_id: decided(of, orders).draft for of in orders}
    good = [draft for draft in drafts.values() if draft is not None]
    parked = sum(decided(of, orders).outcome is Outcome.REJECT for of in orders)
    counts = importer.run(*orders)
    assert counts == Counts(good=len(good), parked=parked, skipped=39 - len(good) - parked)
    articles = {article.id: article for article in importer.articles()}
    for external_id, draft in drafts.items():
        if draft is None:
            assert importer.booked(external_id) is None
        else:
            compare(importer, draft, articles)


def compare(importer: Importer, draft: OrderDraft, articles: dict[int | None, Article]) -> None:
    """Compare every field of a draft with what the database has."""
    booked = importer.booked(draft.external_id)
    assert booked is not None
    own = {
        "project",
        "customer",
        "payment_method",
        "shipping_method",
        "delivery_term",
        "lines",
        "holds",
        "payments",
        "reserves_stock",
    }
    for name in set(OrderDraft.__dataclass_fields__) - own:
        assert getattr(booked, name) == getattr(draft, name), (draft.external_id, name)
    printed = draft_to_json(draft)
    for name in ("project", "payment_method", "shipping_method", "delivery_term"):
        assert importer.code_of(name, getattr(booked, f"{name}_id")) == printed[name], (draft.external_id, name)
    assert tuple(booked.holds) == draft.holds
    lines = importer.lines(draft.external_id)
    assert [line.position for line in lines] == list(range(1, len(draft.lines) + 1))
    for line, expected in zip(lines, draft.lines, strict=True):
        for name in set(DraftLine.__dataclass_fields__) - {"article", "properties", "parent", "line_refs"}:
            assert getattr(line, name) == getattr(expected, name), (draft.external_id, name)
        assert line.parent_id == (None if expected.parent is None else lines[expected.parent].id)
        assert tuple(line.line_refs) == expected.line_refs
        assert [(item["name"], item["value"]) for item in line.properties] == list(expected.properties)
        assert articles[line.article_id].number == (expected.article.number if expected.article else None)
    money = importer.payments(draft.external_id)
    assert [(row.kind, row.amount, row.reference, row.at) for row in money] == [
        (row.kind, row.amount, row.reference, row.at) for row in draft.payments
    ]
    customer = importer.session.get(Customer, booked.customer_id)
    assert customer is not None
    assert customer.email_key == draft.customer.email_key
