"""Validate exchanges with a WooCommerce shop against what the vendor's own controllers say of themselves.

WooCommerce publishes no OpenAPI file. Routes and arguments come from the shop's `OPTIONS` answers (`wc-v3-options.json`),
documents from `wc-v3.schema.json`. Where the real shop breaks its own schema is in the tables below, each with its reason.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft4Validator

from sandbox.shop import Exchange
from sandbox.woocommerce.routing import php_query

Json = dict[str, Any]
API = re.compile(r"^(?:.*)/wp-json/(wc/v3.*)$")
# Query parameters of WordPress itself, which no route declares.
EVERYWHERE = re.compile(r"^(_fields|_embed|_method|rest_route|consumer_key|consumer_secret|oauth_\w+)$")
NULL = {"type": ["string", "null"]}
# Where the real shop breaks its own schema (README of the vendor's data, "validate leniently"): definition, path, real schema.
BREAKS: tuple[tuple[str, str, Json], ...] = (
    ("shop_order", "line_items/*/image", {}),
    ("shop_order", "line_items/*/parent_name", NULL),
    ("shop_order", "line_items/*/sku", NULL),
    ("shop_order", "line_items/*/global_unique_id", NULL),
    ("shop_order_refund", "line_items/*/image", {}),
    ("shop_order_refund", "line_items/*/parent_name", NULL),
    ("shop_order_refund", "line_items/*/sku", NULL),
    ("shop_order_refund", "line_items/*/global_unique_id", NULL),
    # `?sku=` also finds variations (README, recorded); among products they have a type that the schema does not list.
    ("product", "type", {"enum": ["simple", "grouped", "external", "variable", "variation"]}),
    ("product", "stock_quantity", {"type": ["integer", "null"]}),
    ("product", "shipping_class_id", {"type": "integer"}),
    ("product_variation", "stock_quantity", {"type": ["integer", "null"]}),
    ("product_variation", "shipping_class_id", {"type": "integer"}),
    ("product_variation", "image", {"type": ["object", "null"]}),
    ("product_cat", "image", {"type": ["object", "null"]}),
    ("product_brand", "image", {"type": ["object", "null"]}),
    ("payment_gateway", "order", {}),
    # Recorded as objects of settings' objects, which the schema has as texts.
    ("shipping_zone_method", "settings", {"type": "object"}),
)
# Fields that recorded answers have beyond their schema; `_links` is WordPress's own.
BEYOND: Mapping[str, frozenset[str]] = {
    "shop_order": frozenset({"currency_symbol"}),
    "shop_order_refund": frozenset({"parent_id"}),
    "product_variation": frozenset({"name", "parent_id", "date_created_gmt", "date_modified_gmt"}),
    "payment_gateway": frozenset(
        {
            *("needs_setup", "post_install_scripts", "settings_url", "connection_url", "setup_help_text"),
            "required_settings_keys",
        }
    ),
}
# Arguments in use that the `OPTIONS` answers do not name.
MORE_ARGUMENTS: Mapping[str, frozenset[str]] = {
    # Items of a batch are told apart by their id.
    "batch": frozenset({"id"}),
    # Read-only by the schema, yet how lines are refunded (README, recorded).
    "/wc/v3/orders/(?P<order_id>[\\d]+)/refunds": frozenset({"line_items"}),
}
ERROR = {
    "type": "object",
    "required": ["code", "message", "data"],
    "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
}
OPEN_ROUTES = re.compile(r"fulfillments|/wc/v3$")
"""Routes without a schema of their own; only that they exist is checked."""


@dataclass(frozen=True)
class Operation:
    """One method of one route with its arguments; `title` names the definition of its documents."""

    route: str
    method: str
    pattern: re.Pattern[str]
    arguments: Json
    title: str


class WooSpec:
    """The vendor's data, loaded once."""

    def __init__(self, shared: Path) -> None:
        folder = shared / "specs" / "woocommerce"
        routes = json.loads((folder / "wc-v3-options.json").read_text(encoding="utf-8"))
        definitions = json.loads((folder / "wc-v3.schema.json").read_text(encoding="utf-8"))["definitions"]
        self.definitions = _lenient(definitions)
        self.operations = [found for route, facts in routes.items() for found in _operations(route, facts)]
        # Literal routes before those with ids, so that /products/batch is not a product.
        self.operations.sort(key=lambda operation: operation.route.count("(?P<"))

    def find(self, exchange: Exchange) -> Operation | None:
        """The operation of an exchange."""
        path = _path(exchange)
        for operation in self.operations:
            if operation.method == exchange.method and operation.pattern.fullmatch(path):
                return operation
        return None

    def violations(self, exchange: Exchange) -> list[str]:
        """Everything in the request or its answer that breaks what the shop says of itself."""
        found = self.find(exchange)
        if found is None:
            return [f"no operation {exchange.method} {_path(exchange)}"]
        # A request that the shop refused is judged by its answer only: refusing it was right.
        problems = list(self._answer(found, exchange))
        if exchange.status < 400:
            problems += self._query(found, exchange)
            problems += self._body(found, exchange)
        return [f"{found.method} {found.route}: {problem}" for problem in problems]

    def document_problems(self, title: str, document: Any) -> Iterator[str]:
        """Violations of one document of a definition."""
        definition = self.definitions[title]
        for error in Draft4Validator(definition).iter_errors(document):
            yield f"{'/'.join(map(str, error.path))}: {error.message[:200]}"
        if isinstance(document, dict) and "properties" in definition:
            known = definition["properties"].keys() | BEYOND.get(title, frozenset()) | {"_links"}
            yield from (f"unknown field {name}" for name in document if name not in known)

    def _query(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        given = php_query(parse_qsl(exchange.query, keep_blank_values=True))
        known = operation.arguments.keys() | MORE_ARGUMENTS.get(operation.route, frozenset())
        for name, value in given.items():
            if EVERYWHERE.match(name):
                continue
            if name not in known:
                yield f"unknown parameter {name}"
            elif name in operation.arguments:
                yield from _text_problems(name, value, operation.arguments[name])

    def _body(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        if not exchange.body or exchange.method in {"GET", "DELETE"}:
            return
        media = exchange.headers.get("content-type", "").split(";")[0]
        if media != "application/json":
            yield f"media type {media!r}"
            return
        body = json.loads(exchange.body)
        if operation.title == "batch":
            yield from self._batch_body(operation, body)
        elif not OPEN_ROUTES.search(operation.route):
            yield from _argument_problems(operation, body, frozenset())

    def _batch_body(self, operation: Operation, body: Json) -> Iterator[str]:
        yield from (f"unknown part {name}" for name in body if name not in {"create", "update", "delete"})
        if sum(len(items) for items in body.values()) > 100:
            yield "more than 100 items"
        create, update = self._beside(operation)
        for part, single in (("create", create), ("update", update)):
            for item in body.get(part, ()):
                yield from _argument_problems(single, item, MORE_ARGUMENTS["batch"])
        yield from (f"delete {item!r} is no id" for item in body.get("delete", ()) if not isinstance(item, int))

    def _beside(self, batch: Operation) -> tuple[Operation, Operation]:
        """The operations that create and change one item of a batch's collection."""
        collection = batch.route.removesuffix("/batch")
        create = next(o for o in self.operations if o.route == collection and o.method == "POST")
        change = next(
            o
            for o in self.operations
            if o.method == "PUT" and re.fullmatch(re.escape(collection) + r"/\(\?P<id>.*", o.route)
        )
        return create, change

    def _answer(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        if not exchange.answer_headers.get("content-type", "").startswith("application/json"):
            yield "the answer is not JSON"
            return
        answer = json.loads(exchange.answer)
        if exchange.status >= 400:
            yield from (error.message for error in Draft4Validator(ERROR).iter_errors(answer))
            return
        wanted = 201 if exchange.method == "POST" and "(?P<id>" not in operation.route[-18:] else 200
        if exchange.status != wanted and operation.title != "batch" and exchange.method == "POST":
            yield f"status {exchange.status} instead of {wanted}"
        if OPEN_ROUTES.search(operation.route):
            return
        if operation.title == "batch":
            title = self._beside(operation)[0].title
            documents = [item for items in answer.values() for item in items if "error" not in item]
        else:
            title, documents = operation.title, answer if isinstance(answer, list) else [answer]
        if title in self.definitions:
            yield from (
                f"answer {problem}" for document in documents for problem in self.document_problems(title, document)
            )
        if isinstance(answer, list) and "page" in operation.arguments and "x-wp-total" not in exchange.answer_headers:
            yield "a list without X-WP-Total"


@cache
def load() -> WooSpec:
    """The vendor's data, once per process, from the folder that the fixture `shared` looks for."""
    return WooSpec(Path(os.environ.get("CONNECT_SHARED", Path(__file__).parents[3] / "shared")))


def described() -> set[str]:
    """Method and route of all operations."""
    return {f"{each.method} {each.route}" for each in load().operations}


def operation(exchange: Exchange) -> str:
    """Method and route of an exchange, such as `GET /wc/v3/orders`; empty where the shop has no such route."""
    found = load().find(exchange)
    return f"{found.method} {found.route}" if found else ""


def violations(exchange: Exchange) -> list[str]:
    """What in an exchange breaks what the shop says of itself."""
    return load().violations(exchange)


def _path(exchange: Exchange) -> str:
    found = API.match(exchange.path)
    if found is not None:
        return "/" + found[1].rstrip("/")
    route = dict(parse_qsl(exchange.query)).get("rest_route", "")
    return route.rstrip("/") or exchange.path


def _operations(route: str, facts: Any) -> Iterator[Operation]:
    if not isinstance(facts, dict):
        return
    title = (facts.get("schema") or {}).get("title", "")
    for endpoint in facts.get("endpoints", ()):
        arguments = {name: _normal(found) for name, found in dict(endpoint["args"] or {}).items()}
        for method in endpoint["methods"]:
            yield Operation(route, method, re.compile(route), arguments, title)


def _normal(schema: Any) -> Any:
    """The controllers' own schema as draft 4, by the rewrite that the README describes."""
    if isinstance(schema, list):
        return [_normal(found) for found in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {k: _normal(v) for k, v in schema.items() if k not in {"arg_options", "required", "default", "description"}}
    kind = kept.get("type")
    if kind == "date-time":
        kept["type"] = ["string", "null"]
    elif kind == "bool":
        kept["type"] = "boolean"
    elif kind in ("mixed", ["mixed"]):
        del kept["type"]
    return kept


def _lenient(definitions: Json) -> Json:
    copied = deepcopy(definitions)
    for title, path, real in BREAKS:
        place = copied[title]
        *outer, last = path.split("/")
        for name in outer:
            place = place["items"] if name == "*" else place["properties"][name]
        place["properties"][last] = real
    return copied


def _argument_problems(operation: Operation, body: Json, more: frozenset[str]) -> Iterator[str]:
    for name, value in body.items():
        if name not in operation.arguments:
            if name not in more | MORE_ARGUMENTS.get(operation.route, frozenset()):
                yield f"unknown argument {name}"
            continue
        for error in Draft4Validator(operation.arguments[name]).iter_errors(value):
            place = "/".join(map(str, (name, *error.path)))
            yield f"argument {place}: {error.message[:200]}"


def _text_problems(name: str, value: Any, schema: Json) -> Iterator[str]:
    """A query parameter is a text; lists are separated by commas or given several times."""
    kinds = schema.get("type", "string")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "array" in kinds:
        parts = value if isinstance(value, list) else [part for part in value.split(",") if part]
        single = {"type": "string", **(schema.get("items") or {})}
        for part in parts:
            yield from _text_problems(name, part, single)
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{name}: {value!r} is not in its enumeration"
    if kinds == ["integer"] and not re.fullmatch(r"-?\d+", str(value)):
        yield f"{name}: {value!r} is not a number"
    elif kinds == ["integer"] and not schema.get("minimum", 0) <= int(value) <= schema.get("maximum", 10**12):
        yield f"{name}: {value} is out of bounds"
    if kinds == ["boolean"] and value not in {"true", "false", "0", "1"}:
        yield f"{name}: {value!r} is not a boolean"
