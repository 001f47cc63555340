"""Every request that the connector sends is one that WooCommerce's own description of its interface knows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest
from jsonschema import Draft4Validator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.push import OrderStatus, Parcel, ShippedLine, StatusKind, StockLevel
from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop

# WordPress knows these on every route; the OAuth parameters belong to the signature.
EVERYWHERE = re.compile(r"_fields|oauth_\w+")
KEPT = ("type", "enum", "items", "properties", "minimum", "maximum", "format")


@dataclass
class Recorder:
    """The shop, with every request noted as it came over the wire."""

    shop: WooShop
    requests: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    base_url: str = ""

    def application(self) -> ASGIApp:
        self.shop.base_url = self.base_url
        inner = self.shop.application()

        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            body = b""

            async def read() -> Message:
                nonlocal body
                message = await receive()
                body += message.get("body", b"")
                return message

            await inner(scope, read, send)
            if scope["type"] == "http":
                query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
                path = scope["path"].removeprefix("/wp-json")
                self.requests.append((scope["method"], path, query, orjson.loads(body) if body else None))

        return noted

    def close(self) -> None:
        self.shop.close()


@pytest.fixture(scope="session")
def options(shared: Path) -> dict[str, Any]:
    """What the shop says of itself, route by route."""
    described: dict[str, Any] = orjson.loads((shared / "specs" / "woocommerce" / "wc-v3-options.json").read_bytes())
    return described


def cleaned(schema: Any) -> Any:
    """WordPress's dialect as JSON Schema: `date-time` and `mixed` are no types there, `required` is no list here."""
    if not isinstance(schema, dict):
        return schema
    kept = {key: schema[key] for key in KEPT if key in schema}
    types = [kept["type"]] if isinstance(kept.get("type"), str) else kept.get("type", [])
    known = [
        "boolean" if name == "bool" else "string" if name == "date-time" else name for name in types if name != "mixed"
    ]
    kept.pop("type", None)
    if known and len(known) == len(types):
        kept["type"] = known
    if "items" in kept:
        kept["items"] = cleaned(kept["items"])
    if "properties" in kept and isinstance(kept["properties"], dict):
        kept["properties"] = {
            name: cleaned(inner) for name, inner in kept["properties"].items() if isinstance(inner, dict)
        }
    return kept


def from_text(schema: dict[str, Any], text: str) -> Any:
    """A query's text as WordPress reads it for this type."""
    types = cleaned(schema).get("type", ["string"])
    if "integer" in types:
        return int(text)
    if "boolean" in types:
        assert text in ("true", "false", "0", "1")
        return text in ("true", "1")
    if "array" in types:
        items = [cleaned(schema.get("items", {})), *text.split(",")]
        return [from_text(items[0], part) for part in items[1:]]
    return text


def problems(options: dict[str, Any], method: str, path: str, query: dict[str, str], body: Any) -> list[str]:
    """What the shop's description has against a request."""
    routes = [route for route in options if re.fullmatch(route, path)]
    if not routes:
        return [f"no route {path}"]
    endpoints = [e for route in routes for e in options[route]["endpoints"] if method in e["methods"]]
    if not endpoints:
        return [f"{method} is not possible at {path}"]
    args = endpoints[0]["args"]
    found = [
        f"{path}: unknown parameter {name}" for name in query if name not in args and not EVERYWHERE.fullmatch(name)
    ]
    for name, text in query.items():
        if name in args:
            found += errors(args[name], from_text(args[name], text), name)
            if args[name].get("format") == "date-time":
                datetime.fromisoformat(text)
    is_batch = path.endswith("/batch")
    if is_batch and body:
        found += [f"unknown part {name}" for name in body if name not in ("create", "update", "delete")]
        found += ["more than 100 items"] if sum(map(len, body.values())) > 100 else []
    for item in body.get("update", []) if is_batch and body else [body or {}]:
        found += [
            f"{path}: unknown field {name}" for name in item if name not in args and not (is_batch and name == "id")
        ]
        found += [problem for name in item if name in args for problem in errors(args[name], item[name], name)]
        required = [
            name for name, arg in args.items() if arg.get("required") is True and method != "GET" and not is_batch
        ]
        found += [
            f"{path}: {name} is missing" for name in required if name not in item and f"<{name}>" not in "".join(routes)
        ]
    return found


