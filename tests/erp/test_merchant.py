"""The made-up merchant: the same for the same seed, lifelike in every part, and put into the store once."""

from collections import Counter
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from erp import merchant
from erp.merchant_seed import Size, seed_merchant


def number(session: Session, query: str) -> Any:
    """One value from the database."""
    return session.execute(text(query)).scalar_one()


def test_the_same_seed_gives_the_same_merchant_and_another_seed_another() -> None:
    assert list(merchant.articles(300, 7)) == list(merchant.articles(300, 7))
    assert list(merchant.articles(300, 7)) != list(merchant.articles(300, 8))
    assert list(merchant.customers(50, 7)) == list(merchant.customers(50, 7))


def test_every_kind_of_article_is_there_in_a_lifelike_share() -> None:
    pieces = list(merchant.articles(2000, 1))
    kinds = Counter(piece.kind for piece in pieces)
    assert 2000 <= len(pieces) < 2020
    assert kinds["simple"] > 1200 and kinds["variant"] > 300 and kinds["matrix"] > 30
    assert kinds["jit"] > 50 and kinds["bundle"] > 20
    assert any(piece.is_gift_card and piece.tax_category == "exempt" for piece in pieces)
    assert len({piece.number for piece in pieces}) == len(pieces)
    eans = [piece.ean for piece in pieces if piece.ean]
    assert all(len(ean) == 13 and _is_valid(ean) for ean in eans)


def _is_valid(ean: str) -> bool:
    return sum(int(digit) * (3 if position % 2 else 1) for position, digit in enumerate(ean)) % 10 == 0


def test_a_merchant_is_stored_with_everything_that_belongs_to_an_article(session: Session) -> None:
    done = seed_merchant(session, Size(articles=300, customers=40, seed=3))
    assert done.articles >= 300 and done.movements > 150
    assert number(session, "SELECT count(*) FROM customer WHERE number LIKE 'S3-%'") == 40
    assert number(session, "SELECT count(*) FROM article WHERE kind = 'variant' AND parent_id IS NULL") == 0
    assert (
        number(
            session,
            "SELECT count(*) FROM article a WHERE kind IN ('jit', 'bundle') AND NOT EXISTS (SELECT FROM component c WHERE c.article_id = a.id)",
        )
        == 0
    )
    assert (
        number(
            session, "SELECT count(*) FROM component c JOIN article a ON a.id = c.component_id WHERE a.kind <> 'simple'"
        )
        == 0
    )
    assert number(session, "SELECT count(*) FROM article WHERE kind = 'jit' AND is_stock_article") == 0
    assert number(session, "SELECT count(DISTINCT customer_group_id) FROM price") == 1
    assert number(session, "SELECT count(*) FROM price WHERE from_quantity > 1") > 0
    assert number(session, "SELECT count(*) FROM article_property WHERE is_option") > 0
    assert number(session, "SELECT count(*) FROM article_category") >= 300


def test_the_levels_are_the_sums_of_the_ledger(session: Session) -> None:
    seed_merchant(session, Size(articles=200, customers=0))
    differing = (
        "SELECT count(*) FROM (SELECT article_id, warehouse_id, sum(quantity) AS q FROM stock_movement GROUP BY 1, 2) m"
        " FULL JOIN stock_level l USING (article_id, warehouse_id) WHERE m.q IS DISTINCT FROM l.physical"
    )
    assert number(session, differing) == 0
    assert number(session, "SELECT count(*) FROM stock_level WHERE physical > 0") > 100


def test_storing_the_same_merchant_again_changes_nothing(session: Session) -> None:
    size = Size(articles=150, customers=20, seed=5)
    seed_merchant(session, size)
    again = seed_merchant(session, size)
    assert (again.articles, again.customers, again.movements) == (0, 0, 0)
    assert number(
        session, "SELECT count(*) FROM price WHERE from_quantity = 1 AND customer_group_id IS NULL"
    ) == number(session, "SELECT count(*) FROM article WHERE number ~ '-[0-9]{6}(-[0-9]+)?$'")


def test_a_larger_merchant_of_the_same_seed_keeps_the_smaller_one(session: Session) -> None:
    seed_merchant(session, Size(articles=100, customers=0, seed=9))
    before = number(
        session, "SELECT string_agg(number || name, ',' ORDER BY number) FROM article WHERE number LIKE '%-0000__'"
    )
    seed_merchant(session, Size(articles=200, customers=0, seed=9))
    assert (
        number(
            session, "SELECT string_agg(number || name, ',' ORDER BY number) FROM article WHERE number LIKE '%-0000__'"
        )
        == before
    )
