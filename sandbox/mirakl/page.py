"""The instance's page for people: offers, orders, effects, faults, and a button to place an order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.faults import MODES
from sandbox.mirakl.seed import random_order

if TYPE_CHECKING:
    from sandbox.mirakl.shop import MiraklShop

TEMPLATES = Path(__file__).parent.parent / "templates"
SHOWN_ORDERS, SHOWN_EFFECTS, SHOWN_OFFERS = 12, 30, 200


def page_routes(shop: MiraklShop) -> list[Route]:
    """The page, its style and the forms' targets."""
    page = ShopPage(shop)
    return [
        Route("/", page.show, methods=["GET"]),
        Route("/style.css", page.style, methods=["GET"]),
        Route("/buy-random", page.buy, methods=["POST"]),
        Route("/fault", page.fault, methods=["POST"]),
    ]


class ShopPage:
    """Handlers of the page; forms are answered with a redirect so that a reload repeats nothing."""

    def __init__(self, shop: MiraklShop) -> None:
        self._shop = shop
        loader = FileSystemLoader(TEMPLATES / "mirakl")
        self._templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)

    def show(self, request: Request) -> Response:
        """The page."""
        shop = self._shop
        with shop.lock:
            newest = [shop.orders[order_id] for _, order_id in reversed(shop.order_keys[-SHOWN_ORDERS:])]
            body = self._templates.get_template("shop.html").render(
                url=shop.base_url,
                api_key=shop.api_key,
                shop_id=shop.shop_id,
                ordered=request.query_params.get("ordered", ""),
                orders=newest,
                order_count=len(shop.orders),
                offers=[(o, shop.products[o.product_sku]) for o in list(shop.offers.values())[:SHOWN_OFFERS]],
                offer_count=len(shop.offers),
                effects=list(reversed(shop.effects[-SHOWN_EFFECTS:])),
                effect_count=len(shop.effects),
                request_count=len(shop.requests),
                faults=shop.faults.as_json(),
                modes=MODES,
            )
        return Response(body, media_type="text/html")

    def style(self, _request: Request) -> Response:
        """The style sheet that all sandboxes share."""
        content = (TEMPLATES / "woocommerce" / "style.css").read_text(encoding="utf-8")
        return Response(content, media_type="text/css")

    def buy(self, _request: Request) -> Response:
        """Let an invented customer buy; without offers there is nothing to buy."""
        if not self._shop.offers:
            return RedirectResponse("/", 303)
        return RedirectResponse(f"/?ordered={random_order(self._shop)['order_id']}", 303)

    async def fault(self, request: Request) -> Response:
        """Switch a fault on for some requests, off, or release hanging ones."""
        async with request.form() as form:
            mode, count = str(form.get("mode", "")), str(form.get("count", ""))
        if mode == "release":
            self._shop.faults.release()
        else:
            limit = int(count) if count.isdigit() and int(count) else None
            self._shop.faults.set(mode if mode in MODES else None, count=limit, retry_after=5)
        return RedirectResponse("/", 303)
