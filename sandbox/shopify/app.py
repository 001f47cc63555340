"""The shop as an ASGI application: GraphQL and OAuth with their faults, the page for people and the switches for tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    StringValueNode,
    VariableNode,
    execute,
    get_operation_ast,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Scope

from sandbox.faults import Fault
from sandbox.faulty import FaultyApp
from sandbox.shopify import errors
from sandbox.shopify.auth import OAuthError
from sandbox.shopify.cost import MAX_QUERY_COST, Price
from sandbox.shopify.mutating import IDEMPOTENT
from sandbox.shopify.page import page_routes
from sandbox.shopify.plan import Plan, is_plain
from sandbox.shopify.schema import Call, executable_schema, validated
from sandbox.shopify.store import Json

if TYPE_CHECKING:
    from sandbox.shopify.shop import ShopifyShop

API_VERSION = "2026-10"
SUPPORTED = ("2026-01", "2026-04", "2026-07", "2026-10")
GRAPHQL = re.compile(r"^/admin/api/(?P<version>\d{4}-\d\d|unstable)/graphql\.json$")
UNAUTHORIZED = {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
HTML = b"<!doctype html><html><head><title>Wartung</title></head><body><h1>We'll be back soon</h1></body></html>"


def build_app(shop: ShopifyShop) -> ASGIApp:
    """The application of one shop."""
    return FaultyApp(shop, ShopifyApi(shop), Starlette(routes=page_routes(shop)))


class ShopifyApi:
    """The Admin API behind the faults."""

    def __init__(self, shop: ShopifyShop) -> None:
        self._shop = shop

    def shown_path(self, scope: Scope) -> str | None:
        """The path of a request to the API; requests to the pages have none."""
        path = str(scope.get("path", ""))
        return path if path.startswith("/admin/") else None

    def answer(self, request: Request, body: bytes, request_id: str) -> Response:
        """Answer one request."""
        path = request.url.path
        if path == "/admin/oauth/access_token" and request.method == "POST":
            return self._token(request.headers.get("content-type", ""), body)
        if path == "/admin/oauth/authorize" and request.method == "GET":
            return self._consent(request)
        found = GRAPHQL.match(path)
        if found is None or request.method != "POST":
            return JSONResponse({"errors": "Not Found"}, 404)
        text = request.headers.get("x-shopify-access-token", "")
        granted = self._shop.tokens.granted(text)
        if granted is None:
            return JSONResponse(UNAUTHORIZED, 401)
        content = self._graphql(body, Call(self._shop, request_id, granted))
        headers = {"X-Shopify-API-Version": served_version(found["version"]), "X-Request-Id": request_id}
        if isinstance(content, Response):
            return content
        raw = orjson.dumps(content)
        return Response(raw, 200, headers, media_type="application/json; charset=utf-8")

    def fault_response(self, fault: Fault) -> Response:
        """What the shop answers while something is wrong; 429 is its own THROTTLED at HTTP 200."""
        retry = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        if fault.mode == "429":
            status = {**self._shop.bucket.status(), "currentlyAvailable": 0}
            cost = {"requestedQueryCost": 100, "actualQueryCost": None, "throttleStatus": status}
            return JSONResponse({"errors": [errors.throttled()], "extensions": {"cost": cost}}, 200, retry)
        if fault.mode == "html":
            return Response(HTML, 200, media_type="text/html")
        if fault.mode == "500":
            return JSONResponse({"errors": "Internal Server Error"}, 500, retry)
        return Response(HTML, int(fault.mode), retry, media_type="text/html")

    # --- OAuth ----------------------------------------------------------------------------------------------------------

    def _token(self, content_type: str, body: bytes) -> Response:
        is_json = "json" in content_type
        try:
            form: Json = orjson.loads(body) if is_json else dict(parse_qsl(body.decode(errors="replace")))
            answer, token = self._shop.tokens.exchange(form)
        except OAuthError as error:
            return JSONResponse(error.body, error.status)
        except (orjson.JSONDecodeError, AttributeError):
            return JSONResponse({"error": "invalid_request", "error_description": "The body cannot be read"}, 400)
        with self._shop.changes():
            self._shop.store.note("token", token.as_json())
        return JSONResponse(answer)

    def _consent(self, request: Request) -> Response:
        try:
            return RedirectResponse(self._shop.tokens.consent(request.query_params, self._shop.domain), 302)
        except OAuthError as error:
            return Response(error.body["error_description"], error.status, media_type="text/plain")

    # --- GraphQL --------------------------------------------------------------------------------------------------------

    def _graphql(self, body: bytes, call: Call) -> Json | Response:
        try:
            content = orjson.loads(body)
            text, variables = content["query"], content.get("variables") or {}
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return JSONResponse({"errors": {"query": "Required parameter missing or invalid"}}, 400)
        prepared, name = validated(str(text)), content.get("operationName")
        if prepared.document is None:
            return {"errors": [_shown(problem) for problem in prepared.errors]}
        operation = get_operation_ast(prepared.document, name)
        if operation is None:
            return {"errors": [{"message": "An operation name is required"}]}
        if name not in prepared.kept:
            prepared.kept[name] = Operation(prepared.document, operation)
        try:
            call.keys = idempotency_keys(operation, variables)
        except GraphQLError as error:
            return {"errors": [_shown(error)]}
        return self._priced(call, prepared.kept[name], variables)

    def _priced(self, call: Call, operation: Operation, variables: Json) -> Json:
        price, bucket = Price(executable_schema(), operation.document, variables), self._shop.bucket
        requested = price.requested(operation.node)
        if requested > MAX_QUERY_COST:
            return {"errors": [errors.too_expensive(requested, MAX_QUERY_COST)]} | self._cost(requested, None)
        if not bucket.take(requested):
            return {"errors": [errors.throttled()]} | self._cost(requested, None)
        with self._shop.lock:
            result = operation.execute(call, variables)
        answer: Json = {}
        if result.errors:
            answer["errors"] = [_shown(error) for error in result.errors]
        if result.data is not None or not _is_before_execution(result):
            answer["data"] = result.data
        actual = None if result.data is None else min(requested, price.actual(operation.node, result.data))
        bucket.give_back(requested - (actual or 0))
        answer |= self._cost(requested, actual)
        if call.warnings:
            answer["extensions"]["search"] = call.warnings
        return answer

    def _cost(self, requested: int, actual: int | None) -> Json:
        status = self._shop.bucket.status()
        cost = {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}
        return {"extensions": {"cost": cost}}


class Operation:
    """One operation of a document with its plan; without one the library's executor runs it."""

    def __init__(self, document: DocumentNode, node: OperationDefinitionNode) -> None:
        self.document, self.node = document, node
        self._plan = Plan(executable_schema(), document, node) if is_plain(document) else None

    def execute(self, call: Call, variables: Json) -> ExecutionResult:
        """Data and errors of one run."""
        if self._plan is not None:
            return self._plan.execute(call, variables)
        name = self.node.name.value if self.node.name else None
        result = execute(
            executable_schema(), self.document, variable_values=variables, operation_name=name, context_value=call
        )
        assert isinstance(result, ExecutionResult)
        return result


