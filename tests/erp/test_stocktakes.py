"""Counting a warehouse while it works: what was counted is posted once, by the difference found at that moment."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from canonical.failure import FailureError
from erp.stock import Movement, Reason, ledger_differences, post_movements
from erp.stocktakes import (
    MOST_LINES,
    CountEntry,
    CountReport,
    cancel_stocktake,
    count,
    parse_counts,
    post_stocktake,
    read_quantity,
    start_stocktake,
)
from erp.tables import ForeignNumber, Link, StockLevel, StockMovement, Stocktake, StocktakeLine


def move(session: Session, article: str, quantity: Any, reference: str, reason: Reason = Reason.RECEIPT) -> None:
    post_movements(session, [Movement(article, "MAIN", Decimal(quantity), reason, reference)])


def level(session: Session, article: Any) -> Decimal:
    query = select(StockLevel.physical).where(StockLevel.article_id == article.id)
    return session.exec(query).one()


def counted(session: Session, stocktake: Stocktake, **found: str) -> CountReport:
    entries = [CountEntry(n, article.replace("_", "-"), value) for n, (article, value) in enumerate(found.items(), 1)]
    return count(session, stocktake.id or 0, entries, "jo@shop.example")


@pytest.fixture
def stocktake(session: Session, shop: Any) -> Stocktake:
    """An open stocktake of MAIN, where ten of A-1 and five of A-2 should be."""
    shop.listed("A-1")
    shop.article("A-2", ean="4006381333931")
    move(session, "A-1", 10, "r1")
    move(session, "A-2", 5, "r1")
    return start_stocktake(session, "MAIN", "jo@shop.example", "year's end")


def test_a_posted_count_becomes_the_level_and_the_channel_is_told(
    session: Session, shop: Any, stocktake: Stocktake
) -> None:
    session.execute(text("UPDATE link SET dirty_at = NULL"))
    assert counted(session, stocktake, A_1="7").taken == 1
    assert post_stocktake(session, stocktake.id or 0, "mia@shop.example") == 1
    moved = session.exec(select(StockMovement).where(StockMovement.reason == "count")).one()
    assert (moved.quantity, moved.reference, moved.note, moved.actor) == (
        Decimal(-3), "IN100001", "year's end", "mia@shop.example",
    )  # fmt: skip
    assert session.exec(select(Link.dirty_at)).one() is not None
    assert ledger_differences(session) == []


def test_what_is_sold_after_the_count_stays_sold(session: Session, shop: Any, stocktake: Stocktake) -> None:
    counted(session, stocktake, A_1="9")
    move(session, "A-1", -4, "s1", Reason.SHIPMENT)
    post_stocktake(session, stocktake.id or 0, "jo")
    assert sorted(level(session, a) for a in _articles(session)) == [5, 5]  # 9 counted, 4 of them sold since


def _articles(session: Session) -> list[Any]:
    return list(session.execute(text("SELECT id FROM article ORDER BY id")))


def test_what_was_not_counted_stays_and_what_was_counted_as_nothing_is_gone(
    session: Session, shop: Any, stocktake: Stocktake
) -> None:
    counted(session, stocktake, A_1="0")
    post_stocktake(session, stocktake.id or 0, "jo")
    assert [level(session, a) for a in _articles(session)] == [0, 5]


def test_an_article_that_the_books_do_not_know_there_is_found(
    session: Session, shop: Any, stocktake: Stocktake
) -> None:
    extra = shop.article("A-3")
    counted(session, stocktake, A_3="2")
    post_stocktake(session, stocktake.id or 0, "jo")
    assert level(session, extra) == 2


def test_counting_again_replaces_the_count_and_what_the_books_said(
    session: Session, shop: Any, stocktake: Stocktake
) -> None:
    counted(session, stocktake, A_1="3")
    move(session, "A-1", -4, "s1", Reason.SHIPMENT)
    counted(session, stocktake, A_1="6")
    line = session.exec(select(StocktakeLine).execution_options(populate_existing=True)).one()
    assert (line.expected, line.counted) == (6, 6)
    assert post_stocktake(session, stocktake.id or 0, "jo") == 0


def test_posting_twice_changes_nothing(session: Session, shop: Any, stocktake: Stocktake) -> None:
    counted(session, stocktake, A_1="7")
    assert post_stocktake(session, stocktake.id or 0, "jo") == 1
    assert post_stocktake(session, stocktake.id or 0, "jo") == 0
    assert [level(session, a) for a in _articles(session)] == [7, 5]


def test_what_is_closed_takes_no_more_counts(session: Session, shop: Any, stocktake: Stocktake) -> None:
    post_stocktake(session, stocktake.id or 0, "jo")
    with pytest.raises(FailureError, match="STOCKTAKE_CLOSED"):
        counted(session, stocktake, A_1="7")
    with pytest.raises(FailureError, match="STOCKTAKE_CLOSED"):
        cancel_stocktake(session, stocktake.id or 0)


def test_a_cancelled_stocktake_moves_nothing(session: Session, shop: Any, stocktake: Stocktake) -> None:
    counted(session, stocktake, A_1="0")
    cancel_stocktake(session, stocktake.id or 0)
    cancel_stocktake(session, stocktake.id or 0)
    with pytest.raises(FailureError, match="STOCKTAKE_CLOSED"):
        post_stocktake(session, stocktake.id or 0, "jo")
    assert [level(session, a) for a in _articles(session)] == [10, 5]


def test_one_stocktake_at_a_time_per_warehouse(session: Session, shop: Any, stocktake: Stocktake) -> None:
    with pytest.raises(FailureError) as refused:
        start_stocktake(session, "MAIN", "jo")
    assert refused.value.failure.code == "STOCKTAKE_OPEN"
    assert refused.value.failure.params["number"] == "IN100001"
    assert start_stocktake(session, "OUTLET", "jo").number == "IN100002"
    post_stocktake(session, stocktake.id or 0, "jo")
    assert start_stocktake(session, "MAIN", "jo").number == "IN100003"


def test_the_database_itself_refuses_a_second_open_stocktake(session: Session, shop: Any, stocktake: Stocktake) -> None:
    session.add(Stocktake(number="IN-2", warehouse_id=stocktake.warehouse_id))
    with pytest.raises(IntegrityError, match="ix_stocktake_open"):
        session.flush()


def test_an_unknown_warehouse_or_stocktake_is_refused(session: Session, shop: Any) -> None:
    with pytest.raises(FailureError, match="WAREHOUSE_UNKNOWN"):
        start_stocktake(session, "MOON", "jo")
    for act in (
        lambda: post_stocktake(session, 99, "jo"),
        lambda: cancel_stocktake(session, 99),
        lambda: count(session, 99, [], "jo"),
    ):
        with pytest.raises(LookupError):
            act()


def test_a_count_that_sales_have_overtaken_must_be_made_again(
    session: Session, shop: Any, stocktake: Stocktake
) -> None:
    counted(session, stocktake, A_1="1")  # nine are missing ...
    move(session, "A-1", -5, "s1", Reason.SHIPMENT)  # ... and yet five are sold
    with pytest.raises(FailureError) as refused:
        post_stocktake(session, stocktake.id or 0, "jo")
    assert refused.value.failure.code == "STOCK_MISSING"
    assert refused.value.failure.params["sku"] == "A-1"


def test_good_lines_are_taken_and_every_refused_line_is_named(
    session: Session, shop: Any, stocktake: Stocktake
) -> None:
    shop.article("KIT", kind="jit", is_stock_article=False)
    shop.article("METRE", allows_decimals=True)
    for number in ("B-1", "B-2"):
        shop.article(number, ean="4000000000006")
    pasted = (
        "Artikelnummer;Menge\nA-1;7\n\nNOPE;1\nKIT;1\nA-2;2,5\nMETRE;2,5\n4000000000006;1\nA-1;8\nB-1;\nB-2;1.000\n"
    )
    report = count(session, stocktake.id or 0, parse_counts(pasted), "jo")
    assert [(each.line, each.article, each.failure.code) for each in report.refused] == [
        (2, "A-1", "COUNTED_TWICE"),
        (4, "NOPE", "ARTICLE_UNKNOWN"),
        (5, "KIT", "NO_STOCK_ARTICLE"),
        (6, "A-2", "WHOLE_PIECES_ONLY"),
        (8, "4000000000006", "ARTICLE_UNKNOWN"),
        (9, "A-1", "COUNTED_TWICE"),
        (10, "B-1", "COUNT_INVALID"),
        (11, "B-2", "COUNT_INVALID"),
    ]
    assert report.taken == 1


def test_an_article_is_found_by_its_ean_or_a_number_that_may_be_scanned(
    session: Session, shop: Any, stocktake: Stocktake
) -> None:
    article = shop.article("A-3")
    for number, scannable in (("X1", True), ("X2", False)):
        shop.add(
            ForeignNumber(
                article_id=article.id, integration_id="shop-1", label="EAN", number=number, is_scannable=scannable
            )
        )
    report = count(
        session,
        stocktake.id or 0,
        [CountEntry(1, "4006381333931", "4"), CountEntry(2, "X1", "1"), CountEntry(3, "X2", "1")],
        "jo",
    )
    assert (report.taken, [each.line for each in report.refused]) == (2, [3])


def test_a_spreadsheets_columns_and_a_file_with_a_mark_are_read_alike() -> None:
    for pasted in (
        "A-1;7\nA-2;8",
        "\ufeffA-1;7\r\nA-2;8\r\n",
        "A-1\t7\nA-2\t8",
        '"A-1";"7"\n"A-2";"8"',
        "sku;n\nA-1;7\nA-2;8",
    ):
        assert [(entry.article, entry.counted) for entry in parse_counts(pasted)] == [("A-1", "7"), ("A-2", "8")]


def test_a_list_that_is_too_long_is_refused_whole() -> None:
    with pytest.raises(FailureError, match="LIST_TOO_LONG"):
        parse_counts("A;1\n" * (MOST_LINES + 1))


@pytest.mark.parametrize(
    ("typed", "quantity"),
    [("7", "7"), ("0", "0"), ("2,5", "2.5"), ("2.5", "2.5"), ("0,125", "0.125"), ("1.000", None), ("1,000", None), ("-1", None),
     ("", None), ("1e3", None), ("1,2345", "1.2345"), ("1,23456", None), ("٣", None), ("NaN", None), ("12345678901", None)],
)  # fmt: skip
def test_a_typed_quantity_is_read_or_refused_but_never_guessed(typed: str, quantity: str | None) -> None:
    assert read_quantity(typed) == (None if quantity is None else Decimal(quantity))


@settings(deadline=None)
@given(pasted=st.text(max_size=200))
def test_whatever_is_pasted_is_read_without_an_error(pasted: str) -> None:
    for entry in parse_counts(pasted):
        read_quantity(entry.counted)
