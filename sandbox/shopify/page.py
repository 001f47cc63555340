"""The shop's page for people, the files of bulk operations, and the switches for tests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.faults import MODES
from sandbox.shopify import stock
from sandbox.shopify.seed import random_order
from sandbox.shopify.store import Json
from sandbox.switches import switch_routes

if TYPE_CHECKING:
    from sandbox.shopify.shop import ShopifyShop

TEMPLATES = Path(__file__).parent.parent / "templates"
SHOWN_ORDERS, SHOWN_EFFECTS, SHOWN_PRODUCTS = 12, 30, 200


def page_routes(shop: ShopifyShop) -> list[Route]:
    """Everything that is not the API."""
    page = ShopPage(shop)
    return [
        Route("/", page.whole, methods=["GET"]),
        Route("/buy", page.buy, methods=["POST"]),
        Route("/buy-random", page.buy_random, methods=["POST"]),
        Route("/fault", page.fault, methods=["POST"]),
        Route("/sandbox/bulk/{name}.jsonl", page.bulk_file, methods=["GET"]),
        Route("/sandbox/upload/{rest:path}", page.upload, methods=["POST", "PUT"]),
        *switch_routes(shop, lambda: str(random_order(shop)["id"])),
    ]


class ShopPage:
    """Handlers of the page; forms are answered with a redirect so that a reload repeats nothing."""

    def __init__(self, shop: ShopifyShop) -> None:
        self._shop = shop
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES / "shopify"), autoescape=True, undefined=StrictUndefined
        )

    def whole(self, request: Request) -> Response:
        """The page."""
        with self._shop.lock:
            facts = self._facts()
        query = request.query_params
        body = self._templates.get_template("shop.html").render(
            **facts, error=query.get("error", ""), ordered=query.get("ordered", "")
        )
        return Response(body, media_type="text/html")

    async def buy(self, request: Request) -> Response:
        """Place the order of the form."""
        async with request.form() as form:
            sku, quantity = str(form.get("sku", "")).strip(), str(form.get("quantity", "1"))
        if sku not in self._shop.store.skus or not quantity.isdigit() or int(quantity) < 1:
            return RedirectResponse("/?error=Please+choose+a+product+and+a+quantity+of+at+least+1.", 303)
        return self._ordered(self._shop.store.table("Order")[self._shop.buy([(sku, int(quantity))])])

    def buy_random(self, _request: Request) -> Response:
        """Let an invented customer buy."""
        return self._ordered(random_order(self._shop))

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

    def bulk_file(self, request: Request) -> Response:
        """The result of a bulk operation, or the range of its bytes that is asked for, as storage services serve it."""
        body = self._shop.bulk.files.get(request.path_params["name"])
        if body is None:
            return Response("Not found", 404)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        if wanted is None:
            return Response(body, headers={"Accept-Ranges": "bytes"}, media_type="application/jsonl")
        first, last = int(wanted[1]), min(int(wanted[2] or len(body)), len(body) - 1)
        if first > last:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{len(body)}"})
        headers = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {first}-{last}/{len(body)}"}
        return Response(body[first : last + 1], 206, headers, media_type="application/jsonl")

    async def upload(self, request: Request) -> Response:
        """Take a staged upload; its address is the resource from then on."""
        await request.body()
        return Response(status_code=201)

    def _ordered(self, order: Json) -> Response:
        return RedirectResponse(f"/?ordered={order['name'].lstrip('#')}", 303)

    def _facts(self) -> dict[str, Any]:
        shop = self._shop
        orders = list(shop.store.table("Order").values())
        variants = [v for v in shop.store.table("ProductVariant").values() if v["sku"]]
        return {
            "url": shop.base_url,
            "credentials": shop.credentials(),
            "products": [self._product(v) for v in variants[:SHOWN_PRODUCTS]],
            "product_count": len(variants),
            "orders": [_order(o) for o in sorted(orders, key=lambda o: str(o["updatedAt"]))[::-1][:SHOWN_ORDERS]],
            "order_count": len(orders),
            "effects": list(reversed(shop.effects[-SHOWN_EFFECTS:])),
            "effect_count": len(shop.effects),
            "request_count": len(shop.requests),
            "faults": shop.faults.as_json(),
            "modes": MODES,
            "cost": shop.bucket.status(),
        }

    def _product(self, variant: Json) -> Json:
        product = self._shop.store.table("Product")[variant["productId"]]
        title = "" if variant["title"] == "Default Title" else variant["title"]
        pieces = stock.available(variant) if variant["item"]["tracked"] else None
        return {
            "sku": variant["sku"],
            "name": product["title"],
            "variant": title,
            "price": variant["price"],
            "stock": pieces,
        }


def _order(order: Json) -> Json:
    address = order["shippingAddress"] or order["billingAddress"] or {"name": ""}
    tracking = [t["number"] for f in order["fulfillments"] if f["status"] == "SUCCESS" for t in f["tracking"]]
    return {
        "name": order["name"],
        "created": order["createdAt"][:16].replace("T", " "),
        "customer": address["name"],
        "skus": ", ".join(str(line["sku"] or line["title"]) for line in order["lineItems"]),
        "total": f"{order['totalPriceSet'].shop:.2f} {order['currencyCode']}",
        "states": [
            "CANCELLED" if order["cancelledAt"] else order["displayFinancialStatus"],
            order["displayFulfillmentStatus"],
            *([order["returnStatus"]] if order["returnStatus"] != "NO_RETURN" else []),
        ],
        "tracking": tracking,
        "refunded": f"{order['totalRefundedSet'].shop:.2f}" if order["totalRefundedSet"] else "",
    }
