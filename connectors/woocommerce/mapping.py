"""From WooCommerce's order to the canonical one: pure functions, without clock, network or session."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from operator import itemgetter

from pydantic import ValidationError

from canonical.failure import Failure, FailureError
from canonical.money import CENT, HUNDRED, ZERO, cents
from canonical.order import (
    Address,
    ChannelOrder,
    ChannelState,
    Charge,
    Discount,
    OrderLine,
    Payment,
    PaymentKind,
    PaymentPart,
    Property,
    StatedTax,
    StatedTotals,
)
from connectors.woocommerce.decimals import in_cents
from connectors.woocommerce.models import WooAddress, WooCharge, WooLine, WooLineTax, WooMeta, WooOrder, WooTaxLine

STATES: Mapping[str, ChannelState] = {
    "completed": ChannelState.SHIPPED,
    "cancelled": ChannelState.CANCELLED,
    "failed": ChannelState.CANCELLED,
    "trash": ChannelState.CANCELLED,
    "refunded": ChannelState.REFUNDED,
}
"""All others, also those that plug-ins add, are open."""

VAT_ID_KEYS = (
    "_billing_vat_id",
    "billing_vat_id",
    "_billing_vat_number",
    "billing_vat_number",
    "_billing_vat",
    "billing_vat",
    "_billing_eu_vat_number",
    "billing_eu_vat_number",
    "_billing_ust_id",
    "billing_ust_id",
    "_vat_number",
    "vat_number",
    "_vat_id",
    "vat_id",
)
"""WooCommerce has no field for it; these are the ones that the usual plug-ins write, billing before the general ones."""

MOST_PROBLEMS = 5

REFUNDED_ITEM = "_refunded_item_id"
"""The field in which a refund's line names the line of the order."""

LANGUAGE_KEYS = ("wpml_language", "trp_language", "weglot_language")
"""WooCommerce orders name no language; these are the fields of the usual translation plug-ins."""

TILLS = frozenset({"pos", "pos-rest-api", "woocommerce-pos"})
"""What `created_via` says of an order that was sold over the counter."""

_OPTION_KEY = re.compile(r"[a-z0-9%_-]+")
_NOTES = frozenset({"Backordered", "Lieferrückstand"})
"""What WooCommerce itself writes on a line, in the shop's language."""


def read_order(body: bytes) -> ChannelOrder:
    """Read one stored document; raises `FailureError` with `DOCUMENT_INVALID` naming the fields."""
    try:
        order = in_cents(WooOrder.model_validate_json(body))
    except ValidationError as error:
        raise FailureError(Failure.of("DOCUMENT_INVALID", problems=_problems(error))) from error
    billing = _address(order.billing, _first(order.meta_data, VAT_ID_KEYS))
    delivery = _address(order.shipping, "")
    rates = {tax.rate_id: tax for tax in order.tax_lines}
    removed = _removed(order)
    read = ChannelOrder(
        external_id=str(order.id),
        number=order.number or str(order.id),
        state=STATES.get(order.status, ChannelState.OPEN),
        channel_state=order.status,
        ordered_at=order.date_created_gmt,
        modified_at=order.date_modified_gmt or order.date_created_gmt,
        currency=order.currency,
        prices_include_tax=order.prices_include_tax,
        customer_ref=str(order.customer_id) if order.customer_id else "",
        billing=billing,
        delivery=billing if delivery.is_empty else delivery,
        payment=Payment(
            method=order.payment_method,
            title=order.payment_method_title,
            transaction_id=order.transaction_id,
            paid_at=order.date_paid_gmt,
        ),
        lines=tuple(_line(line, rates, removed.get(str(line.id), Decimal(0))) for line in order.line_items),
        shipping=tuple(part for each in order.shipping_lines for part in _charges(each, each.method_title, rates)),
        fees=tuple(part for each in order.fee_lines for part in _charges(each, each.name, rates)),
        discounts=tuple(Discount(code=c.code, net=c.discount, tax=c.discount_tax) for c in order.coupon_lines),
        refunded=-sum((refund.total for refund in order.refunds), ZERO),
        comment=order.customer_note,
        language=_first(order.meta_data, LANGUAGE_KEYS),
        is_pos=order.created_via in TILLS,
        stated=_stated(order),
    )
    return _with_gift_cards(read, order) if order.gift_cards else read


