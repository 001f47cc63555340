"""Seeding: articles with opening stock from a neutral list, as a sandbox's catalogue or recorded products give it."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from erp.stock import Movement, Reason, post_movements

TAX_CATEGORIES = {"reduced-rate": "reduced", "reduced": "reduced", "zero-rate": "exempt", "exempt": "exempt"}
"""A shop's tax class and our tax category; everything else is taxed normally."""

_STAGE = """
    CREATE TEMPORARY TABLE seeded (number text, name text, kind text, parent text, tax_category text, price numeric,
        is_stock boolean)
    ON COMMIT DROP
"""
_INSERT = """
    INSERT INTO article (number, name, description, kind, category, manufacturer, ean, tax_category,
        is_stock_article, is_postage, is_discount, is_surcharge, allows_decimals, is_locked, is_deleted, syncs_stock,
        stock_correction)
    SELECT number, name, '', kind, '', '', '', tax_category,
        is_stock, false, false, false, false, false, false, is_stock, 0
    FROM seeded ON CONFLICT (number) DO NOTHING RETURNING id, number, is_stock_article
"""
_PRICES = """
    INSERT INTO price (article_id, amount) SELECT article.id, seeded.price
    FROM seeded JOIN article ON article.number = seeded.number
    WHERE seeded.price IS NOT NULL AND article.id = ANY(:new)
"""
_PARENTS = """
    UPDATE article SET parent_id = parent.id FROM seeded JOIN article parent ON parent.number = seeded.parent
    WHERE seeded.parent <> '' AND article.number = seeded.number AND article.parent_id IS NULL
"""


def seed_articles(
    session: Session, catalogue: Sequence[Mapping[str, Any]], warehouse: str = "HAUPT", stock: Decimal | None = None
) -> int:
    """Create articles from entries with sku, name, kind, parent_sku, tax_class, price and stock; returns how many are new.

    `tax_status` "none" makes an article exempt; `is_stock_article` false leaves it out of the stock.
    `stock` stands in where an entry names none. Set-based (COPY): a hundred thousand in seconds. Idempotent: known numbers
    stay as they are, and the opening stock of an article is posted once. Entries without a number are left out.
    """
    entries = {entry["sku"]: entry for entry in catalogue if entry.get("sku")}
    session.execute(text("DROP TABLE IF EXISTS seeded"))
    session.execute(text(_STAGE))
    cursor = session.connection().connection.cursor()
    with cursor.copy("COPY seeded FROM STDIN") as copy:
        for row in _rows(entries.values()):
            copy.write_row(row)
    created = session.execute(text(_INSERT)).all()
    session.execute(text(_PARENTS))
    session.execute(text(_PRICES), {"new": [article_id for article_id, _, _ in created]})
    stocked = [number for _, number, has_stock in created if has_stock]
    post_movements(session, list(_opening(entries, stocked, warehouse, stock)))
    return len(created)


def _rows(entries: Any) -> Iterator[tuple[Any, ...]]:
    for entry in entries:
        price = entry.get("price")
        yield (
            entry["sku"],
            entry.get("name") or entry["sku"],
            entry.get("kind") or "simple",
            entry.get("parent_sku") or "",
            "exempt"
            if entry.get("tax_status") == "none"
            else TAX_CATEGORIES.get(entry.get("tax_class") or "", "normal"),
            Decimal(str(price)) if price not in (None, "") else None,
            entry.get("kind") != "matrix" and entry.get("is_stock_article", True),
        )


def _opening(
    entries: Mapping[str, Mapping[str, Any]], stocked: Sequence[str], warehouse: str, stock: Decimal | None
) -> Iterator[Movement]:
    """What lies in the warehouse at first; a shop that has sold more than it had begins with nothing."""
    for number in stocked:
        named = entries[number].get("stock")
        quantity = Decimal(str(named)) if named is not None else stock or Decimal(0)
        if quantity > 0:
            yield Movement(number, warehouse, quantity, Reason.OPENING, "opening")
