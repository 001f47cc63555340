"""Changes in the shop after the import: a conflict with a decision, once; and addresses corrected here (D§10.1, D§10.5)."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from sqlmodel import Session, col, select

from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.order import ChannelState, Payment
from canonical.settings import RefundSettings
from erp.cancellation import cancel_order
from erp.order_changes import (
    AddressForm,
    correct_address,
    follow_cancellation,
    keep_ours,
    open_changes,
    plan_for,
    take_change,
)
from erp.orders import lift_holds
from erp.payments import RefundWish, execute_refund, open_refunds, release_refund
from erp.rules.takeover import ByHand
from erp.tables import JournalEvent, Link, OrderChange
from erp.tables import OrderLine as BookedLine
from erp.tables import Payment as BookedPayment
from tests.erp.order_kit import ANNA, NOW, Importer, charge, line, order
from tests.erp.push_kit import Channel, choose, refuse

ORDER = order(line("A-1", "30.00", quantity="3"), line("A-2", "10.00"))
LATER = {"modified_at": NOW}
MOVED = ANNA.model_copy(update={"street": "Nebenweg 2", "city": "Lübeck"})


@pytest.fixture
def shop(session: Session) -> Importer:
    made = Importer(session, ORDER)
    made.run(ORDER)
    return made


def changes(session: Session) -> list[tuple[list[str], str]]:
    rows = session.exec(select(OrderChange).order_by(col(OrderChange.id)).execution_options(populate_existing=True))
    return [(row.parts, row.state) for row in rows]


def booked(shop: Importer) -> Any:
    return shop.booked()


def lines(shop: Importer) -> dict[str, Any]:
    shop.session.expire_all()
    return {row.line_ref: row for row in shop.session.exec(select(BookedLine)) if row.kind == "article"}


def fewer(**values: Any) -> Any:
    """The order with one piece of the first article instead of three."""
    return order(line("A-1", "10.00", quantity="1"), line("A-2", "10.00"), **LATER, **values)


def test_a_change_in_the_shop_is_one_conflict_however_often_it_is_read(session: Session, shop: Importer) -> None:
    for _ in range(3):
        shop.run(fewer())
    assert changes(session) == [(["amount", "lines"], "open")]
    assert booked(shop).holds == ["changed_in_channel"]
    assert not booked(shop).autoship
    assert booked(shop).total == ORDER.stated.total


def test_taking_fewer_pieces_over_cancels_them_and_lifts_the_hold(session: Session, shop: Importer) -> None:
    shop.run(fewer())
    done = take_change(session, booked(shop).id, "jo")
    assert done.by_hand == ()
    assert {ref: (row.quantity, row.cancelled) for ref, row in lines(shop).items()} == {
        "l-A-1": (D(3), D(2)),
        "l-A-2": (D(1), D(0)),
    }
    found = booked(shop)
    assert (found.total, found.channel_total) == (fewer().stated.total, fewer().stated.total)
    assert (found.holds, found.autoship) == ([], True)
    refund = session.exec(select(BookedPayment).where(BookedPayment.kind == "refund")).one()
    assert refund.amount == ORDER.stated.total - fewer().stated.total
    shop.run(fewer())
    assert changes(session) == [(["amount", "lines"], "taken")]


def test_a_line_that_is_gone_is_cancelled(session: Session, shop: Importer) -> None:
    shop.run(order(line("A-1", "30.00", quantity="3"), **LATER))
    take_change(session, booked(shop).id, "jo")
    assert lines(shop)["l-A-2"].cancelled == 1
    assert booked(shop).total == D("35.70") + D("4.90")


def test_keeping_ours_lifts_the_hold_and_the_same_change_is_never_asked_again(session: Session, shop: Importer) -> None:
    shop.run(fewer())
    keep_ours(session, booked(shop).id, "jo")
    for _ in range(2):
        shop.run(fewer())
    assert changes(session) == [(["amount", "lines"], "kept")]
    assert (booked(shop).holds, booked(shop).total) == ([], ORDER.stated.total)
    shop.run(fewer(delivery=MOVED))
    assert changes(session)[1] == (["delivery"], "open")


def test_a_change_is_decided_once(session: Session, shop: Importer) -> None:
    shop.run(fewer())
    keep_ours(session, booked(shop).id, "jo")
    for decide in (keep_ours, take_change):
        with pytest.raises(FailureError, match="STATE_FORBIDS"):
            decide(session, booked(shop).id, "jo")


def test_an_address_changed_in_the_shop_is_copied_while_the_order_has_not_left(
    session: Session, shop: Importer
) -> None:
    changed = ORDER.model_copy(update={"delivery": MOVED} | LATER)
    shop.run(changed)
    take_change(session, booked(shop).id, "jo")
    found = booked(shop)
    assert (found.delivery["street"], found.billing["street"], found.holds) == ("Nebenweg 2", ANNA.street, [])
    shop.run(changed)
    assert changes(session) == [(["delivery"], "taken")]


def test_what_has_no_price_here_is_left_for_a_person_and_the_hold_stays(session: Session, shop: Importer) -> None:
    shop.run(
        order(
            line("A-1", "45.00", quantity="4"),
            line("A-2", "12.00"),
            line("A-3", "5.00", title="New"),
            delivery=MOVED.model_copy(update={"country": "FR"}),
            **LATER,
        )
    )
    done = take_change(session, booked(shop).id, "jo")
    assert {reason for reason, _ in done.by_hand} == {
        ByHand.LINE_MORE, ByHand.PRICE, ByHand.LINE_ADDED, ByHand.COUNTRY,
    }  # fmt: skip
    found = booked(shop)
    assert (found.holds, found.delivery["country"]) == (["changed_in_channel"], "DE")
    assert session.exec(select(OrderChange)).one().by_hand


def test_another_postage_alone_is_left_for_a_person(session: Session, shop: Importer) -> None:
    shop.run(ORDER.model_copy(update=LATER | {"stated": order(*ORDER.lines, shipping=(charge("8.00"),)).stated}))
    found = booked(shop)
    assert plan_for(session, found, open_changes(session, found.id)).by_hand[0][0] is ByHand.AMOUNT


def test_a_refund_in_the_shop_is_recorded_as_made_there(session: Session, shop: Importer) -> None:
    changed = ORDER.model_copy(update=LATER | {"refunded": D("5.00")})
    shop.run(changed)
    assert changes(session) == [(["refund"], "open")]
    take_change(session, booked(shop).id, "jo")
    refund = session.exec(select(BookedPayment).where(BookedPayment.kind == "refund")).one()
    assert (refund.amount, refund.state, refund.origin) == (D("5.00"), "executed", "channel")
    assert (booked(shop).payment_state, booked(shop).refunded) == ("paid", D("5.00"))
    shop.run(changed)
    assert changes(session) == [(["refund"], "taken")]


def test_a_change_of_a_shipped_order_is_only_noted(session: Session, shop: Importer) -> None:
    found = booked(shop)
    found.fulfilment_state = "shipped"
    session.add(found)
    session.commit()
    shop.run(fewer())
    assert changes(session) == [(["amount", "lines"], "open")]
    assert booked(shop).holds == []
    assert take_change(session, found.id, "jo").by_hand == ((ByHand.LEFT, ""),)
    assert lines(shop)["l-A-1"].cancelled == 0


def test_pieces_that_have_left_are_not_cancelled_by_a_change(session: Session, shop: Importer) -> None:
    row = lines(shop)["l-A-1"]
    row.shipped = D(2)
    found = booked(shop)
    found.fulfilment_state = "partial"
    session.add_all([row, found])
    session.commit()
    shop.run(fewer())
    assert take_change(session, found.id, "jo").by_hand[0][0] is ByHand.LINE_GONE


def test_a_later_change_counts_and_both_are_decided_together(session: Session, shop: Importer) -> None:
    shop.run(fewer())
    shop.run(order(line("A-1", "20.00", quantity="2"), line("A-2", "10.00"), delivery=MOVED, **LATER))
    assert [state for _, state in changes(session)] == ["open", "open"]
    take_change(session, booked(shop).id, "jo")
    assert lines(shop)["l-A-1"].cancelled == 1
    assert booked(shop).delivery["city"] == "Lübeck"
    assert [state for _, state in changes(session)] == ["taken", "taken"]


def test_a_cancelled_order_has_no_conflict(session: Session, shop: Importer) -> None:
    cancel_order(session, booked(shop).id, "jo")
    session.commit()
    shop.run(fewer())
    assert changes(session) == []


# --- cancelled and paid in the channel ------------------------------------------------------------------------------


def test_an_order_cancelled_in_the_channel_is_cancelled_here_and_the_channel_is_not_told(
    session: Session, shop: Importer
) -> None:
    shop.run(ORDER.model_copy(update=LATER | {"state": ChannelState.CANCELLED}))
    found = booked(shop)
    assert found.holds == ["cancelled_in_channel"]
    follow_cancellation(session, found.id, "jo")
    found = booked(shop)
    assert (found.is_cancelled, found.cancel_reason) == (True, "CANCELLED_IN_CHANNEL")
    assert session.exec(select(Link).where(Link.kind == "shipments")).all() == []


def test_an_order_cancelled_in_the_channel_can_be_kept(session: Session, shop: Importer) -> None:
    shop.run(ORDER.model_copy(update=LATER | {"state": ChannelState.CANCELLED}))
    lift_holds(session, booked(shop).id, ["cancelled_in_channel"], "jo")
    session.commit()
    shop.run(ORDER.model_copy(update=LATER | {"state": ChannelState.CANCELLED}))
    assert (booked(shop).holds, booked(shop).is_cancelled) == ([], False)


def test_an_order_paid_later_in_the_shop_gets_the_payment(session: Session) -> None:
    unpaid = ORDER.model_copy(update={"payment": Payment(method="paypal")})
    shop = Importer(session, unpaid)
    shop.run(unpaid)
    assert (booked(shop).payment_state, session.exec(select(BookedPayment)).all()) == ("open", [])
    paid = unpaid.model_copy(update=LATER | {"payment": Payment(method="paypal", paid_at=NOW, transaction_id="T-1")})
    for _ in range(2):
        shop.run(paid)
    row = session.exec(select(BookedPayment)).one()
    assert (row.amount, row.reference, row.origin, row.at) == (ORDER.stated.total, "T-1", "channel", NOW)
    assert (booked(shop).payment_state, booked(shop).paid) == ("paid", ORDER.stated.total)
    assert ("paid", "") in shop.events()


# --- addresses corrected here ---------------------------------------------------------------------------------------


def corrected(**values: Any) -> AddressForm:
    given = {name: value for name, value in vars(ANNA).items() if name in AddressForm.model_fields}
    return AddressForm.model_validate(given | values)


def test_a_corrected_address_keeps_the_rest_and_the_journal_knows_only_the_fields(
    session: Session, shop: Importer
) -> None:
    found = booked(shop)
    found.delivery = dict(found.delivery) | {"vat_id": "DE1"}
    session.add(found)
    session.flush()
    changed = correct_address(session, found.id, "delivery", corrected(street=" Nebenweg 2 ", phone="040"), "jo")
    assert changed == ["street", "phone"]
    after = booked(shop)
    assert (after.delivery["street"], after.delivery["vat_id"]) == ("Nebenweg 2", "DE1")
    assert after.billing["street"] == ANNA.street
    event = session.exec(select(JournalEvent).where(JournalEvent.event == "delivery_corrected")).one()
    assert event.params == {"number": found.number, "fields": "street, phone"}
    assert correct_address(session, found.id, "delivery", corrected(street="Nebenweg 2", phone="040"), "jo") == []


def test_our_own_correction_is_no_change_of_the_shop(session: Session, shop: Importer) -> None:
    correct_address(session, booked(shop).id, "delivery", corrected(street="Nebenweg 2"), "jo")
    correct_address(session, booked(shop).id, "delivery", corrected(street="Nebenweg 3"), "jo")
    session.commit()
    shop.run(ORDER.model_copy(update=LATER))
    assert changes(session) == [(["delivery"], "kept")]
    assert booked(shop).holds == []
    shop.run(ORDER.model_copy(update={"modified_at": NOW + timedelta(hours=1), "delivery": MOVED}))
    assert changes(session)[1:] == [(["delivery"], "open")]


def test_another_country_would_change_the_tax_and_is_refused(session: Session, shop: Importer) -> None:
    with pytest.raises(FailureError, match="COUNTRY_FIXED"):
        correct_address(session, booked(shop).id, "billing", corrected(country="fr"), "jo")


def test_the_address_of_what_has_left_is_not_corrected(session: Session, shop: Importer) -> None:
    found = booked(shop)
    found.fulfilment_state = "shipped"
    session.add(found)
    session.flush()
    with pytest.raises(FailureError, match="STATE_FORBIDS"):
        correct_address(session, found.id, "billing", corrected(street="X"), "jo")


# --- refunds of ours ------------------------------------------------------------------------------------------------


def refunded(session: Session, shop: Importer, amount: str, reference: str) -> None:
    """A refund that is executed here, in an integration that pays refunds out through the channel."""
    wish = RefundWish(booked(shop).id, D(amount), reference)
    open_refunds(session, [booked(shop)], [wish], "jo")
    found = session.exec(select(BookedPayment).where(BookedPayment.reference == reference)).one()
    for move in (release_refund, execute_refund):
        move(session, found.id or 0, "jo")


def said(amount: str) -> Any:
    """The order as the channel tells it, with its sum of refunds."""
    return ORDER.model_copy(update=LATER | {"refunded": D(amount)})


def test_a_refund_that_we_paid_out_through_the_channel_comes_back_as_no_change(
    session: Session, shop: Importer
) -> None:
    choose(session, Feature.REFUNDS)
    refunded(session, shop, "5.00", "GS-1")
    shop.run(said("5.00"))
    assert changes(session) == [], "on its way, it may be there before its answer is"
    Channel(session, Feature.REFUNDS, RefundSettings()).send()
    shop.run(said("5.00"))
    assert (changes(session), booked(shop).holds) == ([], [])


def test_what_the_shop_gives_back_besides_our_refund_is_a_change_of_that_amount(
    session: Session, shop: Importer
) -> None:
    choose(session, Feature.REFUNDS)
    refunded(session, shop, "5.00", "GS-1")
    Channel(session, Feature.REFUNDS, RefundSettings()).send()
    shop.run(said("8.00"))
    assert changes(session) == [(["refund"], "open")]
    take_change(session, booked(shop).id, "jo")
    theirs = session.exec(
        select(BookedPayment).where(BookedPayment.origin == "channel", BookedPayment.kind == "refund")
    )
    assert [payment.amount for payment in theirs] == [D("3.00")]
    shop.run(said("8.00"))
    assert changes(session) == [(["refund"], "taken")]
    shop.run(said("9.00"))
    assert changes(session)[1:] == [(["refund"], "open")]


def test_a_refund_that_the_channel_refused_explains_nothing(session: Session, shop: Importer) -> None:
    choose(session, Feature.REFUNDS)
    refunded(session, shop, "5.00", "GS-1")
    Channel(session, Feature.REFUNDS, RefundSettings()).send(
        refuse("REFUND_TOO_HIGH", order="W-1", most="0", amount="5.00")
    )
    shop.run(said("5.00"))
    assert changes(session) == [(["refund"], "open")]
