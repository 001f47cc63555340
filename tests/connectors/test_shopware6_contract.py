"""Every request that the connector sends is one that Shopware's own description of its Admin API knows, down to the fields."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from canonical.catalogue import (
    ArticleContent,
    ArticlePrices,
    CategoryNode,
    CategoryPlace,
    DataType,
    NamedValue,
    OptionAxis,
    Picture,
    PriceTier,
    Structure,
    Words,
)
from canonical.push import (
    AnswerKind,
    OrderAnswer,
    OrderStatus,
    OutgoingDocument,
    Parcel,
    StatusKind,
    StockLevel,
)
from connectors import shopware6
from sandbox.shopware6 import Basket
from tests.connectors.test_shopware6_support import SINCE, START, Laden, running

SPEC = "urn:shopware"
MAPPINGS = {
    "product_option": {"productId", "optionId"},
    "product_property": {"productId", "optionId"},
    "product_tag": {"productId", "tagId"},
}
MAPPINGS |= {"product_category": {"productId", "categoryId"}}
"""Assignments have no schema; the vendor's documentation shows them with these fields."""


class Contract:
    """The vendor's description, asked about requests."""

    def __init__(self, described: dict[str, Any]) -> None:
        self._paths = described["paths"]
        self._schemas = described["components"]["schemas"]
        resource = Resource.from_contents(described, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(SPEC, resource)
        self._templates = [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), path) for path in self._paths]

    def problems(self, method: str, path: str, query: str, body: bytes, media_type: str) -> list[str]:
        """What the description has against a request."""
        found = [template for pattern, template in self._templates if pattern.fullmatch(path)]
        exact = [template for template in found if template == path] or found
        operations = [
            self._paths[template][method.lower()] for template in exact if method.lower() in self._paths[template]
        ]
        if not operations:
            return [f"{method} {path} is not described"]
        operation = operations[0]
        known = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"}
        problems = [f"{path}: unknown parameter {name}" for name, _ in parse_qsl(query) if name not in known]
        content = operation.get("requestBody", {}).get("content", {})
        if media_type == "application/octet-stream":
            return problems if media_type in content else [*problems, f"{path}: no file is taken"]
        if not body:
            return problems
        value = orjson.loads(body)
        pointer = next((name for name in content if name.endswith("json")), None)
        if pointer is None:
            return [*problems, f"{path}: no body is taken"]
        if method == "PATCH":
            # The description gives the schema of the whole record, of which a change sends only some fields.
            return [*problems, *self._row(path.split("/")[1].replace("-", "_"), value)]
        problems += self._invalid(content[pointer]["schema"], self._with_described_mode(value))
        if path.startswith("/search/"):
            problems += self._criteria(path.removeprefix("/search/").replace("-", "_"), value)
        elif path == "/_action/sync":
            problems += [problem for each in value for problem in self._operation(each)]
        return problems

    @staticmethod
    def _with_described_mode(value: Any) -> Any:
        """The description names the modes of counting; Shopware itself also takes its numbers, older versions only these."""
        if isinstance(value, dict) and value.get("total-count-mode") == 1:
            return {**value, "total-count-mode": "exact"}
        return value

    def _invalid(self, schema: dict[str, Any], value: Any) -> list[str]:
        whole = orjson.loads(orjson.dumps(schema).replace(b'"#/', f'"{SPEC}#/'.encode()))
        validator = Draft202012Validator(whole, registry=self._registry)
        return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in validator.iter_errors(value)]

    def _schema(self, entity: str) -> dict[str, Any]:
        name = "".join(word.capitalize() for word in entity.split("_"))
        schema: dict[str, Any] = self._schemas.get(name, {})
        return schema

    def _target(self, field: dict[str, Any]) -> str | None:
        """The entity that a field leads to."""
        reference = field.get("$ref") or field.get("items", {}).get("$ref") or ""
        name = reference.rpartition("/")[2]
        return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() if name else None

    def _field(self, entity: str, path: str) -> list[str]:
        """Whether a dotted path of fields exists."""
        at: str | None = entity
        for part in path.split("."):
            properties = self._schema(at or "").get("properties", {})
            if part not in properties:
                return [f"{entity} has no field {path}"]
            at = self._target(properties[part])
        return []

    def _criteria(self, entity: str, criteria: dict[str, Any]) -> list[str]:
        if not self._schema(entity):
            return [f"no entity {entity}"]
        problems = [] if criteria.get("limit", 1) <= 500 else ["limit above 500"]
        problems += [problem for each in criteria.get("filter", []) for problem in self._filter(entity, each)]
        problems += [problem for each in criteria.get("sort", []) for problem in self._field(entity, each["field"])]
        for name, fields in criteria.get("includes", {}).items():
            problems += [problem for field in fields for problem in self._field(name, field)]
        for name, nested in criteria.get("associations", {}).items():
            missing = self._field(entity, name)
            problems += missing
            if not missing:
                target = self._target(self._schema(entity)["properties"][name])
                problems += self._criteria(target or "", nested)
        return problems

    def _filter(self, entity: str, each: dict[str, Any]) -> list[str]:
        if "queries" in each:
            return [problem for inner in each["queries"] for problem in self._filter(entity, inner)]
        return self._field(entity, each["field"])

    def _operation(self, operation: dict[str, Any]) -> list[str]:
        entity = operation["entity"]
        if entity in MAPPINGS:
            rows = [*operation["payload"], *({each["field"]: 0} for each in operation.get("criteria", []))]
            return [f"{entity}: {row}" for row in rows if not row.keys() <= MAPPINGS[entity]]
        if not self._schema(entity):
            return [f"no entity {entity}"]
        return [problem for row in operation["payload"] for problem in self._row(entity, row)]

    def _row(self, entity: str, row: dict[str, Any]) -> list[str]:
        """Whether a row has only fields that exist and may be written, of the right type; null takes a value away."""
        properties = self._schema(entity)["properties"]
        problems = []
        for name, value in row.items():
            if name == "translations":
                problems += [problem for texts in value.values() for problem in self._row(entity, texts)]
            elif name not in properties:
                problems.append(f"{entity} has no field {name}")
            elif properties[name].get("readOnly"):
                problems.append(f"{entity}.{name} is read only")
            elif (target := self._target(properties[name])) and self._schema(target) and name != "price":
                rows = value if isinstance(value, list) else [value]
                problems += [problem for inner in rows for problem in self._row(target, inner)]
            elif value is not None:
                problems += [f"{entity}.{name}: {problem}" for problem in self._invalid(properties[name], value)]
        return problems


