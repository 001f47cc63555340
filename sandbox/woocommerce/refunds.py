"""Refunds of orders: by amount, by line, with stock given back; a full refund sets the order's status."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sandbox.woocommerce import checkout, statuses, taxes, times
from sandbox.woocommerce.arguments import Arg
from sandbox.woocommerce.basket import REFUNDING_GATEWAYS
from sandbox.woocommerce.errors import Json, WooError
from sandbox.woocommerce.links import item_links
from sandbox.woocommerce.routing import DATES, PAGING, Answer, Call, Endpoint, Route, paged, window

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

LIST_ARGS = {**PAGING, **DATES, "orderby": Arg(enum=("date", "id", "include", "modified"), default="date")}
POST_ARGS = {
    "amount": Arg(is_money=True),
    "reason": Arg(default=""),
    "api_refund": Arg(("boolean",), default=True),
    "api_restock": Arg(("boolean",), default=True),
    **{name: Arg(("array",), items="object") for name in ("line_items", "shipping_lines", "fee_lines", "meta_data")},
}
ZERO = Decimal("0.00")
PARTS = ("line_items", "shipping_lines", "fee_lines")


def routes(shop: WooShop) -> list[Route]:
    """The refund routes: of one order, and all."""
    api = RefundsApi(shop)
    return [
        Route(
            "orders/{id}/refunds",
            {
                "GET": Endpoint(api.of_order, "list", query=LIST_ARGS),
                "POST": Endpoint(api.create, "create", body=POST_ARGS),
            },
        ),
        Route("orders/{id}/refunds/{refund}", {"GET": Endpoint(api.one, "view")}),
        Route("refunds", {"GET": Endpoint(api.all, "list", query=LIST_ARGS)}),
    ]


class RefundsApi:
    """Handlers of the refund routes."""

    def __init__(self, shop: WooShop) -> None:
        self._shop = shop

    def of_order(self, call: Call) -> Answer:
        """The refunds of one order."""
        with self._shop.lock:
            self._order(call)
            return self._page(call, list(self._shop.refunds.get(call.ids["id"], [])))

    def all(self, call: Call) -> Answer:
        """The refunds of all orders; each says its order in `parent_id`."""
        with self._shop.lock:
            found = [
                {"parent_id": order_id, **refund} for order_id, items in self._shop.refunds.items() for refund in items
            ]
            return self._page(call, found)

    def one(self, call: Call) -> Answer:
        """One refund of an order."""
        with self._shop.lock:
            for refund in self._shop.refunds.get(self._order(call)["id"], []):
                if refund["id"] == call.ids["refund"]:
                    return Answer(refund)
        raise WooError(404, "woocommerce_rest_shop_order_refund_invalid_id", "Invalid ID.")

    def create(self, call: Call) -> Answer:
        """Refund money; `api_refund` would make the payment gateway pay it out. A repeated call refunds again."""
        with self._shop.changes():
            order = self._order(call)
            parts = self._refunded_parts(order, call.params.get("line_items", ()))
            lines = parts["line_items"]
            amount = self._amount(order, call.params, [line for found in parts.values() for line in found])
            refund = self._build(order, amount, call.params, parts)
            self._shop.save_of_order("refunds", order["id"], refund)
            self._book(order, refund, amount)
            if call.params["api_restock"]:
                self._restock(order, lines)
            statuses.touch(order, self._shop.clock())
            self._shop.save_order(order)
            self._shop.record("refund", str(order["id"]), refund["amount"], call.request_id)
            return Answer(refund, 201, {"Location": refund["_links"]["self"][0]["href"]})

    def _page(self, call: Call, refunds: list[Json]) -> Answer:
        refunds.sort(key=lambda refund: (refund["date_created_gmt"], refund["id"]))
        if call.params["order"] == "desc":
            refunds.reverse()
        chosen = set(window(call, [refund["id"] for refund in refunds]))
        return paged(call, [refund for refund in refunds if refund["id"] in chosen], len(refunds))

    def _order(self, call: Call) -> Json:
        if call.ids["id"] not in self._shop.orders:
            raise WooError(404, "woocommerce_rest_invalid_order_id", "Invalid order ID.")
        return self._shop.orders[call.ids["id"]]

    def _amount(self, order: Json, params: Json, lines: list[Json]) -> Decimal:
        refunded = -sum((Decimal(refund["total"]) for refund in order["refunds"]), ZERO)
        if "amount" in params:
            amount = _decimal(params["amount"])
        else:
            amount = -sum((Decimal(line["total"]) + Decimal(line["total_tax"]) for line in lines), ZERO)
        if not ZERO < amount <= Decimal(order["total"]) - refunded:
            # Recorded: HTTP 500, and `data` is the number itself.
            raise WooError(500, "woocommerce_rest_cannot_create_order_refund", "Invalid refund amount.", 500)
        if params["api_refund"] and order["payment_method"] not in REFUNDING_GATEWAYS:
            text = "The payment gateway for this order does not support automatic refunds."
            raise WooError(500, "woocommerce_rest_cannot_create_order_refund", text, 500)
        return taxes.cents(amount)

    def _refunded_parts(self, order: Json, given: Any) -> dict[str, list[Json]]:
        """The refunded lines by kind: goods, postage and fees are all named in `line_items` by their ids."""
        kinds = {line["id"]: (kind, line) for kind in PARTS for line in order[kind]}
        parts: dict[str, list[Json]] = {kind: [] for kind in PARTS}
        for item in given:
            if item.get("id") not in kinds:
                text = "Order item ID provided is not associated with order."
                raise WooError(400, "woocommerce_rest_invalid_item_id", text)
            kind, line = kinds[item["id"]]
            parts[kind].append(
                self._refunded_line(line, item) if kind == "line_items" else self._refunded_part(line, item)
            )
        return parts

    def _refunded_part(self, line: Json, item: Json) -> Json:
        """Postage or a fee: the same amounts as of goods, without pieces."""
        goods = self._refunded_line(line, item)
        changed = {name: goods[name] for name in ("id", "total", "total_tax", "meta_data")}
        return {**line, **changed, "taxes": [{**tax, "subtotal": ""} for tax in goods["taxes"]]}

    def _refunded_line(self, line: Json, item: Json) -> Json:
        total = -_decimal(item.get("refund_total", 0))
        parts = [{"id": t["id"], "total": -_decimal(t.get("refund_total", 0))} for t in item.get("refund_tax", ())]
        tax, quantity = sum((part["total"] for part in parts), ZERO), -int(item.get("quantity", 0))
        origin = str(line["id"])
        meta = {"key": "_refunded_item_id", "value": origin}
        return {
            **line,
            "id": self._shop.next_id("item"),
            "quantity": quantity,
            "subtotal": str(taxes.cents(total)),
            "subtotal_tax": str(taxes.cents(tax)),
            "total": str(taxes.cents(total)),
            "total_tax": str(taxes.cents(tax)),
            "taxes": [
                {"id": p["id"], "total": str(taxes.cents(p["total"])), "subtotal": str(taxes.cents(p["total"]))}
                for p in parts
            ],
            "meta_data": [
                {
                    "id": self._shop.next_id("meta"),
                    **meta,
                    "display_key": meta["key"],
                    "display_value": origin,
                }
            ],
            "price": checkout.unit_price(total, quantity) if quantity else 0,
        }

    def _build(self, order: Json, amount: Decimal, params: Json, parts: dict[str, list[Json]]) -> Json:
        refund_id, now = self._shop.next_id("post"), self._shop.clock()
        refunded = -sum((Decimal(refund["total"]) for refund in order["refunds"]), ZERO)
        is_full = refunded + amount == Decimal(order["total"])
        parent = f"orders/{order['id']}"
        refund: Json = {
            "id": refund_id,
            "date_created": times.local_text(now),
            "date_created_gmt": times.gmt_text(now),
            "amount": str(amount),
            "reason": params["reason"],
            "refunded_by": 1,
            "refunded_payment": params["api_refund"],
            "meta_data": [
                {
                    "id": self._shop.next_id("meta"),
                    "key": "_refund_type",
                    "value": "full" if is_full else "partial",
                }
            ],
            "line_items": parts["line_items"],
            "shipping_lines": parts["shipping_lines"],
            "tax_lines": [],
            "fee_lines": parts["fee_lines"],
            "_links": item_links(f"{parent}/refunds", refund_id, methods=["GET", "DELETE"], up=parent),
        }
        scratch = {**refund, "coupon_lines": []}
        checkout.total_up(scratch, self._shop.next_id)
        refund["tax_lines"] = scratch["tax_lines"]
        return refund

    def _book(self, order: Json, refund: Json, amount: Decimal) -> None:
        tax = sum((Decimal(line["tax_total"]) for line in refund["tax_lines"]), ZERO)
        order["refunds"].append(
            {"id": refund["id"], "reason": refund["reason"], "total": str(-amount), "total_tax": str(tax)}
        )
        if refund["meta_data"][0]["value"] == "full":
            statuses.enter(self._shop, order, "refunded", self._shop.clock())

    def _restock(self, order: Json, lines: list[Json]) -> None:
        by_id = {str(line["id"]): line for line in order["line_items"]}
        for refunded in lines:
            line = by_id[refunded["meta_data"][0]["value"]]
            statuses.give_back(self._shop, line, -refunded["quantity"], self._shop.clock())
            statuses.note_reduction(self._shop, line, refunded["quantity"])


def _decimal(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise WooError(500, "woocommerce_rest_cannot_create_order_refund", "Invalid refund amount.", 500) from None
