"""Refunds by OR28: paid out by the marketplace, per line, in the order's own tax mode; each once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from canonical.failure import Failure, FailureError
from canonical.money import ZERO, cents, split_in_proportion
from canonical.push import Outcome, PushAnswer, PushResult, Refund
from connectors.answers import RefusedError
from connectors.mirakl.answers import refusal_of
from connectors.mirakl.api import Api, rows_in
from connectors.mirakl.cancellations import shared
from connectors.mirakl.lines import tax_of
from connectors.mirakl.models import MiraklLine, MiraklOrder, MiraklTakenBack, Taxes
from connectors.mirakl.orders import read_by_id
from connectors.mirakl.settings import MiraklRefundSettings
from connectors.one_by_one import one_by_one


@dataclass(frozen=True)
class Part:
    """What goes back for one line, gross: for the goods and for shipping."""

    line: MiraklLine
    goods: Decimal
    shipping: Decimal
    quantity: Decimal


def send(api: Api, settings: MiraklRefundSettings, refunds: Sequence[Refund]) -> PushAnswer:
    """Refund one after the other, after one call that reads all their orders."""
    orders = read_by_id(api, [refund.order_ref for refund in refunds])
    return one_by_one(refunds, lambda refund: _send(api, settings, refund, orders.get(refund.order_ref)))


def _send(api: Api, settings: MiraklRefundSettings, refund: Refund, order: MiraklOrder | None) -> PushResult:
    if order is None:
        raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=refund.order_number or refund.order_ref))
    reason = refund.reason or settings.reason
    if not reason:
        raise FailureError(Failure.of("SETTINGS_INCOMPLETE", fields="reason"))
    if refund.currency != order.currency_iso_code:
        raise FailureError(Failure.of("CURRENCY_DIFFERS", sku=order.order_id, currency=order.currency_iso_code))
    parts = apportion(refund, order)
    if refund.is_repeat and (known := _found(order, parts)) is not None:
        return PushResult(key=refund.key, outcome=Outcome.ACCEPTED, ref=known)
    _check_room(refund, order, parts)
    rows = [row_of(order, part, reason) for part in parts]
    body = {"refunds": rows, "order_tax_mode": "TAX_EXCLUDED" if order.is_net else "TAX_INCLUDED"}
    try:
        created = rows_in(api.put("OR28", "/orders/refund", body), "refunds")
    except RefusedError as error:
        failure = refusal_of(error, order.order_id)
        if failure is None:
            raise
        raise FailureError(failure) from error
    if {str(row.get("order_line_id")) for row in created} != {part.line.order_line_id for part in parts}:
        raise FailureError(Failure.of("REFUND_UNCLEAR", order=order.order_id))
    return PushResult(key=refund.key, outcome=Outcome.ACCEPTED, ref=str(created[0].get("order_refund_id") or ""))


def apportion(refund: Refund, order: MiraklOrder) -> list[Part]:
    """The refund per line: named goods, then shipping, then what is left over as goodwill, each where there is room.

    Raises `FailureError` where a named line is not in the order.
    """
    lines = {line.order_line_id: line for line in order.order_lines}
    unknown = [line.line_ref for line in refund.lines if line.line_ref not in lines]
    if unknown:
        raise FailureError(Failure.of("ITEM_REFUSED", record=order.order_id, reason=", ".join(unknown)))
    goods: dict[str, Decimal] = {}
    quantities: dict[str, Decimal] = {}
    for named in refund.lines:
        goods[named.line_ref] = goods.get(named.line_ref, ZERO) + named.amount
        quantities[named.line_ref] = quantities.get(named.line_ref, Decimal(0)) + named.quantity
    shipping = _spread(refund.shipping, {ref: shipping_left(order, line) for ref, line in lines.items()})
    goodwill = refund.amount - sum(goods.values(), ZERO) - refund.shipping
    if goodwill < 0:
        reason = f"{refund.amount} < {refund.amount - goodwill}"
        raise FailureError(Failure.of("ITEM_REFUSED", record=order.order_id, reason=reason))
    if goodwill > 0:
        room = {ref: goods_left(order, line) - goods.get(ref, ZERO) for ref, line in lines.items()}
        named_room = {ref: left for ref, left in room.items() if ref in goods}
        fits = sum((max(ZERO, left) for left in named_room.values()), ZERO) >= goodwill
        for ref, amount in _spread(goodwill, named_room if fits else room).items():
            goods[ref] = goods.get(ref, ZERO) + amount
    return [
        Part(line, goods.get(ref, ZERO), shipping.get(ref, ZERO), quantities.get(ref, Decimal(0)))
        for ref, line in lines.items()
        if goods.get(ref) or shipping.get(ref)
    ]


def _spread(amount: Decimal, room: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Split an amount over the lines in proportion to the room that each has; without any, all on the first."""
    if not amount or not room:
        return {}
    weights = [max(ZERO, left) for left in room.values()]
    if not sum(weights, ZERO):
        return {next(iter(room)): amount}
    return dict(zip(room, split_in_proportion(amount, weights), strict=True))


