"""Category mapping: our categories, properties and values become a marketplace's, nothing is guessed, what is missing is named."""

from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, col, select

from canonical.catalogue import ArticleContent, CategoryPlace, DataType, NamedValue, Picture, Words
from canonical.failure import Failure, FailureError
from canonical.taxonomy import Requirement, Taxonomy, TaxonomyAttribute, TaxonomyNode, TaxonomyValue
from erp import category_mapping
from erp.marketplace_content import Given, Source, Tables, checked, fill
from erp.queries import taxonomy as queries
from erp.tables import Category, Link, ValueMapping
from tests.erp.conftest import Shop

SHOP = "shop-1"
REQUIRED = Requirement.REQUIRED


def tables(**values: Any) -> Tables:
    """Cups are below kitchen: kitchen is mapped, its colour is a list of the marketplace."""
    given: dict[str, Any] = {
        "parents": {1: None, 2: 1, 9: None},
        "categories": {1: "KITCHEN"},
        "lines": {"KITCHEN": ["KITCHEN", "HOME"], "HOME": ["HOME"]},
        "attributes": {
            "": [TaxonomyAttribute(code="title", label="Titel", requirement=REQUIRED)],
            "HOME": [TaxonomyAttribute(code="colour", label="Farbe", kind="list", values_code="COLOURS")],
            "KITCHEN": [TaxonomyAttribute(code="volume", label="Volumen")],
        },
        "givens": {("", "title"): Given(Source.FIELD, "name"), ("HOME", "colour"): Given(Source.PROPERTY, "Farbe")},
        "values": {},
        "permitted": {"COLOURS": {"BLU": "blau", "RED": "rot"}},
    }
    return Tables(**{**given, **values})


def article(**values: Any) -> ArticleContent:
    """A blue cup in our category of cups."""
    given: dict[str, Any] = {
        "key": "T-1", "sku": "T-1", "words": Words(language="de", name="Tasse"), "weight": Decimal("0.3"),
        "categories": (CategoryPlace(key="2", path=("Küche", "Tassen")),),
        "properties": (NamedValue(name="Farbe", value="blau"),), "images": (Picture(url="https://x.example/1.jpg"),),
        "sends": frozenset(DataType),
    }  # fmt: skip
    return ArticleContent(**{**given, **values})


def pairs(content: ArticleContent, found: Tables) -> dict[str, str]:
    return {each.name: each.value for each in fill(content, found).attributes}


def test_the_nearest_mapped_category_above_decides() -> None:
    assert fill(article(), tables()).category == "KITCHEN"
    assert fill(article(), tables(categories={1: "KITCHEN", 2: "HOME"})).category == "HOME"
    assert fill(article(categories=(CategoryPlace(key="9", path=("x",)),)), tables()).category == ""


def test_attributes_of_the_categories_above_belong_to_it_too() -> None:
    assert pairs(article(), tables()) == {"title": "Tasse", "colour": "BLU"}


def test_a_mapping_for_the_category_itself_beats_that_for_all() -> None:
    givens = {("", "title"): Given(Source.FIELD, "name"), ("KITCHEN", "title"): Given(Source.CONSTANT, "Für die Küche")}
    assert pairs(article(), tables(givens=givens))["title"] == "Für die Küche"


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (Given(Source.FIELD, "weight"), "0.3"),
        (Given(Source.FIELD, "image_1"), "https://x.example/1.jpg"),
        (Given(Source.FIELD, "image_2"), None),
        (Given(Source.CUSTOM_FIELD, "Stoff"), "Ton"),
        (Given(Source.PROPERTY, "gibt es nicht"), None),
        (Given(Source.CONSTANT, "neu"), "neu"),
    ],
)
def test_a_value_comes_from_field_property_custom_field_or_constant(given: Given, value: str | None) -> None:
    content = article(custom_fields=(NamedValue(name="Stoff", value="Ton"),))
    assert pairs(content, tables(givens={("", "volume"): given})).get("volume") == value


