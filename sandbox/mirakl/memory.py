"""How the instance's state is written to its file and read back."""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.effects import Effect
from sandbox.mirakl.imports import Import
from sandbox.mirakl.model import Offer, Product

if TYPE_CHECKING:
    from sandbox.mirakl.shop import MiraklShop

Json = dict[str, Any]
AMOUNT = "$"
"""Marks a decimal number in the file, so that it is read back as exactly the one that was written."""
CLASSES: dict[str, type[Any]] = {"offers": Offer, "products": Product, "imports": Import}


def as_record(value: Any) -> Any:
    """A value as a plain document."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def plain(value: Any) -> Any:
    """The value with its decimals marked, ready for JSON."""
    if isinstance(value, Decimal):
        return {AMOUNT: str(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def replay(shop: MiraklShop, change: Json) -> None:
    """Do again what one line of the state file says."""
    change = _exact(change)
    for kind in ("products", "offers", "families", "documents", "shipments", "imports", "sources"):
        store: dict[Any, Any] = getattr(shop, kind)
        for key, record in change.get(kind, {}).items():
            known = int(key) if kind == "documents" else key
            if record is None:
                store.pop(known, None)
            else:
                store[known] = _instance(kind, record)
    for order in change.get("orders", {}).values():
        shop.save_order(order)
        if order["order_state"] in {"WAITING_DEBIT", "WAITING_DEBIT_PAYMENT"} or _has_open_refund(order):
            shop.moving.add(order["order_id"])
    shop.effects.extend(Effect.from_json(effect) for effect in change.get("effects", []))
    shop.counters.update(change.get("counters", {}))
    shop.pending = {}


def _has_open_refund(order: Json) -> bool:
    return any(r["refund_state"] != "REFUNDED" for line in order["order_lines"] for r in line["refunds"])


def _instance(kind: str, record: Any) -> Any:
    wanted = CLASSES.get(kind)
    if wanted is None:
        return record
    known = {field.name for field in fields(wanted)}
    return wanted(**{name: value for name, value in record.items() if name in known})


def _exact(value: Any) -> Any:
    if isinstance(value, dict):
        return Decimal(value[AMOUNT]) if value.keys() == {AMOUNT} else {k: _exact(v) for k, v in value.items()}
    return [_exact(item) for item in value] if isinstance(value, list) else value
