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

import connectors
from canonical.catalogue import (
    ArticleContent,
    ArticlePrices,
    CategoryNode,
    CategoryPlace,
    NamedValue,
    OptionAxis,
    Picture,
    PriceTier,
    Structure,
    Words,
)
from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.push import (
    OrderStatus,
    Outcome,
    Parcel,
    Refund,
    RefundLine,
    ShippedLine,
    StatusKind,
    StockLevel,
)
from connectors.woocommerce.settings import Backorders, WooArticleSettings
from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop
from tests.connectors.woo_kit import KitServer, KitShop

# WordPress knows these on every route; the OAuth parameters belong to the signature.
EVERYWHERE = re.compile(r"_fields|oauth_\w+")
BESIDES = {"/wc/vN/orders/N/refunds": ("line_items",)}
"""Fields that the shop accepts although its description marks them as read-only (the README of the specification)."""
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
    args = endpoints[0]["args"] or {}
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
    if is_batch and body:
        found += [f"{path}: no id in {part}" for part in ("update",) for item in body.get(part, []) if "id" not in item]
        found += [f"{path}: {item!r} is no id" for item in body.get("delete", []) if not isinstance(item, int)]
        found += [f"{path}: an id is created" for item in body.get("create", []) if "id" in item]
    known = {*args, *BESIDES.get(re.sub(r"\d+", "N", path), ()), *(["id"] if is_batch else [])}
    for item in [*body.get("update", []), *body.get("create", [])] if is_batch and body else [body or {}]:
        found += [f"{path}: unknown field {name}" for name in item if name not in known]
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


def use_the_rest(shop: KitShop) -> None:
    """Make every kind of call of the features that the recorder's shop does not serve as a whole."""
    settings = {
        Feature.ARTICLES: WooArticleSettings(meta_texts=True, default_category="15", backorders=Backorders.NOTIFY),
    }
    connector = shop.connect(settings)
    connector.check(list(connectors.spec_of("woocommerce").features))
    tree = [CategoryNode(key="a", name="A"), CategoryNode(key="b", name="B", parent_key="a")]
    refs = [result.ref for result in connector.send_categories(tree).results]
    connector.send_categories([CategoryNode(key="a", name="C", ref=refs[0])])
    connector.send_categories([CategoryNode(key="a", name="C", ref=refs[0], is_deleted=True)])
    articles = whole_articles()
    shop.add("TRASH", status="trash")
    results = connector.send_articles(articles).results
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    again = [each.model_copy(update={"ref": result.ref}) for each, result in zip(articles, results, strict=True)]
    renamed = [each.model_copy(update={"sku": f"{each.sku}-2", "parent_sku": "SHIRT-2"}) for each in again[:2]]
    connector.send_articles(again)
    connector.send_articles(renamed)
    prices = [
        ArticlePrices(key=each.key, sku=each.sku, base=PriceTier(amount=Decimal("9.9"), pseudo_amount=Decimal(12)))
        for each in renamed
    ]
    connector.send_prices(prices)
    connector.fetch_listings("", 5)
    connector.fetch_listings_by_sku(["SHIRT-M-2"])
    for kind in connectors.spec_of("woocommerce").choices:
        connector.list_choices(kind)
    connector.send_articles([each.model_copy(update={"is_deleted": True}) for each in renamed])
    for status in ("active", "disabled"):
        connector.ensure_webhooks("https://connect.example/hooks/1", "s")
        next(iter(shop.webhooks.values()))["status"] = status
    connector.ensure_webhooks("https://connect.example/hooks/1", "s")
    connector.remove_webhooks("https://connect.example/hooks/1")
    order = {"id": 70, "currency": "EUR", "total": "28.77", "status": "processing", "refunds": [{"total": "-1"}]}
    shop.orders[70] = {**order, "line_items": [{"id": 1, "taxes": [{"id": 1, "total": "1.90"}]}]}
    line = RefundLine(line_ref="1", quantity=Decimal(1), amount=Decimal("11.90"), tax=Decimal("1.90"))
    refund = Refund(key="E", order_ref="70", amount=Decimal("11.90"), currency="EUR", lines=(line,), is_repeat=True)
    assert connector.send_refunds([refund]).results[0].outcome is Outcome.ACCEPTED
    connector.fetch_orders(connector.first_cursor("2026-02-01T00:00:00Z"), 100)


