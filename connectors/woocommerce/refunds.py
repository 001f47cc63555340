"""Refunding through the shop: each refund is made once; its reason carries our key, by which a repeat recognises it."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from canonical.failure import Failure, FailureError
from canonical.money import ZERO, cents, split_in_proportion, unit_of
from canonical.push import Outcome, PushAnswer, PushResult, Refund
from connectors.answers import RefusedError
from connectors.one_by_one import one_by_one
from connectors.transport import Calls
from connectors.woocommerce.answers import INVALID_ID, Row, error_of, row_of
from connectors.woocommerce.products import all_rows
from connectors.woocommerce.settings import WooRefundSettings

INVALID_ORDER = "invalid_order_id"
FIELDS = "id,currency,total,refunds,line_items,shipping_lines"


def send(calls: Calls, settings: WooRefundSettings, refunds: Sequence[Refund]) -> PushAnswer:
    """Refund one after the other."""
    return one_by_one(refunds, lambda refund: _Refunding(calls, settings, refund).send())


class _Refunding:
    """One refund of one order."""

    def __init__(self, calls: Calls, settings: WooRefundSettings, refund: Refund) -> None:
        self._calls = calls
        self._settings = settings
        self._refund = refund
        self._path = f"/orders/{refund.order_ref}"
        self._name = refund.order_number or refund.order_ref
        self._mark = f"[{refund.key}]"

    def send(self) -> PushResult:
        """Make it; the shop's id of it comes back. Raises `FailureError`, of kind reject where only this refund is refused."""
        if not self._refund.order_ref.isdecimal():
            raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=self._name))
        try:
            if self._refund.is_repeat and (done := self._find_done()):
                return PushResult(key=self._refund.key, outcome=Outcome.ACCEPTED, ref=done)
            order = row_of(self._calls.get(self._path, {"_fields": FIELDS}))
            self._permit(order)
            answer = row_of(self._calls.post(f"{self._path}/refunds", self._content(order)))
        except RefusedError as error:
            raise self._of_this_refund(error) from error
        return PushResult(key=self._refund.key, outcome=Outcome.ACCEPTED, ref=str(answer["id"]))

    def _find_done(self) -> str:
        """The id of the refund that an earlier try made; empty if there is none."""
        rows = all_rows(self._calls, f"{self._path}/refunds", {"_fields": "id,reason"})
        return next((str(row["id"]) for row in rows if self._mark in str(row.get("reason") or "")), "")

    def _permit(self, order: Row) -> None:
        """Refuse what the shop would refuse with an answer that says nothing (an HTTP 500)."""
        refund = self._refund
        if order.get("currency") != refund.currency:
            reason = f"{refund.currency} ≠ {order.get('currency')}"
            raise FailureError(Failure.of("ITEM_REFUSED", record=self._name, reason=reason))
        refunded = sum((_amount(row.get("total")) for row in _rows(order, "refunds")), ZERO)
        most = _amount(order.get("total")) + refunded
        if refund.amount > most:
            raise FailureError(Failure.of("REFUND_TOO_HIGH", order=self._name, most=most, amount=refund.amount))

    def _content(self, order: Row) -> dict[str, Any]:
        note = self._refund.note or self._refund.reason
        return {
            "amount": str(self._refund.amount),
            "reason": f"{note} {self._mark}".strip(),
            "api_refund": self._settings.api_refund,
            "api_restock": self._refund.restocks,
            "line_items": [*self._lines(order), *self._shipping(order)],
        }

    def _lines(self, order: Row) -> list[dict[str, Any]]:
        """The refunded lines: net with the tax of each rate beside it; lines that the order does not have are left out."""
        by_id = {str(row.get("id")): row for row in _rows(order, "line_items")}
        parts = []
        for line in self._refund.lines:
            if row := by_id.get(line.line_ref):
                part = self._part(row, line.amount - line.tax, line.tax)
                parts.append({**part, "quantity": int(line.quantity)})
        return parts

    def _shipping(self, order: Row) -> list[dict[str, Any]]:
        """The refunded postage, spread over the order's shipping lines in proportion, with the tax that they bear."""
        rows = [row for row in _rows(order, "shipping_lines") if _amount(row.get("total")) > 0]
        if self._refund.shipping <= 0 or not rows:
            return []
        unit = unit_of(self._refund.currency)
        grosses = [_amount(row.get("total")) + _amount(row.get("total_tax")) for row in rows]
        parts = []
        for row, gross, amount in zip(
            rows, grosses, split_in_proportion(self._refund.shipping, grosses, unit), strict=True
        ):
            tax = cents(amount * _amount(row.get("total_tax")) / gross, unit)
            parts.append(self._part(row, amount - tax, tax))
        return parts

    def _part(self, row: Row, net: Decimal, tax: Decimal) -> dict[str, Any]:
        taxes = [each for each in _rows(row, "taxes") if _amount(each.get("total"))]
        weights = [_amount(each.get("total")) for each in taxes]
        amounts = split_in_proportion(tax, weights, unit_of(self._refund.currency)) if sum(weights, ZERO) else []
        return {
            "id": row["id"],
            # Numbers in the shop's own description; two decimals are exact enough as such.
            "refund_total": float(net),
            "refund_tax": [
                {"id": each["id"], "refund_total": float(amount)} for each, amount in zip(taxes, amounts, strict=False)
            ],
        }

    def _of_this_refund(self, error: RefusedError) -> FailureError:
        """Tell what concerns this refund from what concerns the whole channel."""
        code, message = error_of(error.answer)
        if code.endswith((INVALID_ID, INVALID_ORDER)):
            return FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=self._name))
        if code.endswith("cannot_create_order_refund") or (error.answer.status == 400 and code):
            # Also what the payment provider refuses; the shop answers it with HTTP 500 and keeps no refund.
            return FailureError(Failure.of("ITEM_REFUSED", record=self._name, reason=message or code))
        return error


def _rows(row: Row, name: str) -> list[Row]:
    return [each for each in row.get(name) or () if isinstance(each, dict)]


def _amount(stated: object) -> Decimal:
    try:
        return Decimal(str(stated or 0))
    except InvalidOperation:
        return ZERO
