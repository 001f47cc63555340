"""The operations of the vendors: what an exchange is one of, how many there are, and which of them our page lists."""

from __future__ import annotations

import importlib
import json
import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import connectors
from sandbox.shop import Exchange

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "contract-tests.md"
TOKEN = "POST /admin/oauth/access_token"
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def specification(key: str) -> Any:
    """The module with a vendor's description: `operation` and `violations` of an exchange, `described` operations.

    Imported when it is needed: who only wants the kits waits for no parser.
    """
    return importlib.import_module(f"tests.contract.{key}_spec")


def operation_of(key: str, exchange: Exchange) -> str:
    """The name of an exchange's operation; empty where the vendor describes none."""
    if key == "shopify" and exchange.path.endswith("/graphql.json"):
        found = re.search(r"\b(?:query|mutation) (\w+)", str(json.loads(exchange.body)["query"]))
        return found[1] if found else ""
    if key == "shopify":
        return f"{exchange.method} {exchange.path}"
    return plain(specification(key).operation(exchange))


@cache
def described(key: str) -> frozenset[str]:
    """All operations that the vendor describes: method and path, or root fields of queries and mutations."""
    return frozenset(plain(name) for name in specification(key).described())


def plain(route: str) -> str:
    """WordPress's regular expressions as places with names."""
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", route)


@cache
def listed() -> dict[str, set[str]]:
    """The covered operations by connector, as the page lists them."""
    found = {}
    for part in PAGE.read_text().split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        key = next((spec.key for spec in connectors.specs().values() if spec.title == title), "")
        if key:
            found[key] = set(re.findall(r"`([^`]+)`", body.rpartition("Operations: ")[2]))
    return found


def unlisted(key: str, exchanges: Iterable[Exchange]) -> set[str]:
    """The operations of some exchanges that the page does not list; none where the vendors' data are missing."""
    if key not in connectors.OWN or not Path(os.environ.get("CONNECT_SHARED", ROOT.parent / "shared")).is_dir():
        return set()
    return {operation_of(key, exchange) or f"{exchange.method} {exchange.path}" for exchange in exchanges} - listed()[
        key
    ]