def _with_gift_cards(read: ChannelOrder, order: WooOrder) -> ChannelOrder:
    """Name redeemed gift cards as payments; where the extension took them off the total, that is what the goods cost."""
    cards = [card for card in order.gift_cards if card.amount > 0]
    redeemed = sum((card.amount for card in cards), ZERO)
    parts = tuple(PaymentPart(kind=PaymentKind.GIFT_CARD, amount=card.amount, reference=card.code) for card in cards)
    total = read.stated.total
    if total + redeemed == read.computed_total:
        total += redeemed
    return read.model_copy(update={"payments": parts, "stated": read.stated.model_copy(update={"total": total})})


def _problems(error: ValidationError) -> str:
    """Name the fields and reasons, never the values: an order holds personal data."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    named = [
        f"{'.'.join(str(part) for part in problem['loc']) or 'document'}: {problem['msg']}" for problem in problems
    ]
    rest = [f"+{len(named) - MOST_PROBLEMS}"] if len(named) > MOST_PROBLEMS else []
    return "; ".join(named[:MOST_PROBLEMS] + rest)


def _address(raw: WooAddress, vat_id: str) -> Address:
    return Address(
        first_name=raw.first_name,
        last_name=raw.last_name,
        company=raw.company,
        street=raw.address_1,
        street2=raw.address_2,
        postcode=raw.postcode,
        city=raw.city,
        state=raw.state,
        country=raw.country.upper(),
        email=raw.email,
        phone=raw.phone,
        vat_id=vat_id,
    )


def _first(metas: Sequence[WooMeta], keys: Sequence[str]) -> str:
    """The first of some fields that has a text."""
    values = {meta.key: meta.value.replace("\x00", "").strip() for meta in metas if isinstance(meta.value, str)}
    return next((values[key] for key in keys if values.get(key)), "")


def _removed(order: WooOrder) -> Mapping[str, Decimal]:
    """How much of each line was refunded, by the line's id; an amount that went back without goods removes nothing."""
    removed: dict[str, Decimal] = {}
    for refund in order.connect_refunds:
        for line in refund.line_items:
            line_id = next((str(meta.value) for meta in line.meta_data if meta.key == REFUNDED_ITEM), "")
            removed[line_id] = removed.get(line_id, Decimal(0)) + abs(line.quantity)
    return removed


def _line(raw: WooLine, rates: Mapping[int, WooTaxLine], removed: Decimal) -> OrderLine:
    return OrderLine(
        ref=str(raw.id),
        sku=raw.sku,
        title=raw.name,
        quantity=raw.quantity,
        net=raw.subtotal,
        tax=raw.subtotal_tax,
        tax_rate=_rate(raw.taxes, raw.subtotal_tax or raw.total_tax, rates),
        tax_parts=max(1, len(_applied(raw.taxes))),
        discount_net=raw.subtotal - raw.total,
        discount_tax=raw.subtotal_tax - raw.total_tax,
        properties=tuple(_properties(raw)),
        product_ref=_product_ref(raw),
        removed=min(removed, raw.quantity),
    )


def _product_ref(raw: WooLine) -> str:
    """The product in the terms of the stock export; empty when the shop has deleted it."""
    if not raw.product_id:
        return ""
    return f"{raw.product_id}/{raw.variation_id}" if raw.variation_id else str(raw.product_id)


def _properties(line: WooLine) -> list[Property]:
    """What the buyer chose; fields that begin with an underscore are the shop's own notes."""
    found = []
    for meta in line.meta_data:
        if not meta.key.startswith("_") and (value := _shown(meta.display_value) or _shown(meta.value)):
            name = _shown(meta.display_key) or meta.key
            found.append(Property(name=name, value=value, is_personal=_is_personal(meta.key, line)))
    return found


def _is_personal(key: str, line: WooLine) -> bool:
    """Whether the buyer wrote it: neither an attribute of the shop, nor a variant's own option, nor a note of the shop."""
    is_option = key.startswith("pa_") or (line.variation_id and _OPTION_KEY.fullmatch(key) is not None)
    return not is_option and key not in _NOTES