@pytest.fixture(scope="session")
def contract(shared: Path) -> Contract:
    described = (shared / "specs" / "shopware6" / "admin-api.openapi.json").read_bytes()
    return Contract(orjson.loads(described))


@pytest.fixture
def laden() -> Iterator[Laden]:
    yield from running()


def choices_of(laden: Laden) -> dict[str, list[str]]:
    """All that can be chosen in the shop."""
    connector = laden.connect()
    return {kind: [choice.value for choice in connector.list_choices(kind)] for kind in shopware6.SPEC.choices}


def article_settings(found: dict[str, list[str]]) -> dict[str, Any]:
    """Settings with which everything is sent."""
    return {
        "tax_normal": found["taxes"][0],
        "tax_reduced": found["taxes"][1],
        "sales_channels": found["sales_channels"][:1],
        "media_folder": found["media_folders"][0],
        "cms_layout": found["cms_layouts"][0],
        "variant_listing": "expand",
        "media_mode": "add_and_delete",
        "meta_texts": True,
    }


def full_article(laden: Laden) -> ArticleContent:
    """A parent with everything that an article can have."""
    fields = [("shopware6_max_purchase", "5"), ("shopware6_release_date", "2026-05-01T00:00:00.000Z"), ("Pflege", "30")]
    everything: dict[str, Any] = {
        "sends": frozenset(DataType),
        "manufacturer": "Küste",
        "unit": "Stück",
        "delivery_time": "2-5 Tage neu",
        "weight": Decimal(1),
        "height": Decimal("2.5"),
        "tags": ("Neu",),
        "properties": (NamedValue(name="Farbe", value="Rot"),),
        "custom_fields": tuple(NamedValue(name=name, value=value) for name, value in fields),
        "translations": (Words(language="en", name="Shirt"),),
        "cross_selling": ("MUG",),
        "images": (Picture(url="https://bilder.example/a.jpg", digest="a", title="A", description="B"),),
        "categories": (CategoryPlace(key="1", path=("Licht",), ref=laden.shop.add_category("Licht")),),
    }
    axes = (OptionAxis(name="Größe", values=("S",)),)
    words = Words(language="de", name="Hemd", description="x", meta_title="y")
    return ArticleContent(key="1", sku="SHIRT", structure=Structure.PARENT, axes=axes, words=words, **everything)


