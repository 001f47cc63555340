"""Taking back what was ordered: refunds (OR28), cancelations (OR30 by line, OR29 of a whole order).

None of them is idempotent: the same request twice is two refunds, until nothing is left to refund.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.mirakl import lifecycle
from sandbox.mirakl.amounts import COMMISSION_PERCENT, COMMISSION_TAX, EXCLUDED, HUNDRED, cents, decimal
from sandbox.mirakl.answers import Answer
from sandbox.mirakl.errors import bad_request, invalid_state, not_found
from sandbox.mirakl.fixed import REASONS
from sandbox.mirakl.model import text
from sandbox.mirakl.orders import find_order
from sandbox.mirakl.parameters import Call, amount, listed, needed

if TYPE_CHECKING:
    from sandbox.mirakl.shop import MiraklShop

Json = dict[str, Any]
MAX_ENTRIES = 1000


def operations(shop: MiraklShop) -> dict[str, tuple[str, str, Callable[[Call], Any]]]:
    """Method, path and handler by operation."""
    api = SettlementsApi(shop)
    return {
        "OR28": ("PUT", "/api/orders/refund", api.refund),
        "OR30": ("PUT", "/api/orders/cancel", api.cancel_lines),
        "OR29": ("PUT", "/api/orders/{order_id}/cancel", api.cancel_order),
    }


class SettlementsApi:
    """Handlers of these operations; a request with one bad entry changes nothing."""

    def __init__(self, shop: MiraklShop) -> None:
        self._shop = shop

    def refund(self, call: Call) -> Json:
        """OR28: give money back for lines of orders that were paid."""
        data = call.json()
        entries = listed(data, "refunds", most=MAX_ENTRIES)
        with self._shop.changes():
            work = self._opened(entries, data)
            group, created = str(self._shop.next_id("refund")), []
            for entry, order, line in work:
                if line["order_line_state"] not in lifecycle.REFUNDABLE or order["customer_debited_date"] is None:
                    raise invalid_state("SHIPPING", line["order_line_state"])
                parts = self._checked(entry, order, line, "REFUND")
                created.append(self._add_refund(entry, order, line, parts, group))
            for order in {id(order): order for _, order, _ in work}.values():
                self._shop.save_order(order)
                self._shop.moving.add(order["order_id"])
            for (_, order, _), made in zip(work, created, strict=True):
                value = made["amount"] + made["shipping_amount"]
                self._shop.record("refund", order["order_id"], value, call.request_id)
            return {"order_tax_mode": work[0][1]["order_tax_mode"], "refunds": created}

    def cancel_lines(self, call: Call) -> Json:
        """OR30: cancel pieces of lines that did not leave."""
        data = call.json()
        entries = listed(data, "cancelations", most=MAX_ENTRIES)
        with self._shop.changes():
            work = self._opened(entries, data)
            created = []
            for entry, order, line in work:
                if line["order_line_state"] not in lifecycle.CANCELLABLE:
                    raise invalid_state("SHIPPING", line["order_line_state"])
                if not isinstance(entry.get("quantity"), int):
                    raise bad_request("quantity: must not be null")
                parts = self._checked(entry, order, line, "CANCELATION")
                created.append(self._add_cancelation(entry, order, line, parts))
            for order in {id(order): order for _, order, _ in work}.values():
                self._close_if_cancelled(order)
                self._shop.save_order(order)
                state = "CANCELED" if order["order_state"] == "CANCELED" else "cancelation"
                self._shop.record("order_status", order["order_id"], state, call.request_id)
            return {"order_tax_mode": work[0][1]["order_tax_mode"], "cancelations": created}

    def cancel_order(self, call: Call) -> Answer:
        """OR29: cancel a whole order that did not leave."""
        with self._shop.changes():
            found = find_order(self._shop, call.ids["order_id"])
            if found["order_state"] not in lifecycle.CANCELLABLE - {"STAGING"}:
                raise invalid_state("SHIPPING", found["order_state"])
            order = lifecycle.changed(found, self._shop.clock())
            lifecycle.enter(order, "CANCELED", self._shop.clock())
            self._shop.moving.discard(order["order_id"])
            self._shop.save_order(order)
            self._shop.record("order_status", order["order_id"], "CANCELED", call.request_id)
        return Answer()

    def _opened(self, entries: list[Json], data: Json) -> list[tuple[Json, Json, Json]]:
        """Each entry with a changeable copy of its order and the line in it."""
        copies: dict[str, Json] = {}
        work = []
        for entry in entries:
            line_id = needed(entry, "order_line_id")
            order_id = line_id.rpartition("-")[0]
            if order_id not in copies:
                copies[order_id] = lifecycle.changed(find_order(self._shop, order_id), self._shop.clock())
            order = copies[order_id]
            line = next((x for x in order["order_lines"] if x["order_line_id"] == line_id), None)
            if line is None:
                raise not_found("Order line", line_id, "ORDER_LINE_NOT_FOUND")
            mode = data.get("order_tax_mode") or order["order_tax_mode"]
            if mode != order["order_tax_mode"]:
                raise bad_request(f"order_tax_mode: the order's amounts are {order['order_tax_mode']}")
            work.append((entry, order, line))
        return work

    def _checked(self, entry: Json, order: Json, line: Json, kind: str) -> Json:
        """Amounts, taxes and reason of an entry; 400 for more than is left, an unknown reason, or missing taxes."""
        price, shipping = amount(entry, "amount"), amount(entry, "shipping_amount")
        reason = needed(entry, "reason_code")
        if not any(code == reason and REASONS[code][0] == kind and REASONS[code][2] for code in REASONS):
            raise bad_request(f"reason_code: '{reason}' is not a valid reason")
        if (entry.get("currency_iso_code") or order["currency_iso_code"]) != order["currency_iso_code"]:
            raise bad_request("currency_iso_code: is not the order's currency")
        if price + shipping > lifecycle.refundable(line) or price + shipping == 0:
            raise bad_request("amount: is not within what is left of the order line")
        parts: Json = {"amount": price, "shipping_amount": shipping, "reason_code": reason}
        for name, about in (("taxes", price), ("shipping_taxes", shipping)):
            given = entry.get(name)
            is_needed = order["order_tax_mode"] == EXCLUDED and line[name] and about
            if is_needed and not given:
                raise bad_request(f"{name}: must not be empty")
            parts[name] = _taxes(name, given, line[name]) if given else _shares(line, name, about)
        return parts

    def _add_refund(self, entry: Json, order: Json, line: Json, parts: Json, group: str) -> Json:
        refund_id = str(self._shop.next_id("refund"))
        now = text(self._shop.clock())
        quantity = entry.get("quantity") or 0
        line["refunds"].append(
            {
                **parts,
                **_commission(parts),
                "commission_tax_amount": _commission(parts)["commission_taxes"][0]["amount"],
                "created_date": now,
                "eco_contributions": [],
                "fees": [],
                "id": refund_id,
                "order_refund_id": group,
                "quantity": quantity,
                "refund_state": "WAITING_REFUND",
                "state": "WAITING_REFUND",
                "tax_legal_notice": None,
                "transaction_date": None,
                "transaction_number": None,
            }
        )
        line["last_updated_date"] = now
        return {
            **parts,
            "currency_iso_code": order["currency_iso_code"],
            "excluded_from_shipment": bool(entry.get("excluded_from_shipment", True)),
            "fees": [],
            "order_line_id": line["order_line_id"],
            "order_refund_id": group,
            "quantity": quantity,
            "refund_id": refund_id,
        }

    def _add_cancelation(self, entry: Json, order: Json, line: Json, parts: Json) -> Json:
        gone = sum(part["quantity"] for part in line["cancelations"])
        if not 0 <= entry["quantity"] <= line["quantity"] - gone:
            raise bad_request("quantity: is not within what is left of the order line")
        cancelation_id = str(self._shop.next_id("refund"))
        now = text(self._shop.clock())
        line["cancelations"].append(
            {
                **parts,
                **_commission(parts),
                "created_date": now,
                "eco_contributions": [],
                "fees": [],
                "id": cancelation_id,
                "quantity": entry["quantity"],
            }
        )
        line["last_updated_date"] = now
        return {
            **parts,
            "cancelation_id": cancelation_id,
            "currency_iso_code": order["currency_iso_code"],
            "fees": [],
            "order_line_id": line["order_line_id"],
            "quantity": entry["quantity"],
        }

    def _close_if_cancelled(self, order: Json) -> None:
        now = self._shop.clock()
        for line in order["order_lines"]:
            if line["cancelations"] and lifecycle.refundable(line) == 0:
                line["order_line_state"] = "CANCELED"
        if not lifecycle.active_lines(order):
            lifecycle.enter(order, "CANCELED", now)
            self._shop.moving.discard(order["order_id"])


def _taxes(name: str, given: Any, known: list[Json]) -> list[Json]:
    rates = {tax["code"]: tax["rate"] for tax in known}
    taxes = []
    for tax in given:
        if tax.get("code") not in rates:
            raise bad_request(f"{name}: tax '{tax.get('code')}' is not on the order line")
        taxes.append({"amount": amount(tax, "amount"), "code": tax["code"], "rate": rates[tax["code"]]})
    return taxes


def _shares(line: Json, name: str, about: Decimal) -> list[Json]:
    """The line's taxes in proportion to the amount, as `tax_calculation_rule` says."""
    whole = decimal(line["price" if name == "taxes" else "shipping_price"])
    if not whole:
        return []
    return [
        {"amount": cents(decimal(tax["amount"]) * about / whole), "code": tax["code"], "rate": tax["rate"]}
        for tax in line[name]
    ]


def _commission(parts: Json) -> Json:
    fee = cents((parts["amount"] + parts["shipping_amount"]) * COMMISSION_PERCENT / HUNDRED)
    vat = cents(fee * COMMISSION_TAX / HUNDRED)
    return {
        "commission_amount": fee,
        "commission_taxes": [{"amount": vat, "code": "TAXDEFAULT"}],
        "commission_total_amount": fee + vat,
    }
