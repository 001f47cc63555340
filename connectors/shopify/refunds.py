"""Paying refunds out through the shop, each once: by a key that the shop knows again, and by a mark in the refund's note."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from canonical.failure import Failure, FailureError
from canonical.money import ZERO, cents, unit_of
from canonical.push import Outcome, PushAnswer, PushResult, Refund
from connectors.one_by_one import one_by_one
from connectors.shopify.graph import Document, Graph, gid, is_ref, mapping, nodes, number_of, user_errors
from connectors.shopify.settings import ShopifyRefundSettings

REFUNDED_ORDER = Document(
    """
query RefundedOrder($id: ID!) {
  order(id: $id) {
    id
    currencyCode
    presentmentCurrencyCode
    refunds(first: 50) { id note }
    lineItems(first: 250) { nodes { id refundableQuantity } }
  }
}
""",
    cost=301,
)
SUGGESTED_REFUND = Document(
    """
query SuggestedRefund($id: ID!, $lines: [RefundLineItemInput!], $shipping: Money) {
  order(id: $id) {
    id
    suggestedRefund(refundLineItems: $lines, shippingAmount: $shipping) {
      maximumRefundableSet { shopMoney { amount } }
      suggestedTransactions {
        gateway
        parentTransaction { id }
        amountSet { shopMoney { amount } presentmentMoney { amount currencyCode } }
        maximumRefundableSet { shopMoney { amount } presentmentMoney { amount currencyCode } }
      }
    }
  }
}
""",
    cost=12,
)
CREATE_REFUND = Document(
    """