def errors(schema: dict[str, Any], value: Any, name: str) -> list[str]:
    return [f"{name}: {error.message}" for error in Draft4Validator(cleaned(schema)).iter_errors(value)]


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    shop = WooShop(fulfillments_enabled=True)
    recorder = Recorder(shop)
    with SandboxServer(recorder):
        yield recorder


def use_everything(account: Any, recorder: Recorder) -> None:
    """Make every kind of call that the connector can make."""
    orders = account.place(120, step=timedelta(0)) + account.place(9, start=datetime(2026, 4, 1, tzinfo=UTC))
    shop = recorder.shop
    shirt = shop.add_product("SHIRT", "T-Shirt", "19.90", type="variable")
    shop.add_variation(shirt, "SHIRT-M", "19.90", {"Größe": "M"}, stock=3)
    connector = account.connect()
    account.connect(tracking_way="fulfillments").check([Feature.ORDERS, Feature.STOCK, Feature.SHIPMENTS])
    cursor, more = connector.first_cursor("2026-02-01T00:00:00Z"), True
    while more:
        page = connector.fetch_orders(cursor, 500)
        cursor, more = page.cursor, page.more
    connector.fetch_orders_by_number([orders[0], "RE-1"])
    levels = [StockLevel(key=sku, sku=sku, quantity=4) for sku in ("MUG", "SHIRT-M", "NO")]
    answer = connector.send_stock(levels)
    connector.send_stock(
        [StockLevel(key=result.key, sku=result.key, ref=result.ref, quantity=5) for result in answer.results]
    )
    parcels = (
        Parcel(tracking_number="1", carrier="DHL", tracking_url="https://dhl.example/1"),
        Parcel(tracking_number="2"),
    )
    for number, way in enumerate(("customer_note", "fulfillments", "order_meta")):
        for repeat in (False, True):
            status = OrderStatus(
                key=f"LS-{number}", order_ref=orders[number], kind=StatusKind.SHIPPED, parcels=parcels, is_repeat=repeat
            )
            account.connect(tracking_way=way).send_shipments([status])
    line = ShippedLine(line_ref=str(shop.orders[int(orders[4])]["line_items"][0]["id"]), quantity=Decimal(1))
    part = OrderStatus(
        key="LS-9", order_ref=orders[4], kind=StatusKind.SHIPPED, parcels=parcels, lines=(line,), completes_order=False
    )
    account.connect(tracking_way="fulfillments").send_shipments([part])
    connector.send_shipments([OrderStatus(key="ST-1", order_ref=orders[5], kind=StatusKind.CANCELLED)])
    with pytest.raises(FailureError):
        connector.read_order(b"")


def test_the_shop_knows_every_request(recorder: Recorder, options: dict[str, Any], under_test: Any) -> None:
    use_everything(under_test(recorder.shop, recorder.base_url), recorder)
    found = [problem for request in recorder.requests for problem in problems(options, *request)]
    assert found == []
    used = {(method, re.sub(r"\d+", "N", path)) for method, path, _, _ in recorder.requests}
    assert {path for _, path in used} == {
        "/wc/vN",
        "/wc/vN/system_status",
        "/wc/vN/orders",
        "/wc/vN/orders/batch",
        "/wc/vN/orders/N",
        "/wc/vN/orders/N/notes",
        "/wc/vN/orders/N/fulfillments",
        "/wc/vN/products",
        "/wc/vN/products/batch",
        "/wc/vN/products/N/variations/batch",
    }


@pytest.mark.parametrize(
    "request_",
    [
        ("GET", "/wc/v3/nosuchroute", {}, None),
        ("DELETE", "/wc/v3/orders", {}, None),
        ("GET", "/wc/v3/orders", {"updated_since": "x"}, None),
        ("GET", "/wc/v3/orders", {"per_page": "101"}, None),
        ("GET", "/wc/v3/orders", {"orderby": "changed"}, None),
        ("PUT", "/wc/v3/orders/1", {}, {"status": "shipped"}),
        ("PUT", "/wc/v3/orders/1", {}, {"tracking": "1"}),
        ("POST", "/wc/v3/orders/1/notes", {}, {"customer_note": True}),
        ("POST", "/wc/v3/orders/1/notes", {}, {"note": 5}),
        ("POST", "/wc/v3/products/batch", {}, {"update": [{"id": 1, "stock_quantity": "viele"}]}),
        ("POST", "/wc/v3/products/batch", {}, {"update": [{"id": 1}] * 101}),
    ],
)
def test_this_test_would_notice_a_wrong_request(options: dict[str, Any], request_: Any) -> None:
    assert problems(options, *request_)
