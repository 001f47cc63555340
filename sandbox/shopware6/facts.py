"""What is in the shop, in the words that all simulated shops share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shop import Ledger, OrderFacts
from sandbox.shopware6.basics import TAXES
from sandbox.shopware6.evidence import gross, name_of
from sandbox.shopware6.ids import id_of
from sandbox.shopware6.indexing import ancestors
from sandbox.shopware6.machines import state_name
from sandbox.shopware6.store import Row, Store

Json = dict[str, Any]
TAX_CLASSES = {id_of("tax", key): key for key in TAXES}


def ledger(store: Store) -> Ledger:
    """Orders, stock, prices, names and categories."""
    products = [row for row in store.tables["product"].values() if not row.get("childCount")]
    main = store.tables["product"]
    return Ledger(
        orders={row_id: order_facts(store, row) for row_id, row in store.tables["order"].items()},
        stock={row["productNumber"]: row["stock"] for row in products},
        prices={row["productNumber"]: price for row in products if (price := _price(store, row)) is not None},
        articles={row["productNumber"]: name_of(row) or name_of(_parent(store, row)) for row in main.values()},
        categories=tuple(
            tuple(name_of(store.tables["category"][one]) for one in ancestors(store, row_id)[1:])
            for row_id in store.tables["category"]
            if len(ancestors(store, row_id)) > 1
        ),
    )


def order_facts(store: Store, row: Row) -> OrderFacts:
    """One order; what is paid or authorised and not finished counts as importable."""
    state = state_name(store, row)
    parts = {
        name: [store.tables[name][one] for one in store.pointing(name, "orderId", row["id"])]
        for name in ("order_delivery", "order_transaction", "document")
    }
    payment = state_name(store, store.tables["order_transaction"][row["primaryOrderTransactionId"]])
    delivery = state_name(store, store.tables["order_delivery"][row["primaryOrderDeliveryId"]])
    total = Decimal(str(row["amountTotal"]))
    return OrderFacts(
        total=total,
        currency=store.tables["currency"][row["currencyId"]]["isoCode"],
        is_importable=state in {"open", "in_progress"} and payment in {"paid", "authorized"},
        is_shipped=delivery in {"shipped", "returned", "returned_partially"},
        is_cancelled=state == "cancelled",
        is_acknowledged=state in {"in_progress", "completed"},
        tracking=tuple(code for one in parts["order_delivery"] for code in one.get("trackingCodes") or ()),
        documents=tuple(str(one.get("documentNumber") or one["id"]) for one in parts["document"]),
        refunded=total if payment == "refunded" else Decimal(0),
    )


def catalogue(store: Store) -> list[Json]:
    """The articles for an ERP; parents before their variants."""
    rows = sorted(
        store.tables["product"].values(), key=lambda row: (row.get("parentId") is not None, row["autoIncrement"])
    )
    return [_article(store, row) for row in rows]


def _article(store: Store, row: Row) -> Json:
    parent = _parent(store, row)
    kind = "variant" if row.get("parentId") else "matrix" if row.get("childCount") else "simple"
    options = [
        name_of(store.tables["property_group_option"][one])
        for one in store.linked("product_option", "product", row["id"])
    ]
    price = _price(store, row)
    return {
        "sku": row["productNumber"],
        "name": " ".join([name_of(row) or name_of(parent), ", ".join(options)]).strip(),
        "kind": kind,
        "parent_sku": parent["productNumber"] if kind == "variant" else None,
        "tax_class": TAX_CLASSES.get(row.get("taxId") or parent["taxId"], "standard"),
        "price": "" if price is None else f"{price:.2f}",
        "stock": None if kind == "matrix" else row["stock"],
    }


def _parent(store: Store, row: Row) -> Row:
    return store.tables["product"].get(row.get("parentId") or "", row)


def _price(store: Store, row: Row) -> Decimal | None:
    own = gross(row)
    return own if own is not None else gross(_parent(store, row))
