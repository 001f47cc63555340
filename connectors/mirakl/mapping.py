"""From Mirakl's order to the canonical one: pure functions, without clock, network or session."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from pydantic import ValidationError

from canonical.failure import Failure, FailureError
from canonical.money import ZERO, unit_of
from canonical.order import (
    Address,
    ChannelOrder,
    ChannelState,
    Fulfiller,
    Payment,
    StatedTax,
    StatedTotals,
)
from connectors.mirakl.countries import alpha_2
from connectors.mirakl.lines import discounts_of, fees_of, goods_line, shipping_of, tax_of, taxes_of
from connectors.mirakl.models import MiraklAddress, MiraklCustomer, MiraklLine, MiraklOrder, MiraklTax

STATES: Mapping[str, ChannelState] = {
    "SHIPPED": ChannelState.SHIPPED,
    "TO_COLLECT": ChannelState.SHIPPED,
    "RECEIVED": ChannelState.SHIPPED,
    "CLOSED": ChannelState.SHIPPED,
    "REFUSED": ChannelState.CANCELLED,
    "CANCELED": ChannelState.CANCELLED,
}
"""All others, also those that come new, are open."""

AWAITING = "WAITING_ACCEPTANCE"
OWN_CENTER = ("", "DEFAULT")
MOST_PROBLEMS = 5

_LOCKER = re.compile(r"\b(packstation|postfiliale)\b", re.IGNORECASE)
_POST_NUMBER = re.compile(r"(?:post-?nummer|post-?nr\.?)?[\s:]*(\d{6,10})", re.IGNORECASE)


def read_order(body: bytes) -> ChannelOrder:
    """Read one stored document; raises `FailureError` with `DOCUMENT_INVALID` naming the fields."""
    order = parse(body)
    customer = order.customer
    billing = _address(customer.billing_address, customer, order.customer_notification_email)
    delivery = _address(customer.shipping_address, customer, "")
    lines = [line for line in order.order_lines if line.quantity or line.price]
    unit = unit_of(order.currency_iso_code)
    return ChannelOrder(
        external_id=order.order_id,
        number=order.order_id,
        state=_state(order),
        channel_state=order.order_state,
        sales_channel=order.channel.code if order.channel else "",
        ordered_at=order.created_date,
        modified_at=order.last_updated_date,
        currency=order.currency_iso_code,
        prices_include_tax=not order.is_net,
        customer_ref=customer.customer_id,
        billing=billing,
        delivery=billing if delivery.is_empty else delivery,
        payment=_payment(order),
        lines=tuple(goods_line(line, is_net=order.is_net, unit=unit) for line in lines),
        shipping=shipping_of(lines, order),
        fees=fees_of(lines),
        discounts=discounts_of(lines, is_net=order.is_net, unit=unit_of(order.currency_iso_code)),
        refunded=_refunded(order),
        comment=_comment(customer, delivery),
        language=customer.locale.replace("-", "_").partition("_")[0].lower(),
        tags=(order.commercial_id,) if order.commercial_id not in ("", order.order_id) else (),
        # When the marketplace gives up waiting is not in the order; no field of the interface tells it.
        awaits_answer=order.order_state == AWAITING,
        ship_until=order.shipping_deadline,
        fulfilled_by=_fulfiller(order),
        is_tax_owed_by_channel=_is_tax_kept(lines),
        is_tax_left_to_seller=_is_tax_left(order),
        stated=_stated(order, lines),
    )


def parse(body: bytes) -> MiraklOrder:
    """Read the used fields of one order; raises `FailureError` with `DOCUMENT_INVALID` naming fields, never values."""
    try:
        return MiraklOrder.model_validate_json(body)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        named = [f"{'.'.join(map(str, problem['loc'])) or 'document'}: {problem['msg']}" for problem in problems]
        rest = [f"+{len(named) - MOST_PROBLEMS}"] if len(named) > MOST_PROBLEMS else []
        found = "; ".join(named[:MOST_PROBLEMS] + rest)
        raise FailureError(Failure.of("DOCUMENT_INVALID", problems=found)) from error


def _state(order: MiraklOrder) -> ChannelState:
    state = STATES.get(order.order_state, ChannelState.OPEN)
    return ChannelState.REFUNDED if order.fully_refunded and state is not ChannelState.CANCELLED else state


def _fulfiller(order: MiraklOrder) -> Fulfiller:
    """The marketplace ships what comes from a centre of its own and what the seller is told not to ship."""
    center = order.fulfillment.center.code if order.fulfillment else ""
    is_foreign = center.upper() not in OWN_CENTER and order.can_shop_ship is False
    return Fulfiller.CHANNEL if is_foreign and order.order_state != AWAITING else Fulfiller.MERCHANT


def _comment(customer: MiraklCustomer, delivery: Address) -> str:
    """Instructions for the delivery stand with the address; the label needs them, and so does whoever packs."""
    address = customer.shipping_address
    return address.additional_info if address is not None and not delivery.post_number else ""


def _payment(order: MiraklOrder) -> Payment:
    method = order.payment_type or order.paymentType
    return Payment(
        method=method,
        title=method or order.payment_workflow,
        transaction_id=order.transaction_number,
        paid_at=order.customer_debited_date,
    )


def _address(raw: MiraklAddress | None, customer: MiraklCustomer, email: str) -> Address:
    """An address with all its lines; before the acceptance there is only the buyer's name.

    With a delivery address alone there is no billing address, whatever the buyer's name is: settings may then take the other.
    """
    if raw is None and customer.shipping_address is not None:
        return Address(email=email)
    if raw is None:
        return Address(first_name=customer.firstname, last_name=customer.lastname, email=email) if email else Address()
    organization = customer.organization
    company = ", ".join(dict.fromkeys(part for part in (raw.company, raw.company_2) if part))
    extras = [part for part in (raw.street_2, raw.additional_info) if part]
    post_number = ""
    if _LOCKER.search(raw.street_1):
        post_number = _post_number((*extras, raw.company, raw.company_2))
        extras = [part for part in extras if _post_number((part,)) != post_number or not post_number]
        company = "" if post_number and _post_number((company,)) == post_number else company
    return Address(
        first_name=raw.firstname,
        last_name=raw.lastname,
        company=company or (organization.name if organization and email else ""),
        street=raw.street_1,
        street2=", ".join(dict.fromkeys(extras)),
        postcode=raw.zip_code,
        city=raw.city,
        state=raw.state,
        country=alpha_2(raw.country_iso_code, raw.country),
        email=email,
        phone=raw.phone or raw.phone_secondary,
        vat_id=organization.tax_identification_number if organization and email else "",
        post_number=post_number,
    )


def _post_number(parts: Iterable[str]) -> str:
    """The buyer's number at a parcel locker, which has no field of its own."""
    found = (_POST_NUMBER.fullmatch(part.strip()) for part in parts)
    return next((match[1] for match in found if match), "")


