"""What was cancelled here, or came back here, is no change of the shop's when the shop says it too (D§10.5, loops)."""

from decimal import Decimal as D
from typing import Any

import pytest
from sqlmodel import Session

from erp.cancellation import cancel_lines
from erp.order_changes import take_change
from tests.erp.order_kit import Importer, charge, line, order
from tests.erp.test_order_changes import LATER, ORDER, booked, changes, fewer, lines


@pytest.fixture
def shop(session: Session) -> Importer:
    """A shop whose order was imported."""
    made = Importer(session, ORDER)
    made.run(ORDER)
    return made


def cancelled(session: Session, shop: Importer, ref: str, quantity: str) -> None:
    """A part cancellation here, of which the channel is told."""
    cancel_lines(session, booked(shop).id, {lines(shop)[ref].id: D(quantity)}, "jo")
    session.commit()


def removed(quantity: str) -> Any:
    """The order as channels tell it that leave lines and total as they were ordered, and say what was taken out."""
    first, second = ORDER.lines
    return ORDER.model_copy(update=LATER | {"lines": (first.model_copy(update={"removed": D(quantity)}), second)})


def test_a_part_cancellation_of_ours_comes_back_as_no_change(session: Session, shop: Importer) -> None:
    cancelled(session, shop, "l-A-1", "2")
    for told in (ORDER.model_copy(update=LATER), removed("1"), removed("2"), fewer()):
        shop.run(told)
        row = shop.inbox("100")
        assert row is not None
        assert (changes(session), booked(shop).holds, row.code) == ([], [], "")


def test_a_line_that_we_cancelled_whole_may_be_gone_in_the_channel(session: Session, shop: Importer) -> None:
    cancelled(session, shop, "l-A-2", "1")
    shop.run(order(ORDER.lines[0], **LATER))
    assert changes(session) == []


def test_more_than_we_cancelled_is_a_change_that_cancels_the_rest(session: Session, shop: Importer) -> None:
    cancelled(session, shop, "l-A-1", "1")
    shop.run(fewer())
    assert changes(session) == [(["amount", "lines"], "open")]
    take_change(session, booked(shop).id, "jo")
    assert lines(shop)["l-A-1"].cancelled == 2


def test_another_change_besides_our_cancellation_is_still_a_conflict(session: Session, shop: Importer) -> None:
    cancelled(session, shop, "l-A-1", "2")
    shop.run(order(*fewer().lines, shipping=(charge("8.00"),), **LATER))
    assert changes(session) == [(["amount"], "open")]
    shop.run(order(line("A-1", "9.00", quantity="1"), line("A-2", "10.00"), **LATER))
    assert changes(session)[1:] == [(["amount", "lines"], "open")]
    shop.run(order(*fewer().lines, line("A-3", "1.00"), **LATER))
    assert changes(session)[2:] == [(["amount", "lines"], "open")]


def test_the_share_of_a_discount_goes_with_what_we_cancelled(session: Session) -> None:
    whole = order(
        line("A-1", "30.00", quantity="3", discount_net=D("4.00"), discount_tax=D("0.76")), line("A-2", "10.00")
    )
    shop = Importer(session, whole)
    shop.run(whole)
    cancelled(session, shop, "l-A-1", "2")
    for off, tax, parts in (("2.00", "0.38", []), ("1.00", "0.19", [["amount"]])):
        less = line("A-1", "10.00", quantity="1", discount_net=D(off), discount_tax=D(tax))
        shop.run(order(less, line("A-2", "10.00"), **LATER))
        assert [named for named, _ in changes(session)] == parts


def test_pieces_that_came_back_here_may_be_gone_in_the_channel(session: Session, shop: Importer) -> None:
    row, found = lines(shop)["l-A-1"], booked(shop)
    row.shipped, row.returned, found.fulfilment_state = D(3), D(2), "shipped"
    session.add_all([row, found])
    session.commit()
    shop.run(removed("2"))
    assert changes(session) == []
    shop.run(removed("3"))
    assert changes(session) == [(["lines"], "open")]
