"""Order routes: lists with filters, one order, creating, changing, notes and statuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.woocommerce import statuses, times
from sandbox.woocommerce.arguments import Arg, check
from sandbox.woocommerce.errors import Json, WooError, invalid_id
from sandbox.woocommerce.notes import add_note
from sandbox.woocommerce.order_changes import CREATE_ARGS, UPDATE_ARGS, apply_changes, create_order
from sandbox.woocommerce.orderbook import Head
from sandbox.woocommerce.routing import DATES, PAGING, Answer, Call, Endpoint, Route, batch, paged, window

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

LIST_ARGS = {
    **PAGING,
    **DATES,
    "orderby": Arg(enum=("date", "id", "include", "title", "slug", "modified"), default="date"),
    "status": Arg(("array",), enum=statuses.FILTERS, items="string", default=["any"]),
    "customer": Arg(("integer",)),
    "product": Arg(("integer",)),
    "dp": Arg(("integer",), default=2),
}
NOTE_ARGS = {
    "note": Arg(required=True),
    "customer_note": Arg(("boolean",), default=False),
    "added_by_user": Arg(("boolean",), default=False),
}


def routes(shop: WooShop) -> list[Route]:
    """The routes under `/orders` without refunds and fulfillments."""
    api = OrdersApi(shop)
    update = Endpoint(api.update, "edit", body=UPDATE_ARGS)
    one = {"GET": Endpoint(api.one, "view"), "PUT": update, "DELETE": Endpoint(api.trash, "delete")}
    notes = {
        "GET": Endpoint(api.notes, "list", query={"type": Arg(enum=("any", "customer", "internal"), default="any")}),
        "POST": Endpoint(api.add_note, "create", body=NOTE_ARGS),
    }
    return [
        Route(
            "orders",
            {
                "GET": Endpoint(api.page, "list", query=LIST_ARGS),
                "POST": Endpoint(api.create, "create", body=CREATE_ARGS),
            },
        ),
        Route("orders/statuses", {"GET": Endpoint(api.statuses, "")}),
        Route("orders/batch", {"PUT": Endpoint(api.batch, "batch")}, edits=True),
        Route("orders/{id}", one, edits=True),
        Route("orders/{id}/notes", notes),
    ]


def existing(shop: WooShop, order_id: int, *, status: int = 404) -> Json:
    """The order, or WooError for an unknown id."""
    if order_id not in shop.orders:
        raise invalid_id("shop_order", status)
    return shop.orders[order_id]


class OrdersApi:
    """Handlers of the order routes."""

    def __init__(self, shop: WooShop) -> None:
        self._shop = shop

    def page(self, call: Call) -> Answer:
        """A page of orders from prepared bytes."""
        with self._shop.lock:
            ids = self._select(call.params)
            page = window(call, ids)
            # The order tables count nothing when the page is past the end; recorded from the real shop.
            past_end = call.params["page"] > 1 and not page
            chosen = "".join(f"&status%5B{i}%5D={name}" for i, name in enumerate(call.params["status"]))
            extra = chosen if past_end else f"{chosen}&dp={call.params['dp']}&context={call.params['context']}"
            call.query = [pair for pair in call.query if pair[0].partition("[")[0] != "status"]
            return paged(call, self._shop.orders.page(page), 0 if past_end else len(ids), extra=extra)

    def _select(self, params: Json) -> list[int]:
        by = params["orderby"]
        bounds: Json = {
            name: times.gmt_text(times.from_parameter(params[name], is_gmt=params["dates_are_gmt"]))
            for name in ("after", "before", "modified_after", "modified_before")
            if name in params
        }
        # Bounds on the sort key's own date are looked up in the index, all others are asked of every order.
        prefix = {"modified": "modified_", "id": None}.get(by, "")
        own = {side: bounds.pop(f"{prefix}{side}", None) for side in ("after", "before")} if prefix is not None else {}
        ids = self._shop.orders.select(
            by, after=own.get("after"), before=own.get("before"), accepts=self._filter(params, bounds)
        )
        return list(ids) if params["order"] == "asc" else list(reversed(ids))

    def _filter(self, params: Json, bounds: Json) -> Callable[[Head], bool] | None:
        tests: list[Callable[[Head], bool]] = [_date_test(name, bound) for name, bound in bounds.items()]
        wanted = set(params["status"])
        if "any" not in wanted:
            tests.append(lambda head: head.status in wanted)
        elif self._shop.orders.has_any_status(statuses.NOT_IN_ANY):
            tests.append(lambda head: head.status not in statuses.NOT_IN_ANY)
        if params.get("include"):
            included = set(params["include"])
            tests.append(lambda head: head.id in included)
        if params.get("exclude"):
            excluded = set(params["exclude"])
            tests.append(lambda head: head.id not in excluded)
        if "customer" in params:
            tests.append(lambda head: head.customer_id == params["customer"])
        if "product" in params:
            tests.append(lambda head: self._has_product(head.id, params["product"]))
        if "search" in params:
            tests.append(lambda head: params["search"].lower().encode() in self._shop.orders.raw(head.id).lower())
        if not tests:
            return None
        return tests[0] if len(tests) == 1 else lambda head: all(test(head) for test in tests)

    def _has_product(self, order_id: int, product_id: int) -> bool:
        lines = self._shop.orders[order_id]["line_items"]
        return any(product_id in {line["product_id"], line["variation_id"]} for line in lines)

    def one(self, call: Call) -> Answer:
        """One order."""
        with self._shop.lock:
            existing(self._shop, call.ids["id"])
            return Answer(self._shop.orders.raw(call.ids["id"]))

    def create(self, call: Call) -> Answer:
        """A new order by the API; a repeated call makes a second one."""
        order = create_order(self._shop, call.params, call.request_id)
        return Answer(order, 201, {"Location": order["_links"]["self"][0]["href"]})

    def update(self, call: Call) -> Answer:
        """Change an order."""
        return Answer(self._update(call.ids["id"], call.params, call.request_id))

    def _update(self, order_id: int, changes: Json, request_id: str) -> Json:
        with self._shop.changes():
            return apply_changes(self._shop, existing(self._shop, order_id, status=400), changes, request_id)

    def trash(self, call: Call) -> Answer:
        """Move an order to the trash; `force` is refused, so that no test loses an order for good."""
        return Answer(self._trash(call.ids["id"], call.request_id))

    def _trash(self, order_id: int, request_id: str) -> Json:
        with self._shop.changes():
            order = existing(self._shop, order_id)
            if order["status"] == "trash":
                raise WooError(410, "woocommerce_rest_already_trashed", "The order has already been deleted.")
            statuses.enter(self._shop, order, "trash", self._shop.clock())
            statuses.touch(order, self._shop.clock())
            self._shop.save_order(order)
            self._shop.record("order_status", str(order_id), "trash", request_id)
            return order

    def batch(self, call: Call) -> Answer:
        """Several orders in one request."""

        def update(item: Json) -> Json:
            return self._update(int(item.get("id", 0)), check(UPDATE_ARGS, item), call.request_id)

        with self._shop.changes():
            return batch(
                call,
                create=lambda item: create_order(self._shop, check(CREATE_ARGS, item), call.request_id),
                update=update,
                delete=lambda order_id: self._trash(order_id, call.request_id),
            )

    def statuses(self, _call: Call) -> Answer:
        """The names of the statuses."""
        return Answer([{"slug": slug, "name": name} for slug, name in statuses.NAMES.items()])

    def notes(self, call: Call) -> Answer:
        """An order's notes, newest first."""
        with self._shop.lock:
            self._order_of_note(call.ids["id"])
            kinds = {"any": {True, False}, "customer": {True}, "internal": {False}}[call.params["type"]]
            notes = self._shop.notes.get(call.ids["id"], [])
            return Answer([note for note in reversed(notes) if note["customer_note"] in kinds])

    def add_note(self, call: Call) -> Answer:
        """Add a note; a customer note would be mailed. A repeated call adds a second one."""
        order_id = call.ids["id"]
        with self._shop.changes():
            self._order_of_note(order_id)
            note = add_note(self._shop, order_id, call.params["note"], for_customer=call.params["customer_note"])
            self._shop.record("order_note", str(order_id), note["note"], call.request_id)
            return Answer(note, 201, {"Location": note["_links"]["self"][0]["href"]})

    def _order_of_note(self, order_id: int) -> None:
        if order_id not in self._shop.orders:
            raise WooError(404, "woocommerce_rest_order_invalid_id", "Invalid order ID.")


def _date_test(name: str, bound: str) -> Callable[[Head], bool]:
    is_modified, is_after = name.startswith("modified"), name.endswith("after")

    def test(head: Head) -> bool:
        date = head.modified if is_modified else head.created
        return date > bound if is_after else date < bound

    return test
