"""Fulfillments: what was shipped with which tracking number; the routes exist only while the shop has the feature on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.woocommerce import statuses, times
from sandbox.woocommerce.arguments import Arg
from sandbox.woocommerce.errors import Json, WooError, no_route
from sandbox.woocommerce.order_changes import set_meta
from sandbox.woocommerce.routing import Answer, Call, Endpoint, Route

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

POST_ARGS = {
    "status": Arg(default="unfulfilled"),
    "is_fulfilled": Arg(("boolean",), default=False),
    "notify_customer": Arg(("boolean",), default=False),
    "meta_data": Arg(("array",), items="object", required=True),
}


def routes(shop: WooShop) -> list[Route]:
    """The fulfillment routes of orders."""
    api = FulfillmentsApi(shop)
    return [
        Route(
            "orders/{id}/fulfillments",
            {"GET": Endpoint(api.of_order, "list"), "POST": Endpoint(api.create, "create", body=POST_ARGS)},
        )
    ]


class FulfillmentsApi:
    """Handlers of the fulfillment routes."""

    def __init__(self, shop: WooShop) -> None:
        self._shop = shop

    def of_order(self, call: Call) -> Answer:
        """An order's fulfillments; the real shop shows `is_fulfilled` as text here."""
        with self._shop.lock:
            self._order(call)
            return Answer([_listed(item) for item in self._shop.fulfillments.get(call.ids["id"], [])])

    def create(self, call: Call) -> Answer:
        """Add a fulfillment; a repeated call adds a second one as long as pieces are left."""
        with self._shop.changes():
            order = self._order(call)
            self._check_items(order, call.params["meta_data"])
            fulfillment = self._build(order["id"], call.params)
            self._shop.save_of_order("fulfillments", order["id"], fulfillment)
            set_meta(self._shop, order, "_fulfillment_status", self._status(order))
            statuses.touch(order, self._shop.clock())
            self._shop.save_order(order)
            tracking = _meta(fulfillment["meta_data"], "_tracking_number") or f"fulfillment {fulfillment['id']}"
            self._shop.record("fulfillment", str(order["id"]), tracking, call.request_id)
            return Answer(fulfillment, 201)

    def _order(self, call: Call) -> Json:
        if not self._shop.fulfillments_enabled:
            raise no_route()
        if call.ids["id"] not in self._shop.orders:
            raise WooError(404, "woocommerce_rest_order_invalid_id", "Invalid order ID.")
        return self._shop.orders[call.ids["id"]]

    def _build(self, order_id: int, params: Json) -> Json:
        now = f"{times.gmt_text(self._shop.clock())}Z"
        given = [{"key": m.get("key", ""), "value": m.get("value")} for m in params["meta_data"]]
        if params["is_fulfilled"]:
            given.append({"key": "_date_fulfilled", "value": now})
        return {
            "id": self._shop.next_id("fulfillment"),
            "entity_type": "WC_Order",
            "entity_id": str(order_id),
            "status": params["status"],
            "is_fulfilled": params["is_fulfilled"],
            "date_updated": now,
            "date_deleted": None,
            "meta_data": [{**m, "id": self._shop.next_id("meta")} for m in given],
        }

    def _shipped(self, order_id: int) -> dict[int, int]:
        shipped: dict[int, int] = {}
        for fulfillment in self._shop.fulfillments.get(order_id, []):
            for item in _meta(fulfillment["meta_data"], "_items") or []:
                shipped[item["item_id"]] = shipped.get(item["item_id"], 0) + item["qty"]
        return shipped

    def _check_items(self, order: Json, meta_data: list[Json]) -> None:
        items = _meta(meta_data, "_items")
        if not isinstance(items, list) or not items:
            raise WooError(400, "fulfillment_error", "At least one item is required to fulfill.")
        left = {line["id"]: line["quantity"] for line in order["line_items"]}
        for item_id, quantity in self._shipped(order["id"]).items():
            left[item_id] = left.get(item_id, 0) - quantity
        for item in items:
            quantity = item.get("qty", 0) if isinstance(item, dict) else 0
            if not isinstance(quantity, int) or not 0 < quantity <= left.get(item.get("item_id"), 0):
                raise WooError(400, "fulfillment_error", f"Invalid item: {item}")

    def _status(self, order: Json) -> str:
        shipped = self._shipped(order["id"])
        whole = all(shipped.get(line["id"], 0) >= line["quantity"] for line in order["line_items"])
        return "fulfilled" if whole else "partially_fulfilled"


def _meta(meta_data: list[Json], key: str) -> Any:
    return next((meta.get("value") for meta in meta_data if meta.get("key") == key), None)


def _listed(fulfillment: Json) -> Json:
    metas = [{"id": m["id"], "key": m["key"], "value": m["value"]} for m in fulfillment["meta_data"]]
    return {**fulfillment, "is_fulfilled": "1" if fulfillment["is_fulfilled"] else "0", "meta_data": metas}
