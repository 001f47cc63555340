"""The shop as an ASGI application: the REST API with its faults, the page for people and the switches for tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as PageRoute
from starlette.types import ASGIApp, Scope

from sandbox.faults import Fault
from sandbox.faulty import FaultyApp
from sandbox.woocommerce import consent, fixed, fulfillments, orders, products, refunds, taxonomies
from sandbox.woocommerce.errors import WooError, no_route
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
    pages = Starlette(
        routes=[
            *page_routes(shop),
            *consent.routes(shop),
            *(PageRoute(*args, methods=m) for args, m in switch_routes(shop)),
        ]
    )
    return FaultyApp(shop, WooApi(shop), pages)


class WooApi:
    """The REST API behind the faults."""

    def __init__(self, shop: WooShop) -> None:
        self._shop = shop
        modules = (orders, refunds, fulfillments, products, taxonomies, fixed)
        self._router = Router([route for module in modules for route in module.routes(shop)])

    def shown_path(self, scope: Scope) -> str | None:
        """The path behind `/wp-json/`, whichever way it was written."""
        path = _api_path(scope)
        return None if path is None else f"/wp-json/{path}"

    def answer(self, request: Request, body: bytes, request_id: str) -> Response:
        """Answer one request."""
        path = _api_path(request.scope) or ""
        return self._response(self._answer(request, path, body, request_id))

    def fault_response(self, fault: Fault) -> Response:
        """What the shop or the server before it answers while something is wrong."""
        return _fault_response(fault)

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
