"""What is sent about stock: every setting and number counts, and thousands of changes go out in seconds."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.order import ChannelState
from canonical.push import LocationLevel, Outcome, PushAnswer, PushResult, StockLevel
from canonical.runs import Collected, RunRef
from canonical.settings import AdvancedSettings, LocationStockSettings, ShipmentSettings, StockSettings
from erp import push
from erp.article_filter import build_list
from erp.cancellation import cancel_order
from erp.feature_settings import save_settings
from erp.foreign_numbers import add_foreign_number
from erp.links import mark_stock_dirty
from erp.shipping import ParcelForm, ship_order
from erp.stock import Movement, Reason, post_movements
from erp.tables import ArticleListEntry, ArticleOption, Component, Integration, Link, Warehouse
from tests.erp.order_kit import Importer, line, order
from tests.erp.push_kit import Channel, choose, statements

STOCK = RunRef(integration_id="shop-1", feature=Feature.STOCK)
OTHER = RunRef(integration_id="shop-2", feature=Feature.STOCK)
MAIN = StockSettings(warehouses=frozenset({"MAIN"}))
PLAIN = AdvancedSettings()


def fill(session: Session, number: str, quantity: int, reference: str, warehouse: str = "MAIN") -> None:
    post_movements(session, [Movement(number, warehouse, Decimal(quantity), Reason.RECEIPT, reference)])


def collect(
    session: Session, settings: StockSettings = MAIN, advanced: AdvancedSettings = PLAIN, ref: RunRef = STOCK
) -> Collected:
    return push.collect(session, ref, "run-1", settings, advanced, 1000, ())


def accept(session: Session, batch_id: int, size: int) -> list[Any]:
    portion = push.open_portion(session, batch_id, size)
    results = tuple(PushResult(key=item.key, outcome=Outcome.ACCEPTED) for item in portion)
    push.store_answer(session, batch_id, PushAnswer(results=results))
    return list(portion)


def send(
    session: Session, settings: StockSettings = MAIN, advanced: AdvancedSettings = PLAIN, ref: RunRef = STOCK
) -> list[StockLevel]:
    """One batch from collecting to settling; returns what was sent."""
    batch = collect(session, settings, advanced, ref).batch_id
    if not batch:
        return []
    sent = accept(session, batch, 1000)
    push.settle(session, batch, "run-1")
    return sent


STOCK_CASES: dict[str, tuple[StockSettings, int]] = {
    "warehouses": (StockSettings(warehouses=frozenset({"MAIN", "OUTLET"})), 14),
    "subtract_reservations": (MAIN.model_copy(update={"subtract_reservations": True}), 8),
    "subtract_open_orders": (MAIN.model_copy(update={"subtract_open_orders": True}), 7),
    "apply_correction": (MAIN.model_copy(update={"apply_correction": True}), 9),
    "use_pseudo_stock": (MAIN.model_copy(update={"use_pseudo_stock": True}), 77),
}


@pytest.mark.parametrize("name", STOCK_CASES)
def test_each_stock_setting_changes_what_is_collected(session: Session, shop: Any, name: str) -> None:
    shop.listed("A-1", stock_correction=Decimal(-1), pseudo_stock=Decimal(77))
    fill(session, "A-1", 10, "first")
    fill(session, "A-1", 4, "first", "OUTLET")
    shop.order({"A-1": 2})
    shop.order({"A-1": 1}, reserve=False)
    assert [level.quantity for level in send(session)] == [10]
    session.execute(text("UPDATE link SET dirty_at = now()"))
    settings, quantity = STOCK_CASES[name]
    assert [level.quantity for level in send(session, settings)] == [quantity]


def test_no_stock_setting_is_without_a_case() -> None:
    assert set(STOCK_CASES) == set(StockSettings.model_fields)


def test_an_article_goes_out_under_its_foreign_number(session: Session, shop: Any) -> None:
    shop.listed("A-1")
    add_foreign_number(session, "A-1", "shop-1", "Shop SKU", "SKU-77", "jo")
    advanced = AdvancedSettings(foreign_numbers=True, foreign_number_label="Shop SKU")
    assert [level.sku for level in send(session, advanced=advanced)] == ["SKU-77"]
    add_foreign_number(session, "A-1", "shop-1", "Other", "SKU-78", "jo")
    other = AdvancedSettings(foreign_numbers=True, foreign_number_label="Other")
    assert [level.sku for level in send(session, advanced=other)] == ["SKU-78"], "the number is in the fingerprint"


def test_a_thousand_changes_among_twenty_thousand_articles_are_sent_once_each(session: Session, shop: Any) -> None:
    session.execute(
        text(
            "INSERT INTO article (number, name, description, kind, category, manufacturer, ean, tax_category,"
            " is_stock_article, is_postage, is_discount, is_surcharge, allows_decimals, is_locked, is_deleted,"
            " syncs_stock, stock_correction) SELECT 'N' || n, 'n', '', 'simple', '', '', '', 'normal',"
            " true, false, false, false, false, false, false, true, 0 FROM generate_series(1, 20000) n"
        )
    )
    session.execute(text("INSERT INTO stock_level SELECT id, :main, 5 FROM article"), {"main": shop.main.id})
    session.execute(
        text("INSERT INTO article_list_entry (integration_id, article_id) SELECT 'shop-1', id FROM article")
    )
    session.execute(
        text(
            "INSERT INTO link (integration_id, kind, record, record_id, external_ref, fingerprint, state, code, params,"
            " attempts, sent_value, dirty_at) SELECT 'shop-1', 'stock', number, id, '', '', 'sent', '', '{}', 0, '',"
            " CASE WHEN id % 20 = 0 THEN now() END FROM article"
        )
    )
    session.commit()
    session.execute(text("ANALYZE"))
    sizes = []
    while (batch := collect(session)).batch_id:
        session.commit()
        sizes.append(batch.size)
        while accept(session, batch.batch_id, 100):
            session.commit()
        push.settle(session, batch.batch_id, "run-1")
        session.commit()
    assert sum(sizes) == 1000


def in_another_shop(session: Session, shop: Any, *articles: Any) -> None:
    """A second integration that lists the same articles."""
    shop.add(Integration(id="shop-2", connector="woocommerce", name="Shop 2"))
    for article in articles:
        shop.add(ArticleListEntry(integration_id="shop-2", article_id=article.id))
        shop.add(Link(integration_id="shop-2", kind="stock", record=article.number, record_id=article.id))
    mark_stock_dirty(session, {article.id for article in articles})


def set_of(shop: Any, **parts: int) -> Any:
    """A JIT article in the list, made of listed components."""
    head = shop.listed("KIT", kind="jit", is_stock_article=False)
    for number, quantity in parts.items():
        part = shop.listed(number)
        shop.add(Component(article_id=head.id, component_id=part.id, quantity=Decimal(quantity)))
    return head


@pytest.mark.parametrize(("reserves", "setting"), [(True, "subtract_reservations"), (False, "subtract_open_orders")])
def test_a_sale_in_one_channel_lowers_what_every_other_channel_is_offered(
    session: Session, reserves: bool, setting: str
) -> None:
    importer = Importer(session)
    session.add_all(
        [Warehouse(code="MAIN", name="Main"), Integration(id="shop-2", connector="woocommerce", name="Shop 2")]
    )
    session.flush()
    fill(session, "A-1", 10, "first")
    for integration in ("shop-1", "shop-2"):
        choose(session, Feature.STOCK, integration=integration)
        build_list(session, integration, "jo")
    session.execute(text("UPDATE project SET reserves_stock = :reserves"), {"reserves": reserves})
    reserved = MAIN.model_copy(update={setting: True})
    for ref in (STOCK, OTHER):
        assert {level.key: level.quantity for level in send(session, reserved, ref=ref)}["A-1"] == 10
    importer.run(order(line("A-1", quantity="3")))
    for ref in (STOCK, OTHER):
        assert [(level.key, level.quantity) for level in send(session, reserved, ref=ref)] == [("A-1", 7)]


def two_shops_know(session: Session, quantity: int) -> Importer:
    """Two shops that were told the stock of one article."""
    importer = Importer(session)
    session.add_all(
        [Warehouse(code="MAIN", name="Main"), Integration(id="shop-2", connector="woocommerce", name="Shop 2")]
    )
    session.flush()
    fill(session, "A-1", quantity, "first")
    for ref in (STOCK, OTHER):
        choose(session, Feature.STOCK, integration=ref.integration_id)
        build_list(session, ref.integration_id, "jo")
        send(session, ref=ref)
    return importer


def told(session: Session, ref: RunRef) -> list[tuple[str, int]]:
    return [(level.key, level.quantity) for level in send(session, ref=ref)]


def test_a_shop_that_sold_is_told_the_stock_again_although_ours_stays_the_same(session: Session) -> None:
    importer = two_shops_know(session, 10)
    importer.run(order(line("A-1", quantity="3")))
    assert told(session, STOCK) == [("A-1", 10)], (
        "reservations do not count here, but the shop took three off by itself"
    )
    assert told(session, OTHER) == []
    importer.run(order(line("A-1", quantity="3")))
    assert told(session, STOCK) == [], "read again, it is no sale"


def test_a_shop_that_cancelled_counts_back_and_is_told_our_stock_while_a_person_decides(session: Session) -> None:
    importer = two_shops_know(session, 10)
    sold = order(line("A-1", quantity="3"))
    importer.run(sold)
    told(session, STOCK)
    importer.run(sold.model_copy(update={"state": ChannelState.CANCELLED}))
    assert told(session, STOCK) == [("A-1", 10)]
    assert told(session, OTHER) == []
    importer.run(sold.model_copy(update={"state": ChannelState.CANCELLED}))
    assert told(session, STOCK) == []


@pytest.mark.parametrize(("kind", "again"), [("cancelled", [("A-1", 10)]), ("shipped", [])])
def test_a_shop_that_takes_our_cancellation_counts_back_and_is_told_our_stock(
    session: Session, kind: str, again: list[tuple[str, int]]
) -> None:
    importer = two_shops_know(session, 10)
    importer.run(order(line("A-1", quantity="3")))
    booked = importer.booked()
    assert booked is not None
    choose(session, Feature.SHIPMENTS)
    if kind == "cancelled":
        cancel_order(session, booked.id or 0, "jo")
    else:
        ship_order(session, booked.id or 0, [ParcelForm(tracking_number="JD1")], "jo")
        fill(session, "A-1", 3, "came")
    told(session, STOCK)
    assert [
        status.kind for status in Channel(session, Feature.SHIPMENTS, ShipmentSettings(cancel_in_channel=True)).send()
    ] == [kind]
    assert told(session, STOCK) == again
    assert told(session, OTHER) == []


def test_stock_that_was_on_its_way_when_the_shop_counted_by_itself_is_told_again(session: Session) -> None:
    importer = two_shops_know(session, 10)
    fill(session, "A-1", 1, "came")
    batch = collect(session).batch_id
    importer.run(order(line("A-1", quantity="3")))
    accept(session, batch, 1000)
    push.settle(session, batch, "run-1")
    assert told(session, STOCK) == [("A-1", 11)]


def test_a_component_that_moves_sends_the_sets_made_of_it(session: Session, shop: Any) -> None:
    set_of(shop, A=2, B=1)
    fill(session, "A", 9, "first")
    fill(session, "B", 9, "first")
    assert {level.key: level.quantity for level in send(session)} == {"A": 9, "B": 9, "KIT": 4}
    fill(session, "B", -6, "sold")
    assert {level.key: level.quantity for level in send(session)} == {"B": 3, "KIT": 3}
    fill(session, "B", 1, "came")
    fill(session, "A", -1, "sold")
    assert {level.key: level.quantity for level in send(session)} == {"A": 8, "B": 4, "KIT": 4}


def test_a_set_is_linked_like_a_stock_article_when_the_list_is_built(session: Session, shop: Any) -> None:
    for number, kind, is_stock in (
        ("KIT", "jit", False),
        ("SET", "bundle", True),
        ("M", "matrix", True),
        ("S", "simple", False),
    ):
        shop.article(number, kind=kind, is_stock_article=is_stock)
    choose(session, Feature.STOCK)
    build_list(session, "shop-1", "jo")
    linked = session.execute(text("SELECT record FROM link WHERE kind = 'stock' ORDER BY 1")).scalars().all()
    assert linked == ["KIT", "SET"]


@pytest.mark.parametrize(("at_article", "in_shop", "here", "there"), [(True, False, [], [10]), (False, True, [10], [])])
def test_the_stock_sync_of_one_shop_goes_before_the_article(  # noqa: PLR0917
    session: Session, shop: Any, at_article: bool, in_shop: bool, here: list[int], there: list[int]
) -> None:
    article = shop.listed("A-1", syncs_stock=at_article)
    in_another_shop(session, shop, article)
    shop.add(ArticleOption(article_id=article.id, integration_id="shop-1", syncs_stock=in_shop))
    fill(session, "A-1", 10, "first")
    assert [level.quantity for level in send(session)] == here
    assert [level.quantity for level in send(session, ref=OTHER)] == there


def test_an_article_that_one_shop_alone_synchronises_is_linked_there_alone(session: Session, shop: Any) -> None:
    article = shop.article("A-1", syncs_stock=False)
    shop.add(Integration(id="shop-2", connector="woocommerce", name="Shop 2"))
    shop.add(ArticleOption(article_id=article.id, integration_id="shop-1", syncs_stock=True))
    for integration in ("shop-1", "shop-2"):
        choose(session, Feature.STOCK, integration=integration)
        build_list(session, integration, "jo")
    assert session.execute(text("SELECT integration_id FROM link")).scalars().all() == ["shop-1"]


def test_an_article_that_becomes_inactive_in_one_shop_is_sent_there_with_nothing(session: Session, shop: Any) -> None:
    article = shop.listed("A-1")
    in_another_shop(session, shop, article)
    fill(session, "A-1", 10, "first")
    assert [level.quantity for ref in (STOCK, OTHER) for level in send(session, ref=ref)] == [10, 10]
    shop.add(ArticleOption(article_id=article.id, integration_id="shop-1", is_inactive=True))
    mark_stock_dirty(session, {article.id})
    assert [level.quantity for level in send(session)] == [0]
    assert send(session, ref=OTHER) == [], "nothing changed there"


def test_changed_settings_send_what_comes_out_differently(session: Session, shop: Any) -> None:
    shop.listed("A-1", pseudo_stock=Decimal(77))
    shop.listed("A-2")
    for number in ("A-1", "A-2"):
        fill(session, number, 10, "first")
    assert len(send(session)) == 2
    pseudo = MAIN.model_copy(update={"use_pseudo_stock": True})
    save_settings(session, "shop-1", Feature.STOCK, pseudo, "jo")
    assert [(level.key, level.quantity) for level in send(session, pseudo)] == [("A-1", 77)]


def test_the_sets_of_a_part_are_marked_in_the_same_statement(session: Session, shop: Any) -> None:
    head = set_of(shop, A=2)
    said: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: said.append(a[2]))
    part = session.execute(text("SELECT id FROM article WHERE number = 'A'")).scalar_one()
    before = len(said)
    mark_stock_dirty(session, {part})
    assert len(said) == before + 1
    dirty = session.execute(text("SELECT record_id FROM link WHERE dirty_at IS NOT NULL")).scalars()
    assert set(dirty) == {part, head.id}


TWO = {"MAIN": "loc-1", "OUTLET": "loc-2"}


def placed(session: Session, **settings: Any) -> Channel:
    """A channel that keeps two locations apart."""
    return Channel(session, Feature.STOCK, LocationStockSettings(**({"location_map": TWO} | settings)))


def test_each_location_has_the_level_of_its_warehouses(session: Session, shop: Any) -> None:
    shop.listed("A-1")
    fill(session, "A-1", 10, "first")
    fill(session, "A-1", 4, "first", "OUTLET")
    channel = placed(session)
    (level,) = channel.send()
    assert level.quantity == 14
    assert level.locations == (
        LocationLevel(location_ref="loc-1", quantity=10),
        LocationLevel(location_ref="loc-2", quantity=4),
    )
    assert channel.link("A-1").sent_value == "14 (10 + 4)"
    fill(session, "A-1", 1, "moved", "OUTLET")
    fill(session, "A-1", -1, "moved")
    (level,) = channel.send()
    assert [place.quantity for place in level.locations] == [9, 5], "the sum alone would say nothing new"


def test_what_is_kept_per_article_counts_at_every_location(session: Session, shop: Any) -> None:
    shop.listed("A-1", stock_correction=Decimal(-1))
    fill(session, "A-1", 10, "first")
    fill(session, "A-1", 4, "first", "OUTLET")
    shop.order({"A-1": 3})
    channel = placed(session, subtract_reservations=True, apply_correction=True)
    (level,) = channel.send()
    assert ([place.quantity for place in level.locations], level.quantity) == ([6, 0], 6)
    channel.settings = LocationStockSettings(
        location_map={"MAIN": "loc-1", "OUTLET": "loc-1"}, subtract_reservations=True
    )
    session.execute(text("UPDATE link SET dirty_at = now()"))
    (level,) = channel.send()
    assert [(place.location_ref, place.quantity) for place in level.locations] == [("loc-1", 11)], "once, at one place"


def test_a_pseudo_stock_is_shown_at_every_location(session: Session, shop: Any) -> None:
    shop.listed("A-1", pseudo_stock=Decimal(50))
    fill(session, "A-1", 10, "first")
    (level,) = placed(session, use_pseudo_stock=True).send()
    assert [place.quantity for place in level.locations] == [50, 50]


def test_without_a_mapped_location_nothing_of_the_feature_works(session: Session, shop: Any) -> None:
    shop.listed("A-1", dirty="now")
    with pytest.raises(FailureError, match="NO_LOCATION_MAP") as caught:
        placed(session, location_map={}).send()
    assert caught.value.failure.kind == "operator"
    with pytest.raises(FailureError, match=r"location_map \(GONE\)"):
        placed(session, location_map={"GONE": "loc-1"}).send()


def test_two_locations_take_as_many_statements_as_one(session: Session, shop: Any) -> None:
    shop.listed("A-1")
    fill(session, "A-1", 10, "first")
    with statements(session) as one:
        placed(session, location_map={"MAIN": "loc-1"}).send()
    session.execute(text("UPDATE link SET dirty_at = now()"))
    with statements(session) as two:
        placed(session).send()
    assert len(one) == len(two)
