"""The connector against a simulated marketplace: whole lives of orders and offers, lost replies, orders that move."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import connectors.mirakl
from canonical.catalogue import ArticleContent, ArticlePrices, NamedValue, NewOffer, PriceTier
from canonical.codes import Kind
from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.push import (
    AnswerKind,
    OrderAnswer,
    OrderStatus,
    OutgoingDocument,
    Parcel,
    PushAnswer,
    Refund,
    RefundLine,
    ShippedLine,
    StatusKind,
    StockLevel,
)
from connectors.account import Account
from connectors.transport import TransportOptions
from sandbox.mirakl import MiraklShop
from sandbox.server import SandboxServer

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
SINCE = "2026-02-01T00:00:00Z"
SETTINGS: dict[Feature, dict[str, Any]] = {
    Feature.SHIPMENTS: {"cancel_in_channel": True, "cancel_reason": "34", "carrier_map": {"DHL": "DHL"}},
    Feature.REFUNDS: {"reason": "15"},
    Feature.ARTICLES: {"sku_attribute": "shop-sku", "variant_attribute": "variant-group"},
}

Connect = Callable[..., Any]


def connector_of(shop: MiraklShop, **shipments: Any) -> Any:
    chosen = {
        feature: spec.settings(**SETTINGS.get(feature, {}) | (shipments if feature is Feature.SHIPMENTS else {}))
        for feature, spec in connectors.mirakl.SPEC.features.items()
    }
    credentials = connectors.mirakl.MiraklCredentials(**shop.credentials())
    return connectors.mirakl.build(credentials, chosen, Account(), TransportOptions(allow_private=True, timeout=5))


@pytest.fixture(params=["TAX_INCLUDED", "TAX_EXCLUDED"])
def shop(request: Any) -> Iterator[MiraklShop]:
    """A marketplace in each of the two ways to state prices."""
    yield from served(MiraklShop(tax_mode=request.param, multi_shipment=True))


@pytest.fixture
def gross_shop() -> Iterator[MiraklShop]:
    yield from served(MiraklShop(needs_acceptance=True, enforce_frequency=False))


def served(shop: MiraklShop) -> Iterator[MiraklShop]:
    shop.add_article("MUG", "Becher", "11.90", stock=10_000, ean="4006381333931")
    shop.add_article("TEA", "Tee", "5.35", stock=10_000, tax_class="reduced")
    with SandboxServer(shop):
        yield shop


def place(shop: MiraklShop, count: int, step: timedelta = timedelta(seconds=7)) -> list[str]:
    return [shop.buy([("MUG", 2), ("TEA", 1)], at=START + step * number) for number in range(count)]


def codes(found: PushAnswer) -> list[str]:
    return [entry.failure.code if entry.failure else entry.outcome.value for entry in found.results]


def settled(connector: Any, found: PushAnswer) -> list[str]:
    """The results after as many questions as it takes."""
    results = list(found.results)
    for _ in range(5):
        if not found.ticket:
            return codes(PushAnswer(results=tuple(results)))
        found = connector.check_ticket(found.ticket)
        results += found.results
    raise AssertionError("the import does not end")


def effects(shop: MiraklShop, kind: str) -> list[str]:
    return [effect.value for effect in shop.effects if effect.kind == kind]


def retried(call: Callable[..., PushAnswer], record: Any) -> list[str]:
    """Lose the reply of the first try, then try again as a repeat."""
    with pytest.raises(FailureError) as caught:
        call([record])
    assert caught.value.failure.kind is Kind.RETRY
    return codes(call([record.model_copy(update={"is_repeat": True})]))


# --- orders ------------------------------------------------------------------------------------------------------------


def test_orders_that_change_while_paging_are_not_skipped(gross_shop: MiraklShop) -> None:
    gross_shop.needs_acceptance = False
    orders = place(gross_shop, 130)
    connector = connector_of(gross_shop)
    page = connector.fetch_orders(connector.first_cursor(SINCE), 100)
    seen = {document.external_id: document for document in page.documents}
    for moved, order in enumerate([*orders[:40], orders[110]]):
        gross_shop.touch(order, START + timedelta(days=1, seconds=moved))
    while page.more:
        page = connector.fetch_orders(page.cursor, 100)
        seen |= {document.external_id: document for document in page.documents}
    assert set(seen) == set(orders)
    assert "geändert" in seen[orders[39]].body.decode() and "geändert" in seen[orders[110]].body.decode()


def test_many_orders_of_one_second_neither_loop_nor_get_lost(gross_shop: MiraklShop) -> None:
    orders = place(gross_shop, 210, timedelta(0))
    connector, seen, calls = connector_of(gross_shop), set(), 0
    cursor, more = connector.first_cursor(SINCE), True
    while more:
        page = connector.fetch_orders(cursor, 500)
        cursor, more, calls = page.cursor, page.more, calls + 1
        seen |= {document.external_id for document in page.documents}
    assert seen == set(orders) and calls == 6


def test_every_seeded_order_balances_to_the_cent(shop: MiraklShop) -> None:
    shop.seed(articles=20, orders=25)
    connector = connector_of(shop)
    documents = connector.fetch_orders(connector.first_cursor("2020-01-01T00:00:00Z"), 100).documents
    assert len(documents) == 25
    for document in documents:
        order = connector.read_order(document.body)
        assert order.computed_total == order.stated.total, order.number
        taxes = {rate: tax for rate, tax in order.computed_taxes().items() if tax}
        assert taxes == {entry.rate: entry.tax for entry in order.stated.taxes if entry.tax}


def test_an_accepted_order_gets_its_addresses_and_a_refused_one_ends(gross_shop: MiraklShop) -> None:
    taken, refused = place(gross_shop, 2)
    connector = connector_of(gross_shop)
    waiting = [
        connector.read_order(found.body) for found in connector.fetch_orders_by_number([taken, refused]).documents
    ]
    assert all(order.awaits_answer and not order.billing.street for order in waiting)
    lines = [tuple(line.ref for line in order.lines) for order in waiting]
    yes = OrderAnswer(key="1", order_ref=taken, kind=AnswerKind.ACCEPT, lines=lines[0])
    no = OrderAnswer(key="2", order_ref=refused, kind=AnswerKind.REFUSE, lines=lines[1])
    gross_shop.faults.set("lose_reply", count=1, path="^PUT")
    assert retried(connector.answer_orders, yes) == ["accepted"]
    assert codes(connector.answer_orders([no, no])) == ["accepted", "accepted"]
    now = [connector.read_order(found.body) for found in connector.fetch_orders_by_number([taken, refused]).documents]
    assert [order.channel_state for order in now] == ["SHIPPING", "REFUSED"]
    assert now[0].delivery.street and now[0].delivery.country == "DE" and not now[0].awaits_answer


# --- what follows an order ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["tracking", "ship"])
def test_a_report_whose_answer_was_lost_is_not_made_twice(gross_shop: MiraklShop, path: str) -> None:
    gross_shop.needs_acceptance = False
    order = place(gross_shop, 1)[0]
    status = OrderStatus(
        key="LS-1", order_ref=order, kind=StatusKind.SHIPPED, parcels=(Parcel(tracking_number="JJD1", carrier="DHL"),)
    )
    gross_shop.faults.set("lose_reply", count=1, path=path)
    assert retried(connector_of(gross_shop).send_shipments, status) == ["accepted"]
    assert effects(gross_shop, "order_status") == ["SHIPPED"] and effects(gross_shop, "tracking") == ["JJD1"]


def test_two_delivery_notes_are_two_shipments(shop: MiraklShop) -> None:
    order = place(shop, 1)[0]
    first = ShippedLine(line_ref=shop.orders[order]["order_lines"][0]["order_line_id"], quantity=Decimal(1))
    known: dict[str, Any] = {"order_ref": order, "kind": StatusKind.SHIPPED}
    part = OrderStatus(
        key="LS-1",
        parcels=(Parcel(tracking_number="A", carrier="DHL"),),
        lines=(first,),
        completes_order=False,
        **known,
    )
    rest = OrderStatus(key="LS-2", parcels=(Parcel(tracking_number="B", carrier="DHL"),), **known)
    connector = connector_of(shop, multi_shipment=True)
    shop.faults.set("lose_reply", count=1, path="^POST")
    assert retried(connector.send_shipments, part) == ["accepted"]
    assert codes(connector.send_shipments([rest, part.model_copy(update={"is_repeat": True})])) == [
        "accepted",
        "accepted",
    ]
    assert sorted(entry["tracking"]["tracking_number"] for entry in shop.shipments.values()) == ["A", "B"]
    assert shop.orders[order]["order_state"] == "SHIPPED"


def test_a_refund_and_a_document_are_each_given_once(shop: MiraklShop) -> None:
    order = place(shop, 1)[0]
    connector = connector_of(shop)
    connector.send_shipments([OrderStatus(key="1", order_ref=order, kind=StatusKind.SHIPPED)])
    line = connector.read_order(connector.fetch_orders_by_number([order]).documents[0].body).lines[0]
    gross = line.net + line.tax
    refund = Refund(
        key="G-1",
        order_ref=order,
        amount=gross,
        currency="EUR",
        lines=(RefundLine(line_ref=line.ref, quantity=line.quantity, amount=gross),),
    )
    shop.faults.set("lose_reply", count=1, path="refund")
    assert retried(connector.send_refunds, refund) == ["accepted"]
    again = connector.read_order(connector.fetch_orders_by_number([order]).documents[0].body)
    assert again.refunded == gross and again.lines[0].removed == line.quantity
    assert codes(connector.send_refunds([refund.model_copy(update={"key": "G-2"})])) == ["REFUND_TOO_HIGH"]
    invoice = OutgoingDocument(
        key="RE-1",
        order_ref=order,
        number="RE-1",
        file_name="RE-1.pdf",
        issued_on=date(2026, 3, 1),
        total=gross,
        currency="EUR",
        document_id=1,
        content=b"%PDF-1.7",
    )
    shop.faults.set("lose_reply", count=1, path="^POST")
    assert retried(connector.send_documents, invoice) == ["accepted"]
    assert len(effects(shop, "refund")) == 1 and effects(shop, "document") == ["RE-1.pdf"]


def test_a_part_and_then_the_rest_is_cancelled(shop: MiraklShop) -> None:
    order = place(shop, 1)[0]
    line = shop.orders[order]["order_lines"][0]["order_line_id"]
    known: dict[str, Any] = {"order_ref": order, "kind": StatusKind.CANCELLED}
    part = OrderStatus(key="1", lines=(ShippedLine(line_ref=line, quantity=Decimal(1)),), **known)
    connector = connector_of(shop)
    shop.faults.set("lose_reply", count=1, path="cancel")
    assert retried(connector.send_shipments, part) == ["accepted"]
    halved = connector.read_order(connector.fetch_orders_by_number([order]).documents[0].body)
    assert [entry.removed for entry in halved.lines] == [1, 0] and halved.state.value == "open"
    assert codes(connector.send_shipments([OrderStatus(key="2", **known)])) == ["accepted"]
    gone = connector.read_order(connector.fetch_orders_by_number([order]).documents[0].body)
    assert gone.state.value == "cancelled" and gone.computed_total == gone.stated.total


# --- offers and products -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_stock_imports", [True, False])
def test_stock_arrives_and_unknown_numbers_are_named(has_stock_imports: bool) -> None:
    for shop in served(MiraklShop(has_stock_imports=has_stock_imports)):
        stock_arrives(shop, "NOT_IN_SHOP" if has_stock_imports else "ITEM_REFUSED")
        used = {request.path for request in shop.requests if request.status == 201}
        assert used == {"/api/offers/stock/imports" if has_stock_imports else "/api/offers/imports"}


def stock_arrives(shop: MiraklShop, refused: str) -> None:
    connector = connector_of(shop)
    levels = [
        StockLevel(key=f"A-{sku}", sku=sku, quantity=quantity) for sku, quantity in (("MUG", 7), ("NO", 1), ("TEA", 0))
    ]
    assert settled(connector, connector.send_stock(levels)) == ["accepted", refused, "accepted"]
    assert (shop.offers["MUG"].quantity, shop.offers["TEA"].quantity) == (7, 0)
    assert shop.offers["MUG"].price == Decimal("11.90")


def test_prices_and_new_offers_arrive(gross_shop: MiraklShop) -> None:
    connector = connector_of(gross_shop)
    tiers = (PriceTier(amount=Decimal("8.90"), from_quantity=Decimal(10)),)
    prices = [
        ArticlePrices(key=sku, sku=sku, base=PriceTier(amount=Decimal("9.90")), tiers=tiers) for sku in ("MUG", "NO")
    ]
    assert settled(connector, connector.send_prices(prices)) == ["accepted", "NOT_IN_SHOP"]
    assert gross_shop.offers["MUG"].price == Decimal("9.90") and gross_shop.offers["MUG"].quantity == 10_000
    new = [
        NewOffer(prices=prices[0].model_copy(update={"key": sku, "sku": sku}), gtin=gtin, quantity=3)
        for sku, gtin in (("MUG-2", "4006381333931"), ("MUG-3", "0000"))
    ]
    assert settled(connector, connector.create_offers(new)) == ["accepted", "ITEM_REFUSED"]
    assert (gross_shop.offers["MUG-2"].quantity, gross_shop.offers["MUG-2"].price) == (3, Decimal("9.90"))


def test_products_arrive_in_the_marketplaces_columns(gross_shop: MiraklShop) -> None:
    connector = connector_of(gross_shop)
    taxonomy = connector.fetch_taxonomy()
    leaf = next(node.code for node in taxonomy.nodes if node.is_leaf)
    assert not {"category", "shop-sku", "variant-group"} & {entry.code for entry in taxonomy.attributes}
    values = {"title": "Neu", "ean": "4006381333948", "brand": "Nordlicht", "main-image": "https://x.example/1.jpg"}
    lists = {value.list_code: value.code for value in taxonomy.values}
    required = [
        entry
        for entry in taxonomy.attributes
        if entry.requirement == "required" and leaf.startswith(entry.category_code)
    ]
    values |= {entry.code: lists.get(entry.values_code, "1") for entry in required if entry.code not in values}
    good = ArticleContent(
        key="1",
        sku="NEW-1",
        channel_category=leaf,
        channel_attributes=tuple(NamedValue(name=name, value=value) for name, value in values.items()),
    )
    bad = good.model_copy(update={"key": "2", "sku": "NEW-2", "channel_category": "NOWHERE"})
    assert settled(connector, connector.send_articles([good, bad])) == ["accepted", "ITEM_REFUSED"]
    assert [entry.content.sku for entry in connector.fetch_listings_by_sku(["MUG", "NEW-1"]).articles] == ["MUG"]


def test_a_whole_day_keeps_to_the_stated_frequencies() -> None:
    """With the limits enforced and the waits that the connector asks for, nothing is refused."""
    clock = [START + timedelta(days=30)]
    market = MiraklShop(enforce_frequency=True, clock=lambda: clock[0])
    for shop in served(market):
        place(shop, 120)
        connector = connector_of(shop)
        assert connector.check(list(connectors.mirakl.SPEC.features)).ok
        cursor, more, wait = connector.first_cursor(SINCE), True, 60.0
        while more:
            clock[0] += timedelta(seconds=wait)
            page = connector.fetch_orders(cursor, 100)
            cursor, more, wait = page.cursor, page.more, page.ask_again_after
        sent = connector.send_stock([StockLevel(key="1", sku="MUG", quantity=1)])
        while sent.ticket:
            clock[0] += timedelta(seconds=sent.ask_again_after)
            sent = connector.check_ticket(sent.ticket)
        assert codes(sent) == ["accepted"] and shop.requests.count(status=429) == 0
