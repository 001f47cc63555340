"""The shop as an ASGI application: the REST API with its faults, the page for people and the switches for tests.

The layer is asynchronous because a fault must be able to wait without a thread and to cut the connection; everything behind
it is plain functions.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as PageRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.server import drop_connection
from sandbox.woocommerce import fixed, fulfillments, orders, products, refunds
from sandbox.woocommerce.effects import LoggedRequest
from sandbox.woocommerce.errors import WooError, no_route
from sandbox.woocommerce.faults import Fault
from sandbox.woocommerce.links import PLACEHOLDER
from sandbox.woocommerce.page import page_routes
from sandbox.woocommerce.routing import Answer, Router
from sandbox.woocommerce.switches import switch_routes

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

API_PATH = re.compile(r"^(?:/index\.php)?/wp-json/(.*)$")
NAMESPACE = "wc/v3"
HTML = b"<!doctype html><html><head><title>Wartung</title></head><body><h1>Briefly unavailable for maintenance</h1></body></html>"
CRITICAL = {
    "code": "internal_server_error",
    "message": "<p>There has been a critical error on this website.</p>",
    "data": {"status": 500},
    "additional_errors": [],
}


def build_app(shop: WooShop) -> ASGIApp:
    """The application of one shop."""
    pages = Starlette(routes=[*page_routes(shop), *(PageRoute(*args, methods=m) for args, m in switch_routes(shop))])
    return ShopApp(shop, pages)


class ShopApp:
    """Send API requests through the faults to the router, everything else to the page."""

    def __init__(self, shop: WooShop, pages: ASGIApp) -> None:
        self._shop = shop
        self._pages = pages
        modules = (orders, refunds, fulfillments, products, fixed)
        self._router = Router([route for module in modules for route in module.routes(shop)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = _api_path(scope)
        if scope["type"] != "http" or path is None:
            await self._pages(scope, receive, send)
            return
        request = Request(scope, receive)
        request_id = uuid.uuid4().hex
        shown = f"/wp-json/{path}"
        body = await request.body()
        fault = self._shop.faults.take(request.method, shown)
        response = await self._respond(request, path, body, request_id, fault)
        # Logged before it is sent, so that a client that has its answer finds its request in the log.
        status = 0 if response is None else response.status_code
        self._shop.requests.add(LoggedRequest(request.method, shown, status, request_id))
        if response is None:
            await drop_connection(scope, receive)
        else:
            await response(scope, receive, send)

    async def _respond(
        self, request: Request, path: str, body: bytes, request_id: str, fault: Fault | None
    ) -> Response | None:
        """The response, or None where the connection is to be cut."""
        mode = fault.mode if fault else ""
        if fault and mode in {"429", "500", "503", "html"}:
            return _fault_response(fault)
        if fault and mode == "slow":
            await asyncio.sleep(fault.delay)
        if mode == "drop" or (mode == "hang" and not await self._hang(request)):
            return None
        response = self._response(self._answer(request, path, body, request_id))
        if mode == "lose_reply" or (mode == "hang_reply" and not await self._hang(request)):
            return None
        return response

    async def _hang(self, request: Request) -> bool:
        """Wait for the release; False if the client went away first, in which case nothing more is done."""
        gone = asyncio.Event()

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            gone.set()

        watcher = asyncio.create_task(watch())
        try:
            return await self._shop.faults.wait(gone)
        finally:
            watcher.cancel()

    def _answer(self, request: Request, path: str, body: bytes, request_id: str) -> Answer:
        query = request.url.query
        scheme = "https" if self._shop.https else "http"
        address = f"{scheme}://{request.headers.get('host', '')}{request.url.path}"
        try:
            key = self._shop.gate.identify(request.method, address, query, request.headers.get("authorization", ""))
            if path != NAMESPACE and not path.startswith(f"{NAMESPACE}/"):
                raise no_route()
            content = _parsed_body(request.headers.get("content-type", ""), body)
        except WooError as error:
            return Answer(error.body, error.status)
        pairs = [
            (name, value)
            for name, value in parse_qsl(query, keep_blank_values=True)
            if not name.startswith("rest_route")
        ]
        route = path.removeprefix(NAMESPACE).strip("/")
        return self._router.dispatch(request.method, route, pairs, content, key=key, request_id=request_id)

    def _response(self, answer: Answer) -> Response:
        content = answer.content if isinstance(answer.content, bytes) else orjson.dumps(answer.content)
        address = self._shop.base_url
        headers = {name: value.replace(PLACEHOLDER, address) for name, value in answer.headers.items()}
        headers.setdefault("Link", f'<{address}/wp-json/>; rel="https://api.w.org/"')
        headers["Content-Type"] = "application/json; charset=UTF-8"
        return Response(content.replace(PLACEHOLDER.encode(), address.encode()), answer.status, headers)


def _api_path(scope: Scope) -> str | None:
    """The path behind `/wp-json/` or in `?rest_route=`, None for other requests."""
    path: str = scope.get("path", "")
    found = API_PATH.match(path)
    if found is not None:
        return str(found[1]).strip("/")
    query: bytes = scope.get("query_string", b"")
    if b"rest_route=" in query:
        return dict(parse_qsl(query.decode())).get("rest_route", "").strip("/")
    return None


def _parsed_body(content_type: str, body: bytes) -> Any:
    if not body:
        return {}
    if "json" not in content_type:
        return dict(parse_qsl(body.decode(errors="replace")))
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        data = {"status": 400, "json_error_code": 4, "json_error_message": "Syntax error"}
        raise WooError(400, "rest_invalid_json", "Invalid JSON body passed.", data) from None


def _fault_response(fault: Fault) -> Response:
    if fault.mode == "html":
        return Response(HTML, 200, media_type="text/html")
    retry = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.mode == "500":
        return Response(orjson.dumps(CRITICAL), 500, retry, media_type="application/json")
    return Response(HTML, int(fault.mode), retry, media_type="text/html")
