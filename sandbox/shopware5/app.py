"""The shop as an ASGI application: the REST API with its faults, a page for people and the switches for tests."""

from __future__ import annotations

from base64 import b64decode
from html import escape
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.faulty import FaultyApp
from sandbox.shopware5.api import RestApi
from sandbox.shopware5.seed import random_purchase
from sandbox.switches import switch_routes

if TYPE_CHECKING:
    from sandbox.shopware5.shop import Shopware5Shop

SHOWN_ARTICLES = 200
PICTURE = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGM4AAAAwgDBUl5XUQAAAABJRU5ErkJggg==")
"""One grey dot: every picture of the media album."""


def build_app(shop: Shopware5Shop) -> ASGIApp:
    """The application of one shop."""

    def page(_request: Request) -> Response:
        return Response(_page(shop), media_type="text/html")

    def picture(request: Request) -> Response:
        path = request.url.path.lstrip("/")
        with shop.lock:
            is_there = any(row["path"] == path for row in shop.contents.media.values())
        return Response(PICTURE, media_type="image/png") if is_there else Response(status_code=404)

    routes = [Route("/", page, methods=["GET"]), Route("/media/image/{name}", picture, methods=["GET"])]
    pages = Starlette(routes=[*routes, *switch_routes(shop, lambda: random_purchase(shop))])
    return FaultyApp(shop, RestApi(shop), pages)


def _page(shop: Shopware5Shop) -> str:
    keys = "".join(f"<li>{name}: <code>{escape(str(value))}</code></li>" for name, value in shop.credentials().items())
    rows = "".join(
        f"<tr><td><code>{escape(one['sku'])}</code></td><td>{escape(one['name'])}</td><td>{one['price']} €</td>"
        f"<td>{one['stock'] if one['stock'] is not None else '–'}</td></tr>"
        for one in shop.catalogue()[:SHOWN_ARTICLES]
    )
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Sandbox shop</title></head><body>"
        f"<h1>Sandbox shop</h1><p>A simulated Shopware {shop.version}, only to migrate from.</p><ul>{keys}</ul>"
        f"<table><tr><th>Number</th><th>Name</th><th>Price</th><th>Stock</th></tr>{rows}</table></body></html>"
    )
