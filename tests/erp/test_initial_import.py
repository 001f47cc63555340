"""The initial import (D§1.6): identified, shown with a status each, taken over parents first, safe to repeat."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session, col, select

from canonical.catalogue import (
    ArticleContent,
    ListedArticle,
    NamedValue,
    Picture,
    PriceTier,
    Structure,
    TaxCategory,
    Words,
)
from canonical.lifecycle import ScanPurpose
from canonical.settings import ImportSettings
from erp import import_rows, initial_import, scans
from erp.import_rows import Known
from erp.tables import Article, ArticleImage, ArticleProperty, ArticleText, CustomerGroup, ImportItem, Price
from tests.erp.conftest import Shop

SHOP = "shop-1"


def listed(sku: str, ref: str = "", **values: Any) -> ListedArticle:
    """An article of the shop; keywords of the listing are told from those of its content."""
    own = {name: values.pop(name) for name in ("prices", "tax_rate", "quantity") if name in values}
    name = values.pop("name", f"Artikel {sku}")
    content = ArticleContent(
        key="", sku=sku, ref=ref or f"r-{sku}", words=values.pop("words", Words(language="de", name=name)), **values
    )
    return ListedArticle(
        content=content, **{"prices": (PriceTier(amount=Decimal("11.90")),), "tax_rate": Decimal(19), **own}
    )


def family(number: str, *colours: str) -> list[ListedArticle]:
    """A parent and its variants."""
    parent = listed(number, f"p-{number}", structure=Structure.PARENT, prices=())
    return [
        parent,
        *(
            listed(
                f"{number}-{colour}", structure=Structure.VARIANT, parent_ref=f"p-{number}",
                options=(NamedValue(name="Farbe", value=colour),),
            )
            for colour in colours
        ),
    ]  # fmt: skip


def take_over(session: Session, *articles: ListedArticle, skus: tuple[str, ...] = ()) -> dict[str, int]:
    """Identify and import as the workflow does, to the end."""
    initial_import.store_page(session, SHOP, articles)
    initial_import.queue(session, SHOP, skus)
    while initial_import.import_page(session, SHOP, 10).left:
        pass
    session.commit()
    session.expire_all()
    return initial_import.counts(session, SHOP)


def item(session: Session, sku: str) -> ImportItem:
    return session.exec(select(ImportItem).where(col(ImportItem.sku) == sku)).one()


@pytest.fixture
def shop(session: Session) -> Shop:
    made = Shop(session)
    session.commit()
    return made


def article(session: Session, number: str) -> Article:
    return session.exec(select(Article).where(col(Article.number) == number)).one()


def test_identifying_writes_nothing_into_the_article_master(session: Session, shop: Shop) -> None:
    initial_import.store_page(session, SHOP, [listed("A"), *family("M", "rot")])
    assert initial_import.counts(session, SHOP) == {"proposed": 3}
    assert session.exec(select(Article).where(col(Article.number) == "A")).first() is None


def test_an_article_comes_with_all_that_the_shop_has_but_its_stock(session: Session, shop: Shop) -> None:
    shop.add(CustomerGroup(code="H", name="Händler"))
    words = Words(language="de", name="Tasse", description="<p>rund</p>", short_text="kurz", meta_title="Tasse kaufen")
    full = listed(
        "T-1", words=words, translations=(Words(language="en", name="Cup"),), ean="4006381333931", manufacturer="Ton AG",
        weight=Decimal("0.3"), tags=("neu",), custom_fields=(NamedValue(name="Material", value="Ton"),),
        properties=(NamedValue(name="Höhe", value="10 cm"),), customs_number="6912 00", origin_country="DE", quantity=Decimal(7),
        images=(Picture(url="https://shop.example/t.jpg", title="vorn"),),
        prices=(
            PriceTier(amount=Decimal("11.90"), pseudo_amount=Decimal("14.90")),
            PriceTier(amount=Decimal("10.00"), from_quantity=Decimal(10)),
            PriceTier(amount=Decimal("9.00"), group="Händler"),
            PriceTier(amount=Decimal("8.00"), group="gibt es hier nicht"),
        ),
    )  # fmt: skip
    assert take_over(session, full) == {"imported": 1}
    made = article(session, "T-1")
    assert (made.name, made.ean, made.manufacturer, made.tax_category, made.kind) == (
        "Tasse",
        "4006381333931",
        "Ton AG",
        "normal",
        "simple",
    )
    assert (made.weight, made.tags, made.custom_fields) == (Decimal("0.3"), ["neu"], {"Material": "Ton"})
    prices = session.exec(select(Price).where(col(Price.article_id) == made.id).order_by(col(Price.amount))).all()
    assert [(price.amount, price.from_quantity, price.pseudo_amount) for price in prices] == [
        (Decimal(9), Decimal(1), None), (Decimal(10), Decimal(10), None), (Decimal("11.9"), Decimal(1), Decimal("14.9")),
    ]  # fmt: skip
    texts = session.exec(
        select(ArticleText).where(col(ArticleText.article_id) == made.id).order_by(col(ArticleText.language))
    ).all()
    assert [(row.language, row.name, row.meta_title) for row in texts] == [
        ("de", "Tasse", "Tasse kaufen"),
        ("en", "Cup", ""),
    ]
    (image,) = session.exec(select(ArticleImage).where(col(ArticleImage.article_id) == made.id)).all()
    assert (image.url, image.title, image.content) == ("https://shop.example/t.jpg", "vorn", None)
    assert (
        session.execute(text("SELECT count(*) FROM stock_level WHERE article_id = :id"), {"id": made.id}).scalar_one()
        == 0
    )


def test_parents_come_before_their_variants_whatever_the_order_of_the_pages(session: Session, shop: Shop) -> None:
    parent, *variants = family("M", "rot", "blau")
    assert take_over(session, *variants, parent) == {"imported": 3}
    matrix = article(session, "M")
    assert matrix.kind == "matrix" and not matrix.is_stock_article
    red = article(session, "M-rot")
    assert (red.parent_id, red.kind) == (matrix.id, "variant")
    (option,) = session.exec(select(ArticleProperty).where(col(ArticleProperty.article_id) == red.id)).all()
    assert (option.name, option.value, option.is_option) == ("Farbe", "rot", True)


def test_a_parent_without_a_number_gets_one_with_the_word_container(session: Session, shop: Shop) -> None:
    parent = listed("", "77", structure=Structure.PARENT, prices=())
    variant = listed("V-1", structure=Structure.VARIANT, parent_ref="77")
    assert take_over(session, parent, variant) == {"imported": 2}
    assert article(session, "V-1").parent_id == article(session, "77-Container").id


def test_what_is_here_already_is_left_as_it_is(session: Session, shop: Shop) -> None:
    own = shop.article("T-1")
    own.name = "Unser Name"
    session.commit()
    assert take_over(session, listed("T-1", name="Name im Shop")) == {"unchanged": 1}
    assert article(session, "T-1").name == "Unser Name"
    assert item(session, "T-1").article_id == own.id


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: listed("X", tax_rate=Decimal(16)), "TAX_CATEGORY_UNKNOWN"),
        (lambda: listed("X", prices=(PriceTier(amount=Decimal(1), currency="CHF"),)), "CURRENCY_DIFFERS"),
        (lambda: listed("X", structure=Structure.VARIANT, parent_ref="nobody"), "PARENT_FAILED"),
        (lambda: listed("  ", "9"), "SKU_MISSING"),
        (lambda: listed("N" * 81), "FIELD_TOO_LONG"),
        (lambda: listed("T-MATRIX"), "STRUCTURE_CONFLICT"),
    ],
)
def test_an_article_that_cannot_be_taken_over_fails_alone_and_says_why(
    session: Session, shop: Shop, made: Any, code: str
) -> None:
    matrix = shop.article("T-MATRIX")
    matrix.kind = "matrix"
    session.commit()
    assert take_over(session, made(), listed("GOOD")) == {"failed": 1, "imported": 1}
    failed = session.exec(select(ImportItem).where(col(ImportItem.state) == "failed")).one()
    assert failed.code == code


def test_a_number_that_several_articles_of_the_shop_have_is_taken_over_by_none(session: Session, shop: Shop) -> None:
    assert take_over(session, listed("D", "1"), listed("D", "2")) == {"failed": 2}
    assert session.exec(select(Article).where(col(Article.number) == "D")).first() is None


def test_one_article_that_the_database_refuses_does_not_keep_back_the_others(session: Session, shop: Shop) -> None:
    broken = listed("B", prices=(PriceTier(amount=Decimal(-1)),))
    assert take_over(session, *(listed(f"A{n}") for n in range(6)), broken) == {"failed": 1, "imported": 6}
    assert item(session, "B").code == "ITEM_REFUSED"


def test_taking_over_again_changes_nothing_and_a_corrected_article_comes_then(session: Session, shop: Shop) -> None:
    take_over(session, listed("A"), listed("B", tax_rate=Decimal(16)))
    assert take_over(session, listed("A"), listed("B", tax_rate=Decimal(7))) == {"imported": 2}
    assert article(session, "B").tax_category == "reduced"
    assert session.execute(text("SELECT count(*) FROM article WHERE number IN ('A', 'B')")).scalar_one() == 2


def test_single_articles_come_with_their_family_and_the_others_stay_proposed(session: Session, shop: Shop) -> None:
    assert take_over(session, *family("M", "rot", "blau"), listed("A"), skus=("M-rot",)) == {
        "imported": 2,
        "proposed": 2,
    }
    assert article(session, "M-rot").parent_id == article(session, "M").id


def test_an_interrupted_reading_goes_on_where_it_stopped_and_afresh_begins_again(session: Session, shop: Shop) -> None:
    scan = scans.begin_reading(session, SHOP, ScanPurpose.IMPORT, "anna", afresh=False)
    scans.note_page(session, scan, "page-2", 500, 20_000)
    assert scans.begin_reading(session, SHOP, ScanPurpose.IMPORT, "anna", afresh=False).cursor == "page-2"
    assert scans.begin_reading(session, SHOP, ScanPurpose.IMPORT, "anna", afresh=True).cursor == ""
    assert scans.end_scan(session, SHOP, ScanPurpose.IMPORT, scans.READ).state == "read"


@pytest.mark.parametrize(
    ("rate", "category"),
    [("19", TaxCategory.NORMAL), ("7", TaxCategory.REDUCED), ("0", TaxCategory.EXEMPT), ("16", None)],
)
def test_the_rate_that_the_shop_names_decides_the_tax_category(rate: str, category: TaxCategory | None) -> None:
    plan = import_rows.plan(listed("A", tax_rate=Decimal(rate)), ImportSettings(), Known({}, {}, {}))
    assert getattr(plan, "article", {}).get("tax_category") == (category.value if category else None)


def test_images_are_fetched_once_and_one_that_cannot_be_had_is_said(session: Session, shop: Shop) -> None:
    pictures = (Picture(url="https://shop.example/a.jpg"), Picture(url="https://shop.example/b.jpg"))
    take_over(session, listed("A", images=pictures))
    first, second = initial_import.images_to_fetch(session, SHOP, 10)
    initial_import.store_image(session, first, b"\xff\xd8\xff...", "image/jpeg")
    initial_import.store_image(session, second, None, "")
    session.expire_all()
    assert initial_import.images_to_fetch(session, SHOP, 10) == []
    said = item(session, "A")
    assert (said.images_left, said.code, said.params["url"]) == (0, "IMAGE_UNREACHABLE", "https://shop.example/b.jpg")


def test_the_number_of_statements_does_not_grow_with_the_page(session: Session, shop: Shop) -> None:
    def count(size: int, prefix: str) -> int:
        initial_import.store_page(session, SHOP, [listed(f"{prefix}{n}") for n in range(size)])
        initial_import.queue(session, SHOP, ())
        seen: list[str] = []
        listener = lambda *given: seen.append(given[2])  # noqa: E731
        event.listen(session.get_bind(), "before_cursor_execute", listener)
        initial_import.import_page(session, SHOP, 500)
        event.remove(session.get_bind(), "before_cursor_execute", listener)
        return len([each for each in seen if not each.startswith("UPDATE import_item")])

    assert count(5, "F") == count(200, "M")


def test_the_next_page_of_the_queue_is_read_along_an_index_without_sorting(session: Session) -> None:
    """A sort of a hundred thousand queued articles for each page took longer than taking them over."""
    query = initial_import.queued(SHOP).limit(200).compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    session.execute(text("SET LOCAL enable_seqscan = off"))
    plan = " ".join(session.execute(text(f"EXPLAIN {query}")).scalars())
    assert "ix_import_item_queued" in plan
    assert "Sort" not in plan


def test_a_page_of_the_import_finds_its_numbers_by_an_index_however_many_articles_are_here(
    session: Session, shop: Shop
) -> None:
    initial_import.store_page(session, SHOP, [listed("A-1")])
    initial_import.queue(session, SHOP, [])
    initial_import.import_page(session, SHOP, 10)
    session.execute(text("ANALYZE article, import_item"))
    for query, index in (
        (
            "SELECT sku FROM import_item WHERE integration_id = 'shop-1' AND sku = ANY('{A-1,A-2}')",
            "ix_import_item_sku",
        ),
        ("SELECT id FROM article WHERE number IN ('A-1', 'A-2')", "article_number_key"),
    ):
        assert index in " ".join(session.execute(text(f"EXPLAIN {query}")).scalars())
