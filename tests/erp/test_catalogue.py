"""What channels show of an article: texts by priority, images, properties, free fields, and the category tree."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from canonical.failure import FailureError
from erp.catalogue import (
    LARGEST_IMAGE,
    Arranged,
    ImageForm,
    PropertyForm,
    TextForm,
    add_image,
    arrange_images,
    delete_image,
    media_type,
    store_fields,
    store_properties,
    store_text,
    text_for,
)
from erp.categories import CategoryForm, change_category, create_category, delete_category, store_categories
from erp.queries import catalogue
from erp.tables import Article, ArticleCategory, ArticleImage, ArticleProperty, ArticleText, Category, Link

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 20
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 "


def written(language: str, shop: str | None, **values: str) -> ArticleText:
    return ArticleText(article_id=1, language=language, integration_id=shop, **values)


MUG = Article(number="A-1", name="Becher", description="Plain", short_text="Short", shop_description="For shops")


def test_texts_of_this_shop_come_first_then_those_of_all_shops_then_the_articles_own() -> None:
    texts = [written("en", None, name="Mug", description="A mug"), written("en", "shop-1", name="Shop mug")]
    assert text_for(texts, MUG, "en", "shop-1").name == "Shop mug"
    assert text_for(texts, MUG, "en", "shop-2").name == "Mug"
    assert text_for(texts, MUG, "en", None).name == "Mug"
    assert text_for(texts, MUG, "fr", "shop-1").name == "Becher"
    assert text_for(texts, MUG, "en", "shop-1").description == "A mug", "an empty field counts as not written"


def test_the_shop_description_wins_over_the_description_where_it_is_filled() -> None:
    assert text_for([], MUG, "de", None).description == "For shops"
    plain = Article(number="A-2", name="B", description="Plain")
    assert text_for([], plain, "de", None).description == "Plain"


def test_texts_are_stored_once_per_language_and_shop_and_deleted_when_all_are_empty(
    session: Session, shop: Any
) -> None:
    article = shop.article("A-1")
    shop.add(Link(integration_id="shop-1", kind="articles", record="A-1", record_id=article.id))
    for integration in ("", "shop-1"):
        for name in ("Mug", "Cup"):
            store_text(session, "A-1", TextForm(language="en", integration_id=integration, name=name), "jo")
    assert sorted((row.integration_id or "", row.name) for row in session.exec(select(ArticleText))) == [
        ("", "Cup"), ("shop-1", "Cup"),
    ]  # fmt: skip
    store_text(session, "A-1", TextForm(language="en"), "jo")
    assert [row.integration_id for row in session.exec(select(ArticleText))] == ["shop-1"]
    assert session.exec(select(Link.dirty_at)).one() is not None
    with pytest.raises(FailureError, match="SHOP_UNKNOWN"):
        store_text(session, "A-1", TextForm(language="en", integration_id="nope", name="x"), "jo")


def test_an_image_is_known_by_its_first_bytes() -> None:
    assert [media_type(content) for content in (PNG, JPEG, WEBP)] == ["image/png", "image/jpeg", "image/webp"]
    for content in (b"<svg onload=alert(1)>", b"GIF89a", b"RIFF\x24\x00\x00\x00WAVE", b""):
        assert media_type(content) is None


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (ImageForm(), "IMAGE_MISSING"),
        (ImageForm(url="https://x.example/a.png", content=PNG), "IMAGE_MISSING"),
        (ImageForm(content=PNG + b"\x00" * LARGEST_IMAGE), "IMAGE_TOO_LARGE"),
        (ImageForm(content=b"<svg/>"), "IMAGE_FORMAT"),
        (ImageForm(url="http://x.example/a.png"), "IMAGE_ADDRESS"),
        (ImageForm(url="https://"), "IMAGE_ADDRESS"),
        (ImageForm(url="https://me:secret@x.example/a.png"), "IMAGE_ADDRESS"),
        (ImageForm(url="https://[x"), "IMAGE_ADDRESS"),
    ],
)
def test_what_is_no_image_is_refused(session: Session, shop: Any, form: ImageForm, code: str) -> None:
    shop.article("A-1")
    with pytest.raises(FailureError, match=code):
        add_image(session, "A-1", form, "jo")


def test_images_have_an_order_and_the_same_one_is_there_once(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.article("A-2")
    first = add_image(session, "A-1", ImageForm(content=PNG, title="Front"), "jo")
    second = add_image(session, "A-1", ImageForm(content=JPEG), "jo")
    third = add_image(session, "A-1", ImageForm(url="https://x.example/a.webp"), "jo")
    other = add_image(session, "A-2", ImageForm(content=PNG), "jo")
    assert add_image(session, "A-1", ImageForm(content=PNG), "jo") == first
    arrange_images(session, "A-1", [Arranged(third, 1, " Best "), Arranged(other, 9, "stolen")], "jo")
    delete_image(session, "A-1", other, "jo")
    delete_image(session, "A-1", second, "jo")
    session.expire_all()
    rows = session.exec(select(ArticleImage).order_by(ArticleImage.article_id, ArticleImage.position))  # type: ignore[arg-type]
    assert [(row.id, row.title) for row in rows] == [(first, "Front"), (third, "Best"), (other, "")]


def test_an_image_is_moved_to_the_front(session: Session, shop: Any) -> None:
    shop.article("A-1")
    ids = [add_image(session, "A-1", ImageForm(url=f"https://x.example/{n}"), "jo") for n in range(3)]
    arrange_images(session, "A-1", [Arranged(ids[2], 0, "")], "jo")
    session.expire_all()
    rows = session.exec(select(ArticleImage).order_by(ArticleImage.position))  # type: ignore[arg-type]
    assert [(row.id, row.position) for row in rows] == [(ids[2], 1), (ids[0], 2), (ids[1], 3)]


def options(*pairs: tuple[str, str]) -> list[PropertyForm]:
    return [PropertyForm(name=name, value=value, is_option=True) for name, value in pairs]


def test_two_variants_of_a_matrix_article_have_different_options(session: Session, shop: Any) -> None:
    matrix = shop.article("M", kind="matrix")
    for number in ("V-1", "V-2", "V-3"):
        shop.article(number, kind="variant", parent_id=matrix.id)
    elsewhere = shop.article("N", kind="matrix")
    shop.article("W-1", kind="variant", parent_id=elsewhere.id)
    store_properties(session, "V-1", options(("Colour", "red"), ("Size", "M")), "jo")
    store_properties(session, "V-2", options(("Colour", "red")), "jo")
    store_properties(session, "W-1", options(("Colour", "red"), ("Size", "M")), "jo")
    with pytest.raises(FailureError, match="OPTIONS_TAKEN") as caught:
        store_properties(session, "V-2", options(("size", "m"), ("Colour", "Red")), "jo")
    assert caught.value.failure.params == {"sku": "V-2", "other": "V-1"}
    plain = [PropertyForm(name="Care", value="cold")]
    store_properties(session, "V-2", plain, "jo")
    store_properties(session, "V-3", plain, "jo")
    assert len(session.exec(select(ArticleProperty)).all()) == 6


def test_properties_are_replaced_in_their_order_and_none_is_there_twice(session: Session, shop: Any) -> None:
    shop.article("A-1")
    store_properties(session, "A-1", [PropertyForm(name="B", value="1"), PropertyForm(name="A", value="1")], "jo")
    with pytest.raises(FailureError, match="PROPERTY_TWICE"):
        store_properties(session, "A-1", [PropertyForm(name="B", value="1")] * 2, "jo")
    rows = session.exec(select(ArticleProperty).order_by(ArticleProperty.position))  # type: ignore[arg-type]
    assert [row.name for row in rows] == ["B", "A"]


def test_free_fields_and_tags_are_cleaned(session: Session, shop: Any) -> None:
    article = shop.article("A-1")
    store_fields(session, "A-1", {" Lieferzeit ": " 2 Tage ", "": "lost"}, ["new ", "new", "", "sale"], "jo")
    session.refresh(article)
    assert (article.custom_fields, article.tags) == ({"Lieferzeit": "2 Tage"}, ["new", "sale"])


def category(session: Session, name: str, parent: int | None = None) -> int:
    return create_category(session, CategoryForm(name=name, parent_id=parent))


def test_a_name_is_there_once_among_siblings(session: Session) -> None:
    top = category(session, "Home")
    category(session, "Mugs", top)
    category(session, "Mugs")
    for parent in (None, top):
        with pytest.raises(FailureError, match="CATEGORY_TAKEN"):
            category(session, "Mugs", parent)
    with pytest.raises(FailureError, match="RECORD_GONE"):
        category(session, "x", 999)


def test_a_category_is_renamed_and_moved_but_never_into_itself(session: Session) -> None:
    a = category(session, "a")
    b = category(session, "b", a)
    c = category(session, "c", b)
    for target in (a, b, c):
        with pytest.raises(FailureError, match="CATEGORY_CYCLE"):
            change_category(session, a, CategoryForm(name="a", parent_id=target))
    change_category(session, c, CategoryForm(name="C", parent_id=None, position=3))
    row = session.get_one(Category, c)
    assert (row.name, row.parent_id, row.position) == ("C", None, 3)
    with pytest.raises(FailureError, match="CATEGORY_TAKEN"):
        change_category(session, c, CategoryForm(name="a"))


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_no_series_of_moves_makes_a_circle(session: Session, moves: list[tuple[int, int]]) -> None:
    session.rollback()
    ids = [category(session, f"c{n}") for n in range(5)]
    for moved, target in moves:
        try:
            change_category(session, ids[moved], CategoryForm(name=f"c{moved}", parent_id=ids[target]))
        except FailureError as error:
            assert error.failure.code == "CATEGORY_CYCLE"
    parents = {row.id: row.parent_id for row in session.exec(select(Category))}
    for start in ids:
        at, steps = parents[start], 0
        while at is not None:
            assert steps < 5
            at, steps = parents[at], steps + 1


def test_a_category_is_deleted_when_it_is_empty_or_its_content_moves_up(session: Session, shop: Any) -> None:
    top = category(session, "top")
    inner = category(session, "inner", top)
    same = category(session, "inner", inner)
    shop.article("A-1")
    store_categories(session, "A-1", [inner, top], "jo")
    with pytest.raises(FailureError, match="CATEGORY_NOT_EMPTY") as caught:
        delete_category(session, inner, moves_up=False)
    assert caught.value.failure.params == {"name": "inner", "articles": "1", "children": "1"}
    delete_category(session, inner, moves_up=True)
    session.expire_all()
    assert session.get_one(Category, same).parent_id == top
    assert session.exec(select(ArticleCategory.category_id)).all() == [top]
    delete_category(session, top, moves_up=True)
    session.expire_all()
    assert session.get_one(Category, same).parent_id is None
    assert session.exec(select(ArticleCategory)).all() == []
    delete_category(session, same, moves_up=False)


def test_content_does_not_move_to_where_its_name_is_taken(session: Session) -> None:
    top = category(session, "top")
    category(session, "inner")
    category(session, "inner", top)
    with pytest.raises(FailureError, match="CATEGORY_TAKEN"):
        delete_category(session, top, moves_up=True)


def test_an_article_is_in_exactly_the_chosen_categories(session: Session, shop: Any) -> None:
    article = shop.article("A-1")
    a, b = category(session, "a"), category(session, "b")
    store_categories(session, "A-1", [a, a], "jo")
    store_categories(session, "A-1", [b], "jo")
    assert session.exec(select(ArticleCategory)).all() == [ArticleCategory(article_id=article.id, category_id=b)]
    with pytest.raises(FailureError, match="RECORD_GONE"):
        store_categories(session, "A-1", [999], "jo")


def test_the_tree_reads_like_a_table_of_contents(session: Session, shop: Any) -> None:
    shop.article("A-1")
    b = create_category(session, CategoryForm(name="b", position=1))
    a = create_category(session, CategoryForm(name="a", position=2))
    inner = create_category(session, CategoryForm(name="z", parent_id=b, position=10))
    other = create_category(session, CategoryForm(name="y", parent_id=b, position=9))
    store_categories(session, "A-1", [inner], "jo")
    rows = [(row.id, row.depth, row.path, row.articles) for row in catalogue.categories(session)]
    assert rows == [(b, 0, "b", 0), (other, 1, "b › y", 0), (inner, 1, "b › z", 1), (a, 0, "a", 0)]
