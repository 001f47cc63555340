"""Seeding articles with their opening stock."""

from decimal import Decimal
from typing import Any

from sqlalchemy import event
from sqlmodel import Session, select

from erp.seed import seed_articles
from erp.tables import Article, Price, StockLevel, StockMovement

CATALOGUE: list[dict[str, Any]] = [
    {"sku": "V-1", "name": "Shirt M", "kind": "variant", "parent_sku": "M-1", "price": "9.90", "stock": 4},
    {"sku": "M-1", "name": "Shirt", "kind": "matrix", "price": None, "stock": 99},
    {
        "sku": "S-1",
        "name": "Book",
        "kind": "simple",
        "tax_class": "reduced-rate",
        "price": Decimal("12.5"),
        "stock": "7",
    },
    {"sku": "S-2", "name": "Tab\there\\and\nthere", "kind": "simple", "price": ""},
    {"sku": "", "name": "without a number"},
]


def articles(session: Session) -> dict[str, Article]:
    return {article.number: article for article in session.exec(select(Article))}


def prices(session: Session) -> dict[int, Decimal]:
    found = session.exec(select(Price))
    return {price.article_id: price.amount for price in found if price.is_gross and price.currency == "EUR"}


def test_articles_come_with_parents_prices_tax_and_stock(session: Session, shop: Any) -> None:
    assert seed_articles(session, CATALOGUE, "MAIN") == 4
    rows = articles(session)
    assert rows["V-1"].parent_id == rows["M-1"].id
    assert prices(session) == {rows["V-1"].id: Decimal("9.9"), rows["S-1"].id: Decimal("12.5")}
    assert rows["S-1"].tax_category == "reduced"
    assert rows["S-2"].name == "Tab\there\\and\nthere"
    assert not rows["M-1"].is_stock_article
    levels = {level.article_id: level.physical for level in session.exec(select(StockLevel))}
    assert levels == {rows["V-1"].id: 4, rows["S-1"].id: 7}
    assert set(session.exec(select(StockMovement.reason))) == {"opening"}


def test_what_the_shop_keeps_no_stock_of_is_no_stock_article_and_debts_are_no_stock(
    session: Session, shop: Any
) -> None:
    service = {"sku": "P", "name": "Deposit", "is_stock_article": False, "stock": 3, "tax_status": "none"}
    oversold = {"sku": "O", "name": "Oversold", "is_stock_article": True, "stock": -3, "parent_sku": None}
    assert seed_articles(session, [service, oversold], "MAIN", Decimal(50)) == 2
    rows = articles(session)
    assert (rows["P"].is_stock_article, rows["P"].syncs_stock, rows["P"].tax_category) == (False, False, "exempt")
    assert rows["O"].is_stock_article
    assert session.exec(select(StockLevel)).all() == []


def test_a_stock_for_all_stands_in_where_none_is_named(session: Session, shop: Any) -> None:
    seed_articles(session, CATALOGUE, "MAIN", Decimal(50))
    rows = articles(session)
    levels = {level.article_id: level.physical for level in session.exec(select(StockLevel))}
    assert levels == {rows["V-1"].id: 4, rows["S-1"].id: 7, rows["S-2"].id: 50}


def test_seeding_twice_changes_nothing(session: Session, shop: Any) -> None:
    seed_articles(session, CATALOGUE, "MAIN")
    assert seed_articles(session, CATALOGUE, "MAIN", Decimal(50)) == 0
    assert len(session.exec(select(StockMovement)).all()) == 2
    assert len(prices(session)) == 2


def statements(session: Session, articles: int, prefix: str) -> int:
    """How many statements seeding so many articles takes."""
    catalogue = [
        {"sku": f"{prefix}-{n}", "name": f"Article {n}", "kind": "simple", "price": "9.90", "stock": 5}
        for n in range(articles)
    ]
    said: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", note := lambda *a: said.append(a[2]))
    assert seed_articles(session, catalogue, "MAIN") == articles
    event.remove(session.get_bind(), "before_cursor_execute", note)
    return len(said)


def test_the_number_of_statements_does_not_grow_with_the_catalogue(session: Session, shop: Any) -> None:
    assert statements(session, 10, "F") == statements(session, 2000, "M")
