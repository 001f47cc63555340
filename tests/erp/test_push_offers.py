"""Offers that a marketplace lacks: created from the price export, through the real activities against a simulated marketplace."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from activities.deps import Deps
from activities.push import PushActivities
from canonical.feature import Feature
from canonical.runs import PageTask, RunRef
from canonical.settings import AdvancedSettings, ArticleSettings
from connectors.mirakl import SPEC
from connectors.mirakl.settings import MiraklCredentials
from connectors.transport import TransportOptions
from erp.article_filter import build_list
from erp.articles import ArticleForm, change_article, fingerprint, form_of
from erp.credentials import store_credentials
from erp.database import make_sessions
from erp.feature_settings import save_settings
from erp.foreign_numbers import add_foreign_number
from erp.prices import PriceForm, add_price
from erp.secrets import Keyring
from erp.tables import Article, Link
from sandbox.mirakl import MiraklShop
from sandbox.server import SandboxServer
from tests.erp.conftest import Shop
from tests.erp.push_kit import Channel, choose

D = Decimal
MUG_EAN, BOWL_EAN = "4006381333931", "4006381333948"


class Market:
    """A marketplace with an offer of the mug, and products without offers; our runs against it."""

    def __init__(self, session: Session, engine: Engine, erp: Shop, channel: MiraklShop) -> None:
        self.session, self.erp, self.channel = session, erp, channel
        keyring = Keyring({"k1": bytes(range(32))})
        self.deps = Deps(make_sessions(engine), keyring, TransportOptions(allow_private=True, timeout=5))
        self.activities = PushActivities(self.deps)
        self.revision: dict[Feature, int] = {}
        erp.integration.connector = "mirakl"
        credentials = channel.credentials() | {"api_key": SecretStr(channel.api_key)}
        store_credentials(session, keyring, "shop-1", MiraklCredentials.model_validate(credentials))
        self.configure(Feature.STOCK, warehouses=["MAIN"])

    def configure(self, feature: Feature, **values: Any) -> None:
        """Save settings of a feature."""
        settings = SPEC.features[feature].settings(**values)
        self.revision[feature] = save_settings(self.session, "shop-1", feature, settings, "jo")
        self.session.commit()

    def task(self, feature: Feature, run: str) -> PageTask:
        """The first step of a run."""
        ref = RunRef(integration_id="shop-1", feature=feature)
        return PageTask(ref=ref, run_id=run, settings_revision=self.revision.get(feature, 0))

    def article(self, number: str, price: str = "11.90", stock: int = 0, **values: Any) -> Article:
        """A listed article with a price, and as many pieces as said."""
        made = self.erp.article(number, is_stock_article=True, syncs_stock=True, **values)
        add_price(self.session, number, PriceForm(amount=D(price)), "jo")
        if stock:
            self.erp.stock(stock, number)
        build_list(self.session, "shop-1", "jo")
        self.session.commit()
        return made

    def run(self, feature: Feature, *, run: str = "run-1") -> None:
        """A push run, as its workflow goes; a minute passes between two calls of one kind."""
        task = self.task(feature, run)
        for _ in range(10):
            collected = self.activities.collect_batch(task)
            if not collected.batch_id:
                return
            going = task.model_copy(update={"batch_id": collected.batch_id})
            sent = self.step(self.activities.send_batch, going)
            while sent.ticket:
                sent = self.step(self.activities.check_ticket, going.model_copy(update={"ticket": sent.ticket}))
            self.activities.settle_batch(going)
        raise AssertionError("the run does not end")

    def step(self, activity: Any, task: PageTask) -> Any:
        """An activity, after a minute."""
        self.session.execute(text("DELETE FROM rate_bucket"))
        self.session.commit()
        return activity(task)

    def link(self, feature: str, record: str) -> Link:
        """What is known of a record, fresh."""
        self.session.rollback()
        query = select(Link).where(Link.kind == feature, Link.record == record)
        return self.session.exec(query.execution_options(populate_existing=True)).one()

    def calls(self, operation: str) -> int:
        """How often the marketplace took something."""
        paths = {"OF01": ("POST", "/api/offers/imports$"), "PRI01": ("POST", "/api/offers/pricing/imports$")}
        return int(self.channel.requests.count(*paths[operation], 201))


@pytest.fixture
def market(session: Session, engine: Engine, shop: Shop) -> Iterator[Market]:
    channel = MiraklShop(shown_statuses=())
    channel.add_article("MUG", "Becher", "9.90", stock=5, ean=MUG_EAN)
    channel.add_article("BOWL-OF-ANOTHER", "Schale", "1.00", stock=0, ean=BOWL_EAN)
    with SandboxServer(channel):
        choose(session, Feature.PRICES, Feature.STOCK)
        yield Market(session, engine, shop, channel)


def test_an_article_without_an_offer_gets_one_with_its_price_and_quantity(market: Market) -> None:
    market.article("MUG", ean=MUG_EAN)
    market.article("BOWL", "17.50", stock=4, ean=BOWL_EAN)
    market.run(Feature.STOCK)
    assert market.link("stock", "BOWL").code == "NOT_IN_SHOP", "stock alone creates nothing"
    market.run(Feature.PRICES)
    bowl = market.channel.offers["BOWL"]
    assert (bowl.price, bowl.quantity, bowl.state) == (D("17.50"), 4, "11")
    assert bowl.product_sku == market.channel.offers["BOWL-OF-ANOTHER"].product_sku, "found by its EAN"
    assert market.channel.offers["MUG"].price == D("11.90"), "the others were sent all the same"
    for number in ("MUG", "BOWL"):
        link = market.link("prices", number)
        assert (link.state, link.code, link.dirty_at, link.external_ref) == ("sent", "", None, number)
    assert (market.calls("PRI01"), market.calls("OF01")) == (1, 1)
    market.run(Feature.STOCK, run="run-2")
    assert market.link("stock", "BOWL").state == "sent", "what stock had said in vain it says again"
    market.erp.stock(3, "BOWL")
    market.session.commit()
    market.run(Feature.STOCK, run="run-3")
    assert market.channel.offers["BOWL"].quantity == 7, "and goes on"


def test_an_offer_that_lacks_its_ean_says_so_and_is_created_once_it_is_entered(market: Market) -> None:
    market.article("BOWL", "17.50")
    market.run(Feature.PRICES)
    assert (market.link("prices", "BOWL").state, market.link("prices", "BOWL").code) == ("failed", "OFFER_EAN_MISSING")
    assert market.calls("OF01") == 0 and "BOWL" not in market.channel.offers
    enter_ean(market, "BOWL", BOWL_EAN)
    market.run(Feature.PRICES, run="run-2")
    assert market.link("prices", "BOWL").state == "sent" and "BOWL" in market.channel.offers


def enter_ean(market: Market, number: str, ean: str) -> None:
    """Somebody completes the article on its page."""
    article = market.session.exec(select(Article).where(Article.number == number)).one()
    before = form_of(market.session, article)
    change_article(market.session, ArticleForm.model_validate(before | {"ean": ean}), fingerprint(before), "jo")
    market.session.commit()


def test_what_the_marketplace_refuses_is_said_and_not_asked_for_again(market: Market) -> None:
    market.article("BOWL", ean="0000000000000")
    market.run(Feature.PRICES)
    link = market.link("prices", "BOWL")
    assert (link.state, link.code) == ("failed", "ITEM_REFUSED") and "does not exist" in link.params["reason"]
    market.run(Feature.PRICES, run="run-2")
    assert market.calls("OF01") == 1


def test_where_no_offers_are_to_be_created_the_missing_one_is_said_once(market: Market) -> None:
    market.configure(Feature.STOCK, warehouses=["MAIN"], new_offer_state="")
    market.article("BOWL", ean=BOWL_EAN)
    market.run(Feature.PRICES)
    assert (market.link("prices", "BOWL").state, market.link("prices", "BOWL").code) == ("failed", "NOT_IN_SHOP")
    assert (market.calls("PRI01"), market.calls("OF01")) == (1, 0)


def test_group_and_scale_prices_follow_once_the_offer_is_there(market: Market) -> None:
    market.configure(Feature.PRICES, advanced_prices=True)
    market.article("BOWL", "17.50", ean=BOWL_EAN)
    add_price(market.session, "BOWL", PriceForm(amount=D("15.00"), from_quantity=D(10)), "jo")
    market.session.commit()
    market.run(Feature.PRICES)
    assert (market.calls("PRI01"), market.calls("OF01")) == (2, 1)
    offer = market.channel.offers["BOWL"]
    assert (offer.price, len(offer.volume_prices)) == (D("17.50"), 1)
    assert market.link("prices", "BOWL").state == "sent"


def test_the_marketplaces_own_number_is_the_foreign_number_of_the_article(market: Market) -> None:
    number = market.channel.offers["BOWL-OF-ANOTHER"].product_sku
    market.configure(Feature.STOCK, warehouses=["MAIN"], offer_match="marketplace_number")
    market.article("BOWL", ean="")
    market.run(Feature.PRICES)
    assert market.link("prices", "BOWL").code == "OFFER_NUMBER_MISSING"
    advanced = AdvancedSettings(foreign_numbers=True, foreign_number_label="SKU")
    save_settings(market.session, "shop-1", None, advanced, "jo")
    add_foreign_number(market.session, "BOWL", "shop-1", "SKU", number, "jo")
    market.session.commit()
    market.run(Feature.PRICES, run="run-2")
    assert market.channel.offers[number].product_sku == number


def test_an_offer_that_somebody_deleted_is_created_anew_when_stock_misses_it(market: Market) -> None:
    market.article("BOWL", stock=4, ean=BOWL_EAN)
    market.run(Feature.PRICES)
    with market.channel.changes():
        market.channel.save("offers", "BOWL", None)
    market.run(Feature.STOCK)
    market.run(Feature.PRICES, run="run-2")
    assert "BOWL" not in market.channel.offers, "a new offer may take an hour to be shown"
    market.session.execute(text("UPDATE link SET sent_at = sent_at - interval '2 hours' WHERE kind = 'prices'"))
    market.session.execute(text("UPDATE link SET dirty_at = now(), state = 'never' WHERE kind = 'stock'"))
    market.session.commit()
    market.run(Feature.STOCK, run="run-3")
    market.run(Feature.PRICES, run="run-3")
    market.run(Feature.STOCK, run="run-4")
    assert market.channel.offers["BOWL"].quantity == 4 and market.link("stock", "BOWL").state == "sent"


@pytest.mark.parametrize("lost", ["call", "answer"])
def test_a_crash_while_offers_are_created_asks_nothing_twice_and_loses_none(market: Market, lost: str) -> None:
    market.article("BOWL", "17.50", stock=4, ean=BOWL_EAN)
    task = market.task(Feature.PRICES, "run-1")
    going = task.model_copy(update={"batch_id": market.activities.collect_batch(task).batch_id})
    first = going.model_copy(update={"ticket": market.step(market.activities.send_batch, going).ticket})
    if lost == "call":
        market.channel.faults.set("503", path="POST /api/offers/imports")
        with pytest.raises(Exception):  # noqa: B017 - whatever an activity makes of it
            market.step(market.activities.check_ticket, first)
        market.channel.faults.set(None)
        created = market.step(market.activities.check_ticket, first)
    else:
        created = market.step(market.activities.check_ticket, first)
        assert market.step(market.activities.check_ticket, first).ticket == created.ticket, (
            "the activity is tried again"
        )
    second = going.model_copy(update={"ticket": created.ticket})
    assert not market.step(market.activities.check_ticket, second).ticket
    assert not market.step(market.activities.check_ticket, second).ticket, "tried again after its end"
    market.activities.settle_batch(going)
    assert (market.link("prices", "BOWL").state, market.calls("OF01"), market.calls("PRI01")) == ("sent", 1, 1)


def test_a_run_that_died_before_offers_were_created_is_made_up_for(market: Market) -> None:
    market.article("BOWL", "17.50", ean=BOWL_EAN)
    task = market.task(Feature.PRICES, "run-1")
    going = task.model_copy(update={"batch_id": market.activities.collect_batch(task).batch_id})
    first = going.model_copy(update={"ticket": market.step(market.activities.send_batch, going).ticket})
    market.channel.faults.set("503", path="POST /api/offers/imports")
    with pytest.raises(Exception):  # noqa: B017 - whatever an activity makes of it
        market.step(market.activities.check_ticket, first)
    market.channel.faults.set(None)
    market.run(Feature.PRICES, run="run-2")
    assert market.link("prices", "BOWL").state == "sent" and "BOWL" in market.channel.offers


@pytest.mark.parametrize("kind", ["prices", "stock"])
def test_what_was_refused_before_the_marketplace_had_the_product_is_sent_again_once_it_has(
    market: Market, kind: str
) -> None:
    choose(market.session, Feature.ARTICLES)
    market.article("BOWL", stock=1, ean="4006381333955")
    market.article("LOST", ean="4006381333962")
    for number, code in (("BOWL", "ITEM_REFUSED"), ("LOST", "NO_PRICE")):
        link = market.link(kind, number)
        link.state, link.code, link.dirty_at = "failed", code, None
        market.session.add(link)
        market.session.commit()
    articles = Channel(market.session, Feature.ARTICLES, ArticleSettings())
    assert {content.key for content in articles.send()} == {"BOWL", "LOST"}
    market.session.commit()
    assert (market.link(kind, "BOWL").state, market.link(kind, "BOWL").dirty_at is None) == ("never", False)
    assert market.link(kind, "LOST").state == "failed", "what has another reason waits for a person"


def test_other_terms_of_new_offers_try_what_failed_again(market: Market) -> None:
    market.article("BOWL", ean="")
    market.run(Feature.PRICES)
    assert market.link("prices", "BOWL").state == "failed"
    market.configure(Feature.STOCK, warehouses=["MAIN"], offer_match="marketplace_number")
    assert market.link("prices", "BOWL").state == "never"
