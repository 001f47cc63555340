"""The shop's page for people: products with stock, orders with tracking, effects, faults, and a form to buy something."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.faults import MODES
from sandbox.woocommerce.basket import PAYMENT_TITLES
from sandbox.woocommerce.errors import Json
from sandbox.woocommerce.seed import random_order

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

TEMPLATES = Path(__file__).parent.parent / "templates" / "woocommerce"
SHOWN_ORDERS, SHOWN_EFFECTS, SHOWN_PRODUCTS = 12, 30, 200
MAX_LINES = 3


def page_routes(shop: WooShop) -> list[Route]:
    """The page, its live part, its style and the forms' targets."""
    page = ShopPage(shop)
    return [
        Route("/", page.whole, methods=["GET"]),
        Route("/live", page.live, methods=["GET"]),
        Route("/style.css", page.style, methods=["GET"]),
        Route("/buy", page.buy, methods=["POST"]),
        Route("/buy-random", page.buy_random, methods=["POST"]),
        Route("/fault", page.fault, methods=["POST"]),
    ]


class ShopPage:
    """Handlers of the page; forms are answered with a redirect so that a reload repeats nothing."""

    def __init__(self, shop: WooShop) -> None:
        self._shop = shop
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    def whole(self, request: Request) -> Response:
        """The whole page."""
        return self._render("shop.html", request)

    def live(self, request: Request) -> Response:
        """The part that refreshes itself every few seconds."""
        return self._render("live.html", request)

    def style(self, _request: Request) -> Response:
        """The style sheet."""
        return Response((TEMPLATES / "style.css").read_text(encoding="utf-8"), media_type="text/css")

    async def buy(self, request: Request) -> Response:
        """Place the order of the form."""
        async with request.form() as form:
            values = {name: str(value).strip() for name, value in form.items()}
        try:
            order = self._place(values)
        except ValueError as error:
            return self._back(f"error={error}")
        return self._back(f"ordered={order['number']}")

    def buy_random(self, _request: Request) -> Response:
        """Let an invented customer buy."""
        return self._back(f"ordered={random_order(self._shop)['number']}")

    async def fault(self, request: Request) -> Response:
        """Switch a fault on for some requests, off, or release hanging ones."""
        async with request.form() as form:
            mode, count = str(form.get("mode", "")), str(form.get("count", ""))
        if mode == "release":
            self._shop.faults.release()
        else:
            limit = int(count) if count.isdigit() and int(count) else None
            self._shop.faults.set(mode if mode in MODES else None, count=limit, retry_after=5)
        return self._back("")

    def _place(self, values: dict[str, str]) -> Json:
        lines = []
        for index in range(1, MAX_LINES + 1):
            sku, quantity = values.get(f"sku{index}", ""), values.get(f"quantity{index}", "")
            if not sku:
                continue
            if sku not in self._shop.skus or not quantity.isdigit() or int(quantity) < 1:
                raise ValueError("Please choose a product and a quantity of at least 1.")
            lines.append((sku, int(quantity)))
        if not lines:
            raise ValueError("Please choose at least one product.")
        first, _, last = values.get("name", "").rpartition(" ")
        billing = {
            "first_name": first,
            "last_name": last,
            **{
                field: values.get(field, "")
                for field in ("company", "address_1", "postcode", "city", "country", "email")
            },
        }
        payment = values.get("payment", "bacs")
        return self._shop.place_order(
            lines,
            billing,
            payment_method=payment if payment in PAYMENT_TITLES else "bacs",
            coupons=[values["coupon"]] if values.get("coupon") in self._shop.coupons else [],
            customer_note=values.get("note", ""),
        )

    def _back(self, query: str) -> Response:
        return RedirectResponse(f"/?{query}" if query else "/", 303)

    def _render(self, template: str, request: Request) -> Response:
        with self._shop.lock:
            facts = self._facts()
        query = request.query_params
        body = self._templates.get_template(template).render(
            **facts, error=query.get("error", ""), ordered=query.get("ordered", "")
        )
        return Response(body, media_type="text/html")

    def _facts(self) -> dict[str, Any]:
        shop = self._shop
        sellable = [p for p in shop.products.values() if p.type in {"simple", "variation"} and p.sku]
        return {
            "url": shop.base_url,
            "version": shop.version,
            "consumer_key": shop.consumer_key,
            "consumer_secret": shop.consumer_secret,
            "authentication": "HTTP Basic" if shop.https else "OAuth 1.0a",
            "products": sellable[:SHOWN_PRODUCTS],
            "product_count": len(sellable),
            "orders": [self._order_facts(order) for order in shop.orders.newest(SHOWN_ORDERS)],
            "order_count": len(shop.orders),
            "effects": list(reversed(shop.effects[-SHOWN_EFFECTS:])),
            "effect_count": len(shop.effects),
            "request_count": len(shop.requests),
            "faults": shop.faults.as_json(),
            "modes": MODES,
            "payments": PAYMENT_TITLES,
            "coupons": sorted(shop.coupons),
            "max_lines": MAX_LINES,
        }

    def _order_facts(self, order: Json) -> Json:
        notes = [note["note"] for note in self._shop.notes.get(order["id"], []) if note["customer_note"]]
        shipped = [
            meta["value"]
            for fulfillment in self._shop.fulfillments.get(order["id"], [])
            for meta in fulfillment["meta_data"]
            if meta["key"] == "_tracking_number"
        ]
        tracking = [m["value"] for m in order["meta_data"] if "tracking" in m["key"]]
        return {**order, "tracking": [*shipped, *tracking], "customer_notes": notes}
