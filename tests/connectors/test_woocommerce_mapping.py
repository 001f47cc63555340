"""Reading WooCommerce's orders: all recorded ones to the cent, then what real shops do beyond them."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonical.failure import FailureError
from canonical.order import ChannelOrder, ChannelState, Property
from connectors.woocommerce.mapping import read_order

Recorded = Callable[[str], bytes]


def changed(body: bytes, **fields: Any) -> bytes:
    return orjson.dumps({**orjson.loads(body), **fields})


@pytest.fixture
def plain(recorded: Recorded) -> bytes:
    """A bank-transfer order of one mug, billing equal to shipping."""
    return recorded("order_bacs_guest")


@pytest.fixture
def orders(order_bodies: list[bytes]) -> dict[str, ChannelOrder]:
    return {order.number: order for order in map(read_order, order_bodies)}


def test_every_recorded_total_is_the_sum_of_its_parts(order_bodies: list[bytes]) -> None:
    for body in order_bodies:
        order, stated = read_order(body), orjson.loads(body)
        assert str(order.computed_total) == stated["total"], order.number
        assert str(order.computed_tax) == stated["total_tax"], order.number
        by_rate = {tax.rate: tax.tax for tax in order.stated.taxes if tax.tax}
        assert {rate: tax for rate, tax in order.computed_taxes().items() if tax} == by_rate, order.number
        discounts = sum((line.discount_net for line in order.lines), Decimal(0))
        assert discounts == order.stated.discount_net == Decimal(stated["discount_total"]), order.number
        assert sum((charge.net for charge in order.shipping), Decimal(0)) == order.stated.shipping_net
    assert len(order_bodies) == 39


def test_an_unrounded_order_is_exact_as_well(recorded: Recorded) -> None:
    for row in orjson.loads(recorded("orders_dp4")):
        order = read_order(orjson.dumps(row))
        assert abs(order.computed_total - order.stated.total) < Decimal("0.01")


def test_states_say_what_is_left_to_do(orders: dict[str, ChannelOrder]) -> None:
    found = {number: order.state for number, order in orders.items() if order.state is not ChannelState.OPEN}
    assert found == {
        "67": ChannelState.SHIPPED,
        "68": ChannelState.CANCELLED,
        "69": ChannelState.CANCELLED,
        "71": ChannelState.REFUNDED,
    }
    assert orders["53"].channel_state == "on-hold"


def test_a_trashed_order_is_cancelled_and_a_plug_ins_state_is_open(recorded: Recorded, plain: bytes) -> None:
    trashed = read_order(orjson.dumps(orjson.loads(recorded("orders_trash"))[0]))
    assert trashed.state is ChannelState.CANCELLED
    assert read_order(changed(plain, status="checked")).state is ChannelState.OPEN


def test_refunds_are_positive_and_added_up(orders: dict[str, ChannelOrder]) -> None:
    refunded = {number: str(order.refunded) for number, order in orders.items() if order.refunded}
    assert refunded == {"71": "30.96", "72": "18.49", "73": "10.00", "74": "4.41"}


@pytest.mark.proves("woocommerce", "order_discounts")
def test_discount_shares_and_vouchers(orders: dict[str, ChannelOrder]) -> None:
    order = orders["57"]
    assert [(d.code, str(d.net), str(d.tax)) for d in order.discounts] == [
        ("becher2", "6.72", "1.28"),
        ("willkommen10", "11.82", "2.24"),
    ]
    assert [str(line.discount_net) for line in order.lines] == ["11.06", "7.48"]
    assert order.lines[1].title == 'Schreibtischlampe "Lumen" & Dimmer'


@pytest.mark.proves("woocommerce", "order_fees")
def test_fees_may_be_negative(orders: dict[str, ChannelOrder]) -> None:
    assert [(fee.title, str(fee.net), str(fee.tax)) for fee in orders["59"].fees] == [("Skonto 2%", "-12.59", "-2.52")]
    assert [(fee.title, fee.tax_rate) for fee in orders["58"].fees] == [("Nachnahmegebühr", Decimal(19))]


def test_a_line_without_tax_has_the_rate_zero(orders: dict[str, ChannelOrder]) -> None:
    assert {line.tax_rate for line in orders["63"].lines} == {Decimal(0)}
    assert Decimal("5.5") in {line.tax_rate for line in orders["83"].lines}


def test_options_are_properties_with_the_names_that_the_buyer_saw(orders: dict[str, ChannelOrder]) -> None:
    line = next(line for line in orders["60"].lines if line.properties)
    assert line.properties == (Property(name="Größe", value="M"), Property(name="Farbe", value="Rot"))
    assert line.product_ref.count("/") == 1


def test_a_deleted_product_leaves_a_line_without_number(orders: dict[str, ChannelOrder]) -> None:
    line = orders["78"].lines[0]
    assert (line.sku, line.product_ref, line.title) == ("", "", "Auslaufartikel Teelicht")


def test_the_delivery_is_the_billing_address_when_none_is_given(orders: dict[str, ChannelOrder]) -> None:
    assert orders["76"].delivery == orders["76"].billing
    assert (orders["64"].delivery.city, orders["64"].billing.city) == ("Mannheim", "Stuttgart")


def test_an_order_of_the_shops_till_is_sold_over_the_counter(plain: bytes) -> None:
    assert read_order(changed(plain, created_via="pos-rest-api")).is_pos
    assert not read_order(changed(plain, created_via="checkout")).is_pos


def test_the_language_is_found_in_the_translation_plug_ins_fields(plain: bytes) -> None:
    assert read_order(plain).language == ""
    assert read_order(changed(plain, meta_data=[{"key": "wpml_language", "value": "fr"}])).language == "fr"


def test_a_redeemed_gift_card_is_a_payment_and_the_total_is_what_the_goods_cost(plain: bytes) -> None:
    whole = read_order(plain)
    left = f"{whole.stated.total - 10:.2f}"
    card = {"id": 3, "code": "GIFT-1", "amount": "10.00"}
    of = read_order(changed(plain, total=left, gift_cards=[card]))
    assert of.stated.total == whole.stated.total
    assert [(part.kind.value, str(part.amount), part.reference) for part in of.payments] == [
        ("gift_card", "10.00", "GIFT-1")
    ]
    # A plug-in that leaves the total alone says so by the lines.
    assert read_order(changed(plain, gift_cards=[card])).stated.total == whole.stated.total


def test_the_buyers_own_words_are_told_apart_from_options_and_notes_of_the_shop(plain: bytes) -> None:
    first, *rest = orjson.loads(plain)["line_items"]
    metas = [
        {"key": "pa_farbe", "value": "rot", "display_key": "Farbe", "display_value": "Rot"},
        {"key": "Backordered", "value": "1", "display_key": "Backordered"},
        {"key": "Gravur", "value": "Für Jo", "display_key": "Gravur"},
    ]
    [line, *_] = read_order(changed(plain, line_items=[first | {"meta_data": metas}, *rest])).lines
    assert [item.name for item in line.properties if item.is_personal] == ["Gravur"]
    custom = {"key": "groesse", "value": "XL", "display_key": "Größe"}
    variant = first | {"variation_id": 7, "meta_data": [custom]}
    [line, *_] = read_order(changed(plain, line_items=[variant, *rest])).lines
    assert [item.is_personal for item in line.properties] == [False]


@pytest.mark.parametrize(
    "key", ["_billing_vat_id", "billing_vat_id", "_vat_number", "_billing_eu_vat_number", "_billing_ust_id"]
)
@pytest.mark.proves("woocommerce", "order_vat_id")
def test_a_vat_id_is_found_in_the_plug_ins_fields(plain: bytes, key: str) -> None:
    order = read_order(changed(plain, meta_data=[{"id": 1, "key": key, "value": " ATU12345678 "}]))
    assert order.billing.vat_id == "ATU12345678"


def test_an_empty_or_structured_vat_field_is_passed_over(plain: bytes) -> None:
    metas = [
        {"key": "_billing_vat_id", "value": ""},
        {"key": "billing_vat_id", "value": {"a": 1}},
        {"key": "_vat_number", "value": "DE1"},
    ]
    assert read_order(changed(plain, meta_data=metas)).billing.vat_id == "DE1"


def test_a_guest_has_no_customer(orders: dict[str, ChannelOrder]) -> None:
    assert orders["53"].is_guest
    assert {order.customer_ref for order in orders.values() if not order.is_guest} >= {"2"}


def test_times_are_the_zoneless_fields_of_gmt(orders: dict[str, ChannelOrder]) -> None:
    assert orders["57"].ordered_at.isoformat() == "2026-09-21T21:26:08+00:00"
    assert orders["57"].payment.paid_at is not None
    assert orders["53"].payment.paid_at is None


def line_with(plain: bytes, taxes: list[Any], tax: str, tax_lines: list[Any]) -> ChannelOrder:
    line = orjson.loads(plain)["line_items"][0] | {"taxes": taxes, "subtotal_tax": tax, "total_tax": tax}
    return read_order(changed(plain, line_items=[line], tax_lines=tax_lines))


def tax_line(rate_id: int, percent: float | None, compound: bool = False) -> dict[str, Any]:
    return {"rate_id": rate_id, "rate_percent": percent, "compound": compound, "tax_total": "1.00"}


def test_tax_at_no_stated_rate_is_not_guessed(plain: bytes) -> None:
    taxes = [{"id": 9, "total": "2.06", "subtotal": "2.06"}]
    assert line_with(plain, taxes, "2.06", [tax_line(1, 19)]).lines[0].tax_rate is None
    assert line_with(plain, taxes, "2.06", [tax_line(9, None)]).lines[0].tax_rate is None
    assert line_with(plain, [], "2.06", [tax_line(1, 19)]).lines[0].tax_rate is None


def test_several_taxes_on_a_line_add_up_and_a_compound_one_comes_on_top(plain: bytes) -> None:
    taxes = [{"id": 1, "total": "0.54", "subtotal": "0.54"}, {"id": 2, "total": "0.76", "subtotal": "0.76"}]
    order = line_with(plain, taxes, "1.30", [tax_line(1, 5), tax_line(2, 7)])
    assert order.lines[0].tax_rate == 12
    assert order.stated.taxes == ()
    compound = line_with(plain, taxes, "1.30", [tax_line(1, 5), tax_line(2, 10, compound=True)])
    assert compound.lines[0].tax_rate == Decimal("15.5")
    assert line_with(plain, taxes, "1.30", [tax_line(1, 5)]).lines[0].tax_rate is None


def test_a_tax_that_is_left_blank_does_not_apply(plain: bytes) -> None:
    taxes = [{"id": 1, "total": "", "subtotal": ""}, {"id": 2, "total": "0.76", "subtotal": "0.76"}]
    assert line_with(plain, taxes, "0.76", [tax_line(1, 19), tax_line(2, 7)]).lines[0].tax_rate == 7


def test_two_taxes_of_the_same_rate_are_one_sum(plain: bytes) -> None:
    order = line_with(plain, [], "0.00", [tax_line(1, 19), tax_line(2, 19.0)])
    assert [(tax.rate, str(tax.tax)) for tax in order.stated.taxes] == [(Decimal(19), "2.00")]


def test_what_postgresql_cannot_store_is_left_out(plain: bytes) -> None:
    line = orjson.loads(plain)["line_items"][0] | {"name": "a\x00b &#0; &amp;", "sku": " KB\x00-300 "}
    order = read_order(changed(plain, line_items=[line], customer_note="x\x00y"))
    assert (order.lines[0].sku, order.comment) == ("KB-300", "xy")
    assert "\x00" not in order.model_dump_json() and "\\u0000" not in order.model_dump_json()


def test_fractions_and_emoji_arrive_as_they_are(plain: bytes) -> None:
    line = orjson.loads(plain)["line_items"][0] | {"quantity": 1.5, "name": "Tasse 🎁"}
    order = read_order(changed(plain, line_items=[line]))
    assert (order.lines[0].quantity, order.lines[0].title) == (Decimal("1.5"), "Tasse 🎁")


def problems(body: bytes) -> str:
    with pytest.raises(FailureError) as caught:
        read_order(body)
    assert caught.value.failure.code == "DOCUMENT_INVALID"
    return caught.value.failure.params["problems"]


def test_every_missing_field_is_named_and_no_value_is_told(plain: bytes) -> None:
    row = orjson.loads(plain)
    del row["currency"], row["date_created_gmt"]
    row["line_items"][0]["total"] = "Frau Weiß"
    told = problems(orjson.dumps(row))
    assert "currency: Field required" in told and "date_created_gmt" in told and "line_items.0.total" in told
    assert "Weiß" not in told


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000, b'{"id":1e400}']
)
def test_what_is_no_order_is_told_so(body: bytes) -> None:
    assert problems(body)


@pytest.mark.parametrize(
    "fields",
    [
        {"total": "1e999999"},
        {"total": "NaN"},
        {"total": None},
        {"total": ""},
        {"id": 0},
        {"id": True, "currency": "eur"},
        {"id": 10**30},
        {"line_items": {}},
        {"line_items": [None]},
        {"date_modified_gmt": "0001-01-01T00:00:00+23:59"},
        {"date_modified_gmt": "yesterday"},
        {"date_modified_gmt": 10**18},
        {"currency": ""},
    ],
)
def test_a_bad_field_never_becomes_another_error(plain: bytes, fields: dict[str, Any]) -> None:
    body = changed(plain, **{key: value for key, value in fields.items() if value != 10**30})
    assert problems(body.replace(b'"id":53,', b'"id":' + b"9" * 5000 + b",") if 10**30 in fields.values() else body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document that a value can be put to."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


def survives(body: bytes) -> None:
    """Reading gives an order or names the problem; nothing else."""
    try:
        order = read_order(body)
    except FailureError as error:
        assert error.failure.code == "DOCUMENT_INVALID"
    else:
        assert order.computed_total is not None
        assert "\\u0000" not in order.model_dump_json()


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_any_value_at_any_place_is_read_or_named(order_bodies: list[bytes], data: st.DataObject) -> None:
    row = orjson.loads(order_bodies[data.draw(st.integers(0, len(order_bodies) - 1))])
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(row)))
        target = row
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = data.draw(JSON)
    survives(orjson.dumps(row))


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_any_broken_bytes_are_read_or_named(order_bodies: list[bytes], data: st.DataObject) -> None:
    body = order_bodies[data.draw(st.integers(0, len(order_bodies) - 1))]
    start = data.draw(st.integers(0, len(body) - 1))
    end = data.draw(st.integers(start, min(start + 40, len(body))))
    survives(body[:start] + data.draw(st.binary(max_size=10)) + body[end:])


@pytest.mark.parametrize(
    ("taxes", "nets"), [(("-0.25", "-0.01"), ("-1.32", "-0.18")), (("-0.27", "-0.00"), ("-1.42", "-0.08"))]
)
def test_a_negative_fee_apportioned_over_two_rates_becomes_one_charge_per_rate(
    shared: Path, taxes: tuple[str, str], nets: tuple[str, str]
) -> None:
    documents = orjson.loads((shared / "fixtures/woocommerce_real/orders_all.json").read_bytes())
    document = next(each for each in documents if {tax["rate_percent"] for tax in each["tax_lines"]} == {19, 7})
    ids = {tax["rate_percent"]: tax["rate_id"] for tax in document["tax_lines"]}
    by_rate = dict(zip((19, 7), taxes, strict=True))
    whole = sum(map(Decimal, taxes), Decimal(0))
    fee = {
        "id": 9001,
        "name": "Skonto",
        "tax_class": "",
        "total": "-1.50",
        "total_tax": str(whole),
        "taxes": [{"id": ids[rate], "total": tax, "subtotal": ""} for rate, tax in by_rate.items()],
        "meta_data": [],
    }
    for tax in document["tax_lines"]:
        tax["tax_total"] = str(Decimal(tax["tax_total"]) + Decimal(by_rate[tax["rate_percent"]]))
    document["fee_lines"] = [fee]
    document["total"] = str(Decimal(document["total"]) - Decimal("1.50") + whole)
    document["total_tax"] = str(Decimal(document["total_tax"]) + whole)
    order = read_order(orjson.dumps(document))
    assert [(fee.net, fee.tax, fee.tax_rate) for fee in order.fees] == [
        (Decimal(net), Decimal(tax), rate) for net, (rate, tax) in zip(nets, by_rate.items(), strict=True)
    ]
    assert order.computed_total == order.stated.total
    assert {tax.rate: tax.tax for tax in order.stated.taxes} == order.computed_taxes()
