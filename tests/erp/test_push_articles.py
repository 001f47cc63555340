"""What is sent about articles: every text, picture, place and option by its rule, parents first, each change once."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from canonical.catalogue import ArticleContent, CategoryPlace, DataType, NamedValue, OptionAxis, Structure, Words
from canonical.feature import Feature
from canonical.settings import AdvancedSettings, ArticleSettings
from erp.article_filter import apply_to, build_list, save_filter
from erp.article_options import OptionForm, store_options
from erp.articles import ArticleForm, change_article, create_article, delete_article, fingerprint, form_of, lock_article
from erp.catalogue import (
    ImageForm,
    PropertyForm,
    TextForm,
    add_image,
    store_fields,
    store_properties,
    store_text,
)
from erp.categories import CategoryForm, change_category, create_category, store_categories
from erp.components import ComponentForm, store_components
from erp.cross_selling import shown_beside, store_cross_selling
from erp.feature_settings import save_settings
from erp.foreign_numbers import add_foreign_number
from tests.erp.push_kit import Channel, accept, choose, refuse, statements

D = Decimal
ALL = ArticleSettings()
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
def channel(session: Session, shop: Any) -> Channel:
    """A shop that gets articles."""
    choose(session, Feature.ARTICLES)
    return Channel(session, Feature.ARTICLES, ALL)


def with_settings(**values: Any) -> ArticleSettings:
    return ArticleSettings(**values)


def one(channel: Channel, **settings: Any) -> ArticleContent:
    """List everything, and say what is sent of the only article."""
    build_list(channel.session, "shop-1", "jo")
    channel.settings = with_settings(**settings)
    (content,) = channel.send()
    assert isinstance(content, ArticleContent)
    return content


def test_an_article_is_sent_with_all_that_is_known_of_it(session: Session, shop: Any, channel: Channel) -> None:
    shop.article(
        "A-1", name="Mug", short_text="short", description="<p>long</p>", manufacturer="Ost", manufacturer_number="M1",
        ean="4006381333931", unit="piece", weight=D("0.3500"), net_weight=D("0.3000"), length=D(10), width=D(8),
        height=D("9.5"), customs_number="6912", origin_country="DE", delivery_time="2 days", min_order_quantity=D(2),
        tax_category="reduced", category="Mugs", tags=["new", "blue"], custom_fields={"care": "dishwasher", "b": 1},
    )  # fmt: skip
    store_properties(session, "A-1", [PropertyForm(name="Material", value="Clay")], "jo")
    content = one(channel)
    assert content.words == Words(language="de", name="Mug", short_text="short", description="<p>long</p>")
    assert (content.key, content.sku, content.ref, content.structure) == ("A-1", "A-1", "", Structure.SIMPLE)
    assert (content.manufacturer, content.manufacturer_number, content.ean) == ("Ost", "M1", "4006381333931")
    assert (content.weight, content.length, content.width, content.height) == (D("0.35"), 10, 8, D("9.5"))
    assert (content.customs_number, content.origin_country, content.delivery_time) == ("6912", "DE", "2 days")
    assert (content.min_order_quantity, content.tax_category, content.category) == (2, "reduced", "Mugs")
    assert (content.unit, content.tags) == ("piece", ("new", "blue"))
    assert content.properties == (NamedValue(name="Material", value="Clay"),)
    assert content.custom_fields == (NamedValue(name="b", value="1"), NamedValue(name="care", value="dishwasher"))
    assert content.is_active
    assert not content.is_closeout
    assert content.sends == frozenset(DataType)
    assert channel.link("A-1").external_ref == "ref-A-1"
    assert channel.send() == [], "what was accepted is not sent again"


@pytest.mark.parametrize(("kind", "is_counted"), [("simple", False), ("jit", True)])
def test_a_channel_counts_a_set_that_has_no_stock_of_its_own(
    session: Session, shop: Any, channel: Channel, kind: str, is_counted: bool
) -> None:
    shop.article("SET", kind=kind, is_stock_article=False)
    assert one(channel).is_stock_article is is_counted


def test_texts_of_the_shop_go_before_those_for_all_and_the_articles_own(
    session: Session, shop: Any, channel: Channel
) -> None:
    shop.article("A-1", name="own", short_text="own short", description="own", shop_description="for shops")
    store_text(session, "A-1", TextForm(language="de", name="for all", meta_title="meta"), "jo")
    store_text(session, "A-1", TextForm(language="de", integration_id="shop-1", name="for this shop"), "jo")
    expected = Words(language="de", name="for this shop", short_text="own short", description="for shops")
    assert one(channel).words == expected, "no meta texts without the switch"
    session.execute(text("UPDATE link SET dirty_at = now()"))
    channel.settings = with_settings(meta_texts=True)
    assert channel.send()[0].words.meta_title == "meta"


def test_only_what_is_written_in_a_language_is_its_translation(session: Session, shop: Any, channel: Channel) -> None:
    shop.article("A-1", name="Becher", short_text="kurz")
    store_text(session, "A-1", TextForm(language="en", name="Mug"), "jo")
    store_text(session, "A-1", TextForm(language="fr", name="Tasse"), "jo")
    content = one(channel, translation_languages=frozenset({"en", "nl", "de"}))
    assert content.translations == (Words(language="en", name="Mug"),)


def of_type(name: DataType, content: ArticleContent) -> Any:
    return {
        DataType.MASTER_DATA: (content.words.name, content.manufacturer, content.categories),
        DataType.VARIANTS: content.axes,
        DataType.IMAGES: content.images,
        DataType.TAGS: content.tags,
        DataType.PROPERTIES: content.properties,
        DataType.CUSTOM_FIELDS: content.custom_fields,
        DataType.TRANSLATIONS: content.translations,
        DataType.CROSS_SELLING: content.cross_selling,
    }[name]


@pytest.mark.parametrize("name", DataType)
def test_a_data_type_that_is_not_chosen_is_left_alone(
    session: Session, shop: Any, channel: Channel, name: DataType
) -> None:
    matrix = shop.article("M", kind="matrix", manufacturer="Ost", tags=["new"], custom_fields={"care": "x"})
    shop.article("V", kind="variant", parent_id=matrix.id)
    store_properties(session, "V", [PropertyForm(name="Size", value="S", is_option=True)], "jo")
    store_properties(session, "M", [PropertyForm(name="Material", value="Clay")], "jo")
    store_text(session, "M", TextForm(language="en", name="Mug"), "jo")
    store_categories(session, "M", [create_category(session, CategoryForm(name="Mugs"))], "jo")
    add_image(session, "M", ImageForm(url="https://img.example/1.png"), "jo")
    store_cross_selling(session, "M", ["V"], "jo")
    save_filter(session, "shop-1", [], "jo")
    build_list(session, "shop-1", "jo")
    channel.settings = with_settings(translation_languages=frozenset({"en"}))
    whole = channel.send()[0]
    session.execute(text("UPDATE link SET dirty_at = now()"))
    channel.settings = with_settings(translation_languages=frozenset({"en"}), data_types=frozenset(DataType) - {name})
    less = {content.key: content for content in channel.send()}["M"]
    assert name not in less.sends
    for other in DataType:
        assert any(of_type(other, whole)), "the article has some of everything"
        if other is name:
            assert not any(of_type(other, less))
        else:
            assert of_type(other, less) == of_type(other, whole)


def test_without_the_data_type_variants_stay_at_home(session: Session, shop: Any, channel: Channel) -> None:
    matrix = shop.article("M", kind="matrix")
    shop.article("V", kind="variant", parent_id=matrix.id)
    build_list(session, "shop-1", "jo")
    channel.settings = with_settings(data_types=frozenset({DataType.MASTER_DATA}))
    assert [content.key for content in channel.send()] == ["M"]


def test_the_net_weight_is_sent_where_the_settings_want_it(session: Session, shop: Any, channel: Channel) -> None:
    shop.article("A-1", weight=D("0.35"), net_weight=D("0.3"))
    assert one(channel, use_net_weight=True).weight == D("0.3")


def test_options_of_one_shop_hide_an_article_or_sell_it_out(session: Session, shop: Any, channel: Channel) -> None:
    shop.article("A-1")
    store_options(session, "A-1", "shop-1", OptionForm(is_inactive=True, remaining_stock_only=True), "jo")
    content = one(channel)
    assert (content.is_active, content.is_closeout) == (False, True)


def test_a_locked_article_is_hidden(session: Session, shop: Any, channel: Channel) -> None:
    shop.article("A-1")
    assert one(channel).is_active
    lock_article(session, "A-1", "jo", locked=True)
    assert [content.is_active for content in channel.send()] == [False]


def test_stored_images_are_fetched_from_our_own_address(session: Session, shop: Any, channel: Channel) -> None:
    shop.article("A-1")
    add_image(session, "A-1", ImageForm(title="front", content=PNG), "jo")
    add_image(session, "A-1", ImageForm(url="https://img.example/2.png"), "jo")
    channel.public_url = "https://connect.example/"
    first, second = one(channel).images
    assert first.url == f"https://connect.example/media/{first.digest}.png", "vendors judge by the name"
    assert (first.title, first.position) == ("front", 1)
    assert second.url == "https://img.example/2.png"
    channel.public_url = "https://elsewhere.example"
    session.execute(text("UPDATE link SET dirty_at = now()"))
    assert channel.send() == [], "the picture is the same, wherever it is fetched"


def test_without_an_address_of_ours_stored_images_keep_the_article_here(
    session: Session, shop: Any, channel: Channel
) -> None:
    shop.article("A-1")
    add_image(session, "A-1", ImageForm(content=PNG), "jo")
    build_list(session, "shop-1", "jo")
    assert channel.send() == []
    assert channel.failed == 1
    link = channel.link("A-1")
    assert (link.state, link.code, link.params) == ("failed", "IMAGE_NOT_PUBLIC", {"position": "1", "sku": "A-1"})
    save_settings(session, "shop-1", Feature.ARTICLES, with_settings(data_types=frozenset({DataType.TAGS})), "jo")
    channel.settings = with_settings(data_types=frozenset({DataType.TAGS}))
    assert [content.images for content in channel.send()] == [()], "without the data type there is nothing in the way"


def test_the_place_in_the_tree_goes_along_with_the_channels_id(session: Session, shop: Any, channel: Channel) -> None:
    choose(session, Feature.CATEGORIES)
    shop.article("A-1")
    top = create_category(session, CategoryForm(name="House"))
    below = create_category(session, CategoryForm(name="Mugs", parent_id=top))
    store_categories(session, "A-1", [below], "jo")
    assert one(channel).categories == (CategoryPlace(key=str(below), path=("House", "Mugs")),)
    change_category(session, top, CategoryForm(name="Home"))
    assert [content.categories[0].path for content in channel.send()] == [("Home", "Mugs")]
    session.execute(text("UPDATE link SET external_ref = 'c7' WHERE kind = 'categories'"))
    session.execute(text("UPDATE link SET dirty_at = now()"))
    assert [content.categories[0].ref for content in channel.send()] == ["c7"]
    change_category(session, top, CategoryForm(name="Household"))
    assert channel.send() == [], "a category that the channel knows is renamed there by itself"


def test_articles_beside_and_components_are_named_as_the_channel_knows_them(
    session: Session, shop: Any, channel: Channel
) -> None:
    shop.article("SET", kind="bundle")
    shop.article("A-1")
    shop.article("A-2")
    store_components(session, "SET", [ComponentForm(number="A-1", quantity=D(3))], "jo")
    store_cross_selling(session, "SET", ["A-2", " A-1", "A-2", "SET", ""], "jo")
    assert shown_beside(session, session.execute(text("SELECT id FROM article WHERE number = 'SET'")).scalar_one()) == [
        "A-2",
        "A-1",
    ]
    add_foreign_number(session, "A-1", "shop-1", "SKU", "F-1", "jo")
    build_list(session, "shop-1", "jo")
    channel.advanced = AdvancedSettings(foreign_numbers=True, foreign_number_label="SKU")
    sent = {content.key: content for content in channel.send()}
    assert sent["A-1"].sku == "F-1"
    assert sent["SET"].components == (NamedValue(name="F-1", value="3"),)
    assert sent["SET"].cross_selling == ("A-2", "F-1")


def matrix_of(session: Session, shop: Any, *options: str) -> None:
    """A matrix article whose variants came first, as in an import that got the order wrong."""
    for number, value in enumerate(options, 1):
        shop.article(f"V-{number}")
        store_properties(
            session,
            f"V-{number}",
            [
                PropertyForm(name="Size", value=value, is_option=True),
                PropertyForm(name="Colour", value="red", is_option=True),
            ],
            "jo",
        )
    matrix = shop.article("M", kind="matrix")
    session.execute(
        text("UPDATE article SET kind = 'variant', parent_id = :id WHERE number LIKE 'V-%'"), {"id": matrix.id}
    )


def test_a_parent_goes_before_its_variants_which_get_its_id(session: Session, shop: Any, channel: Channel) -> None:
    matrix_of(session, shop, "M", "L")
    save_filter(session, "shop-1", [{"field": "kind", "operator": "==", "value": "variant", "format": "text"}], "jo")
    build_list(session, "shop-1", "jo")
    save_filter(session, "shop-1", [], "jo")
    build_list(session, "shop-1", "jo")
    channel.portion = 1
    parent, first, second = channel.send()
    assert (parent.key, parent.structure) == ("M", Structure.PARENT)
    assert parent.axes == (OptionAxis(name="Size", values=("M", "L")), OptionAxis(name="Colour", values=("red",)))
    assert (first.structure, first.parent_key, first.parent_sku) == (Structure.VARIANT, "M", "M")
    assert [content.parent_ref for content in (first, second)] == ["ref-M", "ref-M"]
    assert first.options == (NamedValue(name="Size", value="M"), NamedValue(name="Colour", value="red"))
    assert channel.send() == [], "the channel's ids are nothing new"


def test_a_variant_waits_until_its_parent_is_listed(session: Session, shop: Any, channel: Channel) -> None:
    matrix_of(session, shop, "S")
    save_filter(session, "shop-1", [{"field": "kind", "operator": "==", "value": "variant", "format": "text"}], "jo")
    build_list(session, "shop-1", "jo")
    assert channel.send() == []
    link = channel.link("V-1")
    assert (link.state, link.code, link.params) == ("failed", "PARENT_NOT_IN_FILTER", {"parent": "M", "sku": "V-1"})
    save_filter(session, "shop-1", [], "jo")
    apply_to(session, "shop-1", ["M"])
    assert [content.key for content in channel.send()] == ["M", "V-1"]


def test_variants_go_out_by_themselves_once_the_channel_took_their_parent(
    session: Session, shop: Any, channel: Channel
) -> None:
    matrix_of(session, shop, "S")
    build_list(session, "shop-1", "jo")
    channel.send(refuse("PARENT_NOT_EXPORTED", parent="M", sku="V-1"))
    assert channel.dirty() == set()
    session.execute(text("UPDATE link SET dirty_at = now(), state = 'never' WHERE record = 'M'"))
    assert [content.key for content in channel.send()] == ["M", "V-1"]


def test_a_parent_asked_for_by_hand_brings_its_variants(session: Session, shop: Any, channel: Channel) -> None:
    matrix_of(session, shop, "S", "M")
    build_list(session, "shop-1", "jo")
    channel.send()
    assert [content.key for content in channel.send(records=["M"], run="by-hand")] == ["M", "V-1", "V-2"]


def test_a_variant_that_changes_its_options_marks_the_matrix_article(
    session: Session, shop: Any, channel: Channel
) -> None:
    matrix_of(session, shop, "S", "M")
    build_list(session, "shop-1", "jo")
    channel.send()
    store_properties(session, "V-1", [PropertyForm(name="Size", value="XL", is_option=True)], "jo")
    sent = channel.send()
    assert [content.key for content in sent] == ["M", "V-1"]
    assert sent[0].axes[0].values == ("XL", "M")
    create_article(session, ArticleForm(number="V-3", name="third", kind="variant", parent="M", is_stock_article=True))
    assert channel.dirty() == {"M"}


def changed(session: Session, shop: Any, article: Any, **values: Any) -> None:
    before = form_of(session, article)
    change_article(session, ArticleForm(**(before | values)), fingerprint(before), "jo")


CHANGES = {
    "its name": lambda session, shop, article: changed(session, shop, article, name="other"),
    "a text": lambda session, shop, article: store_text(session, "A-1", TextForm(language="de", name="x"), "jo"),
    "an image": lambda session, shop, article: add_image(session, "A-1", ImageForm(url="https://i.example/1"), "jo"),
    "a tag": lambda session, shop, article: store_fields(session, "A-1", {}, ["tag"], "jo"),
    "a property": lambda session, shop, article: store_properties(
        session, "A-1", [PropertyForm(name="a", value="b")], "jo"
    ),
    "what is beside": lambda session, shop, article: store_cross_selling(session, "A-1", ["A-2"], "jo"),
    "options of the shop": lambda session, shop, article: store_options(
        session, "A-1", "shop-1", OptionForm(is_inactive=True), "jo"
    ),
    "its number there": lambda session, shop, article: add_foreign_number(session, "A-1", "shop-1", "S", "F", "jo"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_article_is_sent_and_nothing_else(session: Session, shop: Any, channel: Channel, what: str) -> None:
    article = shop.article("A-1")
    shop.article("A-2")
    build_list(session, "shop-1", "jo")
    channel.advanced = AdvancedSettings(foreign_numbers=True, foreign_number_label="S")
    channel.send()
    CHANGES[what](session, shop, article)
    assert [content.key for content in channel.send()] == ["A-1"]
    assert channel.send() == []


@pytest.mark.parametrize(("auto_delete", "foreign", "expected"), [(True, False, 1), (False, False, 0), (True, True, 0)])
def test_a_deleted_article_is_deleted_in_the_shop_once_and_only_if_wanted(  # noqa: PLR0917
    session: Session, shop: Any, channel: Channel, auto_delete: bool, foreign: bool, expected: int
) -> None:
    shop.article("A-1")
    shop.article("NEW")
    build_list(session, "shop-1", "jo")
    session.execute(text("UPDATE link SET dirty_at = NULL WHERE record = 'NEW'"))
    channel.settings = with_settings(auto_delete=auto_delete)
    channel.send()
    channel.advanced = AdvancedSettings(foreign_numbers=foreign, foreign_number_label="S")
    delete_article(session, "A-1", "jo")
    delete_article(session, "NEW", "jo")
    sent = channel.send()
    assert [(content.key, content.ref, content.is_deleted) for content in sent] == [("A-1", "ref-A-1", True)] * expected
    assert channel.send() == []


def test_articles_that_stand_for_postage_and_discounts_are_no_goods(
    session: Session, shop: Any, channel: Channel
) -> None:
    for flag in ("is_postage", "is_discount", "is_surcharge"):
        shop.article(flag, **{flag: True})
    shop.article("A-1")
    build_list(session, "shop-1", "jo")
    assert [content.key for content in channel.send()] == ["A-1"]


def test_an_article_that_fell_out_of_the_filter_gets_no_further_updates(
    session: Session, shop: Any, channel: Channel
) -> None:
    shop.article("A-1")
    build_list(session, "shop-1", "jo")
    channel.send()
    save_filter(session, "shop-1", [{"field": "number", "operator": "==", "value": "X", "format": "text"}], "jo")
    build_list(session, "shop-1", "jo")
    store_fields(session, "A-1", {}, ["tag"], "jo")
    assert channel.send() == []


def test_collecting_takes_as_many_statements_for_many_articles_as_for_few(
    session: Session, shop: Any, channel: Channel
) -> None:
    session.execute(
        text(
            "INSERT INTO article (number, name, description, kind, category, manufacturer, ean, tax_category,"
            " is_stock_article, is_postage, is_discount, is_surcharge, allows_decimals, is_locked, is_deleted,"
            " syncs_stock, stock_correction) SELECT 'N' || n, 'n', '', 'simple', '', '', '', 'normal',"
            " true, false, false, false, false, false, false, true, 0 FROM generate_series(1, 300) n"
        )
    )
    build_list(session, "shop-1", "jo")
    session.execute(text("UPDATE link SET dirty_at = NULL WHERE record <> 'N1'"))
    with statements(session) as few:
        assert len(channel.send()) == 1
    session.execute(text("UPDATE link SET dirty_at = now()"))
    channel.portion = 1000
    with statements(session) as many:
        assert len(channel.send()) == 299
    assert len(many) == len(few)


def test_what_a_channel_answers_for_a_parent_holds_for_the_next_run_too(
    session: Session, shop: Any, channel: Channel
) -> None:
    matrix_of(session, shop, "S")
    build_list(session, "shop-1", "jo")
    channel.send(lambda items: accept([item for item in items if item.key == "M"]))
    session.execute(text("UPDATE link SET dirty_at = now(), state = 'never' WHERE record = 'V-1'"))
    assert [content.parent_ref for content in channel.send()] == ["ref-M"]
