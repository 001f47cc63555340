"""Orders: listing them (OR11), deciding about them (OR21), tracking and shipping (OR23, OR24), notes on them (OR04, OR31)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.mirakl import lifecycle
from sandbox.mirakl.amounts import EXCLUDED, INCLUDED, in_mode
from sandbox.mirakl.answers import Answer, link_header
from sandbox.mirakl.errors import MiraklError, bad_request, invalid_state, not_found
from sandbox.mirakl.fixed import ADDITIONAL_FIELDS, CARRIERS, REASONS
from sandbox.mirakl.model import text
from sandbox.mirakl.parameters import Call, listed, needed

if TYPE_CHECKING:
    from sandbox.mirakl.shop import MiraklShop

Json = dict[str, Any]
Matches = Callable[[Json], bool]
STATES = (
    *("STAGING", "WAITING_ACCEPTANCE", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING", "SHIPPED", "TO_COLLECT"),
    *("RECEIVED", "CLOSED", "REFUSED", "CANCELED"),
)
WORKFLOWS = (
    *("PAY_ON_ACCEPTANCE", "PAY_ON_DELIVERY", "PAY_ON_DUE_DATE", "PAY_ON_SHIPMENT", "NO_CUSTOMER_PAYMENT_CONFIRMATION"),
)
REFERENCE_LENGTH = 2000
MAX_ORDERS = 100


def operations(shop: MiraklShop) -> dict[str, tuple[str, str, Callable[[Call], Any]]]:
    """Method, path and handler by operation."""
    api = OrdersApi(shop)
    return {
        "OR11": ("GET", "/api/orders", api.search),
        "OR04": ("PUT", "/api/orders", api.update_references),
        "OR21": ("PUT", "/api/orders/{order_id}/accept", api.accept),
        "OR23": ("PUT", "/api/orders/{order_id}/tracking", api.track),
        "OR24": ("PUT", "/api/orders/{order_id}/ship", api.ship),
        "OR31": ("PUT", "/api/orders/{order_id}/additional_fields", api.update_fields),
        "OR64": ("PUT", "/api/orders/{order_id}/lines/{line}/resolve_incident", api.resolve_incident),
    }


def find_order(shop: MiraklShop, order_id: str) -> Json:
    """An order by its id; 404 where there is none, and for one in STAGING, which sellers do not see yet."""
    order = shop.orders.get(order_id)
    if order is None:
        raise not_found("Order", order_id, "ORDER_NOT_FOUND")
    return order


def tracking_of(data: Json, url_name: str) -> Json:
    """The tracking of a request, completed for a registered carrier; 400 for what cannot be tracked.

    A registered carrier needs its code and a number, another one its name and the full address of its tracking page.
    """
    code = data.get("carrier_code") or ""
    number = data.get("tracking_number") or ""
    if not code:
        if not data.get("carrier_name"):
            raise bad_request("carrier_name: must not be null for an unregistered carrier")
        url = data.get(url_name) or ""
        if url and not url.startswith(("http://", "https://")):
            raise bad_request(f"{url_name}: must be a complete URL")
        return {
            "code": None,
            "name": data["carrier_name"],
            "standard": None,
            "number": number or None,
            "url": url or None,
        }
    carrier = CARRIERS.get(code)
    if carrier is None:
        raise bad_request(f"carrier_code: carrier '{code}' does not exist")
    if not number:
        raise bad_request("tracking_number: must not be null for a registered carrier")
    url = carrier["tracking_url"].replace("{trackingId}", number)
    return {"code": code, "name": carrier["label"], "standard": carrier["standard_code"], "number": number, "url": url}


class OrdersApi:
    """Handlers of these operations."""

    def __init__(self, shop: MiraklShop) -> None:
        self._shop = shop

    def search(self, call: Call) -> Answer:
        """OR11: a page of orders by creation date."""
        most, offset = call.window()
        mode = (call.known("order_tax_mode", (INCLUDED, EXCLUDED)) or [self._shop.terms.tax_mode])[0]
        matches = self._filter(call)
        direction = call.text("order") or "asc"
        if call.text("sort") not in {"", "dateCreated"} or direction not in {"asc", "desc"}:
            raise bad_request("sort: accepted values are dateCreated with order asc or desc")
        with self._shop.changes():
            if self._shop.debits_on_poll or self._shop.moving:
                lifecycle.advance(self._shop)
            keys = self._shop.order_keys
            found = [
                order
                for _, order_id in (keys if direction == "asc" else reversed(keys))
                if matches(order := self._shop.orders[order_id])
            ]
            page = [self._rendered(order, mode) for order in islice(found, offset, offset + most)]
        headers = link_header(call, f"{self._shop.base_url}/api/orders", len(found))
        return Answer({"orders": page, "total_count": len(found)}, headers=headers)

    def accept(self, call: Call) -> Answer:
        """OR21: accept or refuse every line of an order."""
        with self._shop.changes():
            found = find_order(self._shop, call.ids["order_id"])
            if found["order_state"] != "WAITING_ACCEPTANCE":
                raise invalid_state("WAITING_ACCEPTANCE", found["order_state"])
            order = lifecycle.changed(found, self._shop.clock())
            accepted = self._decisions(order, call.json())
            is_debited = not self._shop.debits_on_poll
            lifecycle.decide(order, accepted, self._shop.clock(), is_debited=is_debited)
            if order["order_state"] in lifecycle.DEBIT_STEPS:
                self._shop.moving.add(order["order_id"])
            self._shop.save_order(order)
            value = "accepted" if all(accepted.values()) else "refused" if not any(accepted.values()) else "partly"
            self._shop.record("acknowledgement", order["order_id"], value, call.request_id)
        return Answer()

    def track(self, call: Call) -> Answer:
        """OR23: state carrier and number; each call overwrites the last."""
        with self._shop.changes():
            found = find_order(self._shop, call.ids["order_id"])
            if found["order_state"] not in {"SHIPPING", "SHIPPED", "TO_COLLECT"}:
                raise invalid_state("SHIPPING", found["order_state"])
            tracking = tracking_of(call.json(), "carrier_url")
            order = lifecycle.changed(found, self._shop.clock())
            order |= {
                "shipping_carrier_code": tracking["code"],
                "shipping_carrier_standard_code": tracking["standard"],
                "shipping_company": tracking["name"],
                "shipping_tracking": tracking["number"],
                "shipping_tracking_url": tracking["url"],
            }
            self._shop.save_order(order)
            self._shop.record("tracking", order["order_id"], tracking["number"] or tracking["url"], call.request_id)
        return Answer()

    def ship(self, call: Call) -> Answer:
        """OR24: the goods have left; only once and only in SHIPPING."""
        with self._shop.changes():
            found = find_order(self._shop, call.ids["order_id"])
            if found["order_state"] != "SHIPPING":
                raise invalid_state("SHIPPING", found["order_state"])
            order = lifecycle.changed(found, self._shop.clock())
            lifecycle.enter(order, "SHIPPED", self._shop.clock())
            self._shop.save_order(order)
            self._shop.record("order_status", order["order_id"], "SHIPPED", call.request_id)
        return Answer()

    def update_references(self, call: Call) -> Json:
        """OR04: write the seller's own order numbers; an unknown order is an error of its own entry."""
        updates = listed(call.json(), "orders", most=MAX_ORDERS)
        with self._shop.changes():
            return {"updated_orders": [self._update_reference(update, call) for update in updates]}

    def update_fields(self, call: Call) -> Json:
        """OR31: write additional fields of an order; fields the operator does not have are refused as a whole."""
        with self._shop.changes():
            found = find_order(self._shop, call.ids["order_id"])
            data = call.json()
            errors = [
                {"code": "NOT_FOUND", "field": f"order_additional_fields[{i}].code", "message": "Unknown field"}
                for i, entry in enumerate(data.get("order_additional_fields") or [])
                if ADDITIONAL_FIELDS.get(entry.get("code"), {}).get("entity") != "ORDER"
            ]
            if errors:
                return {"order_update_errors": {"errors": errors, "input": data}}
            order = lifecycle.changed(found, self._shop.clock())
            values = {entry["code"]: entry for entry in order["order_additional_fields"]}
            for entry in data.get("order_additional_fields") or []:
                values.pop(entry["code"], None)
                if entry.get("value") not in (None, ""):
                    kind = ADDITIONAL_FIELDS[entry["code"]]["type"]
                    values[entry["code"]] = {"code": entry["code"], "type": kind, "value": entry["value"]}
            order["order_additional_fields"] = list(values.values())
            self._shop.save_order(order)
            self._shop.record("order_meta", order["order_id"], ",".join(values), call.request_id)
            lines = [
                {"order_line_id": x["order_line_id"], "order_line_additional_fields": x["order_line_additional_fields"]}
                for x in order["order_lines"]
            ]
            return {
                "order_update_result": {
                    "order_additional_fields": order["order_additional_fields"],
                    "order_lines": lines,
                }
            }

    def resolve_incident(self, call: Call) -> Answer:
        """OR64: the problem with a line is settled."""
        reason = needed(call.json(), "reason_code")
        with self._shop.changes():
            order = lifecycle.changed(find_order(self._shop, call.ids["order_id"]), self._shop.clock())
            lines = [line for line in order["order_lines"] if line["order_line_id"] == call.ids["line"]]
            if not lines:
                raise not_found("Order line", call.ids["line"], "ORDER_LINE_NOT_FOUND")
            if lines[0]["order_line_state"] != "INCIDENT_OPEN":
                raise invalid_state("INCIDENT_OPEN", lines[0]["order_line_state"])
            solved = {
                "order_line_state_reason_code": reason,
                "order_line_state_reason_label": REASONS.get(reason, ("", None))[1],
            }
            lines[0] |= {"order_line_state": order["order_state"], **solved}
            self._shop.save_order(order)
            self._shop.record("order_status", order["order_id"], "incident resolved", call.request_id)
        return Answer()

    def _rendered(self, order: Json, mode: str) -> orjson.Fragment:
        """The order as JSON; kept until it changes, for the mode in which it is mostly asked for."""
        order_id, is_usual = order["order_id"], mode == self._shop.terms.tax_mode
        if is_usual and order_id in self._shop.rendered:
            return orjson.Fragment(self._shop.rendered[order_id])
        has_invoice = any(d["order_id"] == order_id and "INVOICE" in d["type"] for d in self._shop.documents.values())
        shown = lifecycle.shown(
            in_mode(order, mode), hides_addresses=self._shop.hides_addresses, has_invoice=has_invoice
        )
        content = orjson.dumps(shown, default=float)
        if is_usual:
            self._shop.rendered[order_id] = content
        return orjson.Fragment(content)

    def _filter(self, call: Call) -> Matches:
        tests = list(self._tests(call))
        return lambda order: order["order_state"] != "STAGING" and all(test(order) for test in tests)

    def _tests(self, call: Call) -> Iterator[Matches]:
        for name, path in (
            ("order_ids", lambda o: o["order_id"]),
            ("order_references_for_customer", lambda o: o["references"]["order_reference_for_customer"]),
            ("order_references_for_seller", lambda o: o["references"]["order_reference_for_seller"]),
            ("channel_codes", lambda o: (o["channel"] or {}).get("code")),
            ("fulfillment_center_code", lambda o: o["fulfillment"]["center"]["code"]),
        ):
            if name in call.query:
                yield _within(path, set(call.codes(name)))
        for name, allowed, key in (
            ("order_state_codes", STATES, "order_state"),
            ("payment_workflow", WORKFLOWS, "payment_workflow"),
        ):
            if chosen := call.known(name, allowed):
                yield _within(itemgetter(key), set(chosen))
        yield from self._date_tests(call)
        if call.flag("only_null_channel"):
            yield lambda o: o["channel"] is None
        if (debited := call.flag("customer_debited")) is not None:
            yield lambda o: (o["customer_debited_date"] is not None) == debited
        if (incident := call.flag("has_incident")) is not None:
            yield lambda o: any(line["order_line_state"] == "INCIDENT_OPEN" for line in o["order_lines"]) == incident

    def _date_tests(self, call: Call) -> Iterator[Matches]:
        delta = self._shop.update_delta
        for name, key in (("start_date", "created_date"), ("start_update_date", "last_updated_date")):
            if (start := call.moment(name)) is not None:
                yield _from(key, text(start - delta if key == "last_updated_date" else start))
        for name, key in (("end_date", "created_date"), ("end_update_date", "last_updated_date")):
            if (end := call.moment(name)) is not None:
                yield _until(key, text(end))

    def _decisions(self, order: Json, data: Json) -> dict[str, bool]:
        decisions: dict[str, bool] = {}
        known = {line["order_line_id"] for line in order["order_lines"]}
        entries = data.get("order_lines")
        if not isinstance(entries, list):
            raise bad_request("order_lines: must not be null")
        for entry in entries:
            if entry is None:
                raise MiraklError(400, "The order lines list contains a null element", "ORDER_LINE_NULL_ELEMENT")
            line_id = needed(entry, "id")
            if not isinstance(entry.get("accepted"), bool):
                raise bad_request("accepted: must not be null")
            if line_id not in known:
                raise MiraklError(400, f"Order line '{line_id}' does not exist in the order", "ORDER_LINE_NOT_FOUND")
            if line_id in decisions:
                raise MiraklError(400, f"Order line '{line_id}' is given twice", "ORDER_LINE_DUPLICATE_ID")
            decisions[line_id] = entry["accepted"]
        if known - decisions.keys():
            code = "ORDER_LINE_ACCEPTANCE_DECISION_MISSING"
            raise MiraklError(400, "Some order lines are missing from the acceptance decision", code)
        if len(set(decisions.values())) > 1 and not self._shop.partial_acceptance:
            code = "ORDER_PARTIAL_ACCEPTANCE_DISABLED"
            raise MiraklError(400, "Partial acceptance is disabled for this shop", code)
        return decisions

    def _update_reference(self, update: Json, call: Call) -> Json:
        order_id = needed(update, "order_id")
        found = self._shop.orders.get(order_id)
        reference = (update.get("references") or {}).get("order_reference_for_seller")
        problem = None
        if found is None:
            problem = {"code": "NOT_FOUND", "field": "order_id", "message": f"Order '{order_id}' not found"}
        elif reference is not None and not (reference.strip() and len(reference) <= REFERENCE_LENGTH):
            message = "may not be blank, at most 2000 characters"
            problem = {"code": "INVALID", "field": "references.order_reference_for_seller", "message": message}
        if problem is not None or found is None:
            return {"order_id": order_id, "errors": [problem], "updated": None}
        order = lifecycle.changed(found, self._shop.clock())
        order["references"]["order_reference_for_seller"] = reference
        self._shop.save_order(order)
        self._shop.record("order_meta", order_id, reference or "", call.request_id)
        updated = {"references": {"order_reference_for_seller": reference}, "order_lines": []}
        return {"order_id": order_id, "errors": [], "updated": updated}


def _within(value: Callable[[Json], Any], allowed: set[str]) -> Matches:
    return lambda order: value(order) in allowed


def _from(key: str, first: str) -> Matches:
    return lambda order: bool(order[key] >= first)


def _until(key: str, last: str) -> Matches:
    return lambda order: bool(order[key] <= last)