def test_a_list_takes_the_mapped_value_else_one_that_is_exactly_a_code_or_label() -> None:
    own = lambda colour: article(properties=(NamedValue(name="Farbe", value=colour),))  # noqa: E731
    assert pairs(own("himmelblau"), tables(values={("COLOURS", "himmelblau"): "BLU"}))["colour"] == "BLU"
    assert pairs(own("RED"), tables())["colour"] == "RED"
    filled = fill(own("Blau"), tables())
    assert "colour" not in {each.name for each in filled.attributes}
    assert filled.unmapped == (("COLOURS", "Farbe", "Blau"),)


def test_an_article_is_checked_before_it_is_sent() -> None:
    def code(content: ArticleContent, found: Tables) -> str:
        result = checked(content, found)
        return result.code if isinstance(result, Failure) else ""

    assert code(article(), tables()) == ""
    assert code(article(categories=()), tables()) == "CATEGORY_UNMAPPED"
    assert code(article(words=Words(language="de")), tables()) == "ATTRIBUTE_MISSING"
    strict = tables(
        attributes={
            "HOME": [TaxonomyAttribute(code="colour", label="Farbe", values_code="COLOURS", requirement=REQUIRED)]
        }
    )
    assert code(article(properties=(NamedValue(name="Farbe", value="grün"),)), strict) == "VALUE_UNMAPPED"
    assert code(article(properties=()), strict) == "ATTRIBUTE_MISSING"
    sent = checked(article(), tables())
    assert isinstance(sent, ArticleContent)
    assert (sent.channel_category, {each.name for each in sent.channel_attributes}) == ("KITCHEN", {"title", "colour"})


# --- stored ------------------------------------------------------------------------------------------------------------

FETCHED = Taxonomy(
    nodes=(
        TaxonomyNode(code="HOME", label="Wohnen", is_leaf=False),
        TaxonomyNode(code="KITCHEN", label="Tassen", parent_code="HOME"),
    ),
    attributes=(
        TaxonomyAttribute(code="title", label="Titel", requirement=REQUIRED),
        TaxonomyAttribute(code="ean", label="EAN", category_code="HOME"),
        TaxonomyAttribute(code="colour", label="Farbe", category_code="KITCHEN", kind="list", values_code="COLOURS"),
    ),
    values=(TaxonomyValue(list_code="COLOURS", code="BLU", label="blau"),),
)


@pytest.fixture
def cups(session: Session) -> Category:
    shop = Shop(session)
    kitchen = shop.add(Category(name="Küche"))
    cups: Category = shop.add(Category(name="Tassen", parent_id=kitchen.id))
    category_mapping.store_taxonomy(session, SHOP, FETCHED)
    session.commit()
    return cups


def test_fetching_again_keeps_the_mappings(session: Session, cups: Category) -> None:
    category_mapping.map_category(session, SHOP, cups.id or 0, "KITCHEN", "anna")
    category_mapping.map_attribute(session, SHOP, "", "title", Given(Source.FIELD, "name"), "anna")
    category_mapping.map_value(session, SHOP, "COLOURS", "himmelblau", "BLU")
    category_mapping.store_taxonomy(session, SHOP, FETCHED)
    found = category_mapping.load_tables(session, SHOP)
    assert found.categories == {cups.id: "KITCHEN"}
    assert (found.givens, found.values) == (
        {("", "title"): Given(Source.FIELD, "name")},
        {("COLOURS", "himmelblau"): "BLU"},
    )
    assert found.lines["KITCHEN"] == ["KITCHEN", "HOME"]


