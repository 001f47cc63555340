"""A shop that says what a test scripts, in answers that are executed by Shopify's own schema; and the search of orders.

Every request is validated by the schema, and every scripted answer is shaped by it: a field that is not there, a variable
of the wrong type or a null where none may be makes the test fail.
"""

import os
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
from graphql import DocumentNode, GraphQLSchema, build_schema, execute_sync, parse, validate
from graphql.execution import default_field_resolver
from pydantic import SecretStr

from canonical.feature import Feature
from canonical.settings import FeatureSettings
from connectors import shopify
from connectors.account import Account
from connectors.limiter import Limiter, NoLimiter
from connectors.shopify.client import Shopify
from connectors.shopify.credentials import ShopifyCredentials
from connectors.transport import TransportOptions

TOKEN = "shpat_" + "0123456789abcdef" * 2
SECRET = "shpss_" + "fedcba9876543210" * 2
SPEC_FILE = "admin-2026-10.schema.graphql"
Script = Callable[[dict[str, Any]], Any] | Mapping[str, Any]


DESCRIPTION = re.compile(r'"""(?:(?!""").)*"""', re.DOTALL)


@cache
def schema_text() -> str:
    """The vendor's schema with its descriptions."""
    folder = Path(os.environ.get("CONNECT_SHARED", Path(__file__).parents[3] / "shared")) / "specs" / "shopify"
    return (folder / SPEC_FILE).read_text()


@cache
def schema() -> GraphQLSchema:
    """The schema; built once per process and without its descriptions, because it is large."""
    bare = DESCRIPTION.sub("", schema_text())
    return build_schema(bare, assume_valid=True, assume_valid_sdl=True, no_location=True)


@cache
def checked(query: str) -> tuple[DocumentNode, tuple[str, ...]]:
    """A parsed query, and what the schema has against it."""
    document = parse(query, no_location=True)
    return document, tuple(error.message for error in validate(schema(), document))


def operation_of(query: str) -> str:
    """The operation's name."""
    found = re.search(r"\b(?:query|mutation) (\w+)", query)
    assert found, query
    return found.group(1)


