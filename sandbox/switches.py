"""Switches and evidence over HTTP that every sandbox shares: faults, effects, requests, counts, catalogue, placing orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.shop import SimulatedShop

Json = dict[str, Any]


def switch_routes(shop: SimulatedShop, place_order: Callable[[], str]) -> list[Route]:
    """Everything under `/sandbox/`; `place_order` lets an invented customer buy and returns the order's id.

    The switches need no key, as a sandbox listens on the loopback interface only.
    """
    switches = Switches(shop, place_order)
    return [
        Route("/sandbox/faults", switches.faults, methods=["GET"]),
        Route("/sandbox/faults", switches.set_fault, methods=["POST"]),
        Route("/sandbox/effects", switches.effects, methods=["GET"]),
        Route("/sandbox/requests", switches.requests, methods=["GET"]),
        Route("/sandbox/status", switches.status, methods=["GET"]),
        Route("/sandbox/catalogue", switches.catalogue, methods=["GET"]),
        Route("/sandbox/orders", switches.place_orders, methods=["POST"]),
    ]


def as_json(content: Any, status: int = 200) -> Response:
    """A JSON response."""
    return Response(orjson.dumps(content, default=str), status, media_type="application/json")


class Switches:
    """Handlers of the switches."""

    def __init__(self, shop: SimulatedShop, place_order: Callable[[], str]) -> None:
        self._shop, self._place_order = shop, place_order

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
        ledger = self._shop.ledger()
        return as_json(
            {
                "articles": len(ledger.articles),
                "orders": len(ledger.orders),
                "effects": len(self._shop.effects),
                "requests": len(self._shop.requests),
            }
        )

    def catalogue(self, _request: Request) -> Response:
        """The articles for an ERP that is to have the same ones."""
        return as_json(self._shop.catalogue())

    async def place_orders(self, request: Request) -> Response:
        """Let `count` invented customers buy now; returns the new orders' ids."""
        data = orjson.loads(await request.body() or b"{}")
        return as_json({"ids": [self._place_order() for _ in range(int(data.get("count", 1)))]}, 201)
