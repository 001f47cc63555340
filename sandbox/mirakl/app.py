"""The instance as an ASGI application: the API behind key, frequency and faults, the page for people and the switches."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Scope

from sandbox.faults import Fault
from sandbox.faulty import FaultyApp
from sandbox.mirakl import documents, fixed, imports, offers, orders, products, settlements, shipments
from sandbox.mirakl.answers import Answer
from sandbox.mirakl.errors import MiraklError, bad_request, unauthorized
from sandbox.mirakl.page import page_routes
from sandbox.mirakl.parameters import Call
from sandbox.mirakl.seed import random_order
from sandbox.switches import switch_routes

if TYPE_CHECKING:
    from sandbox.mirakl.shop import MiraklShop

HTML = b"<!doctype html><html><head><title>Maintenance</title></head><body><h1>We'll be back soon</h1></body></html>"


Handler = Callable[[Call], Any]


@dataclass(frozen=True)
class Route:
    """An operation of the vendor's specification with its method and path."""

    operation: str
    method: str
    pattern: re.Pattern[str]
    handler: Handler


def build_app(shop: MiraklShop) -> ASGIApp:
    """The application of one instance."""
    switches = switch_routes(shop, lambda: str(random_order(shop)["order_id"]))
    return FaultyApp(shop, MiraklApi(shop), Starlette(routes=[*page_routes(shop), *switches]))


class MiraklApi:
    """The API behind the faults."""

    def __init__(self, shop: MiraklShop) -> None:
        self._shop = shop
        modules = (orders, settlements, documents, shipments, offers, imports, products, fixed)
        found: dict[str, tuple[str, str, Handler]] = {}
        for module in modules:
            found |= module.operations(shop)
        self._routes = [
            Route(operation, method, re.compile("^" + re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path) + "$"), handler)
            for operation, (method, path, handler) in found.items()
        ]

    def shown_path(self, scope: Scope) -> str | None:
        """The path of a request to the API."""
        path: str = scope.get("path", "")
        return path if path.startswith("/api/") else None

    def answer(self, request: Request, body: bytes, request_id: str) -> Response:
        """Answer one request."""
        try:
            return _response(self._answer(request, body, request_id))
        except MiraklError as error:
            return _response(Answer(error.body, error.status, error.headers))

    def fault_response(self, fault: Fault) -> Response:
        """What the instance or the server before it answers while something is wrong."""
        retry = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        if fault.mode == "html":
            return Response(HTML, 200, media_type="text/html")
        if fault.mode == "503":
            return Response(HTML, 503, retry, media_type="text/html")
        message = {"429": "Too many requests", "500": "Internal Server Error"}[fault.mode]
        return _response(Answer({"status": int(fault.mode), "message": message}, int(fault.mode), retry))

    def _answer(self, request: Request, body: bytes, request_id: str) -> Answer:
        query = parse_qs(request.url.query, keep_blank_values=True)
        key = request.headers.get("authorization", "")
        if key not in self._shop.keys:
            raise unauthorized()
        self._check_shop(query)
        route, ids = self._route(request.method, request.url.path)
        is_next_page = query.get("offset", ["0"])[-1] not in {"", "0"} or "page_token" in query
        is_lookup = "order_ids" in query or "import_id" in query
        path = request.url.path if ids else ""
        self._shop.frequencies.check(key, route.operation, path, is_next_page=is_next_page or is_lookup)
        call = Call(route.operation, ids, query, request.headers.get("content-type", ""), body, request_id)
        result = route.handler(call)
        return result if isinstance(result, Answer) else Answer(result)

    def _check_shop(self, query: Mapping[str, list[str]]) -> None:
        wanted = query.get("shop_id", [""])[-1]
        if wanted and wanted != str(self._shop.shop_id):
            raise (
                MiraklError(403, f"You are not allowed to act for shop '{wanted}'")
                if wanted.isdigit()
                else bad_request("shop_id: must be a number")
            )

    def _route(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        is_known = False
        for route in self._routes:
            match = route.pattern.match(path)
            if match is not None and route.method == method:
                return route, match.groupdict()
            is_known = is_known or match is not None
        raise MiraklError(405, "Method Not Allowed") if is_known else MiraklError(404, "Not Found")


def _response(answer: Answer) -> Response:
    if answer.content is None:
        return Response(b"", 204, dict(answer.headers))
    if isinstance(answer.content, bytes):
        return Response(answer.content, answer.status, dict(answer.headers), media_type=answer.media_type)
    content = orjson.dumps(answer.content, default=float)
    return Response(content, answer.status, dict(answer.headers), media_type="application/json;charset=UTF-8")
