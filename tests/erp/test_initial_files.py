"""What goes into the files with which a marketplace is begun: the listed articles, categories in turn, and why some are left out."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from canonical.feature import Feature
from canonical.settings import AdvancedSettings, ArticleSettings, PriceSettings, StockSettings
from canonical.taxonomy import Requirement, Taxonomy, TaxonomyAttribute, TaxonomyNode
from erp import category_mapping, initial_files
from erp.article_filter import build_list
from erp.prices import PriceForm, add_price
from erp.push_context import PushContext
from erp.tables import ArticleCategory, Category
from tests.erp.conftest import Shop
from tests.erp.push_kit import choose, statements

PLAIN = AdvancedSettings()


def context(settings: Any) -> PushContext[Any]:
    return PushContext("shop-1", settings, PLAIN)


def products(session: Session, limit: int | None = None) -> tuple[list[str], dict[str, str]]:
    """The articles of a product file, and why the others are left out."""
    left_out: initial_files.LeftOut = []
    found = initial_files.products(session, context(ArticleSettings()), limit, left_out)
    return [content.key for content in found], {key: failure.code for key, failure in left_out}


@pytest.fixture
def listed(session: Session, shop: Shop) -> Shop:
    """Five cups, two bowls and a jug, and a matrix article with one variant; all listed, nothing sent yet."""
    choose(session, Feature.ARTICLES, Feature.PRICES, Feature.STOCK)
    for number, category in (
        *((f"CUP-{n}", "Cups") for n in range(5)),
        ("BOWL-1", "Bowls"),
        ("BOWL-2", "Bowls"),
        ("JUG", ""),
    ):
        shop.article(number, category=category)
    shirt = shop.article("SHIRT", kind="matrix", category="Shirts")
    shop.article("SHIRT-M", kind="variant", parent_id=shirt.id, category="Shirts")
    build_list(session, "shop-1", "jo")
    session.commit()
    return shop


def test_all_listed_products_are_in_the_file_page_by_page(
    session: Session, listed: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(initial_files, "PAGE", 3)
    found, left_out = products(session)
    assert found == ["BOWL-1", "BOWL-2", "CUP-0", "CUP-1", "CUP-2", "CUP-3", "CUP-4", "JUG", "SHIRT-M"] and not left_out
    session.execute(
        text(
            "UPDATE article_list_entry SET removed_at = now() WHERE article_id IN (SELECT id FROM article WHERE number = 'JUG')"
        )
    )
    assert "JUG" not in products(session)[0]


def test_few_articles_cover_all_categories(session: Session, listed: Shop) -> None:
    assert sorted(products(session, 4)[0]) == ["BOWL-1", "CUP-0", "JUG", "SHIRT-M"]
    tree = listed.add(Category(name="Travel"))
    cup = session.execute(text("SELECT id FROM article WHERE number = 'CUP-4'")).scalar_one()
    listed.add(ArticleCategory(article_id=cup, category_id=tree.id))
    assert sorted(products(session, 5)[0]) == ["BOWL-1", "CUP-0", "CUP-4", "JUG", "SHIRT-M"], "the tree counts, too"


def test_what_could_not_be_sent_is_left_out_and_named(session: Session, listed: Shop) -> None:
    matrix = "article_id IN (SELECT id FROM article WHERE number = 'SHIRT')"
    session.execute(text(f"UPDATE article_list_entry SET removed_at = now() WHERE {matrix}"))
    found, left_out = products(session)
    assert left_out == {"SHIRT-M": "PARENT_NOT_IN_FILTER"} and "SHIRT-M" not in found
    cups = listed.add(Category(name="Cups"))
    cup = session.execute(text("SELECT id FROM article WHERE number = 'CUP-0'")).scalar_one()
    listed.add(ArticleCategory(article_id=cup, category_id=cups.id))
    ean = TaxonomyAttribute(code="brand", label="Brand", category_code="C-1", requirement=Requirement.REQUIRED)
    loaded = Taxonomy(nodes=(TaxonomyNode(code="C-1", label="Cups"),), attributes=(ean,))
    category_mapping.store_taxonomy(session, "shop-1", loaded)
    assert set(products(session)[1].values()) == {"CATEGORY_UNMAPPED", "PARENT_NOT_IN_FILTER"}
    category_mapping.map_category(session, "shop-1", cups.id, "C-1", "jo")
    assert products(session)[1]["CUP-0"] == "ATTRIBUTE_MISSING", "checked as before sending"


def test_making_a_file_writes_nothing(session: Session, listed: Shop) -> None:
    category_mapping.store_taxonomy(session, "shop-1", Taxonomy(nodes=(TaxonomyNode(code="C-1", label="Cups"),)))
    session.commit()
    with statements(session) as said:
        products(session)
        offers(session)
    assert {statement.split()[0] for statement in said} <= {"SELECT", "WITH"}


def offers(
    session: Session, limit: int | None = None, **stock: Any
) -> tuple[dict[str, tuple[str, int]], dict[str, str]]:
    """The offers of a file with price and quantity, and why others are left out."""
    left_out: initial_files.LeftOut = []
    given = context(PriceSettings()), context(StockSettings(warehouses=frozenset({"MAIN"}), **stock))
    found = initial_files.offers(session, *given, limit, left_out)
    return (
        {offer.key: (str(offer.prices.base.amount), offer.quantity) for offer in found},
        {key: failure.code for key, failure in left_out},
    )


def test_offers_have_the_price_and_the_quantity_that_would_be_sent(session: Session, listed: Shop) -> None:
    for number, amount in (("CUP-0", "4.90"), ("BOWL-1", "17.50")):
        add_price(session, number, PriceForm(amount=Decimal(amount)), "jo")
    listed.stock(7, "CUP-0")
    session.execute(text("UPDATE article SET is_stock_article = true, syncs_stock = true"))
    found, left_out = offers(session)
    assert found == {"CUP-0": ("4.90", 7), "BOWL-1": ("17.50", 0)}
    assert left_out["JUG"] == "NO_PRICE" and "SHIRT" not in left_out
    assert len(offers(session, 4)[0]) == 2
