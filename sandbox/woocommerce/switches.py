"""Switches and evidence over HTTP for a sandbox in another process: faults, effects, requests, counts, placing orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.woocommerce.seed import catalogue, random_order

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

Handler = Callable[[Request], Any]


def switch_routes(shop: WooShop) -> list[tuple[tuple[str, Handler], list[str]]]:
    """Path, handler and methods of everything under `/sandbox/`."""
    switches = Switches(shop)
    return [
        (("/sandbox/faults", switches.faults), ["GET"]),
        (("/sandbox/faults", switches.set_fault), ["POST"]),
        (("/sandbox/effects", switches.effects), ["GET"]),
        (("/sandbox/requests", switches.requests), ["GET"]),
        (("/sandbox/status", switches.status), ["GET"]),
        (("/sandbox/catalogue", switches.catalogue), ["GET"]),
        (("/sandbox/orders", switches.place_orders), ["POST"]),
    ]


def as_json(content: Any, status: int = 200) -> Response:
    """A JSON response."""
    return Response(orjson.dumps(content), status, media_type="application/json")


class Switches:
    """Handlers of the switches; they need no key, as the sandbox listens on the loopback interface only."""

    def __init__(self, shop: WooShop) -> None:
        self._shop = shop

    def faults(self, _request: Request) -> Response:
        """The fault in force and how many requests hang."""
        return as_json(self._shop.faults.as_json())

    async def set_fault(self, request: Request) -> Response:
        """Set a fault, clear it (`mode` null) or release hanging requests."""
        try:
            self._shop.faults.apply_json(orjson.loads(await request.body()))
        except (ValueError, TypeError, AttributeError) as error:
            return as_json({"error": str(error)}, 400)
        return as_json(self._shop.faults.as_json())

    def effects(self, request: Request) -> Response:
        """The effects from number `since` on, oldest first."""
        since = int(request.query_params.get("since", "0"))
        return as_json([effect.as_json() for effect in self._shop.effects[since:]])

    def requests(self, _request: Request) -> Response:
        """The API requests so far."""
        return as_json([entry._asdict() for entry in self._shop.requests])

    def status(self, _request: Request) -> Response:
        """Counts of everything in the shop."""
        shop = self._shop
        return as_json(
            {
                "products": sum(p.type != "variation" for p in shop.products.values()),
                "variations": sum(p.type == "variation" for p in shop.products.values()),
                "orders": len(shop.orders),
                "effects": len(shop.effects),
                "requests": len(shop.requests),
                "version": shop.version,
            }
        )

    def catalogue(self, _request: Request) -> Response:
        """The articles for an ERP that is to have the same ones."""
        return as_json(catalogue(self._shop))

    async def place_orders(self, request: Request) -> Response:
        """Let `count` invented customers buy now; returns the new orders' ids."""
        data = orjson.loads(await request.body() or b"{}")
        count = int(data.get("count", 1))
        return as_json({"ids": [random_order(self._shop)["id"] for _ in range(count)]}, 201)