@dataclass(frozen=True)
class Wire:
    """An answer as it goes over the wire, in place of data."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def errors(code: str, *, path: list[str] | None = None, available: float = 5, **extensions: Any) -> Wire:
    """Errors at HTTP 200, as the interface writes them."""
    cost = {
        "requestedQueryCost": 105,
        "actualQueryCost": None,
        "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": 100.0},
    }
    error = {"message": "says why", "path": path or [], "extensions": {"code": code, **extensions}}
    return Wire(body={"errors": [error], "extensions": {"cost": cost}})


class FakeShop:
    """Answers operations from `scripts`: root data, or what a function makes of the variables."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.problems: list[str] = []
        self.tokens: dict[str, list[dict[str, str]]] = {"asked": []}
        self.valid_tokens = {TOKEN}
        self.token_answers: list[Wire] = []
        self.files: dict[str, bytes] = {}
        self.serves_ranges = True
        self.bytes_served = 0
        self.version = "2026-10"
        self.cost_per_order: float | None = None
        self.url = ""
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> "FakeShop":
        shop = self
        schema()  # before the first request, which must not wait for it

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"] or 0))
                shop._reply(self, shop._post(self.path, dict(self.headers.items()), body))

            def do_GET(self) -> None:
                wire = shop._file(self.path, self.headers["range"] or "")
                shop.bytes_served += len(wire.body)
                shop._reply(self, wire)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        assert self.problems == []

    @staticmethod
    def _reply(handler: BaseHTTPRequestHandler, wire: Wire) -> None:
        content = wire.body if isinstance(wire.body, bytes) else orjson.dumps(wire.body)
        handler.send_response(wire.status)
        for name, value in {"content-type": "application/json", **wire.headers}.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _file(self, path: str, wanted: str) -> Wire:
        body = self.files.get(path)
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", wanted)
        if body is None or found is None or not self.serves_ranges:
            return Wire(404 if body is None else 200, body or b"")
        start, stop = int(found[1]), min(int(found[2]) + 1, len(body))
        if start >= stop:
            return Wire(416, b"", {"content-range": f"bytes */{len(body)}"})
        return Wire(206, body[start:stop], {"content-range": f"bytes {start}-{stop - 1}/{len(body)}"})

    def _post(self, path: str, headers: dict[str, str], body: bytes) -> Wire:
        if path == "/admin/oauth/access_token":
            self.tokens["asked"].append({key: values[0] for key, values in parse_qs(body.decode()).items()})
            return self.token_answers.pop(0)
        sent = {key.lower(): value for key, value in headers.items()}
        if sent.get("x-shopify-access-token") not in self.valid_tokens:
            return Wire(401, {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"})
        assert path == "/admin/api/2026-10/graphql.json", path
        content = orjson.loads(body)
        return self._graphql(content["query"], content["variables"])

    def _graphql(self, query: str, variables: dict[str, Any]) -> Wire:
        name = operation_of(query)
        self.requests.append((name, variables))
        document, found = checked(query)
        self.problems += [f"{name}: {problem}" for problem in found]
        script = self.scripts.get(name)
        if script is None:
            self.problems.append(f"{name}: nothing is scripted")
            return Wire(500)
        root = script(variables) if callable(script) else script
        if isinstance(root, Wire):
            return root
        done = execute_sync(schema(), document, root_value=root, variable_values=variables, field_resolver=_resolve)
        self.problems += [f"{name}: {error.message}" for error in done.errors or ()]
        requested = 10.0
        if name == "Orders" and self.cost_per_order is not None:
            requested = variables["first"] * self.cost_per_order
        status = {"maximumAvailable": 2000.0, "currentlyAvailable": 1990.0, "restoreRate": 100.0}
        cost = {"requestedQueryCost": requested, "actualQueryCost": 5, "throttleStatus": status}
        body = {"data": done.data, "extensions": {"cost": cost}}
        return Wire(body=body, headers={"x-shopify-api-version": self.version})

    def names(self) -> list[str]:
        """The operations that were asked for, in order."""
        return [name for name, _ in self.requests]

    def sent(self, name: str) -> list[dict[str, Any]]:
        """The variables of all requests of one operation."""
        return [variables for operation, variables in self.requests if operation == name]

    def connect(
        self,
        *,
        token: str = TOKEN,
        account: Account | None = None,
        limiter: Limiter | None = None,
        **settings: FeatureSettings,
    ) -> Shopify:
        """Build the connector; keyword arguments are settings by feature."""
        keys = (
            ShopifyCredentials(shop=self.url, token=SecretStr(token), client_secret=SecretStr(SECRET))
            if token
            else ShopifyCredentials(shop=self.url, client_id="0123456789abcdef", client_secret=SecretStr(SECRET))
        )
        chosen = {Feature(name): value for name, value in settings.items()}
        options = TransportOptions(allow_private=True, timeout=5)
        made = shopify.build(keys, chosen, account or Account(limiter=limiter or NoLimiter()), options)
        assert isinstance(made, Shopify)
        return made


def _resolve(source: Any, info: Any, **args: Any) -> Any:
    """Fields that are asked for under another name are scripted under that name."""
    alias = info.path.key
    if isinstance(source, dict) and alias in source:
        found = source[alias]
        return found(**args) if callable(found) else found
    return default_field_resolver(source, info, **args)


# --- orders -----------------------------------------------------------------------------------------------------------


def money(amount: str, presented: str | None = None) -> dict[str, Any]:
    """An amount in the shop's and the buyer's currency."""
    shown = presented or amount
    return {
        "shopMoney": {"amount": amount, "currencyCode": "EUR"},
        "presentmentMoney": {"amount": shown, "currencyCode": "CHF" if presented else "EUR"},
    }


def tax(amount: str, percent: float = 19.0) -> dict[str, Any]:
    """A tax line."""
    return {"title": "MwSt", "rate": percent / 100, "ratePercentage": percent, "priceSet": money(amount)}


ANNA = {
    "firstName": "Anna",
    "lastName": "Weiß",
    "address1": "Hauptstr. 1",
    "zip": "20095",
    "city": "Hamburg",
    "countryCodeV2": "DE",
}


def line(number: int = 1, sku: str = "MUG", total: str = "11.90", **fields: Any) -> dict[str, Any]:
    """A line of one mug at 11.90 gross with 19 %."""
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "sku": sku,
        "name": "Becher",
        "quantity": 1,
        "currentQuantity": fields.get("quantity", 1),
        "isGiftCard": False,
        "requiresShipping": True,
        "taxable": True,
        "originalTotalSet": money(total),
        "taxLines": [tax("1.90")],
        "discountAllocations": [],
        "customAttributes": [],
        "product": {"id": "gid://shopify/Product/11"},
        "variant": {"id": "gid://shopify/ProductVariant/22"},
        **fields,
    }


def order(number: int = 1001, updated: str = "2026-03-01T08:00:00Z", **fields: Any) -> dict[str, Any]:
    """A paid order of one mug, without shipping."""
    lines = fields.pop("lines", None) or [line()]
    return {
        "id": f"gid://shopify/Order/{number}",
        "legacyResourceId": str(number),
        "name": f"#{number}",
        "createdAt": "2026-03-01T08:00:00Z",
        "processedAt": "2026-03-01T08:00:00Z",
        "updatedAt": updated,
        "cancelledAt": None,
        "test": False,
        "taxesIncluded": True,
        "taxExempt": False,
        "dutiesIncluded": False,
        "currencyCode": "EUR",
        "customerLocale": "de-DE",
        "sourceName": "web",
        "note": None,
        "tags": [],
        "email": "anna@example.org",
        "phone": None,
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "paymentGatewayNames": ["shopify_payments"],
        "customAttributes": [],
        "billingAddress": ANNA,
        "shippingAddress": ANNA,
        "customer": {"id": "gid://shopify/Customer/7"},
        "totalPriceSet": money("11.90"),
        "currentTotalPriceSet": money("11.90"),
        "totalTaxSet": money("1.90"),
        "currentTotalTaxSet": money("1.90"),
        "totalRefundedSet": money("0.0"),
        "totalTipReceivedSet": money("0.0"),
        "originalTotalDutiesSet": None,
        "totalCashRoundingAdjustment": {"paymentSet": money("0.0")},
        "taxLines": [tax("1.90")],
        "additionalFees": [],
        "transactions": [],
        "shippingLines": {"nodes": []},
        "lineItems": {"nodes": lines, "pageInfo": {"hasNextPage": False, "endCursor": None}},
        **fields,
    }


class OrderBook:
    """Orders that can be searched as the connector searches them."""

    def __init__(self) -> None:
        self.orders: dict[int, dict[str, Any]] = {}

    def place(self, count: int, *, start: datetime, step: Any) -> list[str]:
        """Add orders that were changed at steps."""
        made = []
        for index in range(count):
            number = 1001 + len(self.orders)
            stamp = (start + step * index).strftime("%Y-%m-%dT%H:%M:%SZ")
            self.orders[number] = order(number, stamp)
            made.append(str(number))
        return made

    def touch(self, number: str, moment: datetime) -> None:
        """Somebody changes an order."""
        self.orders[int(number)] = order(int(number), moment.strftime("%Y-%m-%dT%H:%M:%SZ"), note="geändert")

    def search(self, variables: dict[str, Any]) -> dict[str, Any]:
        """The operation Orders."""
        found = [each for each in self.orders.values() if _matches(each, variables["query"])]
        by_id = variables["sortKey"] == "ID"
        found.sort(key=lambda each: (int(each["legacyResourceId"]) if by_id else each["updatedAt"], each["id"]))
        start = int(variables["after"] or 0)
        page = found[start : start + variables["first"]]
        end = start + len(page)
        return {"orders": {"nodes": page, "pageInfo": {"hasNextPage": end < len(found), "endCursor": str(end)}}}


def _matches(each: dict[str, Any], query: str) -> bool:
    if " OR " in query or "name:" in query:
        return any(_is_term(each, term) for term in query.split(" OR "))
    return all(_is_term(each, term) for term in query.split(" "))


def _is_term(each: dict[str, Any], term: str) -> bool:
    name, _, value = term.partition(":")
    sign = re.match(r"[<>=]*", value)
    assert sign
    value = value[sign.end() :].strip("'\"")
    have: Any = {"updated_at": each["updatedAt"], "name": each["name"].removeprefix("#")}.get(name, "")
    if name == "id":
        have, value = int(each["legacyResourceId"]), int(value)  # type: ignore[assignment]
    if name == "test":
        return each["test"] is (value == "true")
    tests = {">=": have >= value, ">": have > value, "<": have < value, "": have == value}
    return bool(tests[sign.group()])
