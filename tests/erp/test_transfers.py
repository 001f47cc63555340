"""What people move in the warehouse: receipts, corrections and transfers, each once however often it is sent."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from canonical.failure import FailureError
from erp.stock import Movement, Reason, ledger_differences, post_movements
from erp.tables import StockMovement, StockTransfer, Warehouse
from erp.transfers import StockEntry, TransferForm, book_entry, transfer
from erp.warehouses import WarehouseForm, change_warehouse, create_warehouse


def levels(session: Session) -> dict[str, Decimal]:
    rows = session.execute(
        text("SELECT w.code, l.physical FROM stock_level l JOIN warehouse w ON w.id = l.warehouse_id")
    )
    return {row.code: row.physical for row in rows}


def entry(**values: Any) -> StockEntry:
    given = {"kind": "receipt", "article": "A-1", "warehouse": "MAIN", "quantity": "5", "reference": "LS-1"}
    return StockEntry.model_validate(given | values)


def form(key: str = "k1", quantity: str = "3", **values: Any) -> TransferForm:
    given = {"key": key, "source": "MAIN", "target": "OUTLET", "lines": [("A-1", quantity)]}
    return TransferForm.model_validate(given | values)


@pytest.fixture
def ten(session: Session, shop: Any) -> Any:
    """Ten of A-1 in MAIN."""
    article = shop.article("A-1", ean="4006381333931")
    post_movements(session, [Movement("A-1", "MAIN", Decimal(10), Reason.RECEIPT, "r1")])
    return article


def test_a_receipt_is_booked_once_per_delivery_note(session: Session, ten: Any) -> None:
    assert book_entry(session, entry(article="4006381333931", note="two boxes"), "jo@shop.example")
    assert not book_entry(session, entry(), "jo@shop.example")
    assert book_entry(session, entry(reference="LS-2"), "jo@shop.example")
    assert levels(session) == {"MAIN": 20}
    stored = session.exec(select(StockMovement).where(StockMovement.reference == "LS-1")).one()
    assert (stored.reason, stored.note, stored.actor) == ("receipt", "two boxes", "jo@shop.example")


def test_a_correction_takes_away_what_is_there_and_not_more(session: Session, ten: Any) -> None:
    assert book_entry(session, entry(kind="correction", quantity="-4"), "jo")
    with pytest.raises(FailureError, match="STOCK_MISSING"):
        book_entry(session, entry(kind="correction", quantity="-7", reference="LS-2"), "jo")
    assert levels(session) == {"MAIN": 6}


@pytest.mark.parametrize(("values"), [{"quantity": "0"}, {"quantity": "-1"}, {"kind": "correction", "quantity": "0"}])
def test_an_entry_that_moves_nothing_or_the_wrong_way_is_no_entry(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        entry(**values)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"article": "NOPE"}, "ARTICLE_UNKNOWN"),
        ({"article": "KIT"}, "NO_STOCK_ARTICLE"),
        ({"warehouse": "MOON"}, "WAREHOUSE_UNKNOWN"),
        ({"quantity": "1.5"}, "WHOLE_PIECES_ONLY"),
    ],
)
def test_an_entry_for_what_cannot_lie_there_is_refused(
    session: Session, shop: Any, ten: Any, values: dict[str, Any], code: str
) -> None:
    shop.article("KIT", kind="jit", is_stock_article=False)
    with pytest.raises(FailureError, match=code):
        book_entry(session, entry(**values), "jo")


def test_a_transfer_is_two_movements_with_one_number(session: Session, ten: Any) -> None:
    assert transfer(session, form(note="to the fair"), "jo@shop.example") == "UM100001"
    moved = session.exec(select(StockMovement).where(StockMovement.reason == "transfer")).all()
    assert sorted((m.quantity, m.reference, m.note, m.actor) for m in moved) == [
        (-3, "UM100001", "to the fair", "jo@shop.example"), (3, "UM100001", "to the fair", "jo@shop.example"),
    ]  # fmt: skip
    assert levels(session) == {"MAIN": 7, "OUTLET": 3}
    assert ledger_differences(session) == []


def test_the_same_transfer_sent_twice_moves_once(session: Session, ten: Any) -> None:
    assert [transfer(session, form(), "jo") for _ in range(2)] == ["UM100001", "UM100001"]
    assert transfer(session, form("k2", "1"), "jo") == "UM100002"
    assert levels(session) == {"MAIN": 6, "OUTLET": 4}


def test_an_article_on_two_lines_moves_with_the_sum(session: Session, ten: Any) -> None:
    transfer(session, form(lines=[("A-1", "2"), ("4006381333931", "3")]), "jo")
    assert levels(session) == {"MAIN": 5, "OUTLET": 5}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"target": "MAIN"}, "SAME_WAREHOUSE"),
        ({"target": "MOON"}, "WAREHOUSE_UNKNOWN"),
        ({"source": "MOON"}, "WAREHOUSE_UNKNOWN"),
        ({"lines": [("NOPE", "1")]}, "ARTICLE_UNKNOWN"),
        ({"quantity": "11"}, "STOCK_MISSING"),
        ({"quantity": "0.5"}, "WHOLE_PIECES_ONLY"),
    ],
)
def test_a_transfer_that_cannot_be_is_refused_and_takes_no_number(
    session: Session, ten: Any, values: dict[str, Any], code: str
) -> None:
    session.commit()
    with pytest.raises(FailureError, match=code), session.begin_nested():
        transfer(session, form(**values), "jo")
    assert transfer(session, form("k9", "1"), "jo") == "UM100001"


def test_two_clicks_at_once_are_one_transfer(session: Session, ten: Any, engine: Engine) -> None:
    session.commit()
    numbers: list[str] = []

    def click() -> None:
        with Session(engine) as own, own.begin():
            numbers.append(transfer(own, form(), "jo"))

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert numbers == ["UM100001"] * 4
    assert len(session.exec(select(StockTransfer)).all()) == 1
    assert session.execute(text("SELECT sum(physical) FROM stock_level")).scalar_one() == 10


def test_a_warehouse_is_created_once_and_changed_by_its_code(session: Session, shop: Any) -> None:
    create_warehouse(session, WarehouseForm(code="FBA", name="Amazon", kind="marketplace", country="PL"))
    with pytest.raises(FailureError, match="CODE_TAKEN"):
        create_warehouse(session, WarehouseForm(code="FBA", name="Twin"))
    change_warehouse(
        session, WarehouseForm(code="FBA", name="Amazon PL", kind="marketplace", country="CZ", is_locked=True)
    )
    stored = session.exec(select(Warehouse).where(Warehouse.code == "FBA")).one()
    assert (stored.name, stored.kind, stored.country, stored.is_locked) == ("Amazon PL", "marketplace", "CZ", True)
    with pytest.raises(FailureError, match="WAREHOUSE_UNKNOWN"):
        change_warehouse(session, WarehouseForm(code="MOON", name="Moon"))


@pytest.mark.parametrize(
    "values", [{"code": "A B"}, {"code": ""}, {"name": ""}, {"kind": "moon"}, {"country": "Germany"}]
)
def test_a_warehouse_with_impossible_values_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        WarehouseForm.model_validate({"code": "W", "name": "W"} | values)