def test_a_mapping_can_be_undone_and_one_to_nothing_is_refused(session: Session, cups: Category) -> None:
    category_mapping.map_category(session, SHOP, cups.id or 0, "KITCHEN", "anna")
    category_mapping.map_category(session, SHOP, cups.id or 0, "", "anna")
    category_mapping.map_attribute(session, SHOP, "", "title", Given(Source.FIELD, "name"), "anna")
    category_mapping.map_attribute(session, SHOP, "", "title", None, "anna")
    found = category_mapping.load_tables(session, SHOP)
    assert (found.categories, found.givens) == ({}, {})
    with pytest.raises(FailureError):
        category_mapping.map_category(session, SHOP, cups.id or 0, "GIBT-ES-NICHT", "anna")


def test_changed_mappings_mark_the_articles_as_to_be_sent(session: Session, cups: Category) -> None:
    number = "T-1"
    session.add(
        Link(integration_id=SHOP, kind="articles", record=number, record_id=1, state="failed", code="CATEGORY_UNMAPPED")
    )
    session.commit()
    category_mapping.map_category(session, SHOP, cups.id or 0, "KITCHEN", "anna")
    session.expire_all()
    link = session.exec(select(Link).where(col(Link.record) == number)).one()
    assert (link.state, link.dirty_at is not None) == ("never", True)


def test_values_that_nobody_mapped_become_open_rows_once(session: Session, cups: Category) -> None:
    category_mapping.map_category(session, SHOP, cups.id or 0, "KITCHEN", "anna")
    category_mapping.map_attribute(session, SHOP, "KITCHEN", "colour", Given(Source.PROPERTY, "Farbe"), "anna")
    category_mapping.map_attribute(session, SHOP, "", "title", Given(Source.FIELD, "name"), "anna")
    place = (CategoryPlace(key=str(cups.id), path=("Küche", "Tassen")),)
    green = article(categories=place, properties=(NamedValue(name="Farbe", value="grün"),))
    for _ in range(2):
        sent = category_mapping.apply(session, SHOP, {1: green, 2: Failure.of("IMAGE_NOT_PUBLIC", position=1, sku="x")})
    assert isinstance(sent[1], ArticleContent) and isinstance(sent[2], Failure)
    assert [(row.own_value, row.code) for row in session.exec(select(ValueMapping))] == [("grün", "")]
    assert queries.open_values(session, SHOP) == 1


def test_without_fetched_categories_nothing_is_changed(session: Session) -> None:
    Shop(session)
    assert category_mapping.apply(session, SHOP, {1: article()}) == {1: article()}


def test_suggestions_are_made_only_where_the_meaning_is_clear(session: Session, cups: Category) -> None:
    assert category_mapping.suggest_categories(session, SHOP) == {cups.id: "KITCHEN"}
    found = category_mapping.load_tables(session, SHOP)
    attributes = [each for group in found.attributes.values() for each in group]
    suggested = category_mapping.suggest_sources(attributes, {Source.PROPERTY: ["Farbe"], Source.CUSTOM_FIELD: []})
    assert suggested == {"ean": Given(Source.FIELD, "ean"), "colour": Given(Source.PROPERTY, "Farbe")}


def test_completeness_counts_what_is_ready_and_what_is_missing() -> None:
    lacking = article(words=Words(language="de"))
    counted = category_mapping.completeness([article(), lacking, article(categories=())], tables())
    assert dict(counted["KITCHEN"]) == {"": 2, "ready": 1, "missing:Titel": 1}
    assert counted[""]["ready"] == 0


def test_the_tree_shows_what_is_mapped_and_what_is_mapped_along(session: Session, cups: Category) -> None:
    category_mapping.map_category(session, SHOP, cups.parent_id or 0, "KITCHEN", "anna")
    rows = {row.name: (row.depth, row.code, row.inherited) for row in queries.categories(session, SHOP)}
    assert rows == {"Küche": (0, "KITCHEN", ""), "Tassen": (1, "", "Tassen")}
    assert [node.path for node in queries.nodes(session, SHOP, "tass")] == ["Wohnen › Tassen"]
    needed = [
        row.attribute.code for row in queries.attribute_rows("KITCHEN", category_mapping.load_tables(session, SHOP))
    ]
    assert needed == ["title", "colour", "ean"]