def _gross(order: MiraklOrder, amount: Decimal, taxes: Taxes) -> Decimal:
    return amount + (tax_of(taxes) if order.is_net else ZERO)


def goods_left(order: MiraklOrder, line: MiraklLine) -> Decimal:
    """What of a line's goods can still go back, gross."""
    taken = (*line.refunds, *line.cancelations)
    gone = sum((_gross(order, entry.amount, entry.taxes) for entry in taken), ZERO)
    return _gross(order, line.price, line.taxes) - gone


def shipping_left(order: MiraklOrder, line: MiraklLine) -> Decimal:
    """What of a line's shipping can still go back, gross."""
    taken = (*line.refunds, *line.cancelations)
    gone = sum((_gross(order, entry.shipping_amount, entry.shipping_taxes) for entry in taken), ZERO)
    return _gross(order, line.shipping_price, line.shipping_taxes) - gone


def _check_room(refund: Refund, order: MiraklOrder, parts: Sequence[Part]) -> None:
    """The marketplace would refuse more than was paid; said here with the amount that is left."""
    most = sum((goods_left(order, line) + shipping_left(order, line) for line in order.order_lines), ZERO)
    is_over = any(
        part.goods > goods_left(order, part.line) or part.shipping > shipping_left(order, part.line) for part in parts
    )
    if is_over or not parts:
        raise FailureError(Failure.of("REFUND_TOO_HIGH", order=order.order_id, most=most, amount=refund.amount))


def row_of(order: MiraklOrder, part: Part, reason: str) -> dict[str, Any]:
    """One line's refund. Amounts follow the order's tax mode; taxes are stated wherever the line bears some.

    Of a gross amount that is the whole line the taxes are the line's own; else their share in proportion.
    """
    goods, goods_taxes = _in_mode(order, part.goods, part.line.price, part.line.taxes)
    shipping, shipping_taxes = _in_mode(order, part.shipping, part.line.shipping_price, part.line.shipping_taxes)
    row: dict[str, Any] = {
        "order_line_id": part.line.order_line_id,
        "amount": float(goods),
        "shipping_amount": float(shipping),
        "reason_code": reason,
        "currency_iso_code": order.currency_iso_code,
    }
    if part.quantity and part.quantity == part.quantity.to_integral_value():
        row["quantity"] = int(part.quantity)
    if goods_taxes:
        row["taxes"] = goods_taxes
    if shipping_taxes:
        row["shipping_taxes"] = shipping_taxes
    return row


def _in_mode(order: MiraklOrder, gross: Decimal, price: Decimal, taxes: Taxes) -> tuple[Decimal, list[dict[str, Any]]]:
    """A gross amount as the order's mode wants it, and the taxes in it to the cent."""
    whole = _gross(order, price, taxes)
    share = gross / whole if whole else Decimal(0)
    parts = shared(taxes, share)
    tax = sum((cents(entry.amount * share) for entry in taxes), ZERO)
    return (gross - tax if order.is_net else gross), parts


def _found(order: MiraklOrder, parts: Sequence[Part]) -> str | None:
    """The earlier try's refund, if it took effect: every line has one of the same amounts; None if no line has.

    The marketplace keeps no key of ours, so an older refund of exactly the same amounts is taken for it: money is rather not
    sent twice. Where only some lines have one, nobody can tell, and it is not sent again.
    """
    matches = [_match(order, part) for part in parts]
    if all(match is None for match in matches):
        return None
    if any(match is None for match in matches):
        raise FailureError(Failure.of("REFUND_UNCLEAR", order=order.order_id))
    return next((match.order_refund_id or match.id for match in matches if match), "")


def _match(order: MiraklOrder, part: Part) -> MiraklTakenBack | None:
    for refund in reversed(part.line.refunds):
        goods = _gross(order, refund.amount, refund.taxes)
        shipping = _gross(order, refund.shipping_amount, refund.shipping_taxes)
        if (goods, shipping) == (part.goods, part.shipping):
            return refund
    return None
