"""Sending stock: absolute values in bulk; the shop itself takes orders off, so open orders are never subtracted twice."""

from collections.abc import Sequence

from canonical.failure import Failure
from canonical.push import Outcome, PushAnswer, PushResult, StockLevel
from connectors.shopware6.products import by_sku, is_ref
from connectors.shopware6.sync import Change, Refusal, write
from connectors.transport import Calls

FIELD = "stock"


def send(calls: Calls, levels: Sequence[StockLevel]) -> PushAnswer:
    """Send the levels; a ref that the shop no longer knows is looked up once more by the article number."""
    known = {level.key: level.ref for level in levels if is_ref(level.ref)}
    refused = _write(calls, levels, known)
    stale = [level for level in levels if level.key in known and _is_gone(refused.get(level.key))]
    unknown = [level for level in levels if level.key not in known] + stale
    looked_up = _look_up(calls, unknown)
    again = [level for level in unknown if level.key in looked_up]
    for level in unknown:
        refused.pop(level.key, None)
    refused |= _write(calls, again, looked_up)
    refs = {key: ref for key, ref in known.items() if key not in {level.key for level in stale}} | looked_up
    return PushAnswer(results=tuple(_result(level, refs.get(level.key, ""), refused) for level in levels))


def _look_up(calls: Calls, levels: Sequence[StockLevel]) -> dict[str, str]:
    """The ids of the products with these numbers."""
    includes = {"product": ["id", "productNumber"]}
    found = by_sku(calls, [level.sku for level in levels], includes=includes)
    return {level.key: str(found[sku]["id"]) for level in levels if (sku := level.sku.strip()) in found}


def _write(calls: Calls, levels: Sequence[StockLevel], refs: dict[str, str]) -> dict[str, Refusal]:
    changes = [
        Change(level.key, level.sku, upserts=[("product", {"id": refs[level.key], FIELD: level.quantity})])
        for level in levels
        if level.key in refs
    ]
    return write(calls, changes)


def _is_gone(refusal: Refusal | None) -> bool:
    """Whether the shop took the row for a new product: it then misses fields that we did not send."""
    return refusal is not None and refusal.complaint is not None and refusal.complaint.field != FIELD


def _result(level: StockLevel, ref: str, refused: dict[str, Refusal]) -> PushResult:
    if not ref:
        return PushResult(key=level.key, outcome=Outcome.REJECTED, failure=Failure.of("NOT_IN_SHOP", sku=level.sku))
    if level.key in refused:
        return PushResult(key=level.key, outcome=Outcome.REJECTED, ref=ref, failure=refused[level.key].failure)
    return PushResult(key=level.key, outcome=Outcome.ACCEPTED, ref=ref)