mutation CreateRefund($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
    refund { id totalRefundedSet { shopMoney { amount } } }
    userErrors { field message }
  }
}
""",
    cost=15,
)


def send(graph: Graph, settings: ShopifyRefundSettings, refunds: Sequence[Refund]) -> PushAnswer:
    """Send one after the other."""
    return one_by_one(refunds, lambda refund: _send(graph, settings, refund))


def _send(graph: Graph, settings: ShopifyRefundSettings, refund: Refund) -> PushResult:
    ref = _Refunding(graph, settings, refund).run()
    return PushResult(key=refund.key, outcome=Outcome.ACCEPTED, ref=ref)


class _Refunding:
    """One refund on its way."""

    def __init__(self, graph: Graph, settings: ShopifyRefundSettings, refund: Refund) -> None:
        self._graph = graph
        self._settings = settings
        self._refund = refund
        self._mark = f"[{refund.key}]"

    @property
    def _name(self) -> str:
        return self._refund.order_number or self._refund.order_ref

    def run(self) -> str:
        """Pay it out and return the shop's id of it; raises `FailureError`."""
        if not is_ref("Order", self._refund.order_ref):
            raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=self._name))
        order = self._order()
        for row in nodes(order.get("refunds")):
            # Looked for always, not only in a repeat: it costs nothing here, and money must not go out twice.
            if self._mark in str(row.get("note") or ""):
                return number_of(row.get("id"))
        if self._refund.currency != order.get("currencyCode"):
            raise FailureError(Failure.of("NO_CURRENCY_MAP", currency=self._refund.currency))
        return self._create(self._input(order, self._lines(order)))

    def _order(self) -> dict[str, Any]:
        order = self._graph.run(REFUNDED_ORDER, {"id": gid("Order", self._refund.order_ref)}).part("order")
        if not order:
            raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=self._name))
        return order

    def _lines(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        """The lines that the refund explains; whole pieces only, a part of a piece is goodwill.

        Pieces that were reported as returned have nothing left to refund by line: their money goes back as an amount.
        """
        restocks = self._refund.restocks and self._settings.restock
        left = {
            number_of(row.get("id")): int(row.get("refundableQuantity") or 0) for row in nodes(order.get("lineItems"))
        }
        return [
            {
                "lineItemId": gid("LineItem", line.line_ref),
                "quantity": quantity,
                "restockType": "RETURN" if restocks else "NO_RESTOCK",
            }
            for line in self._refund.lines
            if (quantity := min(int(line.quantity), left.get(line.line_ref, int(line.quantity)))) > 0
        ]

    def _suggested(self, lines: list[dict[str, Any]]) -> dict[str, Any]:
        variables = {
            "id": gid("Order", self._refund.order_ref),
            "lines": lines,
            "shipping": str(self._refund.shipping),
        }
        return mapping(self._graph.run(SUGGESTED_REFUND, variables).part("order").get("suggestedRefund"))

    def _input(self, order: dict[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {
            "orderId": gid("Order", self._refund.order_ref),
            "note": f"{self._refund.note} {self._mark}".strip(),
            "notify": self._settings.notify_customer,
            "refundLineItems": lines,
            "transactions": self._transactions(self._suggested(lines)),
        }
        if self._refund.shipping > 0:
            made["shipping"] = {"amount": str(self._refund.shipping)}
        if order.get("presentmentCurrencyCode") != order.get("currencyCode"):
            made["currency"] = order.get("presentmentCurrencyCode")
        if self._refund.amount != self._explained(lines):
            made["discrepancyReason"] = "OTHER"
        return made

    def _explained(self, lines: list[dict[str, Any]]) -> Decimal:
        """What lines and shipping stand for; a line that goes back only in part stands for its share."""
        sent = {number_of(line["lineItemId"]): line["quantity"] for line in lines}
        parts = (
            line.amount * sent.get(line.line_ref, 0) / line.quantity for line in self._refund.lines if line.quantity
        )
        return sum(map(cents, parts), ZERO) + self._refund.shipping

    def _transactions(self, suggested: dict[str, Any]) -> list[dict[str, Any]]:
        """Spread the amount over the payments that can give it back, each up to what is left of it, in the buyer's currency."""
        left, most = self._refund.amount, ZERO
        made = []
        for row in nodes(suggested.get("suggestedTransactions")):
            limit = _money(row.get("maximumRefundableSet")) or _money(row.get("amountSet"))
            most += limit
            amount = min(left, limit)
            parent = mapping(row.get("parentTransaction")).get("id")
            if amount <= 0:
                continue
            left -= amount
            made.append(
                {
                    "orderId": gid("Order", self._refund.order_ref),
                    "gateway": str(row.get("gateway") or ""),
                    "kind": "REFUND",
                    "amount": str(_presented(row, amount)),
                    "parentId": parent,
                }
            )
        if left > 0:
            failure = Failure.of("REFUND_TOO_HIGH", order=self._name, most=most, amount=self._refund.amount)
            raise FailureError(failure)
        return made

    def _create(self, made: dict[str, Any]) -> str:
        key = str(uuid5(NAMESPACE_URL, f"{self._graph.host}/refund/{self._refund.order_ref}/{self._refund.key}"))
        payload = self._graph.run(CREATE_REFUND, {"input": made, "key": key}).part("refundCreate")
        errors = user_errors(payload)
        ref = number_of(mapping(payload.get("refund")).get("id"))
        if errors or not ref:
            reason = errors[0].message if errors else "not confirmed"
            raise FailureError(Failure.of("ITEM_REFUSED", record=self._name, reason=reason))
        return ref


def _money(bag: object, side: str = "shopMoney") -> Decimal:
    return Decimal(str(mapping(mapping(bag).get(side)).get("amount") or "0"))


def _presented(row: dict[str, Any], amount: Decimal) -> Decimal:
    """The amount in the currency that the buyer paid in, by the rate of the payment itself."""
    bag = row.get("maximumRefundableSet") or row.get("amountSet")
    shop, presented = _money(bag), _money(bag, "presentmentMoney")
    currency = str(mapping(mapping(bag).get("presentmentMoney")).get("currencyCode") or "")
    if not shop or not presented or shop == presented:
        return amount
    return cents(amount * presented / shop, unit_of(currency))
