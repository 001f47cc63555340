"""How complete a marketplace's content is, measured on the listed articles; and what then really leaves."""

from typing import Any

import pytest
from sqlmodel import Session, select

from canonical.catalogue import ArticleContent, DataType, NamedValue
from canonical.feature import Feature
from canonical.settings import ArticleSettings
from canonical.taxonomy import Requirement, Taxonomy, TaxonomyAttribute, TaxonomyNode
from erp import category_check, category_mapping
from erp.article_filter import build_list
from erp.categories import store_categories
from erp.marketplace_content import Given, Source
from erp.tables import Category, Link
from tests.erp.conftest import Shop
from tests.erp.push_kit import Channel, choose

SHOP = "shop-1"
FETCHED = Taxonomy(
    nodes=(TaxonomyNode(code="KITCHEN", label="Küche"),),
    attributes=(
        TaxonomyAttribute(code="title", label="Titel", requirement=Requirement.REQUIRED),
        TaxonomyAttribute(code="ean", label="EAN", category_code="KITCHEN", requirement=Requirement.REQUIRED),
        TaxonomyAttribute(code="brand", label="Marke", category_code="KITCHEN"),
    ),
)


@pytest.fixture
def channel(session: Session, shop: Shop) -> Channel:
    """Three listed articles: a whole one, one without an EAN, one in no category."""
    choose(session, Feature.ARTICLES)
    cups = shop.add(Category(name="Tassen"))
    shop.article("T-1", name="Tasse", ean="4006381333931")
    shop.article("T-2", name="Tasse")
    shop.article("X-1", name="Anderes")
    for number in ("T-1", "T-2"):
        put_into(session, number, cups)
    build_list(session, SHOP, "anna")
    category_mapping.store_taxonomy(session, SHOP, FETCHED)
    category_mapping.map_category(session, SHOP, cups.id, "KITCHEN", "anna")
    category_mapping.map_attribute(session, SHOP, "", "title", Given(Source.FIELD, "name"), "anna")
    category_mapping.map_attribute(session, SHOP, "KITCHEN", "ean", Given(Source.FIELD, "ean"), "anna")
    session.commit()
    return Channel(session, Feature.ARTICLES, ArticleSettings())


def test_the_check_counts_by_category_what_can_be_sent_and_what_is_missing(session: Session, channel: Channel) -> None:
    found = category_check.check(session, SHOP, ArticleSettings, "")
    assert (found.looked_at, found.listed, found.ready) == (3, 3, 1)
    unmapped, kitchen = found.categories
    assert (unmapped.code, unmapped.articles, unmapped.ready) == ("", 1, 0)
    assert (kitchen.label, kitchen.articles, kitchen.ready, kitchen.missing) == ("Küche", 2, 1, (("EAN", 1),))


def test_only_whole_articles_leave_in_the_marketplaces_own_terms(session: Session, channel: Channel) -> None:
    (sent,) = channel.send()
    assert isinstance(sent, ArticleContent)
    assert (sent.key, sent.channel_category) == ("T-1", "KITCHEN")
    assert {each.name: each.value for each in sent.channel_attributes} == {"title": "Tasse", "ean": "4006381333931"}
    codes = {link.record: link.code for link in session.exec(select(Link).where(Link.state == "failed"))}
    assert codes == {"T-2": "ATTRIBUTE_MISSING", "X-1": "CATEGORY_UNMAPPED"}


def test_without_master_data_an_article_is_in_its_category_still_and_lacks_nothing_of_it(
    session: Session, channel: Channel
) -> None:
    category_mapping.map_attribute(session, SHOP, "KITCHEN", "brand", Given(Source.CONSTANT, "Töpferei"), "anna")
    channel.settings = ArticleSettings(data_types=frozenset({DataType.PROPERTIES}))
    sent = {each.key: each for each in channel.send()}
    assert sent.keys() == {"T-1", "T-2"}, "X-1 is in no category of the marketplace"
    assert {each.channel_category for each in sent.values()} == {"KITCHEN"}
    assert sent["T-2"].channel_attributes == (NamedValue(name="brand", value="Töpferei"),)
    assert sent["T-2"].categories == (), "our own categories are master data"


def test_without_fetched_categories_articles_leave_as_they_are(session: Session, channel: Channel) -> None:
    category_mapping.store_taxonomy(session, SHOP, Taxonomy())
    assert {content.key for content in channel.send()} == {"T-1", "T-2", "X-1"}


def put_into(session: Session, number: str, category: Any) -> None:
    """Put an article into a category of ours."""
    store_categories(session, number, [category.id], "anna")