def send_articles(laden: Laden) -> None:
    """Create, change and delete articles with everything that belongs to them."""
    found = choices_of(laden)
    settings, parent = article_settings(found), full_article(laden)
    size = (NamedValue(name="Größe", value="S"),)
    variant = ArticleContent(
        key="2", sku="SHIRT-S", structure=Structure.VARIANT, parent_key="1", parent_sku="SHIRT", options=size
    )
    connector = laden.connect(articles=settings, categories={})
    for _ in range(2):
        connector.send_articles([parent, variant])
    changed = {"images": (), "cross_selling": (), "tags": ()}
    apart = variant.model_copy(update={"parent_key": "fort"})
    connector.send_articles([parent.model_copy(update=changed), apart])
    other = laden.connect(articles={**settings, "sales_channels": found["sales_channels"][1:]})
    other.send_articles([parent.model_copy(update={"custom_fields": ()})])
    send_prices(laden, found)
    connector.fetch_listings("", 500)
    connector.fetch_listings_by_sku(["SHIRT-S"])
    connector.send_articles([parent.model_copy(update={"is_deleted": True})])


def send_prices(laden: Laden, found: dict[str, list[str]]) -> None:
    """Send prices with tiers of a rule and of a customer group, and take them away."""
    groups = {
        "Standardpreis": found["price_rules"][0],
        "Händler": next(v for v in found["price_rules"] if "group:" in v),
    }
    tiers = tuple(PriceTier(amount=Decimal(5), group=group) for group in ("", "Händler"))
    base = PriceTier(amount=Decimal(9), pseudo_amount=Decimal(12))
    priced = [ArticlePrices(key=sku, sku=sku, base=base, tiers=tiers) for sku in ("SHIRT-S", "MUG")]
    with_tiers = laden.connect(prices={"advanced_prices": True, "group_map": groups})
    with_tiers.send_prices(priced)
    with_tiers.send_prices([each.model_copy(update={"tiers": ()}) for each in priced])


def use_orders(laden: Laden) -> None:
    """Fetch, answer, ship, cancel and bill orders."""
    orders = laden.place(4)
    orders.append(laden.shop.place_order(Basket(lines=[("MUG", 1)], payment_state="open", at=START)))
    connector = laden.connect(
        orders={"import_channels": [choice.value for choice in laden.connect().list_choices("sales_channels")]},
        shipments={"cancel_in_channel": True, "notify_customer": True},
        documents={"send_invoice_pdf": True, "mark_as_sent": True},
        categories={"auto_delete_categories": True},
    )
    connector.check(list(shopware6.SPEC.features))
    page = connector.fetch_orders(SINCE, 2)
    connector.fetch_orders(page.cursor, 100)
    connector.fetch_orders_by_number(["10001"])
    connector.answer_orders([OrderAnswer(key="a", order_ref=orders[0], kind=AnswerKind.IN_PROGRESS)])
    parcels = (Parcel(tracking_number="JJD1"),)
    for order, completes in ((orders[0], False), (orders[0], True), (orders[1], True)):
        status = OrderStatus(
            key="L", order_ref=order, kind=StatusKind.SHIPPED, parcels=parcels, completes_order=completes
        )
        connector.send_shipments([status])
    connector.send_shipments([OrderStatus(key="C", order_ref=orders[-1], kind=StatusKind.CANCELLED)])
    bill = {
        "number": "RE-1",
        "file_name": "RE-1.pdf",
        "issued_on": date(2026, 3, 1),
        "total": Decimal(1),
        "currency": "EUR",
    }
    connector.send_documents([OutgoingDocument(key="d", order_ref=orders[1], document_id=1, content=b"%PDF", **bill)])
    connector.send_stock([StockLevel(key=sku, sku=sku, quantity=1) for sku in ("MUG", "NOPE")])
    nodes = [
        CategoryNode(key="1", name="A"),
        CategoryNode(key="2", name="B", parent_key="1"),
        CategoryNode(key="3", name="C", parent_key="1"),
    ]
    connector.send_categories(nodes)
    connector.send_categories([nodes[0].model_copy(update={"is_deleted": True})])
    connector.ensure_webhooks("http://127.0.0.1:9/hooks/x", "s")
    connector.remove_webhooks("http://127.0.0.1:9/hooks/x")


