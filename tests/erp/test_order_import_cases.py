"""Cases of real orders on a real database: bundles, payments, doubles, tills, marketplaces, changes in the shop."""

from decimal import Decimal as D
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlmodel import Session, select

from canonical.order import Address, ChannelState, Fulfiller, Payment, PaymentKind, PaymentPart
from canonical.runs import Counts
from canonical.settings import MatchCriterion
from connectors.shopware6.settings import Shopware6OrderSettings
from erp.order_import import import_documents
from erp.rules import ArticleInfo
from erp.tables import Component, Customer, Link, Mapping, OrderChange, Reservation, StockLevel, Warehouse
from tests.erp.order_kit import ANNA, NOW, Importer, line, order

SET = ArticleInfo(960, "SET", "Tea set", kind="jit")
CUP, SAUCER = ArticleInfo(961, "CUP", "Cup"), ArticleInfo(962, "SAUCER", "Saucer")
CHEST = ArticleInfo(963, "CHEST", "Chest", kind="jit")


@pytest.fixture
def importer(session: Session) -> Importer:
    """The sample world with tea sets: two cups and a saucer, and a chest of two sets."""
    made = Importer(session, order(line("A-1"), line("A-2")))
    for article in (SET, CUP, SAUCER, CHEST):
        made.add_article(article)
    session.flush()
    for head, part, quantity, position in ((960, 962, 1, 2), (960, 961, 2, 1), (963, 960, 2, 1)):
        session.add(Component(article_id=head, component_id=part, quantity=D(quantity), position=position))
    session.commit()
    return made


def booked(importer: Importer, external_id: str = "100") -> Any:
    found = importer.booked(external_id)
    assert found is not None, importer.events(external_id)
    return found


def test_components_of_a_bundle_are_booked_below_it_and_reserved_instead_of_it(
    importer: Importer, session: Session
) -> None:
    session.add(Link(integration_id="shop-1", kind="stock", record="CUP", record_id=CUP.id))
    importer.run(order(line("A-1"), line("CHEST", "30.00", quantity="3")))
    lines = importer.lines()
    head = lines[1]
    assert [(row.kind, row.article_id, row.quantity, row.gross, row.parent_id) for row in lines[1:4]] == [
        ("article", 963, D(3), D("35.70"), None),
        ("component", 961, D(12), D(0), head.id),
        ("component", 962, D(6), D(0), head.id),
    ]
    reserved = {row.article_id: row.quantity for row in session.exec(select(Reservation))}
    assert reserved == {lines[0].article_id: D(1), 961: D(12), 962: D(6)}
    assert session.exec(select(Link).execution_options(populate_existing=True)).one().dirty_at is not None


def test_reading_a_bundle_or_merged_or_lowered_order_again_is_no_change(importer: Importer) -> None:
    shop_bundle = (line("A-1", "20.00", ref="h"), line("CUP", "0.00", ref="c", parent_ref="h"))
    several = (*shop_bundle, line("SAUCER", "3.00", ref="s", parent_ref="h"))
    cases = {
        "jit": order(line("SET")),
        "one part": order(*shop_bundle),
        "several parts": order(*several),
        "merged": order(line(ref="1"), line(ref="2"), line("A-2", ref="3")),
        "lowered": order(line("A-1", quantity="3", removed=D(1)), line("A-2", removed=D(1))),
        "locker": order(delivery=ANNA.model_copy(update={"street": "Packstation 1", "street2": "1234567"})),
    }
    for name, of in cases.items():
        known = of.model_copy(update={"external_id": name, "number": name})
        importer.run(known, merge_lines=True)
        booked(importer, name)
        importer.run(known, merge_lines=False)
        assert ("noticed", "CHANGED_IN_CHANNEL") not in importer.events(name), name
    more = order(line(ref="1"), line(ref="2"), line("A-2", ref="3"), line("A-2", ref="4"))
    importer.run(more.model_copy(update={"external_id": "merged", "number": "merged"}))
    assert importer.events("merged")[-1] == ("noticed", "CHANGED_IN_CHANNEL")


def test_an_address_changed_in_the_shop_waits_for_a_decision_while_the_order_keeps_its_own(
    importer: Importer, session: Session
) -> None:
    importer.run(order())
    moved = order(delivery=ANNA.model_copy(update={"street": "Elsewhere 2"}))
    for _ in range(2):
        importer.run(moved)
    change = session.exec(select(OrderChange)).one()
    assert (change.parts, change.state, change.after["delivery"]["street"]) == (["delivery"], "open", "Elsewhere 2")
    of = booked(importer)
    assert (of.delivery["street"], of.holds) == ("Hauptstr. 1", ["changed_in_channel"])


def test_payments_are_rows_of_the_books_and_what_is_paid_is_their_sum(importer: Importer) -> None:
    part = PaymentPart(kind=PaymentKind.GIFT_CARD, amount=D("5.00"), reference="GIFT")
    importer.run(order(payments=(part,), payment=Payment(method="bacs"), channel_state="on-hold"))
    of = booked(importer)
    assert (of.paid, of.payment_state, of.total) == (D("5.00"), "partial", D("16.80"))
    importer.run(order(payments=(part,), payment=Payment(method="bacs", transaction_id="T-9", paid_at=NOW)))
    assert [(row.kind, row.amount) for row in importer.payments()] == [
        ("gift_card", D("5.00")),
        ("payment", D("11.80")),
    ]
    of = booked(importer)
    assert (of.paid, of.payment_state) == (D("16.80"), "paid")
    assert {(row.origin, row.state) for row in importer.payments()} == {("channel", "booked")}


