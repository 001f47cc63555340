"""Filling the store with articles and stock from a neutral list, for demo and benchmarks; set-based."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from erp.bulk import packed

OPENING = "opening"

_ARTICLES = text(
    """
    INSERT INTO article (number, name, description, kind, parent_id, category, manufacturer, ean, tax_category, price_gross,
      is_stock_article, is_postage, is_discount, is_surcharge, allows_decimals, is_locked, is_deleted, syncs_stock, stock_correction)
    SELECT r.number, r.name, '', r.kind, p.id, '', '', '', r.tax_category, r.price_gross, r.is_stock_article, false, false, false,
      false, false, false, true, 0
    FROM json_to_recordset(CAST(:rows AS json)) AS r(number text, name text, kind text, parent text, tax_category text,
      price_gross numeric, is_stock_article boolean) LEFT JOIN article p ON p.number = r.parent
    ON CONFLICT (number) DO NOTHING
    """
)
_MOVEMENTS = text(
    """
    INSERT INTO stock_movement (article_id, warehouse_id, quantity, reason, reference)
    SELECT a.id, w.id, r.stock, 'opening', 'seed'
    FROM json_to_recordset(CAST(:rows AS json)) AS r(number text, stock numeric)
    JOIN article a ON a.number = r.number JOIN warehouse w ON w.code = :warehouse WHERE r.stock > 0
    ON CONFLICT DO NOTHING RETURNING article_id, warehouse_id, quantity
    """
)
_LEVELS = text(
    """
    INSERT INTO stock_level (article_id, warehouse_id, physical)
    SELECT m.article_id, m.warehouse_id, m.quantity FROM unnest(CAST(:articles AS bigint[]), CAST(:warehouses AS int[]),
      CAST(:quantities AS numeric[])) AS m(article_id, warehouse_id, quantity)
    ON CONFLICT (article_id, warehouse_id) DO UPDATE SET physical = stock_level.physical + excluded.physical
    """
)


def seed_articles(session: Session, catalogue: Sequence[dict[str, Any]], *, warehouse: str = "HAUPT", stock: int | None = None) -> int:
    """Create the articles of a catalogue with opening stock; parents stand before their variants. Idempotent.

    A row has `sku`, `name`, `kind` (simple, matrix, variant), `parent`, `tax_class`, `price` (gross text) and `stock`;
    `stock` overrides the rows' own.
    """
    rows = [_row(each) for each in catalogue]
    for variants in (False, True):
        part = [row for row in rows if (row["kind"] == "variant") is variants]
        session.execute(_ARTICLES, {"rows": packed(part)})
    levels = [
        {"number": each["sku"], "stock": stock if stock is not None else max(0, each.get("stock") or 0)}
        for each in catalogue
        if each["kind"] != "matrix"
    ]
    moved = session.execute(_MOVEMENTS, {"rows": packed(levels), "warehouse": warehouse}).all()
    articles, warehouses, quantities = zip(*moved, strict=True) if moved else ((), (), ())
    session.execute(_LEVELS, {"articles": list(articles), "warehouses": list(warehouses), "quantities": list(quantities)})
    return len(rows)


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    price = entry.get("price") or None
    categories = {"reduced-rate": "reduced", "zero-rate": "exempt"}
    category = "exempt" if entry.get("tax_status") == "none" else categories.get(entry.get("tax_class", ""), "normal")
    return {
        "number": entry["sku"],
        "name": entry["name"],
        "kind": entry["kind"],
        "parent": entry.get("parent"),
        "tax_category": category,
        "price_gross": Decimal(price) if price else None,
        "is_stock_article": entry["kind"] != "matrix" and entry.get("stock") is not None,
    }