def served_version(wanted: str) -> str:
    """The version that answers: a too old one falls forward to the oldest supported."""
    if wanted in SUPPORTED or wanted == "unstable":
        return API_VERSION if wanted == "unstable" else wanted
    return SUPPORTED[0] if wanted < SUPPORTED[0] else API_VERSION


def idempotency_keys(operation: OperationDefinitionNode, variables: Json) -> dict[str, list[str]]:
    """The keys by mutation; raises the vendor's error where a mutation that needs one has none."""
    keys: dict[str, list[str]] = {}
    for node in operation.selection_set.selections:
        if not isinstance(node, FieldNode) or node.name.value not in IDEMPOTENT:
            continue
        values = [a.value for d in node.directives or () if d.name.value == "idempotent" for a in d.arguments or ()]
        key = _literal(values[0], variables) if values else None
        if not key:
            raise errors.bad_request(f"The @idempotent directive is required for the {node.name.value} mutation.")
        keys.setdefault(node.name.value, []).append(str(key))
    return keys


def _literal(value: Any, variables: Json) -> Any:
    if isinstance(value, VariableNode):
        return variables.get(value.name.value)
    return value.value if isinstance(value, StringValueNode) else None


def _is_before_execution(result: ExecutionResult) -> bool:
    """Whether the errors are about variables, so that nothing was executed."""
    return all(error.path is None for error in result.errors or ())


def _shown(error: GraphQLError) -> Json:
    shown: Json = dict(error.formatted)
    if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        shown["extensions"] = {"code": "INTERNAL_SERVER_ERROR"}
    return shown