def test_a_refund_before_the_import_lowers_what_is_paid(importer: Importer) -> None:
    importer.run(order(line("A-1"), line("A-2", "5.00", removed=D(1)), refunded=D("5.95")))
    of = booked(importer)
    assert (of.total, of.paid, of.refunded, of.channel_total) == (D("16.80"), D("16.80"), D("5.95"), D("22.75"))
    assert [(row.kind, row.amount, row.state) for row in importer.payments()] == [
        ("payment", D("22.75"), "booked"),
        ("refund", D("5.95"), "executed"),
    ]


def test_an_unpaid_order_knows_when_it_expires(importer: Importer, session: Session) -> None:
    session.execute(text("UPDATE payment_method SET expire_days = 10 WHERE code = 'prepayment'"))
    importer.run(order(payment=Payment(method="bacs")), order(external_id="paid"))
    assert (booked(importer).expires_at - NOW).days == 10
    assert booked(importer, "paid").expires_at is None


def test_the_same_number_total_and_day_under_another_id_is_held_as_a_suspected_duplicate(
    importer: Importer, session: Session
) -> None:
    importer.run(order(external_id="old", number="R-1"))
    importer.run(
        order(external_id="new", number="R-1"), order(external_id="dearer", number="R-1", lines=(line("A-1", "99.00"),))
    )
    assert booked(importer, "new").holds == ["duplicate_suspected"]
    assert booked(importer, "dearer").holds == []
    assert importer.events("new") == [("booked", ""), ("noticed", "DUPLICATE_SUSPECTED")]
    row = importer.inbox("new")
    assert row is not None
    assert row.findings[0]["params"] == {"other": booked(importer, "old").number}


def test_two_ids_of_one_order_in_a_page_are_suspected_too(importer: Importer) -> None:
    importer.run(order(external_id="a", number="R-1"), order(external_id="b", number="R-1"))
    assert (booked(importer, "a").holds, booked(importer, "b").holds) == ([], ["duplicate_suspected"])


def test_an_order_read_again_is_no_duplicate_of_itself(importer: Importer) -> None:
    importer.run(order())
    importer.run(order())
    assert importer.events()[1:] == [("skipped", "ALREADY_IMPORTED")]


def test_what_is_sold_over_the_counter_leaves_the_warehouse_at_once(importer: Importer, session: Session) -> None:
    warehouse = Warehouse(code="SHOP", name="Shop")
    session.add(warehouse)
    session.flush()
    article = next(row.id for row in importer.articles() if row.number == "A-1")
    session.add(StockLevel(article_id=article, warehouse_id=warehouse.id, physical=D(5)))
    session.add(Customer(number="POS", name="Counter"))
    session.commit()
    sale = order(line("A-1", quantity="2"), is_pos=True, shipping=(), billing=Address(), delivery=Address())
    importer.run(sale, pos_customer="POS")
    of = booked(importer)
    assert (of.fulfilment_state, of.is_pos, of.holds) == ("shipped", True, [])
    level = session.execute(text("SELECT physical FROM stock_level WHERE article_id = :id"), {"id": article})
    assert level.scalar_one() == D(3)
    assert session.exec(select(Reservation)).all() == []


def test_what_the_marketplace_ships_is_never_reserved_or_picked(importer: Importer, session: Session) -> None:
    importer.run(order(fulfilled_by=Fulfiller.CHANNEL, state=ChannelState.SHIPPED, channel_state="shipped"))
    of = booked(importer)
    assert (of.fulfilled_by, of.fulfilment_state, of.holds) == ("channel", "shipped", [])
    assert session.exec(select(Reservation)).all() == []
    assert session.execute(text("SELECT count(*) FROM shipment")).scalar_one() == 0


def test_a_locked_customer_is_matched_and_held_and_an_erased_one_is_not_matched(
    importer: Importer, session: Session
) -> None:
    session.add(Customer(number="K1", name="Locked", email_key="anna@example.org", is_locked=True, lock_reason="fraud"))
    session.add(Customer(number="K2", name="Erased", email_key="eva@example.org", erased_at=NOW))
    session.commit()
    eva = ANNA.model_copy(update={"email": "eva@example.org"})
    importer.run(order(), order(external_id="2", billing=eva), match_criteria=frozenset({MatchCriterion.EMAIL}))
    assert booked(importer).holds == ["customer_locked"]
    names = {row.id: row.name for row in importer.customers()}
    assert (names[booked(importer).customer_id], names[booked(importer, "2").customer_id]) == ("Locked", "Anna Weiß")


def test_the_number_of_statements_does_not_grow_with_bundles_and_payments(importer: Importer, engine: Engine) -> None:
    counted: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    importer.run(order(external_id="warm"))
    used = []
    for size in (2, 40):
        documents = importer.received(
            *[order(line("CHEST"), line("SET"), external_id=f"{size}-{n}") for n in range(size)]
        )
        counted.clear()
        assert import_documents(importer.session, importer.context(), documents) == Counts(good=size)
        importer.session.commit()
        used.append(len(counted))
    assert used[0] == used[1]


def test_a_country_without_iso_code_waits_for_its_mapping_where_the_channel_has_such_a_table(
    importer: Importer,
) -> None:
    named = order(billing=ANNA.model_copy(update={"country": "Deutschland"}))
    values = importer.settings.model_dump()
    importer.settings = Shopware6OrderSettings.model_validate(values)
    importer.run(named)
    waiting: Any = importer.inbox("100")
    assert waiting.waits_for == ["country:Deutschland"]
    assert [finding["code"] for finding in waiting.findings] == ["COUNTRY_UNMAPPED"]
    assert importer.session.exec(select(Mapping.kind)).all() == ["country"]
    importer.settings = importer.settings.model_copy(update={"country_map": {"Deutschland": "de"}})
    importer.run(named)
    assert booked(importer).billing["country"] == "DE"