def _shown(value: object) -> str:
    """A value that a person can read: plug-ins also store structures, which are left out."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return re.sub(r"<[^>]*>", "", str(value)).replace("\x00", "").strip()


def _charges(raw: WooCharge, title: str, rates: Mapping[int, WooTaxLine]) -> list[Charge]:
    """A shipping or fee line; a negative fee that the shop apportions over several rates becomes a charge per rate."""
    whole = Charge(
        ref=str(raw.id),
        title=title,
        method=raw.method_id,
        net=raw.total,
        tax=raw.total_tax,
        tax_rate=_rate(raw.taxes, raw.total_tax, rates),
        parts=max(1, len(_applied(raw.taxes))),
    )
    parts = [
        whole.model_copy(update={"net": net, "tax": tax, "tax_rate": rate, "parts": 1})
        for net, tax, rate in _apportioned(raw, rates)
    ]
    return parts or [whole]


def _apportioned(raw: WooCharge, rates: Mapping[int, WooTaxLine]) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Net, tax and rate of each part, when several taxes each bear on a part of the amount and not all on the whole.

    The parts' nets follow from tax and rate; the lowest rate takes what rounding leaves, where it changes its tax least.
    """
    # Also those without an amount: the tax of a small part rounds to nothing, and yet it is a part.
    named = [entry for entry in raw.taxes if entry.total is not None]
    parts = [(entry.total or ZERO, rates[entry.id].rate_percent) for entry in named if entry.id in rates]
    known = sorted(((tax, rate) for tax, rate in parts if rate), key=itemgetter(1), reverse=True)
    if len(known) < 2 or len(known) < len(named) or _bears_on_whole(raw, rates):
        return []
    nets = [cents(tax * HUNDRED / rate) for tax, rate in known]
    nets[-1] += raw.total - sum(nets, ZERO)
    return [(net, tax, rate) for net, (tax, rate) in zip(nets, known, strict=True)]


def _bears_on_whole(raw: WooCharge, rates: Mapping[int, WooTaxLine]) -> bool:
    """Whether the taxes together are what their joint rate gives on the whole amount, to a cent each."""
    joint = _rate(raw.taxes, raw.total_tax, rates)
    return joint is not None and abs(raw.total * joint / HUNDRED - raw.total_tax) <= CENT * len(_applied(raw.taxes))


def _applied(taxes: Sequence[WooLineTax]) -> list[WooLineTax]:
    """The taxes that bear on a line; a line of zero is still under the one tax that is named without an amount."""
    charged = [tax for tax in taxes if tax.total or tax.subtotal]
    named = [tax for tax in taxes if tax.total is not None or tax.subtotal is not None]
    return charged or (named if len(named) == 1 else [])


def _rate(taxes: Sequence[WooLineTax], tax: Decimal, rates: Mapping[int, WooTaxLine]) -> Decimal | None:
    """The percent rate of a line; several taxes add up, a compound one is taken on top of the others.

    None when there is tax and the order does not say at which rate.
    """
    applied = _applied(taxes)
    known = [rates[entry.id] for entry in applied if entry.id in rates]
    percents = [(line.rate_percent, line.compound) for line in known if line.rate_percent is not None]
    if len(percents) < len(applied) or (tax and not percents):
        return None if tax else ZERO
    plain = sum((percent for percent, compound in percents if not compound), Decimal(0))
    for percent, compound in percents:
        if compound:
            plain += percent * (HUNDRED + plain) / HUNDRED
    return plain


def _stated(order: WooOrder) -> StatedTotals:
    return StatedTotals(
        total=order.total,
        total_tax=order.total_tax,
        shipping_net=order.shipping_total,
        discount_net=order.discount_total,
        discount_tax=order.discount_tax,
        taxes=_stated_taxes(order),
    )


def _stated_taxes(order: WooOrder) -> tuple[StatedTax, ...]:
    """The sums per rate; none where lines bear several taxes at once, because a line then has their joint rate."""
    rates = {tax.rate_id: tax for tax in order.tax_lines}
    several: list[WooLine | WooCharge] = [line for line in order.line_items if len(line.taxes) > 1]
    charges = [charge for charge in (*order.shipping_lines, *order.fee_lines) if len(charge.taxes) > 1]
    several += [charge for charge in charges if not _apportioned(charge, rates)]
    if any(len(_applied(item.taxes)) > 1 for item in several):
        return ()
    sums: dict[Decimal, Decimal] = {}
    for line in order.tax_lines:
        if line.rate_percent is not None:
            sums[line.rate_percent] = sums.get(line.rate_percent, ZERO) + line.tax_total + line.shipping_tax_total
    return tuple(StatedTax(rate=rate, tax=tax) for rate, tax in sums.items())
