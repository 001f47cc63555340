"""Articles made by hand, and the numbers by which channels know them."""

from typing import Any

import pytest
from pydantic import ValidationError
from sqlmodel import Session, select

from canonical.failure import FailureError
from canonical.settings import AdvancedSettings
from erp.articles import ArticleForm, create_article
from erp.foreign_numbers import add_foreign_number, channel_numbers
from erp.tables import Article, ForeignNumber, InboxDocument, Integration, JournalEvent, Link

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
        {"price_gross": "-1"},
        {"price_gross": "1.999"},
        {"tax_category": "luxury"},
    ],
)
def test_an_article_that_does_not_fit_together_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ArticleForm.model_validate({"number": "A-1", "name": "Mug"} | values)


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