def test_the_shop_knows_every_request(laden: Laden, contract: Contract) -> None:
    laden.shop.traffic = []
    use_orders(laden)
    send_articles(laden)
    found = []
    for each in laden.shop.traffic:
        media_type = next((value for name, value in each.headers.items() if name.lower() == "content-type"), "")
        path = each.path.removeprefix("/api")
        found += contract.problems(each.method, path, each.query, each.body, media_type)
    assert sorted(set(found)) == []
    used = {(each.method, re.sub(r"[0-9a-f]{32}", "N", each.path)) for each in laden.shop.traffic}
    entities = {
        operation["entity"]
        for each in laden.shop.traffic
        if each.path.endswith("/sync")
        for operation in orjson.loads(each.body)
    }
    assert {"product", "product_media", "product_price", "category", "webhook", "custom_field_set", "rule"} <= entities
    assert {
        ("POST", "/api/oauth/token"),
        ("GET", "/api/_info/version"),
        ("POST", "/api/_action/order_delivery/N/state/ship"),
        ("POST", "/api/_action/order_delivery/N/state/ship_partially"),
        ("POST", "/api/_action/order/N/state/process"),
        ("POST", "/api/_action/order/N/state/complete"),
        ("POST", "/api/_action/order/N/state/cancel"),
        ("POST", "/api/_action/order/document/invoice/create"),
        ("POST", "/api/_action/document/N/upload"),
        ("PATCH", "/api/document/N"),
        ("PATCH", "/api/order-delivery/N"),
        ("POST", "/api/_action/media/N/upload"),
    } <= used


JSON = "application/json"


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "/nosuchroute", "", None),
        ("DELETE", "/search/order", "", {}),
        ("POST", "/search/order", "", {"limit": 501}),
        ("POST", "/search/order", "", {"filter": [{"type": "about", "field": "id", "value": "x"}]}),
        ("POST", "/search/order", "", {"sort": [{"field": "changedAt"}]}),
        ("POST", "/search/order", "", {"associations": {"deliveries": {"associations": {"method": {}}}}}),
        ("POST", "/_action/sync", "", [{"entity": "product", "payload": []}]),
        ("POST", "/_action/sync", "", [{"action": "upsert", "entity": "article", "payload": []}]),
        ("POST", "/_action/sync", "", [{"action": "upsert", "entity": "product", "payload": [{"sku": "x"}]}]),
        ("POST", "/_action/sync", "", [{"action": "upsert", "entity": "product", "payload": [{"stock": "viele"}]}]),
        ("POST", "/_action/sync", "", [{"action": "upsert", "entity": "product", "payload": [{"availableStock": 1}]}]),
        ("POST", "/_action/order/document/invoice/create", "", [{"orderId": "x"}]),
        ("PATCH", "/order-delivery/" + "a" * 32, "", {"tracking": []}),
        ("POST", "/_action/media/" + "a" * 32 + "/upload", "folder=x", {"url": "https://x.example"}),
    ],
)
def test_this_test_would_notice_a_wrong_request(
    contract: Contract, method: str, path: str, query: str, body: Any
) -> None:
    sent = b"" if body is None else orjson.dumps(body)
    assert contract.problems(method, path, query, sent, JSON)
