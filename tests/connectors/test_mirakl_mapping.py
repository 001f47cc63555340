"""How an order of a Mirakl marketplace is read: amounts, taxes, addresses, states; whatever an instance leaves out."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

import connectors.mirakl
from canonical.failure import FailureError
from canonical.order import ChannelState, Fulfiller
from connectors.mirakl.countries import alpha_2
from tests.connectors.test_mirakl_orders import ADDRESS, balances, line, order, read, tax
from tests.connectors.test_mirakl_support import market

__all__ = ["market"]


@pytest.mark.proves(
    "mirakl",
    "order_addresses",
    "order_customers",
    "channel_projects",
    "order_mappings",
    "line_text_erp",
    "order_clerk",
    "match_sku",
    "foreign_numbers",
)
def test_a_plain_order_is_read_whole() -> None:
    found = read(line(quantity=2, price=23.8, price_unit=11.9, total_price=23.8, taxes=[tax(3.8)]))
    assert (found.external_id, found.number, found.channel_state, found.state) == (
        "W1-A",
        "W1-A",
        "SHIPPING",
        ChannelState.OPEN,
    )
    assert (found.sales_channel, found.customer_ref, found.language, found.currency) == ("DE", "C7", "de", "EUR")
    assert found.prices_include_tax and not found.awaits_answer
    assert found.ship_until == datetime(2026, 3, 3, 22, 59, 59, 999000, tzinfo=UTC)
    assert found.payment.method == "PayPal" and found.payment.transaction_id == "T-1" and found.payment.paid_at
    assert found.billing.email == "n+1@notification.mirakl.net" and found.billing.country == "DE"
    assert (found.delivery.name, found.delivery.street) == ("Anna Weiß", "Hauptstr. 1")
    goods = found.lines[0]
    assert (goods.sku, goods.quantity, goods.net, goods.tax, goods.tax_rate) == (
        "MUG",
        2,
        Decimal("20.0"),
        Decimal("3.8"),
        19,
    )
    assert balances(found) and found.stated.total == Decimal("23.8")


@pytest.mark.proves("mirakl", "order_shipping")
def test_shipping_per_line_is_summed_by_rate() -> None:
    shipped = {"shipping_price": 4.9, "total_price": 16.8, "shipping_taxes": [tax(0.78)]}
    books = line(
        3, price=10.7, taxes=[tax(0.7, 7)], shipping_price=2.14, total_price=12.84, shipping_taxes=[tax(0.14, 7)]
    )
    found = read(line(1, **shipped), line(2, **shipped), books)
    assert [(charge.net, charge.tax, charge.tax_rate, charge.method) for charge in found.shipping] == [
        (Decimal("8.24"), Decimal("1.56"), 19, "STD"),
        (Decimal("2.00"), Decimal("0.14"), 7, "STD"),
    ]
    assert balances(found)
    assert {entry.rate: entry.tax for entry in found.stated.taxes} == found.computed_taxes()


def test_free_shipping_is_a_charge_of_nothing() -> None:
    assert [(charge.net, charge.tax, charge.tax_rate, charge.title) for charge in read().shipping] == [
        (0, 0, 0, "Standard")
    ]


def test_prices_without_tax_become_gross() -> None:
    net = line(price=10, price_unit=10, total_price=14, taxes=[tax(1.9)], shipping_price=4, shipping_taxes=[tax(0.76)])
    found = read(net, order_tax_mode="TAX_EXCLUDED")
    assert not found.prices_include_tax
    assert (found.lines[0].net, found.lines[0].tax, found.shipping[0].net) == (10, Decimal("1.9"), 4)
    assert found.stated.total == Decimal("16.66") and balances(found)


def test_an_order_without_any_tax_says_so() -> None:
    """Most instances leave tax to the seller: that is not a tax of zero, and the import decides by its settings."""
    found = read(line(taxes=[]))
    assert (found.lines[0].net, found.lines[0].tax, found.lines[0].tax_rate) == (Decimal("11.9"), 0, None)
    assert balances(found)


def test_a_tax_of_zero_is_one() -> None:
    assert read(line(taxes=[tax(0, 0)])).lines[0].tax_rate == 0


def test_tax_without_a_rate_is_no_rate_and_several_add_up() -> None:
    assert read(line(taxes=[tax(1.9, None)])).lines[0].tax_rate is None
    several = read(line(taxes=[tax(0.5, 5), tax(1.4, 14)]))
    assert several.lines[0].tax_rate == 19 and several.lines[0].tax == Decimal("1.9") and several.stated.taxes == ()


@pytest.mark.proves("mirakl", "order_discounts")
def test_a_promotion_is_a_discount_where_the_unit_price_is_the_one_before() -> None:
    sold = line(
        quantity=2,
        price_unit=11.9,
        price=19.04,
        total_price=19.04,
        taxes=[tax(3.04)],
        promotions=[{"id": "P1", "promo_code": "SPRING", "deduced_amount": 4.76}],
    )
    found = read(sold)
    goods = found.lines[0]
    assert (goods.net, goods.tax, goods.discount_net, goods.discount_tax) == (20, Decimal("3.80"), 4, Decimal("0.76"))
    assert [(entry.code, entry.net, entry.tax) for entry in found.discounts] == [("SPRING", 4, Decimal("0.76"))]
    assert balances(found) and found.stated.total == Decimal("19.04")


def test_a_promotion_inside_the_unit_price_is_not_taken_off_twice() -> None:
    found = read(
        line(
            price_unit=9.52,
            price=9.52,
            total_price=9.52,
            taxes=[tax(1.52)],
            promotions=[{"id": "P1", "deduced_amount": 2.38}],
        )
    )
    assert found.lines[0].discount_net == 0 and found.discounts == () and balances(found)


@pytest.mark.proves("mirakl", "order_fees")
def test_fees_are_charges_of_their_line() -> None:
    found = read(line(total_price=12.55, fees=[{"code": "deposit", "amount": 0.65}]))
    assert [(fee.title, fee.net, fee.line_ref) for fee in found.fees] == [("deposit", Decimal("0.65"), "W1-A-1")]
    assert balances(found)


def test_refused_cancelled_and_refunded_pieces_are_taken_out() -> None:
    found = read(
        line(1, order_line_state="REFUSED"),
        line(
            2,
            quantity=3,
            price=35.7,
            total_price=35.7,
            taxes=[tax(5.7)],
            cancelations=[{"id": "1", "amount": 11.9, "quantity": 1}],
        ),
        line(3, order_line_state="CANCELED"),
        line(4, refunds=[{"id": "2", "amount": 11.9, "shipping_amount": 2, "quantity": 1, "taxes": [tax(1.9)]}]),
        line(5, order_line_state="REFUNDED"),
        line(6),
    )
    assert [entry.removed for entry in found.lines] == [1, 1, 1, 1, 1, 0]
    assert found.refunded == Decimal("13.9") and balances(found)


def test_goodwill_takes_no_piece_out() -> None:
    found = read(
        line(quantity=2, price=23.8, total_price=23.8, taxes=[tax(3.8)], refunds=[{"amount": 3, "quantity": 1}])
    )
    assert (found.lines[0].removed, found.refunded) == (0, 3)


def test_a_currency_without_cents_is_discounted_in_whole_units() -> None:
    sold = line(
        quantity=3, price_unit=1000, price=2900, taxes=[tax(264, 10)], promotions=[{"id": "P", "deduced_amount": 100}]
    )
    found = read(sold, currency_iso_code="JPY", total_price=2900)
    assert found.lines[0].discount_tax == 9 and balances(found)


def test_a_total_without_the_refused_lines_still_agrees_with_them() -> None:
    found = read(line(1), line(2, order_line_state="REFUSED"), total_price=11.9)
    assert found.stated.total == Decimal("23.8") and balances(found)


def test_a_line_that_was_emptied_is_no_line() -> None:
    assert [entry.ref for entry in read(line(1, quantity=0, price=0, total_price=0, taxes=[]), line(2)).lines] == [
        "W1-A-2"
    ]


def test_a_refund_in_net_prices_is_told_gross() -> None:
    back = {"amount": 10, "shipping_amount": 4, "quantity": 1, "taxes": [tax(1.9)], "shipping_taxes": [tax(0.76)]}
    assert read(line(price=10, total_price=10, refunds=[back]), order_tax_mode="TAX_EXCLUDED").refunded == Decimal(
        "16.66"
    )


def test_an_order_that_waits_for_the_acceptance_has_only_a_name() -> None:
    customer = {
        "customer_id": "C7",
        "firstname": "Anna",
        "lastname": "Weiß",
        "billing_address": None,
        "shipping_address": None,
    }
    found = read(
        order_state="WAITING_ACCEPTANCE", customer=customer, customer_debited_date=None, shipping_deadline=None
    )
    assert found.awaits_answer and found.billing.name == "Anna Weiß" and found.delivery == found.billing


@pytest.mark.proves("mirakl", "order_vat_id")
def test_a_company_buys_with_its_vat_id() -> None:
    organization = {"name": "Becher GmbH", "tax_identification_number": "DE123456789", "organization_id": "O1"}
    found = read(
        customer={
            "organization": organization,
            "billing_address": ADDRESS,
            "shipping_address": {
                **ADDRESS,
                "company": "Lager",
                "company_2": "Tor 3",
                "street_2": "Hof",
                "additional_info": "hinten",
            },
        }
    )
    assert (found.billing.company, found.billing.vat_id, found.delivery.vat_id) == ("Becher GmbH", "DE123456789", "")
    assert (found.delivery.company, found.delivery.street2) == ("Lager, Tor 3", "Hof, hinten")
    assert found.comment == "hinten" and read().comment == ""


@pytest.mark.parametrize(
    "fields",
    [{"street_2": "1234567890"}, {"additional_info": "Postnummer: 1234567890"}, {"company": "Post-Nr. 1234567890"}],
)
def test_a_parcel_lockers_post_number_is_found(fields: dict[str, str]) -> None:
    address = ADDRESS | {"street_1": "Packstation 123"} | fields
    found = read(customer={"billing_address": ADDRESS, "shipping_address": address}).delivery
    assert (found.post_number, found.street, found.street2, found.company) == ("1234567890", "Packstation 123", "", "")


@pytest.mark.parametrize(
    ("stated", "code"),
    [("DEU", "DE"), ("aut", "AT"), ("CH", "CH"), ("XKX", "XK"), ("Deutschland", ""), ("", ""), ("ZZZ", "")],
)
def test_countries_are_told_in_two_letters(stated: str, code: str) -> None:
    assert alpha_2(stated) == code
    assert alpha_2(stated, "FRA") == (code or "FR")


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("STAGING", "open"),
        ("SHIPPED", "shipped"),
        ("TO_COLLECT", "shipped"),
        ("CLOSED", "shipped"),
        ("REFUSED", "cancelled"),
        ("CANCELED", "cancelled"),
        ("SOMETHING_NEW", "open"),
    ],
)
def test_states_are_understood_and_new_ones_are_open(state: str, meaning: str) -> None:
    assert read(order_state=state).state.value == meaning


def test_what_a_foreign_centre_ships_is_not_ours() -> None:
    elsewhere = {"center": {"code": "OPERATOR-1"}}
    assert read(fulfillment=elsewhere, can_shop_ship=False).fulfilled_by is Fulfiller.CHANNEL
    assert read(fulfillment=elsewhere, can_shop_ship=True).fulfilled_by is Fulfiller.MERCHANT
    assert read(fulfillment={"center": {"code": "DEFAULT"}}, can_shop_ship=False).fulfilled_by is Fulfiller.MERCHANT


def test_tax_that_the_marketplace_keeps_is_owed_by_it() -> None:
    kept = tax(1.9, amount_breakdown={"parts": [{"amount": 1.9, "payable_to_shop": False}]})
    assert read(line(taxes=[kept])).is_tax_owed_by_channel
    assert not read().is_tax_owed_by_channel
    assert not read(line(1, taxes=[kept]), line(2)).is_tax_owed_by_channel


def test_unknown_fields_and_missing_parts_do_no_harm() -> None:
    bare = {
        "order_id": "X-A",
        "order_state": None,
        "created_date": "2026-03-01T08:00:00Z",
        "last_updated_date": "2026-03-01T08:00:00.123+02:00",
        "currency_iso_code": "CHF",
        "total_price": 5,
        "order_lines": [{"order_line_id": "X-A-1", "quantity": 1, "price": 5, "new": [1]}, None],
        "order_additional_fields": [{"code": "x", "type": "NEW_TYPE", "value": {"a": 1}}],
        "customer": None,
        "channel": None,
    }
    found = connectors.mirakl.reader().read_order(orjson.dumps(bare))
    assert found.computed_total == 5 and found.billing.is_empty and found.currency == "CHF"


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        ({"currency_iso_code": "Euro"}, "currency_iso_code"),
        ({"total_price": "viel"}, "total_price"),
        ({"created_date": None}, "created_date"),
        ({"order_lines": "x"}, "order_lines"),
    ],
)
def test_what_cannot_be_read_names_the_field_and_no_value(broken: dict[str, Any], field: str) -> None:
    with pytest.raises(FailureError) as caught:
        read(**broken)
    assert caught.value.failure.code == "DOCUMENT_INVALID" and field in caught.value.failure.params["problems"]
    assert "Weiß" not in str(caught.value.failure) and "viel" not in str(caught.value.failure)


def test_the_vendors_own_example_is_read(shared: Any) -> None:
    specification = orjson.loads((shared / "specs" / "mirakl" / "mirakl-mmp-seller-openapi.json").read_bytes())
    content = specification["paths"]["/api/orders"]["get"]["responses"]["200"]["content"]["application/json"]
    for example in content["examples"].values():
        for row in example["value"]["orders"]:
            if row["order_id"] != "string":
                found = connectors.mirakl.reader().read_order(orjson.dumps(row))
                assert found.external_id == row["order_id"] and found.lines


def test_five_hundred_lines_sum_to_the_cent() -> None:
    found = read(*(line(number) for number in range(500)), total_price=5950)
    assert len(found.lines) == 500 and balances(found)


# --- taxes that nobody states, and what was never charged ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "mode", "is_left"),
    [
        ([line(taxes=[])], "TAX_INCLUDED", True),
        ([line(taxes=None, shipping_taxes=None)], "TAX_INCLUDED", True),
        ([line(taxes=[])], "TAX_EXCLUDED", False),
        ([line(taxes=[])], None, False),
        ([line(1, taxes=[]), line(2)], "TAX_INCLUDED", False),
        ([line(taxes=[tax(0, 0)])], "TAX_INCLUDED", False),
        ([line(taxes=[], shipping_taxes=[tax(0.78)])], "TAX_INCLUDED", False),
        ([line(1, taxes=[]), line(2, quantity=0, price=0, total_price=0)], "TAX_INCLUDED", False),
    ],
)
def test_the_tax_is_left_to_the_seller_where_gross_prices_come_without_any_tax(
    lines: list[dict[str, Any]], mode: str | None, is_left: bool
) -> None:
    assert read(*lines, order_tax_mode=mode).is_tax_left_to_seller is is_left


def test_only_what_was_refunded_had_been_charged() -> None:
    found = read(
        line(1, order_line_state="REFUSED"),
        line(2, quantity=2, cancelations=[{"amount": 5.95, "quantity": 1}]),
        line(3, refunds=[{"amount": 11.9, "quantity": 1}]),
        line(4, order_line_state="REFUNDED"),
    )
    assert [each.was_charged for each in found.lines] == [False, False, True, True]


def test_a_delivery_address_alone_is_no_billing_address() -> None:
    buyer = order()["customer"] | {"billing_address": None}
    found = read(customer=buyer)
    assert found.billing.is_empty and found.billing.email and found.delivery.city == "Hamburg"
    nobody = read(customer=buyer | {"shipping_address": None})
    assert nobody.billing.name == "Anna Weiß"


def test_several_taxes_of_a_line_are_told_so_that_each_may_be_rounded() -> None:
    several = [tax(0.06, 0.55), tax(0.06, 0.55), tax(0.06, 0.55), tax(0, 0)]
    found = read(line(price=10, taxes=several, shipping_price=10, shipping_taxes=several, total_price=20))
    assert (found.lines[0].tax_parts, found.shipping[0].parts) == (3, 3)
