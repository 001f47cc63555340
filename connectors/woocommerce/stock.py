"""Sending stock: absolute values in the shop's batches, one result per level."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from canonical.failure import Failure, FailureError
from canonical.push import Outcome, PushAnswer, PushResult, StockLevel
from connectors.answers import not_json
from connectors.transport import Calls
from connectors.woocommerce.answers import INVALID_ID, error_in
from connectors.woocommerce.orders import rows_of

BATCH = 100
_REF = re.compile(r"\d+(/\d+)?")
LONGEST_QUERY = 1_500
"""Characters of article numbers in one look-up: servers refuse addresses of more than a few thousand."""


@dataclass(frozen=True)
class Target:
    """A level and where it goes: `product_id`, or `parent_id/variation_id`."""

    level: StockLevel
    ref: str

    @property
    def path(self) -> str:
        """Variations are only accepted at their parent."""
        parent, slash, _ = self.ref.partition("/")
        return f"/products/{parent}/variations/batch" if slash else "/products/batch"

    @property
    def id(self) -> int:
        """The product or variation."""
        return int(self.ref.rpartition("/")[2])


def send(calls: Calls, levels: Sequence[StockLevel]) -> PushAnswer:
    """Send the levels; a ref that the shop no longer knows is looked up once more by the article number."""
    known = [Target(level, level.ref) for level in levels if _REF.fullmatch(level.ref)]
    results = _send_targets(calls, known)
    stale = [target.level for target in known if _is_missing(results[target.level.key])]
    unknown = [level for level in levels if not _REF.fullmatch(level.ref)] + stale
    targets, refused = _resolve(calls, unknown)
    results |= refused | _send_targets(calls, targets)
    return PushAnswer(results=tuple(results[level.key] for level in levels))


def _is_missing(result: PushResult) -> bool:
    return result.failure is not None and result.failure.code == "NOT_IN_SHOP"


def _resolve(calls: Calls, levels: Sequence[StockLevel]) -> tuple[list[Target], dict[str, PushResult]]:
    """Look the article numbers up; the shop's search by number also finds variations."""
    products: dict[str, Any] = {}
    for query in _queries(level.sku for level in levels):
        fields = "id,parent_id,sku,manage_stock"
        answer = calls.get("/products", {"sku": query, "per_page": BATCH, "_fields": fields})
        products |= {
            row["sku"]: row for row in rows_of(answer) if isinstance(row, dict) and row.get("sku") and row.get("id")
        }
    targets: list[Target] = []
    refused: dict[str, PushResult] = {}
    for level in levels:
        product = products.get(level.sku.strip())
        if product is None:
            refused[level.key] = _rejected(level, Failure.of("NOT_IN_SHOP", sku=level.sku))
            continue
        parent = product.get("parent_id")
        target = Target(level, f"{parent}/{product['id']}" if parent else str(product["id"]))
        if product.get("manage_stock") is True:
            targets.append(target)
        else:
            refused[level.key] = _rejected(level, Failure.of("STOCK_NOT_MANAGED", sku=level.sku), target.ref)
    return targets, refused


def _queries(skus: Iterable[str]) -> list[str]:
    """Join article numbers to queries of bearable length; the comma separates, so a number with one cannot be asked for."""
    queries: list[list[str]] = [[]]
    for sku in dict.fromkeys(sku.strip() for sku in skus):
        if not sku or "," in sku:
            continue
        if len(queries[-1]) == BATCH or sum(len(other) + 1 for other in queries[-1]) + len(sku) > LONGEST_QUERY:
            queries.append([])
        queries[-1].append(sku)
    return [",".join(query) for query in queries if query]


def _send_targets(calls: Calls, targets: Sequence[Target]) -> dict[str, PushResult]:
    by_path: dict[str, list[Target]] = {}
    for target in targets:
        by_path.setdefault(target.path, []).append(target)
    results: dict[str, PushResult] = {}
    for path, group in by_path.items():
        for start in range(0, len(group), BATCH):
            results |= _send_batch(calls, path, group[start : start + BATCH])
    return results


def _send_batch(calls: Calls, path: str, targets: Sequence[Target]) -> dict[str, PushResult]:
    update = [{"id": target.id, "stock_quantity": target.level.quantity} for target in targets]
    answer = calls.post(path, {"update": update})
    body = answer.json()
    rows = body.get("update") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise FailureError(not_json(answer))
    by_id = {row.get("id"): row for row in rows if isinstance(row, dict)}
    return {target.level.key: _result(target, by_id.get(target.id)) for target in targets}


def _result(target: Target, row: Any) -> PushResult:
    """Only what the shop repeats in its answer counts as accepted."""
    level = target.level
    if row is None:
        return _rejected(level, Failure.of("ITEM_REFUSED", record=level.sku, reason="no answer for this item"))
    if row.get("error") is not None:
        code, message = error_in(row["error"])
        if code.endswith(INVALID_ID):
            return _rejected(level, Failure.of("NOT_IN_SHOP", sku=level.sku))
        return _rejected(level, Failure.of("ITEM_REFUSED", record=level.sku, reason=message or code), target.ref)
    if row.get("manage_stock") is not True:
        return _rejected(level, Failure.of("STOCK_NOT_MANAGED", sku=level.sku), target.ref)
    if row.get("stock_quantity") != level.quantity:
        reason = f"stock_quantity = {row.get('stock_quantity')}"
        return _rejected(level, Failure.of("ITEM_REFUSED", record=level.sku, reason=reason), target.ref)
    return PushResult(key=level.key, outcome=Outcome.ACCEPTED, ref=target.ref)


def _rejected(level: StockLevel, failure: Failure, ref: str = "") -> PushResult:
    return PushResult(key=level.key, outcome=Outcome.REJECTED, ref=ref, failure=failure)
