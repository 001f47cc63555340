"""Several parcels per order, where the operator allows it: create (ST01), track (ST23), ship (ST24), read (ST11, ST12)."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.mirakl import lifecycle
from sandbox.mirakl.answers import Answer, sought
from sandbox.mirakl.errors import MiraklError
from sandbox.mirakl.model import text
from sandbox.mirakl.orders import tracking_of
from sandbox.mirakl.parameters import Call, listed

if TYPE_CHECKING:
    from sandbox.mirakl.shop import MiraklShop

Json = dict[str, Any]
MOST = 1000


def operations(shop: MiraklShop) -> dict[str, tuple[str, str, Callable[[Call], Any]]]:
    """Method, path and handler by operation; every one is refused where the operator does not allow shipments."""
    api = ShipmentsApi(shop)

    def allowed(handler: Callable[[Call], Any]) -> Callable[[Call], Any]:
        def checked(call: Call) -> Any:
            if not shop.multi_shipment:
                raise MiraklError(403, "The feature multi shipment is not activated")
            return handler(call)

        return checked

    return {
        "ST01": ("POST", "/api/shipments", allowed(api.create)),
        "ST11": ("GET", "/api/shipments", allowed(api.search)),
        "ST12": ("GET", "/api/shipments/items_to_ship", allowed(api.to_ship)),
        "ST23": ("POST", "/api/shipments/tracking", allowed(api.track)),
        "ST24": ("PUT", "/api/shipments/ship", allowed(api.ship)),
    }


class ShipmentsApi:
    """Handlers of these operations; bad entries are reported in the answer, the others are done."""

    def __init__(self, shop: MiraklShop) -> None:
        self._shop = shop

    def create(self, call: Call) -> Answer:
        """ST01: parcels with some pieces each."""
        entries = listed(call.json(), "shipments", most=MOST)
        errors, done = [], []
        with self._shop.changes():
            for entry in entries:
                try:
                    done.append(self._create(entry, call))
                except MiraklError as error:
                    errors.append({"message": error.message, "order_id": entry.get("order_id")})
        return Answer({"shipment_errors": errors, "shipment_success": done}, 201)

    def search(self, call: Call) -> Json:
        """ST11: shipments, oldest first, by seek paging."""
        orders, states = call.codes("order_id"), call.codes("shipment_state_code")
        after = call.moment("last_updated_from")
        with self._shop.lock:
            found = [
                shipment
                for shipment in self._shop.shipments.values()
                if (not orders or shipment["order_id"] in orders)
                and (not states or shipment["status"] in states)
                and (after is None or shipment["last_updated_date"] >= text(after))
            ]
        return sought(call, found)

    def to_ship(self, call: Call) -> Json:
        """ST12: what is left to be put into parcels."""
        orders = call.codes("order_id")
        with self._shop.lock:
            found = []
            for order in self._shop.orders.values():
                if order["order_state"] != "SHIPPING" or (orders and order["order_id"] not in orders):
                    continue
                left = self._left(order)
                lines = [
                    _line(x, left[x["order_line_id"]]) for x in order["order_lines"] if left[x["order_line_id"]] > 0
                ]
                if lines:
                    found.append(_items(order, lines))
        return sought(call, found)

    def track(self, call: Call) -> Json:
        """ST23: carrier and number per shipment."""

        def apply(entry: Json, shipment: Json) -> None:
            shipment["tracking"] = _tracking(entry.get("tracking") or {})
            self._shop.record("tracking", shipment["order_id"], _number(shipment), call.request_id)

        return self._each(call, apply)

    def ship(self, call: Call) -> Json:
        """ST24: shipments have left; with the last piece the order is shipped."""

        def apply(_: Json, shipment: Json) -> None:
            if shipment["status"] != "SHIPPING":
                raise MiraklError(400, f"The shipment status must be 'SHIPPING' but it is '{shipment['status']}'.")
            self._ship(shipment, call)

        return self._each(call, apply)

    def _each(self, call: Call, apply: Callable[[Json, Json], None]) -> Json:
        errors, done = [], []
        entries = listed(call.json(), "shipments", most=MOST)
        with self._shop.changes():
            for entry in entries:
                found = self._shop.shipments.get(str(entry.get("id")))
                try:
                    if found is None:
                        raise MiraklError(404, f"Shipment '{entry.get('id')}' not found")
                    shipment = {**found, "last_updated_date": text(self._shop.clock())}
                    apply(entry, shipment)
                    self._shop.save("shipments", shipment["id"], shipment)
                    done.append({"id": shipment["id"]})
                except MiraklError as error:
                    errors.append({"id": entry.get("id"), "message": error.message})
        return {"shipment_errors": errors, "shipment_success": done}

    def _create(self, entry: Json, call: Call) -> Json:
        order = self._shop.orders.get(str(entry.get("order_id")))
        if order is None:
            raise MiraklError(404, f"Order '{entry.get('order_id')}' not found")
        if order["order_state"] != "SHIPPING":
            raise MiraklError(400, f"The order status must be 'SHIPPING' but it is '{order['order_state']}'.")
        now = text(self._shop.clock())
        shipment: Json = {
            "created_date": now,
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{order['order_id']}/{self._shop.next_id('shipment')}")),
            "invoice_reference": entry.get("invoice_reference"),
            "last_updated_date": now,
            "order_id": order["order_id"],
            "payment_details": None,
            "shipment_additional_information": [],
            "shipment_lines": self._lines(order, listed(entry, "shipment_lines", most=MOST)),
            "shipped_date": None,
            "shipping_from": {"warehouse": (entry.get("shipping_from") or {}).get("warehouse")},
            "status": "SHIPPING",
            "status_customer_debit": "NO_DEBIT",
            "tracking": _tracking(entry["tracking"]) if entry.get("tracking") else {},
        }
        self._shop.save("shipments", shipment["id"], shipment)
        if shipment["tracking"]:
            self._shop.record("tracking", order["order_id"], _number(shipment), call.request_id)
        if entry.get("shipped"):
            self._ship(shipment, call)
            self._shop.save("shipments", shipment["id"], shipment)
        return shipment

    def _ship(self, shipment: Json, call: Call) -> None:
        now = self._shop.clock()
        shipment |= {"status": "SHIPPED", "shipped_date": text(now)}
        order = lifecycle.changed(self._shop.orders[shipment["order_id"]], now)
        others = [
            s for s in self._shop.shipments.values() if s["order_id"] == order["order_id"] and s["id"] != shipment["id"]
        ]
        if not any(self._left(order).values()) and all(other["status"] == "SHIPPED" for other in others):
            lifecycle.enter(order, "SHIPPED", now)
            self._shop.record("order_status", order["order_id"], "SHIPPED", call.request_id)
        self._shop.save_order(order)

    def _lines(self, order: Json, given: list[Json]) -> list[Json]:
        left = self._left(order)
        lines = []
        for entry in given:
            found = [
                line
                for line in order["order_lines"]
                if line["order_line_id"] == entry.get("order_line_id")
                or (not entry.get("order_line_id") and line["offer_sku"] == entry.get("offer_sku"))
            ]
            quantity = entry.get("quantity")
            if not found or not isinstance(quantity, int) or not 1 <= quantity <= left[found[0]["order_line_id"]]:
                raise MiraklError(400, "Shipment quantity is invalid.")
            left[found[0]["order_line_id"]] -= quantity
            lines.append(_line(found[0], quantity) | {"package_reference": entry.get("package_reference")})
        return lines

    def _left(self, order: Json) -> dict[str, int]:
        """The pieces of each line that are in no shipment yet."""
        packed: dict[str, int] = defaultdict(int)
        for shipment in self._shop.shipments.values():
            if shipment["order_id"] == order["order_id"]:
                for line in shipment["shipment_lines"]:
                    packed[line["order_line_id"]] += line["quantity"]
        active = {line["order_line_id"] for line in lifecycle.active_lines(order)}
        return {
            line["order_line_id"]: line["quantity"]
            - packed[line["order_line_id"]]
            - sum(part["quantity"] for part in line["cancelations"])
            if line["order_line_id"] in active
            else 0
            for line in order["order_lines"]
        }


def _tracking(given: Json) -> Json:
    tracking = tracking_of(given, "tracking_url")
    return {
        "carrier_code": tracking["code"],
        "carrier_name": tracking["name"],
        "carrier_standard_code": tracking["standard"],
        "tracking_number": tracking["number"],
        "tracking_url": tracking["url"],
    }


def _number(shipment: Json) -> str:
    return str(shipment["tracking"].get("tracking_number") or shipment["tracking"].get("tracking_url"))


def _line(line: Json, quantity: int) -> Json:
    return {"offer_sku": line["offer_sku"], "order_line_id": line["order_line_id"], "quantity": quantity}


def _items(order: Json, lines: list[Json]) -> Json:
    return {
        "fulfillment": order["fulfillment"],
        "order_id": order["order_id"],
        "references": order["references"],
        "shipment_lines": lines,
        "shipping_address": order["customer"]["shipping_address"],
        "shipping_date": order["customer_debited_date"],
        "shipping_deadline": order["shipping_deadline"],
        "shipping_type_code": order["shipping_type_code"],
        "shipping_type_standard_code": order["shipping_type_standard_code"],
    }
