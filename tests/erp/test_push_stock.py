"""What is sent about stock: every setting and number counts, and thousands of changes go out in seconds."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from canonical.feature import Feature
from canonical.push import Outcome, PushAnswer, PushResult, StockLevel
from canonical.runs import Collected, RunRef
from canonical.settings import AdvancedSettings, StockSettings
from erp import push
from erp.articles import add_foreign_number
from erp.stock import Movement, Reason, post_movements

STOCK = RunRef(integration_id="shop-1", feature=Feature.STOCK)
MAIN = StockSettings(warehouses=frozenset({"MAIN"}))
PLAIN = AdvancedSettings()


def fill(session: Session, number: str, quantity: int, reference: str, warehouse: str = "MAIN") -> None:
    post_movements(session, [Movement(number, warehouse, Decimal(quantity), Reason.RECEIPT, reference)])


def collect(session: Session, settings: StockSettings = MAIN, advanced: AdvancedSettings = PLAIN) -> Collected:
    return push.collect(session, STOCK, "run-1", settings, advanced, 1000, ())


def accept(session: Session, batch_id: int, size: int) -> list[Any]:
    portion = push.open_portion(session, batch_id, size)
    results = tuple(PushResult(key=item.key, outcome=Outcome.ACCEPTED) for item in portion)
    push.store_answer(session, batch_id, PushAnswer(results=results))
    return list(portion)


def send(session: Session, settings: StockSettings = MAIN, advanced: AdvancedSettings = PLAIN) -> list[StockLevel]:
    """One batch from collecting to settling; returns what was sent."""
    batch = collect(session, settings, advanced).batch_id
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
