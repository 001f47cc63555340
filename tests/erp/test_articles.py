"""Articles made by hand, and the numbers by which channels know them."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlmodel import Session, select

from canonical.failure import FailureError
from canonical.settings import AdvancedSettings
from erp.articles import (
    ArticleForm,
    change_article,
    create_article,
    delete_article,
    fingerprint,
    form_of,
    is_ean,
    lock_article,
)
from erp.foreign_numbers import add_foreign_number, channel_numbers
from erp.tables import (
    Article,
    ArticleListEntry,
    Component,
    ForeignNumber,
    InboxDocument,
    Integration,
    JournalEvent,
    Link,
    Price,
    StockMovement,
)

FOREIGN = AdvancedSettings(foreign_numbers=True, foreign_number_label="Shop")


def parked(shop: Any, external_id: str, key: str, integration: str = "shop-1") -> InboxDocument:
    document: InboxDocument = shop.add(
        InboxDocument(
            integration_id=integration, feature="orders", external_id=external_id, digest=b"", key_id="k1", body=b"",
            state="parked", waits_for=[key],
        )
    )  # fmt: skip
    return document


def states(session: Session) -> dict[str, str]:
    session.expire_all()
    return {document.external_id: document.state for document in session.exec(select(InboxDocument))}


def test_a_new_article_releases_the_documents_that_wait_for_it(session: Session, shop: Any) -> None:
    shop.add(Integration(id="shop-2", connector="woocommerce", name="Shop 2"))
    parked(shop, "1", "article:A-1")
    parked(shop, "2", "article:A-1", "shop-2")
    parked(shop, "3", "article:A-2")
    article = create_article(session, ArticleForm(number=" A-1 ", name="Mug"))
    assert (article.number, article.kind) == ("A-1", "simple")
    assert states(session) == {"1": "new", "2": "new", "3": "parked"}


def test_a_number_is_given_once(session: Session) -> None:
    create_article(session, ArticleForm(number="A-1", name="Mug"))
    with pytest.raises(FailureError, match="ARTICLE_NUMBER_TAKEN"):
        create_article(session, ArticleForm(number="A-1", name="Other"))


def test_a_variant_belongs_to_a_matrix_article(session: Session) -> None:
    create_article(session, ArticleForm(number="S", name="Simple"))
    for parent in ("S", "NOPE"):
        with pytest.raises(FailureError, match="MATRIX_UNKNOWN"):
            create_article(session, ArticleForm(number="V", name="V", kind="variant", parent=parent))
    matrix = create_article(session, ArticleForm(number="M", name="Matrix", kind="matrix", is_stock_article=False))
    variant = create_article(session, ArticleForm(number="V", name="V", kind="variant", parent="M"))
    assert variant.parent_id == matrix.id


@pytest.mark.parametrize(
    "values",
    [
        {"number": " "},
        {"name": ""},
        {"kind": "variant"},
        {"parent": "M"},
        {"is_postage": True},
        {"is_gift_card": True},
        {"kind": "jit"},
        {"kind": "matrix"},
        {"price_gross": "-1"},
        {"price_gross": "1.99999"},
        {"tax_category": "luxury"},
        {"weight": "-1"},
        {"origin_country": "Germany"},
        {"customs_number": "abc"},
        {"ean": "4006381333932"},
    ],
)
def test_an_article_that_does_not_fit_together_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ArticleForm.model_validate({"number": "A-1", "name": "Mug"} | values)


def test_an_ean_has_the_right_length_and_check_digit() -> None:
    for good in ("4006381333931", "73513537", "036000291452", "00012345600012"):
        assert is_ean(good), good
    for bad in ("4006381333932", "400638133393", "1234567", "40063813339x1", "٤٠٠٦٣٨١٣٣٣٩٣١", ""):
        assert not is_ean(bad), bad
    assert ArticleForm(number="A", name="A", ean="4006381 333931").ean == "4006381333931"


def test_a_new_article_has_its_standard_price(session: Session) -> None:
    article = create_article(session, ArticleForm(number="A-1", name="Mug", price_gross=Decimal("9.99")))
    (price,) = session.exec(select(Price))
    assert (price.article_id, price.amount, price.is_gross, price.currency) == (
        article.id,
        Decimal("9.99"),
        True,
        "EUR",
    )


def read(session: Session, number: str) -> tuple[dict[str, Any], str]:
    values = form_of(session, session.exec(select(Article).where(Article.number == number)).one())
    return values, fingerprint(values)


def changed(session: Session, number: str, **values: Any) -> Article:
    now, seen = read(session, number)
    return change_article(session, ArticleForm.model_validate(now | values), seen, "jo")


def test_an_article_is_changed_with_its_standard_price_and_sent_anew(session: Session, shop: Any) -> None:
    article = shop.listed("A-1")
    for kind in ("articles", "prices"):
        shop.add(Link(integration_id="shop-1", kind=kind, record="A-1", record_id=article.id))

    def dirty() -> set[str]:
        session.expire_all()
        found = {link.kind for link in session.exec(select(Link)) if link.dirty_at}
        session.execute(text("UPDATE link SET dirty_at = NULL"))
        return found

    changed(session, "A-1", name="Cup", weight=Decimal("0.35"), customs_number="6912 00", origin_country="DE")
    session.refresh(article)
    assert (article.name, article.weight, article.origin_country) == ("Cup", Decimal("0.35"), "DE")
    assert dirty() == {"articles"}
    changed(session, "A-1", price_gross=Decimal(5))
    assert dirty() == {"prices"}
    assert session.exec(select(Price.amount)).one() == 5
    changed(session, "A-1", pseudo_stock=Decimal(3))
    assert dirty() == {"articles", "stock"}
    changed(session, "A-1")
    assert dirty() == set()


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(session: Session, shop: Any) -> None:
    shop.article("A-1")
    values, seen = read(session, "A-1")
    changed(session, "A-1", price_gross=Decimal(7))
    with pytest.raises(FailureError, match="ARTICLE_CHANGED"):
        change_article(session, ArticleForm.model_validate(values | {"name": "Lost"}), seen, "mia")
    with pytest.raises(FailureError, match="ARTICLE_UNKNOWN"):
        change_article(session, ArticleForm(number="NOPE", name="x"), seen, "mia")


def test_a_new_kind_does_not_break_what_hangs_on_the_article(session: Session, shop: Any) -> None:
    matrix = shop.article("M", kind="matrix", is_stock_article=False)
    shop.article("V", kind="variant", parent_id=matrix.id)
    bundle, part = shop.article("SET", kind="bundle"), shop.article("A")
    shop.add(Component(article_id=bundle.id, component_id=part.id, quantity=Decimal(1)))
    for number, values, code in (
        ("M", {"kind": "simple"}, "KIND_HAS_VARIANTS"),
        ("SET", {"kind": "simple"}, "KIND_HAS_COMPONENTS"),
        ("A", {"is_stock_article": False}, "ARTICLE_IS_COMPONENT"),
        ("A", {"kind": "jit", "is_stock_article": False}, "ARTICLE_IS_COMPONENT"),
        ("V", {"parent": "A"}, "MATRIX_UNKNOWN"),
    ):
        with pytest.raises(FailureError, match=code):
            changed(session, number, **values)
    changed(session, "SET", kind="jit", is_stock_article=False)


def test_an_unlocked_article_releases_what_waits_for_it(session: Session, shop: Any) -> None:
    article = shop.listed("A-1")
    lock_article(session, "A-1", "jo", locked=True)
    lock_article(session, "A-1", "jo", locked=True)
    parked(shop, "1", "article:A-1")
    session.refresh(article)
    assert article.is_locked
    assert session.exec(select(Link.dirty_at)).one() is not None
    lock_article(session, "A-1", "jo", locked=False)
    assert states(session) == {"1": "new"}
    told = session.exec(select(JournalEvent.event).where(JournalEvent.record == "A-1")).all()
    assert told == ["article_locked", "article_unlocked"]


def test_an_article_in_no_document_is_deleted_with_its_foreign_numbers(session: Session, shop: Any) -> None:
    article = shop.listed("A-1")
    add_foreign_number(session, "A-1", "shop-1", "SKU", "77", "jo")
    delete_article(session, "A-1", "jo")
    session.expire_all()
    assert session.exec(select(ForeignNumber)).all() == []
    assert session.exec(select(ArticleListEntry)).one().removed_at is not None
    assert session.get_one(Article, article.id).is_deleted
    with pytest.raises(FailureError, match="ARTICLE_NUMBER_TAKEN"):
        create_article(session, ArticleForm(number="A-1", name="Other"))
    with pytest.raises(FailureError, match="ARTICLE_UNKNOWN"):
        delete_article(session, "A-1", "jo")


def test_an_article_that_something_needs_is_not_deleted(session: Session, shop: Any) -> None:
    ordered, moved = shop.article("ORDERED", is_stock_article=False), shop.article("MOVED")
    shop.order({"ORDERED": 1}, reserve=False)
    shop.add(
        StockMovement(
            article_id=moved.id, warehouse_id=shop.main.id, quantity=Decimal(1), reason="opening", reference="x"
        )
    )  # fmt: skip
    matrix = shop.article("M", kind="matrix")
    shop.article("V", kind="variant", parent_id=matrix.id)
    bundle, part = shop.article("SET", kind="bundle"), shop.article("PART")
    shop.add(Component(article_id=bundle.id, component_id=part.id, quantity=Decimal(1)))
    for number, code in (
        ("ORDERED", "ARTICLE_IN_DOCUMENTS"),
        ("MOVED", "ARTICLE_IN_DOCUMENTS"),
        ("M", "KIND_HAS_VARIANTS"),
        ("PART", "ARTICLE_IS_COMPONENT"),
    ):
        with pytest.raises(FailureError, match=code):
            delete_article(session, number, "jo")
    delete_article(session, "SET", "jo")
    delete_article(session, "PART", "jo")
    assert ordered.id


def test_a_foreign_number_releases_what_waits_for_it_in_its_integration(session: Session, shop: Any) -> None:
    shop.add(Integration(id="shop-2", connector="woocommerce", name="Shop 2"))
    shop.listed("A-1")
    parked(shop, "1", "article:SKU-77")
    parked(shop, "2", "article:SKU-77", "shop-2")
    add_foreign_number(session, "A-1", "shop-1", "Shop", "SKU-77", "jo")
    assert states(session) == {"1": "new", "2": "parked"}
    assert session.exec(select(Link.dirty_at)).one()
    assert session.exec(select(JournalEvent.event).where(JournalEvent.actor == "jo")).one() == "mapped"


def test_a_foreign_number_belongs_to_one_article_and_comes_back_when_given_again(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.article("A-2")
    add_foreign_number(session, "A-1", "shop-1", "Shop", "SKU-77", "jo")
    with pytest.raises(FailureError, match="FOREIGN_NUMBER_TAKEN"):
        add_foreign_number(session, "A-2", "shop-1", "Shop", "SKU-77", "jo")
    row = session.exec(select(ForeignNumber)).one()
    row.is_active = False
    session.flush()
    add_foreign_number(session, "A-1", "shop-1", "Shop", "SKU-77", "jo")
    session.refresh(row)
    assert row.is_active


def test_an_unknown_article_gets_no_foreign_number(session: Session, shop: Any) -> None:
    with pytest.raises(FailureError, match="ARTICLE_UNKNOWN"):
        add_foreign_number(session, "NOPE", "shop-1", "Shop", "SKU-77", "jo")


def test_a_channel_knows_an_article_by_its_active_foreign_number_with_the_exact_label(
    session: Session, shop: Any
) -> None:
    articles: list[Article] = [shop.article(number) for number in ("A-1", "A-2", "A-3", "A-4")]
    shop.add(Integration(id="shop-2", connector="woocommerce", name="Shop 2"))
    add_foreign_number(session, "A-1", "shop-1", "Shop", "first", "jo")
    add_foreign_number(session, "A-1", "shop-1", "Shop", "second", "jo")
    add_foreign_number(session, "A-2", "shop-1", "shop", "other label", "jo")
    add_foreign_number(session, "A-3", "shop-2", "Shop", "other shop", "jo")
    shop.add(
        ForeignNumber(article_id=articles[3].id, integration_id="shop-1", label="Shop", number="x", is_active=False)
    )
    ids = [article.id or 0 for article in articles]
    assert list(channel_numbers(session, "shop-1", FOREIGN, ids).values()) == ["first", "A-2", "A-3", "A-4"]
    assert list(channel_numbers(session, "shop-1", AdvancedSettings(), ids[:2]).values()) == ["A-1", "A-2"]