def _refunded(order: MiraklOrder) -> Decimal:
    """What was given back before the import, gross; a cancelation was never charged and is no refund."""
    total = ZERO
    for line in order.order_lines:
        for refund in line.refunds:
            total += refund.amount + refund.shipping_amount + sum((fee.amount for fee in refund.fees), ZERO)
            if order.is_net:
                total += tax_of(refund.taxes) + tax_of(refund.shipping_taxes)
    return total


def _is_tax_kept(lines: Sequence[MiraklLine]) -> bool:
    """Whether the marketplace keeps all tax that the buyer pays: then it owes it (D§10.4), and the seller does not."""
    charged: list[MiraklTax] = [tax for line in lines for tax in (*line.taxes, *line.shipping_taxes) if tax.amount]
    parts = [part for tax in charged for part in tax.amount_breakdown.parts if part.amount]
    is_stated = bool(charged) and all(tax.amount_breakdown.parts for tax in charged)
    return is_stated and bool(parts) and all(part.payable_to_shop is False for part in parts)


def _is_tax_left(order: MiraklOrder) -> bool:
    """Whether the prices hold the tax and none is stated, not even one of zero: European operators leave it to the seller."""
    is_stated = any(line.taxes or line.shipping_taxes for line in order.order_lines)
    return order.order_tax_mode == "TAX_INCLUDED" and not is_stated


def _stated(order: MiraklOrder, lines: Sequence[MiraklLine]) -> StatedTotals:
    """The marketplace's own sums, made gross where its prices are net.

    Some versions take refused and cancelled lines off the order's total but leave them in the list; they are in both then.
    """
    tax = sum((tax_of(line.taxes) + tax_of(line.shipping_taxes) for line in lines), ZERO)
    shipping_tax = sum((tax_of(line.shipping_taxes) for line in lines), ZERO)
    discounts = discounts_of(lines, is_net=order.is_net, unit=unit_of(order.currency_iso_code))
    total = order.total_price
    gone = [_total(line) for line in lines if line.order_line_state in ("REFUSED", "CANCELED")]
    everything = sum((_total(line) for line in lines), ZERO)
    if gone and total != everything and total == everything - sum(gone, ZERO):
        total = everything
    shipping = sum((line.shipping_price for line in lines), ZERO)
    return StatedTotals(
        total=total + (tax if order.is_net else ZERO),
        total_tax=tax,
        shipping_net=shipping - (ZERO if order.is_net else shipping_tax),
        discount_net=sum((discount.net for discount in discounts), ZERO),
        discount_tax=sum((discount.tax for discount in discounts), ZERO),
        taxes=tuple(StatedTax(rate=rate, tax=amount) for rate, amount in taxes_of(lines).items()),
    )


def _total(line: MiraklLine) -> Decimal:
    """A line with shipping and fees, as it is part of the order's total."""
    if line.total_price is not None:
        return line.total_price
    return line.price + line.shipping_price + sum((fee.amount for fee in line.fees), ZERO)
