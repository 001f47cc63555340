"""What is sent about prices: the chosen source's and no other, gross or net, with scales and groups where wanted."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from canonical.catalogue import PriceTier
from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.settings import AdvancedSettings, PriceSettings
from erp.article_filter import build_list
from erp.article_options import OptionForm, store_options
from erp.articles import ArticleForm, change_article, fingerprint, form_of
from erp.feature_settings import save_settings
from erp.foreign_numbers import add_foreign_number
from erp.prices import PriceForm, add_price, change_price, set_standard
from erp.tables import CustomerGroup
from tests.erp.push_kit import Channel, choose, statements

D = Decimal
TODAY = date.today()  # noqa: DTZ011 - prices are valid by the day of the house
DAY = timedelta(days=1)


@pytest.fixture
def channel(session: Session, shop: Any) -> Channel:
    """A shop that gets prices, and a group of dealers."""
    choose(session, Feature.PRICES)
    shop.add(CustomerGroup(code="D", name="Dealers"))
    return Channel(session, Feature.PRICES, PriceSettings())


def priced(session: Session, shop: Any, number: str = "A-1", *prices: dict[str, Any], **values: Any) -> Any:
    """A listed article with prices; without any it costs 11.90 gross."""
    article = shop.article(number, **values)
    for price in prices or ({"amount": D("11.90")},):
        add_price(session, number, PriceForm(**price), "jo")
    build_list(session, "shop-1", "jo")
    return article


def one(channel: Channel, **settings: Any) -> Any:
    channel.settings = PriceSettings(**settings)
    (prices,) = channel.send()
    return prices


def test_the_standard_price_is_sent_gross_once(session: Session, shop: Any, channel: Channel) -> None:
    priced(session, shop)
    prices = one(channel)
    assert prices.base == PriceTier(amount=D("11.90"))
    assert (prices.key, prices.sku, prices.tax_category, prices.tax_rate) == ("A-1", "A-1", "normal", 19)
    assert prices.tiers == ()
    assert channel.link("A-1").sent_value == "11.90 EUR"
    assert channel.send() == []


@pytest.mark.parametrize(
    ("category", "amount", "is_gross", "net", "expected"),
    [
        ("normal", "11.90", True, True, "10.00"),
        ("reduced", "10.70", True, True, "10.00"),
        ("exempt", "9.99", True, True, "9.99"),
        ("normal", "9.99", True, True, "8.395"),
        ("normal", "8.395", False, False, "9.99"),
        ("special", "9.99", True, False, "9.99"),
        ("normal", "8.3950", False, True, "8.395"),
    ],
)
def test_prices_are_sent_as_the_shop_keeps_them(  # noqa: PLR0917
    session: Session, shop: Any, channel: Channel, category: str, amount: str, is_gross: bool, net: bool, expected: str
) -> None:
    priced(session, shop, "A-1", {"amount": D(amount), "is_gross": is_gross}, tax_category=category)
    base = one(channel, prices_net=net).base
    assert (str(base.amount), base.is_gross) == (expected, not net)


def test_the_rates_of_the_settings_count(session: Session, shop: Any, channel: Channel) -> None:
    priced(session, shop, "A-1", {"amount": D(120)})
    prices = one(channel, prices_net=True, tax_normal=D(20))
    assert (prices.base.amount, prices.tax_rate) == (100, 20)


def test_a_special_rate_that_nobody_stated_keeps_a_price_here(session: Session, shop: Any, channel: Channel) -> None:
    priced(session, shop, tax_category="special")
    channel.settings = PriceSettings(prices_net=True)
    assert channel.send() == []
    assert channel.link("A-1").code == "TAX_RATE_MISSING"


def test_the_price_of_a_group_is_chosen_by_its_exact_name_and_no_other_stands_in(
    session: Session, shop: Any, channel: Channel
) -> None:
    priced(session, shop, "A-1", {"amount": D(10)}, {"amount": D(8), "group": "Dealers"})
    priced(session, shop, "A-2", {"amount": D(10)})
    channel.settings = PriceSettings(price_source_name="Dealers")
    assert [(prices.key, prices.base.amount, prices.base.group) for prices in channel.send()] == [("A-1", D(8), "")]
    assert channel.failed == 1
    link = channel.link("A-2")
    assert (link.state, link.code) == ("failed", "NO_PRICE")
    assert link.params == {"sku": "A-2", "source": "Dealers", "currency": "EUR"}
    add_price(session, "A-2", PriceForm(amount=D(7), group="Dealers"), "jo")
    assert [(prices.key, prices.base.amount) for prices in channel.send()] == [("A-2", D(7))], "it waited for this"


def test_a_source_that_nobody_has_stops_the_feature(session: Session, shop: Any, channel: Channel) -> None:
    priced(session, shop)
    channel.settings = PriceSettings(price_source_name="dealers")
    with pytest.raises(FailureError, match="PRICE_SOURCE_UNKNOWN"):
        channel.send()


def test_another_source_sends_what_failed_before(session: Session, shop: Any, channel: Channel) -> None:
    priced(session, shop)
    channel.settings = PriceSettings(price_source_name="Dealers")
    assert channel.send() == []
    save_settings(session, "shop-1", Feature.PRICES, PriceSettings(), "jo")
    assert one(channel).base.amount == D("11.90")


def test_the_pseudo_price_of_the_shop_goes_before_the_prices_own(session: Session, shop: Any, channel: Channel) -> None:
    priced(session, shop, "A-1", {"amount": D("11.90"), "pseudo_amount": D("14.28")})
    assert one(channel).base.pseudo_amount == D("14.28")
    store_options(session, "A-1", "shop-1", OptionForm(pseudo_price=D("23.80")), "jo")
    assert one(channel).base.pseudo_amount == D("23.80")
    session.execute(text("UPDATE link SET dirty_at = now()"))
    assert one(channel, prices_net=True).base.pseudo_amount == D(20)
    session.execute(text("UPDATE link SET dirty_at = now()"))
    assert one(channel, send_pseudo_price=False).base.pseudo_amount is None


def test_scales_groups_and_dates_are_sent_only_as_advanced_prices(
    session: Session, shop: Any, channel: Channel
) -> None:
    priced(
        session,
        shop,
        "A-1",
        {"amount": D(10)},
        {"amount": D(9), "from_quantity": D(10)},
        {"amount": D(8), "group": "Dealers"},
        {"amount": D(7), "valid_from": TODAY + DAY, "valid_to": TODAY + 2 * DAY},
        {"amount": D(6), "valid_from": TODAY - 3 * DAY, "valid_to": TODAY - DAY},
        {"amount": D(5), "customer": shop.customer.number},
        {"amount": D(4), "currency": "USD"},
    )
    assert one(channel).tiers == ()
    session.execute(text("UPDATE link SET dirty_at = now()"))
    prices = one(channel, advanced_prices=True)
    assert prices.base.amount == 10
    assert [(tier.group, tier.from_quantity, tier.amount, tier.valid_from) for tier in prices.tiers] == [
        ("", 1, 7, TODAY + DAY),
        ("", 10, 9, None),
        ("Dealers", 1, 8, None),
    ]
    assert channel.link("A-1").sent_value == "10.00 EUR +3"


def test_scales_of_the_chosen_group_are_for_everybody(session: Session, shop: Any, channel: Channel) -> None:
    dealer = {"group": "Dealers"}
    priced(session, shop, "A-1", {"amount": D(8)} | dealer, {"amount": D(7), "from_quantity": D(5)} | dealer)
    prices = one(channel, price_source_name="Dealers", advanced_prices=True)
    assert [(tier.group, tier.from_quantity, tier.amount) for tier in prices.tiers] == [("", 5, 7)]


def test_another_currency_has_its_own_prices(session: Session, shop: Any, channel: Channel) -> None:
    priced(session, shop, "A-1", {"amount": D(10)}, {"amount": D(12), "currency": "USD"})
    base = one(channel, currency="USD").base
    assert (base.amount, base.currency) == (12, "USD")


def test_no_price_setting_is_without_a_test() -> None:
    assert set(PriceSettings.model_fields) == {
        "price_source_name", "currency", "prices_net", "tax_normal", "tax_reduced", "tax_exempt", "advanced_prices",
        "send_pseudo_price",
    }  # fmt: skip


def test_a_matrix_article_has_its_variants_prices(session: Session, shop: Any, channel: Channel) -> None:
    matrix = priced(session, shop, "M", kind="matrix")
    priced(session, shop, "V", kind="variant", parent_id=matrix.id)
    choose(session, Feature.ARTICLES)
    build_list(session, "shop-1", "jo")
    session.execute(text("UPDATE link SET external_ref = 'p7' WHERE kind = 'articles' AND record = 'M'"))
    assert [(prices.key, prices.parent_ref) for prices in channel.send()] == [("V", "p7")]


def test_a_price_that_begins_by_itself_is_sent_by_the_nightly_list(
    session: Session, shop: Any, channel: Channel
) -> None:
    priced(session, shop, "A-1", {"amount": D(10)}, {"amount": D(9), "valid_from": TODAY, "valid_to": TODAY + DAY})
    priced(session, shop, "A-2", {"amount": D(10)})
    channel.send()
    build_list(session, "shop-1", "nightly")
    assert channel.dirty() == set(), "what is valid was sent already"
    session.execute(text("UPDATE link SET sent_at = now() - interval '1 day'"))
    build_list(session, "shop-1", "nightly")
    assert channel.dirty() == {"A-1"}
    channel.send()
    session.execute(
        text("UPDATE price SET valid_from = current_date - 3, valid_to = current_date - 1 WHERE amount = 9")
    )
    session.execute(text("UPDATE link SET sent_at = now() - interval '1 day'"))
    build_list(session, "shop-1", "nightly")
    assert [(prices.key, prices.base.amount) for prices in channel.send()] == [("A-1", D(10))]


def test_changes_of_price_tax_and_number_are_sent(session: Session, shop: Any, channel: Channel) -> None:
    article = priced(session, shop)
    priced(session, shop, "A-2")
    channel.advanced = AdvancedSettings(foreign_numbers=True, foreign_number_label="SKU")
    assert len(channel.send()) == 2
    set_standard(session, article.id, D(13))
    assert [prices.base.amount for prices in channel.send()] == [13]
    price = add_price(session, "A-1", PriceForm(amount=D(9), group="Dealers"), "jo")
    change_price(session, price.id or 0, PriceForm(amount=D(8), group="Dealers"), "jo")
    assert channel.dirty() == {"A-1"}
    assert channel.send() == [], "the shop does not see the dealers' price"
    before = form_of(session, article)
    change_article(session, ArticleForm(**(before | {"tax_category": "reduced"})), fingerprint(before), "jo")
    assert [prices.tax_rate for prices in channel.send()] == [7]
    add_foreign_number(session, "A-1", "shop-1", "SKU", "F-1", "jo")
    assert [prices.sku for prices in channel.send()] == ["F-1"]


def test_collecting_takes_as_many_statements_for_many_prices_as_for_few(
    session: Session, shop: Any, channel: Channel
) -> None:
    for number in range(20):
        shop.article(f"A-{number}")
        add_price(session, f"A-{number}", PriceForm(amount=D(10)), "jo")
    build_list(session, "shop-1", "jo")
    session.execute(text("UPDATE link SET dirty_at = NULL WHERE record <> 'A-0'"))
    channel.settings = PriceSettings(advanced_prices=True)
    with statements(session) as few:
        assert len(channel.send()) == 1
    session.execute(text("UPDATE link SET dirty_at = now()"))
    with statements(session) as many:
        assert len(channel.send()) == 19
    assert len(many) == len(few)


def test_a_batch_that_a_dead_run_left_is_computed_anew_refusals_too(
    session: Session, shop: Any, channel: Channel
) -> None:
    article = priced(session, shop)
    priced(session, shop, "A-2")
    batch = channel.collect()
    set_standard(session, article.id, None)
    assert channel.collect(run="run-2") == batch
    assert [prices.key for prices in channel.send(run="run-2")] == ["A-2"]
    assert channel.link("A-1").code == "NO_PRICE"


def test_a_price_that_comes_while_its_refusal_is_on_the_way_is_sent(
    session: Session, shop: Any, channel: Channel
) -> None:
    shop.article("A-1")
    build_list(session, "shop-1", "jo")
    assert channel.collect()
    session.commit()
    add_price(session, "A-1", PriceForm(amount=D(10)), "jo")
    assert [prices.base.amount for prices in channel.send(run="run-2")] == [10]
