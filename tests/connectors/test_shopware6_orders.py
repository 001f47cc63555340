"""Orders of Shopware 6: sweeps that skip nothing, and what they say, to the cent."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from canonical.failure import FailureError
from canonical.order import ChannelOrder, ChannelState, ChargeKind
from connectors import shopware6
from connectors.shopware6.orders import Cursor
from sandbox.shopware6 import Basket, Buyer
from tests.connectors.test_shopware6_support import SINCE, START, Laden, running


@pytest.fixture
def laden() -> Iterator[Laden]:
    yield from running()


def swept(laden: Laden, cursor: str, limit: int = 100, **settings: Any) -> tuple[list[str], str]:
    """Fetch to the end."""
    connector, found = laden.connect(**settings), []
    for _ in range(30):
        page = connector.fetch_orders(cursor, limit)
        found += [document.external_id for document in page.documents]
        cursor = page.cursor
        if not page.more:
            return found, cursor
    raise AssertionError("paging does not end")


def test_a_sweep_skips_no_order_and_a_poll_without_news_is_a_single_call(laden: Laden) -> None:
    orders = laden.place(230)
    found, cursor = swept(laden, SINCE)
    assert set(found) == set(orders) and len(found) <= 232
    laden.shop.requests.clear()
    again, same = swept(laden, cursor)
    assert (again, same) == ([orders[-1]], cursor)
    assert laden.shop.requests.count(path="/api/search/order") == 1


def test_a_bunch_in_one_moment_neither_loops_nor_is_lost(laden: Laden) -> None:
    orders = laden.place(210, step=timedelta(0))
    found = swept(laden, SINCE)[0]
    assert set(found) == set(orders) and len(found) == 2 * len(orders)


def test_an_order_that_changes_behind_the_reader_comes_in_the_sweep_that_follows_at_once(laden: Laden) -> None:
    orders = laden.place(120)
    connector = laden.connect()
    first = connector.fetch_orders(SINCE, 100)
    assert first.more and orders[0] in {document.external_id for document in first.documents}
    laden.shop.touch(orders[0], START + timedelta(days=1))
    second = connector.fetch_orders(first.cursor, 100)
    assert {document.external_id for document in second.documents} == set(orders[100:]) and second.more
    third = connector.fetch_orders(second.cursor, 100)
    assert orders[0] in {document.external_id for document in third.documents} and not third.more


def test_a_date_in_the_future_does_not_hide_what_comes_now(laden: Laden) -> None:
    laden.place(1, start=datetime(2031, 1, 1, tzinfo=UTC))
    cursor = swept(laden, SINCE)[1]
    assert Cursor.parse(cursor).since < datetime.now(UTC) + timedelta(minutes=1)
    later = laden.place(1, start=datetime.now(UTC))
    assert later[0] in swept(laden, cursor)[0]


def test_an_order_whose_transaction_ended_late_is_still_found(laden: Laden) -> None:
    laden.place(1)
    cursor = swept(laden, SINCE)[1]
    late = laden.place(1, start=START - timedelta(seconds=3))
    assert late[0] in swept(laden, cursor)[0]


def test_a_payment_that_comes_in_later_is_seen(laden: Laden) -> None:
    laden.shop.add_article("MUG", "Becher", "11.90", stock=10)
    order = laden.shop.place_order(Basket(lines=[("MUG", 1)], payment_state="open", at=START))
    cursor = swept(laden, SINCE)[1]
    laden.place(1, start=START + timedelta(days=1))
    cursor = swept(laden, cursor)[1]
    transaction = next(row for row in laden.rows("order_transaction") if row["orderId"] == order)
    paid = next(row["id"] for row in laden.rows("state_machine_state") if row["technicalName"] == "paid")
    with laden.shop.store.transaction():
        changed = {**transaction, "stateId": paid, "updatedAt": "2026-03-09T10:00:00.000+00:00"}
        laden.shop.store.put("order_transaction", changed)
    page = laden.connect().fetch_orders(cursor, 100)
    assert order in {document.external_id for document in page.documents}
    document = next(each for each in page.documents if each.external_id == order)
    assert document.modified_at == datetime(2026, 3, 9, 10, tzinfo=UTC)
    assert laden.connect().read_order(document.body).channel_state == "paid"


def test_somebodys_draft_of_an_order_is_no_order(laden: Laden) -> None:
    order = laden.place(1)[0]
    with laden.shop.store.transaction():
        row = laden.shop.store.tables["order"][order]
        laden.shop.store.put("order", {**row, "versionId": "f" * 32})
    assert swept(laden, SINCE)[0] == []


@pytest.mark.proves("shopware6", "channel_projects", "duplicate_by_id", "order_mappings")
def test_only_orders_of_the_chosen_sales_channels_are_fetched(laden: Laden) -> None:
    order = laden.place(1)[0]
    trade = laden.shop.place_order(Basket(lines=[("MUG", 1)], channel="b2b", tax_status="net", at=START))
    ids = {choice.label: choice.value for choice in laden.connect().list_choices("sales_channels")}
    assert swept(laden, SINCE, orders={"import_channels": [ids["Händlershop"]]})[0] == [trade]
    assert sorted(swept(laden, SINCE)[0]) == sorted([order, trade])
    read = read_one(laden, trade)
    assert (read.external_id, read.sales_channel) == (trade, "Händlershop")
    assert (read.payment.method, read.shipping[0].method) == ("payment_paypal", "shipping_standard")


def test_single_orders_are_found_by_number(laden: Laden) -> None:
    laden.place(3)
    page = laden.connect().fetch_orders_by_number(["10003", " #10001 ", "999"])
    assert [document.number for document in page.documents] == ["10003", "10001"]


# --- what an order says --------------------------------------------------------------------------------------------------


def stock(laden: Laden) -> None:
    shop = laden.shop
    shop.add_product("MUG", "Becher", "11.90", stock=100)
    shop.add_product("BOOK", "Kochbuch", "24.99", stock=100, tax="reduced")
    shop.add_product("LAMP", "Lampe", "79.95", stock=100)


def read_one(laden: Laden, order: str) -> ChannelOrder:
    page = laden.connect().fetch_orders(SINCE, 100)
    body = next(document.body for document in page.documents if document.external_id == order)
    read = laden.connect().read_order(body)
    assert read.computed_total == read.stated.total, (read.computed_total, read.stated.total)
    assert read.computed_tax == read.stated.total_tax
    taxes = read.computed_taxes()
    assert all(taxes[entry.rate] == entry.tax for entry in read.stated.taxes)
    return read


def bought(laden: Laden, **basket: Any) -> ChannelOrder:
    stock(laden)
    made = {"lines": [("MUG", 2), ("BOOK", 1)], "at": START, **basket}
    return read_one(laden, laden.shop.place_order(Basket(**made)))


@pytest.mark.proves(
    "shopware6", "order_addresses", "order_customers", "order_vat_id", "line_text_shop", "line_text_erp"
)
def test_buyer_addresses_and_lines_are_read(laden: Laden) -> None:
    billing = {"firstName": "Anna", "lastName": "Weiß", "company": "Weiß GmbH", "street": "Hauptstr. 1"}
    billing |= {"zipcode": "1010", "city": "Wien", "country": "AT"}
    shipping = billing | {"street": "Packstation 145", "additionalAddressLine1": "12345678", "country": "DE"}
    buyer = Buyer(billing, shipping, "anna@example.org", number="K-1", vat_ids=("ATU12345678",))
    read = bought(laden, buyer=buyer, comment="Bitte klingeln", tags=["Eilig"])
    assert (read.billing.name, read.billing.country, read.billing.vat_id) == ("Anna Weiß", "AT", "ATU12345678")
    assert (read.delivery.street, read.delivery.street2, read.delivery.country) == ("Packstation 145", "12345678", "DE")
    assert (read.customer_ref, read.billing.email, read.comment) == ("K-1", "anna@example.org", "Bitte klingeln")
    assert read.tags == ("Eilig",) and read.language == "de" and read.state is ChannelState.OPEN
    assert [(line.sku, line.title, line.quantity) for line in read.lines] == [
        ("MUG", "Becher", 2),
        ("BOOK", "Kochbuch", 1),
    ]
    assert read.lines[0].net + read.lines[0].tax == Decimal("23.80") and read.prices_include_tax
    assert read.payment.paid_at is not None and read.channel_state == "paid"


def test_a_guest_has_no_account(laden: Laden) -> None:
    assert bought(laden).is_guest


@pytest.mark.parametrize("status", ["gross", "net", "tax-free"])
@pytest.mark.proves("shopware6", "order_shipping", "order_clerk")
def test_gross_net_and_tax_free_orders_add_up(laden: Laden, status: str) -> None:
    read = bought(laden, tax_status=status)
    assert read.prices_include_tax is (status == "gross")
    assert (read.computed_tax == 0) is (status == "tax-free")
    assert sum(charge.net for charge in read.shipping) == read.stated.shipping_net > 0
    assert {charge.tax_rate for charge in read.shipping} == (
        {Decimal(0)} if status == "tax-free" else {Decimal(19), Decimal(7)}
    )


@pytest.mark.parametrize("status", ["gross", "net"])
@pytest.mark.proves("shopware6", "order_discounts")
def test_a_promotion_is_spread_over_the_lines_of_each_rate(laden: Laden, status: str) -> None:
    read = bought(laden, tax_status=status, promotion=("SOMMER", Decimal(10)))
    assert {line.sku for line in read.lines if line.discount_net > 0} == {"MUG", "BOOK"}
    assert sum(line.discount_net for line in read.lines) == read.stated.discount_net > 0
    assert sum(line.discount_tax for line in read.lines) == read.stated.discount_tax > 0
    assert [discount.code for discount in read.discounts] == ["SOMMER"]


def test_a_credit_lowers_the_lines_and_a_custom_line_is_a_fee(laden: Laden) -> None:
    read = bought(laden, credit=Decimal("-5.00"), custom=("Montage", Decimal("30.00")))
    assert sum(line.discount_net + line.discount_tax for line in read.lines) == Decimal("5.00")
    assert {(fee.title, fee.kind, fee.tax_rate) for fee in read.fees} == {
        ("Montage", ChargeKind.FEE, Decimal(19)),
        ("Montage", ChargeKind.FEE, Decimal(7)),
    }
    assert sum(fee.net + fee.tax for fee in read.fees) == Decimal("30.00")


def test_a_bracket_of_goods_is_taken_apart(laden: Laden) -> None:
    read = bought(laden, bundle=[("LAMP", 1), ("BOOK", 2)])
    assert sorted(line.sku for line in read.lines) == ["BOOK", "BOOK", "LAMP", "MUG"]


def test_free_shipping_is_a_second_delivery_with_negative_costs(laden: Laden) -> None:
    read = bought(laden, free_shipping=True)
    assert sum(charge.net + charge.tax for charge in read.shipping) == 0
    assert read.shipping[0].net > 0 > read.shipping[-1].net and read.shipping[0].method == "shipping_standard"


def test_the_newest_try_to_pay_counts(laden: Laden) -> None:
    read = bought(laden, failed_payments=2, payment_state="authorized")
    assert read.channel_state == "authorized" and read.payment.paid_at is None


def test_a_foreign_currency_is_kept(laden: Laden) -> None:
    assert bought(laden, currency="CHF").currency == "CHF"


def document(**changes: Any) -> dict[str, Any]:
    """A small order of our own making, gross, one line of 11.90 at 19 %."""
    price = {"totalPrice": 11.9, "calculatedTaxes": [{"tax": 1.9, "taxRate": 19, "price": 11.9}]}
    line = {
        "id": "l1",
        "type": "product",
        "label": "Becher",
        "quantity": 1,
        "price": price,
        "payload": {"productNumber": "MUG"},
    }
    made = {
        "id": "a" * 32,
        "orderNumber": "10001",
        "orderDateTime": "2026-03-01T08:00:00.000+00:00",
        "amountTotal": 11.9,
        "price": {**price, "netPrice": 10, "positionPrice": 11.9, "rawTotal": 11.9, "taxStatus": "gross"},
        "currency": {"isoCode": "EUR"},
        "stateMachineState": {"technicalName": "open"},
        "lineItems": [line],
        "customFields": [],
        "updatedAt": None,
    }
    return made | changes


def read(**changes: Any) -> ChannelOrder:
    reader: Any = shopware6.reader()
    made: ChannelOrder = reader.read_order(orjson.dumps(document(**changes)))
    return made


def test_empty_maps_as_lists_and_missing_parts_are_borne() -> None:
    order = read(billingAddress=None, deliveries=None, transactions=[], tags={}, language=None, orderCustomer=None)
    assert order.stated.total == order.computed_total == Decimal("11.90")
    assert order.billing.is_empty and order.shipping == () and order.channel_state == "open"
    wrapped: Any = shopware6.reader()
    assert wrapped.read_order(orjson.dumps({"data": document()})).number == "10001"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"stateMachineState": {"technicalName": "cancelled"}}, ChannelState.CANCELLED),
        ({"stateMachineState": {"technicalName": "completed"}}, ChannelState.SHIPPED),
        ({"deliveries": [{"id": "d", "stateMachineState": {"technicalName": "shipped"}}]}, ChannelState.SHIPPED),
        ({"transactions": [{"id": "t", "stateMachineState": {"technicalName": "refunded"}}]}, ChannelState.REFUNDED),
        ({"stateMachineState": {"technicalName": "plugin_state"}}, ChannelState.OPEN),
    ],
)
def test_states_are_told_apart(changes: dict[str, Any], state: ChannelState) -> None:
    assert read(**changes).state is state


def test_a_total_that_costs_nothing_has_no_payment_and_is_paid() -> None:
    free = {"totalPrice": 0, "calculatedTaxes": [{"tax": 0, "taxRate": 19, "price": 0}]}
    line = {"id": "l1", "type": "product", "quantity": 1, "price": free, "payload": {"productNumber": "GRATIS"}}
    order = read(lineItems=[line], amountTotal=0, price={**free, "taxStatus": "gross"})
    assert order.channel_state == "paid" and order.payment.paid_at is not None


def test_the_cents_of_a_tax_that_is_rounded_once_go_to_the_lines() -> None:
    price = {"totalPrice": 1.07, "calculatedTaxes": [{"tax": 0.17, "taxRate": 19, "price": 1.07}]}
    lines = [
        {"id": str(n), "type": "product", "quantity": 1, "price": price, "payload": {"productNumber": f"A{n}"}}
        for n in range(3)
    ]
    whole = {
        "totalPrice": 3.21,
        "calculatedTaxes": [{"tax": 0.52, "taxRate": 19.0, "price": 3.21}],
        "taxStatus": "gross",
    }
    order = read(lineItems=lines, amountTotal=3.21, price=whole, taxCalculationType="vertical")
    assert order.computed_tax == Decimal("0.52") and order.computed_total == Decimal("3.21")
    unexplained = read(lineItems=lines, amountTotal=3.21, price=whole, taxCalculationType="horizontal")
    assert unexplained.computed_tax == Decimal("0.51")


def test_a_tax_that_no_rounding_explains_is_left_to_be_seen() -> None:
    price = {**document()["price"], "calculatedTaxes": [{"tax": 1.95, "taxRate": 19, "price": 11.9}]}
    order = read(price=price, taxCalculationType="vertical")
    assert (order.computed_tax, order.stated.total_tax) == (Decimal("1.90"), Decimal("1.95"))


def test_the_parts_of_a_bracket_bear_its_tax_to_the_cent() -> None:
    def priced(amount: float, tax: float) -> dict[str, Any]:
        return {"totalPrice": amount, "calculatedTaxes": [{"tax": tax, "taxRate": 19, "price": amount}]}

    head = {"id": "h", "type": "container", "label": "Set", "quantity": 1, "price": priced(109.8, 17.53), "payload": []}
    line = {**document()["lineItems"][0], "parentId": "h", "price": priced(54.9, 8.77)}
    lines = [head, line, {**line, "id": "l2"}]
    order = read(lineItems=lines, amountTotal=109.8, price={**priced(109.8, 17.53), "taxStatus": "gross"})
    assert [each.net + each.tax for each in order.lines] == [Decimal("54.90")] * 2
    assert order.computed_tax == order.stated.total_tax == Decimal("17.53")


def test_the_rounding_of_the_total_is_a_fee_of_its_own() -> None:
    price = {**document()["price"], "rawTotal": 11.92, "totalPrice": 11.9}
    line = {
        **document()["lineItems"][0],
        "price": {"totalPrice": 11.92, "calculatedTaxes": [{"tax": 1.9, "taxRate": 19, "price": 11.92}]},
    }
    order = read(price=price, lineItems=[line])
    assert [(fee.ref, fee.net) for fee in order.fees] == [("rounding", Decimal("-0.02"))]
    assert order.computed_total == order.stated.total


def test_parts_below_a_product_cost_nothing_and_name_it() -> None:
    line = document()["lineItems"][0]
    part = {**line, "id": "l2", "parentId": "l1", "payload": {"productNumber": "TEIL"}}
    order = read(lineItems=[line, part])
    assert [(each.sku, each.net, each.parent_ref) for each in order.lines] == [
        ("MUG", Decimal("10.00"), ""),
        ("TEIL", Decimal("0.00"), "l1"),
    ]


def test_a_bought_engraving_is_a_service_with_the_buyers_words() -> None:
    def priced(amount: float, tax: float) -> dict[str, Any]:
        return {"totalPrice": amount, "calculatedTaxes": [{"tax": tax, "taxRate": 19, "price": amount}]}

    head = {
        "id": "h",
        "type": "customized-products",
        "label": "Gravur",
        "quantity": 1,
        "price": priced(16.9, 2.7),
        "payload": [],
    }
    ring = {**document()["lineItems"][0], "parentId": "h"}
    words = {"id": "o", "type": "customized-products-option", "label": "Text", "parentId": "h", "quantity": 1}
    words |= {"price": priced(5.0, 0.8), "payload": {"value": "Für Anna"}}
    order = read(lineItems=[head, ring, words], amountTotal=16.9, price={**priced(16.9, 2.7), "taxStatus": "gross"})
    assert [(line.sku, line.properties[0].value, line.properties[0].is_personal) for line in order.lines] == [
        ("MUG", "Für Anna", True)
    ]
    assert [(fee.kind, fee.line_ref) for fee in order.fees] == [(ChargeKind.SERVICE, "l1")]
    assert order.computed_total == order.stated.total and order.computed_tax == order.stated.total_tax


def test_five_hundred_lines_are_read() -> None:
    line = document()["lineItems"][0]
    order = read(lineItems=[{**line, "id": str(number)} for number in range(500)], amountTotal=5950)
    assert len(order.lines) == 500 and order.computed_total == Decimal("5950.00")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"currency": {"isoCode": "Euro"}}, "currency"),
        ({"lineItems": [{"id": ""}]}, "lineItems"),
        ({"orderDateTime": "nie"}, "orderDateTime"),
    ],
)
def test_what_cannot_be_booked_is_refused_by_field_and_never_by_value(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(FailureError) as caught:
        read(**changes, customerComment="geheim")
    assert caught.value.failure.code == "DOCUMENT_INVALID" and field in caught.value.failure.params["problems"]
    assert "geheim" not in str(caught.value.failure)
