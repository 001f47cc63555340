"""The preparation checklist: what each integration's orders need, what is missing, and what one click creates."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session, select

from canonical.settings import CustomerMode, MappingKind, OrderSettings
from erp.checklist import Entry, Item, State, checklists, missing_values
from erp.mappings import set_mapping
from erp.preparation import DEFAULTS, ensure, ensure_defaults
from erp.tables import Article, Integration, Mapping, Project

CHOSEN = OrderSettings(
    default_project="SHOP",
    shipping_article="PORTO",
    discount_article="RABATT",
    surcharge_article="ZUSCHLAG",
    default_payment="invoice",
    default_shipping="dhl",
    delivery_term="standard",
    default_customer="SAMMELKUNDE",
)


def judged(session: Session, settings: OrderSettings = CHOSEN) -> dict[Item, Entry]:
    """The checklist of one integration by item."""
    return {entry.item: entry for entry in checklists(session, {"shop-1": settings})["shop-1"]}


def problems(session: Session, settings: OrderSettings = CHOSEN) -> dict[Item, State]:
    """What needs a person."""
    return {
        item: entry.state
        for item, entry in judged(session, settings).items()
        if entry.state in (State.MISSING, State.WRONG)
    }


@pytest.fixture
def prepared(session: Session) -> Session:
    """An empty store with the default master data and one integration."""
    session.add(Integration(id="shop-1", connector="woocommerce", name="Shop 1"))
    session.flush()
    ensure_defaults(session)
    return session


def test_an_empty_store_lacks_what_orders_need_and_the_defaults_bring_it(session: Session) -> None:
    session.add(Integration(id="shop-1", connector="woocommerce", name="Shop 1"))
    session.flush()
    assert set(problems(session)) == set(Item) - {Item.ISSUER, Item.POS_CUSTOMER, Item.TRANSLATIONS}
    ensure_defaults(session)
    assert problems(session) == {}
    assert judged(session)[Item.TRANSLATIONS].is_ready


@pytest.mark.parametrize(
    ("statement", "item", "state"),
    [
        ("UPDATE project SET code = 'OTHER'", Item.PROJECT, State.MISSING),
        ("UPDATE article SET is_postage = false", Item.POSTAGE_ARTICLE, State.WRONG),
        ("UPDATE article SET is_stock_article = true WHERE is_postage", Item.POSTAGE_ARTICLE, State.WRONG),
        ("UPDATE article SET is_locked = true WHERE is_postage", Item.POSTAGE_ARTICLE, State.WRONG),
        ("UPDATE article SET is_deleted = true WHERE is_discount", Item.DISCOUNT_ARTICLE, State.MISSING),
        ("UPDATE article SET is_discount = false", Item.DISCOUNT_ARTICLE, State.WRONG),
        ("UPDATE article SET is_stock_article = true WHERE is_surcharge", Item.SURCHARGE_ARTICLE, State.WRONG),
        ("UPDATE delivery_term SET code = 'other'", Item.DELIVERY_TERM, State.MISSING),
        ("DELETE FROM customer", Item.DEFAULT_CUSTOMER, State.MISSING),
        ("DELETE FROM warehouse", Item.WAREHOUSE, State.MISSING),
        ("DELETE FROM tax_rate WHERE country = 'DE'", Item.TAX_RATES, State.MISSING),
        ("DELETE FROM payment_method", Item.PAYMENT_METHODS, State.MISSING),
        ("DELETE FROM shipping_method", Item.SHIPPING_METHODS, State.MISSING),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_nothing_else(
    prepared: Session, statement: Any, item: Item, state: State
) -> None:
    prepared.execute(text(statement))
    assert problems(prepared) == {item: state}


def test_payment_methods_are_ready_when_every_value_seen_is_mapped(prepared: Session) -> None:
    settings = CHOSEN.model_copy(update={"default_payment": ""})
    assert problems(prepared, settings) == {Item.PAYMENT_METHODS: State.MISSING}
    set_mapping(prepared, "shop-1", MappingKind.PAYMENT, "paypal", "paypal", "tester")
    assert problems(prepared, settings) == {}
    prepared.add(Mapping(integration_id="shop-1", kind="payment", channel_value="new one", erp_value=""))
    prepared.flush()
    assert problems(prepared, settings) == {Item.PAYMENT_METHODS: State.MISSING}


def test_a_default_customer_is_needed_only_where_a_setting_uses_one(prepared: Session) -> None:
    without = CHOSEN.model_copy(update={"default_customer": ""})
    assert judged(prepared, without)[Item.DEFAULT_CUSTOMER].state is State.OPEN
    needed = without.model_copy(update={"guest_mode": CustomerMode.DEFAULT_CUSTOMER})
    assert problems(prepared, needed) == {Item.DEFAULT_CUSTOMER: State.MISSING}


def test_an_issuer_is_advised_until_the_project_has_one(prepared: Session) -> None:
    assert judged(prepared)[Item.ISSUER].state is State.OPEN
    prepared.exec(select(Project)).one().issuer = {"name": "Shop GmbH"}
    prepared.flush()
    assert judged(prepared)[Item.ISSUER].is_ready


def test_one_click_creates_an_item_and_the_settings_name_it(session: Session) -> None:
    session.add(Integration(id="shop-1", connector="woocommerce", name="Shop 1"))
    session.flush()
    entries = tuple(judged(session, OrderSettings()).values())
    created = ensure(session, [Item.PROJECT, Item.POSTAGE_ARTICLE])
    assert "article:PORTO" in created.created
    assert {row.number for row in session.exec(select(Article))} == {"PORTO"}
    assert missing_values(entries, DEFAULTS, OrderSettings()) == {
        "default_project": "SHOP",
        "shipping_article": "PORTO",
        "discount_article": "RABATT",
    }
    assert ensure(session, [Item.PROJECT, Item.POSTAGE_ARTICLE]).created == ()


def test_a_choice_that_works_is_never_replaced(prepared: Session) -> None:
    entries = tuple(judged(prepared).values())
    assert missing_values(entries, DEFAULTS, CHOSEN) == {}


def test_all_integrations_are_judged_with_a_fixed_number_of_statements(prepared: Session) -> None:
    counts = []
    for number in (1, 30):
        statements: list[str] = []
        listener = _remembering(statements)
        event.listen(prepared.get_bind(), "before_cursor_execute", listener)
        checklists(prepared, {f"shop-{index}": CHOSEN for index in range(number)})
        event.remove(prepared.get_bind(), "before_cursor_execute", listener)
        counts.append(len(statements))
    assert counts[0] == counts[1] > 0


def _remembering(statements: list[str]) -> Callable[..., None]:
    def remember(*given: Any) -> None:
        statements.append(given[2])

    return remember
