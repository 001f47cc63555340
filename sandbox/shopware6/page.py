"""The shop's page for people: products with stock, orders with state, effects, faults, and a form to buy something."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.faults import MODES
from sandbox.shopware6.facts import order_facts
from sandbox.shopware6.machines import state_name
from sandbox.shopware6.seed import random_order
from sandbox.shopware6.store import Row

if TYPE_CHECKING:
    from sandbox.shopware6.shop import Shopware6Shop

TEMPLATES = Path(__file__).parent.parent / "templates"
SHOWN_ORDERS, SHOWN_EFFECTS, SHOWN_PRODUCTS = 12, 30, 200


def page_routes(shop: Shopware6Shop) -> list[Route]:
    """The page and the forms' targets."""
    page = ShopPage(shop)
    return [
        Route("/", page.whole, methods=["GET"]),
        Route("/buy", page.buy, methods=["POST"]),
        Route("/buy-random", page.buy_random, methods=["POST"]),
        Route("/fault", page.fault, methods=["POST"]),
    ]


class ShopPage:
    """Handlers of the page; forms are answered with a redirect so that a reload repeats nothing."""

    def __init__(self, shop: Shopware6Shop) -> None:
        self._shop = shop
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES / "shopware6"), autoescape=True, undefined=StrictUndefined
        )

    def whole(self, request: Request) -> Response:
        """The page."""
        query = request.query_params
        with self._shop.store.lock:
            facts = self._facts()
        body = self._templates.get_template("shop.html").render(
            **facts, error=query.get("error", ""), ordered=query.get("ordered", "")
        )
        return Response(body, media_type="text/html")

    async def buy(self, request: Request) -> Response:
        """Place the order of the form."""
        async with request.form() as form:
            sku, quantity = str(form.get("sku", "")).strip(), str(form.get("quantity", "1"))
        if not quantity.isdigit() or int(quantity) < 1:
            return _back("error=Please choose a quantity of at least 1.")
        try:
            order = self._shop.buy([(sku, int(quantity))])
        except KeyError:
            return _back("error=Please choose a product.")
        return _back(f"ordered={self._number(order)}")

    def buy_random(self, _request: Request) -> Response:
        """Let an invented customer buy."""
        return _back(f"ordered={self._number(random_order(self._shop))}")

    async def fault(self, request: Request) -> Response:
        """Switch a fault on for some requests, off, or release hanging ones."""
        async with request.form() as form:
            mode, count = str(form.get("mode", "")), str(form.get("count", ""))
        if mode == "release":
            self._shop.faults.release()
        else:
            limit = int(count) if count.isdigit() and int(count) else None
            self._shop.faults.set(mode if mode in MODES else None, count=limit, retry_after=5)
        return _back("")

    def _number(self, order: str) -> str:
        return str(self._shop.store.tables["order"][order]["orderNumber"])

    def _facts(self) -> dict[str, Any]:
        shop = self._shop
        orders = sorted(shop.store.tables["order"].values(), key=lambda row: row["autoIncrement"], reverse=True)
        products = [one for one in shop.catalogue() if one["kind"] != "matrix"]
        return {
            "style": (TEMPLATES / "woocommerce" / "style.css").read_text(encoding="utf-8"),
            "version": shop.version,
            "credentials": shop.credentials(),
            "products": products[:SHOWN_PRODUCTS],
            "product_count": len(products),
            "orders": [self._order(row) for row in orders[:SHOWN_ORDERS]],
            "order_count": len(orders),
            "effects": list(reversed(shop.effects[-SHOWN_EFFECTS:])),
            "effect_count": len(shop.effects),
            "request_count": len(shop.requests),
            "faults": shop.faults.as_json(),
            "modes": MODES,
        }

    def _order(self, row: Row) -> dict[str, Any]:
        store, facts = self._shop.store, order_facts(self._shop.store, row)
        customer = next(iter(store.pointing("order_customer", "orderId", row["id"])))
        person = store.tables["order_customer"][customer]
        return {
            "number": row["orderNumber"],
            "at": row["orderDateTime"][:16].replace("T", " "),
            "customer": f"{person['firstName']} {person['lastName']}",
            "total": facts.total,
            "currency": facts.currency,
            "state": state_name(store, row),
            "tracking": facts.tracking,
        }


def _back(query: str) -> Response:
    return RedirectResponse(f"/?{query}" if query else "/", 303)