def whole_articles() -> list[ArticleContent]:
    """A parent with a variant, a simple article, and one whose number lies in the trash; with all that can be said of them."""
    common = {
        "sends": WooArticleSettings().data_types,
        "words": Words(
            language="de", name="Hemd", short_text="k", description="l", meta_title="t", meta_keywords="a, b"
        ),
        "weight": Decimal("0.35"),
        "length": Decimal(10),
        "ean": "4006381333931",
        "images": (Picture(url="https://erp.example/a.jpg", digest="d", title="t", description="d"),),
        "tags": ("Neu",),
        "properties": (NamedValue(name="Stoff", value="Leinen"),),
        "cross_selling": ("OTHER",),
        "categories": (CategoryPlace(key="1", path=("A",), ref="16"),),
    }
    parent = {"structure": Structure.PARENT, "axes": (OptionAxis(name="Größe", values=("M",)),)}
    variant = {
        "structure": Structure.VARIANT,
        "options": (NamedValue(name="Größe", value="M"),),
        "parent_key": "SHIRT",
        "parent_sku": "SHIRT",
    }
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("SHIRT", parent),
        ("SHIRT-M", variant),
        ("OTHER", {"is_closeout": True}),
        ("TRASH", {"is_active": False}),
    ]
    return [ArticleContent.model_validate({"key": sku, "sku": sku, **common, **own}) for sku, own in kinds]


def test_the_shop_knows_every_request_of_the_other_features(options: dict[str, Any]) -> None:
    shop = KitShop()
    with KitServer(shop):
        use_the_rest(shop)
    requests = [(method, f"/wc/v3{path}", query, body) for method, path, query, body in shop.requests]
    assert [problem for request in requests for problem in problems(options, *request)] == []
    assert {(method, re.sub(r"\d+", "N", path)) for method, path, _, _ in shop.requests} >= {
        ("GET", "/products"),
        ("GET", "/products/N"),
        ("GET", "/products/N/variations"),
        ("POST", "/products/batch"),
        ("POST", "/products/N/variations/batch"),
        ("POST", "/products/tags/batch"),
        ("GET", "/products/attributes"),
        ("GET", "/products/categories"),
        ("POST", "/products/categories/batch"),
        ("GET", "/settings/products"),
        ("GET", "/settings/tax"),
        ("GET", "/data/currencies/current"),
        ("GET", "/taxes/classes"),
        ("GET", "/orders/statuses"),
        ("GET", "/webhooks"),
        ("POST", "/webhooks"),
        ("PUT", "/webhooks/N"),
        ("DELETE", "/webhooks/N"),
        ("GET", "/orders/N/refunds"),
        ("POST", "/orders/N/refunds"),
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
        ("POST", "/wc/v3/products/batch", {}, {"update": [{"name": "x"}]}),
        ("POST", "/wc/v3/products/batch", {}, {"create": [{"id": 1}]}),
        ("POST", "/wc/v3/products/batch", {}, {"create": [{"weight": 1.5}]}),
        ("POST", "/wc/v3/products/batch", {}, {"create": [{"images": [{"src": 5}]}]}),
        ("POST", "/wc/v3/products/batch", {}, {"delete": [{"id": 1}]}),
        ("POST", "/wc/v3/orders/1/refunds", {}, {"amount": 5}),
        ("PUT", "/wc/v3/webhooks/1", {}, {"status": "on"}),
    ],
)
def test_this_test_would_notice_a_wrong_request(options: dict[str, Any], request_: Any) -> None:
    assert problems(options, *request_)
