"""Sending stock: absolute values in the shop's batches, one result per level."""

from collections.abc import Sequence

from canonical.failure import Failure
from canonical.push import PushAnswer, StockLevel
from connectors.transport import Calls
from connectors.woocommerce import updates
from connectors.woocommerce.answers import Row


def send(calls: Calls, levels: Sequence[StockLevel]) -> PushAnswer:
    """Send the levels; products whose stock the shop does not manage stay as they are and are rejected."""
    update = updates.Update(
        change=lambda level: {"stock_quantity": level.quantity},
        judge=_judge,
        fields="id,parent_id,sku,type,manage_stock",
        permit=_permit,
    )
    return updates.send(calls, levels, update)


def _permit(level: StockLevel, row: Row) -> Failure | None:
    if row.get("manage_stock") is True:
        return None
    return Failure.of("STOCK_NOT_MANAGED", sku=level.sku)


def _judge(level: StockLevel, row: Row) -> Failure | None:
    failure = _permit(level, row)
    if failure is None and row.get("stock_quantity") != level.quantity:
        reason = f"stock_quantity = {row.get('stock_quantity')}"
        failure = Failure.of("ITEM_REFUSED", record=level.sku, reason=reason)
    return failure
