"""Which product of the shop an article number means."""

import re
from collections.abc import Sequence
from typing import Any

from connectors.shopware6.search import Row, find_by, joined
from connectors.transport import Calls

REF = re.compile(r"[0-9a-f]{32}")


def is_ref(text: str) -> bool:
    """Whether this can be an id of the shop."""
    return REF.fullmatch(text) is not None


def by_sku(calls: Calls, skus: Sequence[str], *associations: str, **criteria: Any) -> dict[str, Row]:
    """The products with these numbers; each is unique in a shop."""
    wanted = [sku.strip() for sku in skus]
    rows = find_by(calls, "product", "productNumber", wanted, **_with(associations, criteria))
    return {str(row.get("productNumber")): row for row in rows if row.get("id")}


def by_id(calls: Calls, ids: Sequence[str], *associations: str, **criteria: Any) -> dict[str, Row]:
    """The products with these ids."""
    rows = find_by(calls, "product", "id", [ref for ref in ids if is_ref(ref)], **_with(associations, criteria))
    return {str(row["id"]): row for row in rows if row.get("id")}


def _with(associations: Sequence[str], criteria: dict[str, Any]) -> dict[str, Any]:
    return {**criteria, "associations": joined(*associations)} if associations else criteria
