"""Validate exchanges with a Shopware 5 shop against the tables of the vendor's REST documentation; no OpenAPI file exists.

Checked are resource and method, the parameters, the envelope, and that records have only fields of the documented table.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from sandbox.shop import Exchange

Json = dict[str, Any]
FILE = "rest-api-tables.json"
PARAMETERS = re.compile(
    r"limit|start|language|useNumberAsId|considerTaxInput|filter\[\d+\]\[(property|expression|value|operator)\]"
    r"|sort\[\d+\]\[(property|direction)\]"
)
"""The README's list, and those of single articles."""
EXPRESSIONS = {"=", "!=", "<", "<=", ">", ">=", "LIKE"}
PAGES: Mapping[str, str] = {
    "articles": "api-resource-article",
    "categories": "api-resource-categories",
    "media": "api-resource-media",
    "propertyGroups": "api-resource-property-group",
    "shops": "api-resource-shops",
    "variants": "api-resource-variants",
    "version": "api-resource-version",
}
"""The documentation's page of each resource in use."""
DESCRIBED_ALTHOUGH_NO = {"GET /variants/{id}"}
"""The overview says No, the resource's own page describes it with an example."""
MODELS: Mapping[str, str] = {"shops": "Shop", "variants": "Article Detail"}
"""The table of the page on models that describes a resource's records, too."""
BEYOND: Mapping[str, frozenset[str]] = {
    "articles": frozenset({"propertyValues", "seoCategories"}),
    "variants": frozenset({"width", "referenceUnit", "packUnit", "article"}),
}
"""Fields that no table of the resource has; the documentation's own example of an article shows them, `article` itself is [C]."""


@cache
def specification() -> Json:
    """The vendor's tables, read once."""
    folder = Path(os.environ.get("CONNECT_SHARED", Path(__file__).parents[3] / "shared"))
    tables: Json = json.loads((folder / "specs" / "shopware5" / FILE).read_text(encoding="utf-8"))["tables"]
    return tables


@cache
def described() -> frozenset[str]:
    """Every operation of the overview, such as `GET /articles/{id}` and, for lists and batches, `GET /articles`."""
    found = set(DESCRIBED_ALTHOUGH_NO)
    for row in specification()["index"][0]["rows"]:
        resource = row["Access URL"].strip().removeprefix("/api")
        for title, answer in row.items():
            method = title.partition(" ")[0]
            if method in {"GET", "PUT", "POST", "DELETE"} and answer == "Yes":
                is_single = "(" not in title and method != "POST" and resource != "/version"
                found.add(f"{method} {resource}" + ("/{id}" if is_single else ""))
    return frozenset(found)


def operation(exchange: Exchange) -> str:
    """The operation of an exchange; empty where the documentation has none."""
    resource, _, record = exchange.path.removeprefix("/api/").rstrip("/").partition("/")
    name = f"{exchange.method} /{resource}" + ("/{id}" if record else "")
    return name if name in described() else ""


def violations(exchange: Exchange) -> list[str]:
    """What in an exchange breaks the documentation."""
    name = operation(exchange)
    if not name:
        return [f"no operation {exchange.method} {exchange.path}"]
    return [f"{name}: {problem}" for problem in (*_query(exchange), *_answer(name, exchange))]


def _query(exchange: Exchange) -> Iterator[str]:
    for name, value in parse_qsl(exchange.query, keep_blank_values=True):
        if not PARAMETERS.fullmatch(name):
            yield f"unknown parameter {name}"
        if name in {"limit", "start"} and not value.isdecimal():
            yield f"{name} is no number"
        if name.endswith("[expression]") and value not in EXPRESSIONS:
            yield f"unknown expression {value}"


def _answer(name: str, exchange: Exchange) -> Iterator[str]:
    try:
        answer = json.loads(exchange.answer)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("success"), bool):
        yield "the answer is no object with `success`"
        return
    if answer["success"] is not (exchange.status < 400):
        yield f"success is {answer['success']} under HTTP {exchange.status}"
    if exchange.status >= 400:
        if not isinstance(answer.get("message"), str):
            yield "a refusal without message"
        return
    data, is_list = answer.get("data"), name.startswith("GET") and "{id}" not in name and name != "GET /version"
    if is_list and not (isinstance(data, list) and isinstance(answer.get("total"), int)):
        yield "a list without data and total"
        return
    known = _fields(name.split("/")[1])
    for row in data if isinstance(data, list) else [data]:
        yield from (f"unknown field {field}" for field in row if field not in known)


@cache
def _fields(resource: str) -> frozenset[str]:
    """The documented fields of a resource's records, of a single one and of a list together."""
    tables = [table for table in specification()[PAGES[resource]] if "GET" in table["under"]]
    model = f"{MODELS.get(resource, '-')} > "
    tables += [table for table in specification()["models"] if table["under"].startswith(model)]
    rows = [row for table in tables for row in table["rows"] if "Field" in row]
    named = {row["Field"].partition(" ")[0].strip("*`") for row in rows}
    return frozenset(named) | BEYOND.get(resource, frozenset())
