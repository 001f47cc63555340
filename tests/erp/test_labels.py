"""Labels: packed until all are there, then shipped; requests and answers survive crashes and repeats."""

import json
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from activities.deps import Deps
from activities.labels import step_labels
from canonical.failure import Failure, FailureError
from canonical.label import LabelAnswer
from connectors.transport import TransportOptions
from erp import labels
from erp.autoship import ship_released
from erp.database import make_sessions
from erp.secrets import Keyring
from erp.shipping import ParcelForm, correct_tracking, ship_order
from erp.tables import Document, JournalEvent, Link, Order, OrderLine, Parcel, Printer, PrintJob, PrintRule, Shipment

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LABEL = b"%PDF label"


@pytest.fixture
def packed(session: Session, shop: Any) -> Order:
    """An order of two parcels that auto-ship has packed; its method asks a carrier for labels."""
    shop.article("A-1", weight=Decimal(20))
    shop.stock(10, "A-1")
    shop.dhl.adapter, shop.dhl.adapter_folder, shop.dhl.max_parcel_weight = "file", "dhl", Decimal(31)
    printer = shop.add(Printer(code="L", name="Labels", adapter="folder", address="labels"))
    shop.add(PrintRule(kind="label", printer_id=printer.id))
    order: Order = shop.order({"A-1": 2}, delivery={"first_name": "Anna", "last_name": "W", "street": "S 1",
                                                    "city": "C", "country": "DE"})  # fmt: skip
    assert ship_released(session, 10).done == 1
    session.commit()
    return order


@pytest.fixture
def deps(engine: Engine, tmp_path: Path) -> Deps:
    """What the step is given; the exchange folder is the test's own."""
    keyring = Keyring({"k1": bytes(range(32))})
    return Deps(sessions=make_sessions(engine), keyring=keyring, transport=TransportOptions(), exchange=tmp_path)


def parcels(session: Session) -> list[Parcel]:
    return list(session.exec(select(Parcel).order_by(Parcel.id).execution_options(populate_existing=True)))


def state(session: Session, order: Order) -> tuple[str, str]:
    session.expire_all()
    return session.exec(select(Order.fulfilment_state)).one(), session.exec(select(Shipment.state)).one()


def kinds(session: Session) -> list[str]:
    return sorted(session.exec(select(Document.kind)))


def answer(parcel: Parcel, **values: Any) -> LabelAnswer:
    given = {
        "key": f"P{parcel.id}",
        "tracking_number": f"JD{parcel.id}",
        "label": LABEL,
        "media_type": "application/pdf",
    }
    return LabelAnswer(**(given | values))


def reports(session: Session) -> int:
    return len(session.exec(select(Link.id).where(Link.kind == "shipments", Link.dirty_at.is_not(None))).all())  # type: ignore[union-attr]


def test_a_packed_order_has_left_the_shelf_and_is_not_yet_reported(session: Session, packed: Order) -> None:
    assert state(session, packed) == ("packed", "packed")
    assert [(parcel.label_state, parcel.tracking_number, parcel.weight) for parcel in parcels(session)] == [
        ("wanted", "", 20),
        ("wanted", "", 20),
    ]
    assert session.exec(select(OrderLine.shipped)).one() == 2
    assert session.execute(text("SELECT physical FROM stock_level")).scalar_one() == 8
    assert reports(session) == 0
    assert kinds(session) == ["pick_list"]
    assert session.exec(select(JournalEvent.event)).all() == ["packed"]


def test_with_its_last_label_a_shipment_is_shipped_reported_and_invoiced(session: Session, packed: Order) -> None:
    first, second = parcels(session)
    assert labels.take_answers(session, [answer(first)], NOW) == {}
    assert state(session, packed) == ("packed", "packed")
    assert reports(session) == 0
    assert labels.take_answers(session, [answer(second)], NOW) == {}
    assert state(session, packed) == ("shipped", "shipped")
    assert reports(session) == 1
    assert kinds(session) == ["delivery_note", "invoice", "pick_list"]
    found = parcels(session)
    assert [parcel.label for parcel in found] == [LABEL] * 2
    assert found[0].tracking_url == f"https://dhl.example/?n=JD{first.id}"
    assert len(session.exec(select(PrintJob)).all()) == 2


def test_an_answer_is_taken_once_and_another_one_is_refused(session: Session, packed: Order) -> None:
    first, _ = parcels(session)
    labels.take_answers(session, [answer(first)], NOW)
    assert labels.take_answers(session, [answer(first)], NOW) == {}, "the same again changes nothing"
    refused = labels.take_answers(session, [answer(first, tracking_number="OTHER")], NOW)
    assert [failure.code for failure in refused.values()] == ["LABEL_UNKNOWN"]
    assert parcels(session)[0].tracking_number == f"JD{first.id}"
    assert len(session.exec(select(PrintJob)).all()) == 1


@pytest.mark.parametrize("key", ["P999999", "4711", "Px", "P", "P99999999999999999999"])
def test_an_answer_for_a_parcel_that_nobody_knows_is_refused(session: Session, packed: Order, key: str) -> None:
    refused = labels.take_answers(session, [LabelAnswer(key=key, tracking_number="JD1")], NOW)
    assert refused.keys() == {key}


def test_a_refused_parcel_waits_for_a_person_who_asks_again(session: Session, packed: Order) -> None:
    first, _ = parcels(session)
    labels.take_answers(session, [LabelAnswer(key=f"P{first.id}", error="No such street")], NOW)
    found = parcels(session)[0]
    assert (found.label_state, found.label_code, found.label_reason) == ("failed", "CARRIER_REFUSED", "No such street")
    assert "label_failed" in session.exec(select(JournalEvent.event)).all()
    labels.request_again(session, first.id or 0)
    assert parcels(session)[0].label_state == "wanted"


def test_a_number_entered_by_hand_takes_the_place_of_a_label(session: Session, packed: Order) -> None:
    first, second = parcels(session)
    labels.take_answers(session, [answer(first)], NOW)
    correct_tracking(session, second.id or 0, ParcelForm(tracking_number="HAND-1"), "jo")
    assert state(session, packed) == ("shipped", "shipped")
    assert parcels(session)[1].tracking_url == "https://dhl.example/?n=HAND-1"
    with pytest.raises(FailureError, match="STATE_FORBIDS"):
        labels.request_again(session, second.id or 0)


def test_a_tracking_put_right_is_reported_again_and_once(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.stock(5, "A-1")
    ship_order(session, shop.order({"A-1": 1}).id, [ParcelForm(tracking_number="WRONG")], "jo")
    session.execute(text("UPDATE link SET dirty_at = NULL, fingerprint = 'sent'"))
    (parcel,) = parcels(session)
    correct_tracking(session, parcel.id or 0, ParcelForm(tracking_number="RIGHT"), "jo")
    assert reports(session) == 1
    (found,) = parcels(session)
    assert (found.tracking_number, found.carrier) == ("RIGHT", "DHL")
    assert found.tracking_url == "https://dhl.example/?n=RIGHT"
    session.execute(text("UPDATE link SET dirty_at = NULL"))
    correct_tracking(session, parcel.id or 0, ParcelForm(tracking_number="RIGHT"), "jo")
    assert reports(session) == 0
    correct_tracking(session, parcel.id or 0, ParcelForm(tracking_number="RIGHT", carrier="DPD"), "jo")
    assert parcels(session)[0].tracking_url == "", "another carrier's parcel is not on this carrier's page"
    assert session.exec(select(JournalEvent.event)).all().count("tracking_corrected") == 2


def test_a_rest_waits_as_packed_until_its_label_is_there(session: Session, shop: Any, packed: Order) -> None:
    for parcel in parcels(session):
        labels.take_answers(session, [answer(parcel)], NOW)
    order = shop.order({"A-1": 2})
    line = session.exec(select(OrderLine).where(OrderLine.order_id == order.id)).one()
    ship_order(session, order.id, [], "jo", lines={line.id: Decimal(1)})
    session.refresh(order)
    assert order.fulfilment_state == "partial"


def test_requests_that_cannot_be_written_are_tried_again_and_then_wait_for_a_person(
    session: Session, packed: Order
) -> None:
    first, second = parcels(session)
    failure = Failure.of("FOLDER_DENIED", folder="dhl")
    for _ in range(labels.MOST_ATTEMPTS):
        labels.note_unwritten(session, {first.id or 0: failure})
    session.expire_all()
    assert (parcels(session)[0].label_state, parcels(session)[0].label_code) == ("failed", "FOLDER_DENIED")
    assert [each.parcel_id for each in labels.wanted(session, 10)] == [second.id]


# --- the step, with real folders --------------------------------------------------------------------------------------


def put(folder: Path, name: str, content: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    old = (datetime.now(UTC) - timedelta(minutes=1)).timestamp()
    os.utime(file, (old, old))


def test_the_step_requests_labels_and_takes_answers_from_real_folders(
    session: Session, packed: Order, deps: Deps, tmp_path: Path
) -> None:
    assert step_labels(deps, 10).done == 2
    requests = [json.loads(file.read_text()) for file in sorted((tmp_path / "dhl" / "out").iterdir())]
    assert [request["key"] for request in requests] == [f"P{parcel.id}" for parcel in parcels(session)]
    assert requests[0]["recipient"]["name"] == "Anna W"
    assert Decimal(requests[0]["weight"]) == 20
    found = parcels(session)
    assert [parcel.label_state for parcel in found] == ["requested"] * 2
    assert all(parcel.label_requested_at for parcel in found), "a lost answer shows its age"
    assert step_labels(deps, 10).done == 0
    for request in requests:
        put(tmp_path / "dhl" / "in", f"{request['key']}.pdf", LABEL)
        reply = {"key": request["key"], "tracking_number": f"T-{request['key']}", "label": f"{request['key']}.pdf"}
        put(tmp_path / "dhl" / "in", f"{request['key']}.json", reply)
    put(tmp_path / "dhl" / "in", "odd.json", {"key": "P4711", "tracking_number": "X"})
    put(tmp_path / "dhl" / "in", "broken.json", b"{")
    assert step_labels(deps, 10).done == 4
    assert state(session, packed) == ("shipped", "shipped")
    assert list((tmp_path / "dhl" / "in").iterdir()) == []
    assert len(list((tmp_path / "dhl" / "done").iterdir())) == 4
    assert {file.name for file in (tmp_path / "dhl" / "bad").iterdir()} == {
        "odd.json", "odd.json.txt", "broken.json", "broken.json.txt",
    }  # fmt: skip


def test_two_answers_for_one_parcel_in_one_folder_are_judged_one_after_the_other(
    session: Session, packed: Order, deps: Deps, tmp_path: Path
) -> None:
    step_labels(deps, 10)
    key = f"P{parcels(session)[0].id}"
    put(tmp_path / "dhl" / "in", "1.json", {"key": key, "tracking_number": "FIRST"})
    put(tmp_path / "dhl" / "in", "2.json", {"key": key, "tracking_number": "SECOND"})
    step_labels(deps, 10)
    step_labels(deps, 10)
    assert parcels(session)[0].tracking_number == "FIRST"
    assert (tmp_path / "dhl" / "bad" / "2.json").exists()


def test_a_crash_between_writing_and_noting_writes_the_same_request_again(
    session: Session, packed: Order, deps: Deps, tmp_path: Path
) -> None:
    step_labels(deps, 10)
    session.execute(text("UPDATE parcel SET label_state = 'wanted'"))
    session.commit()
    step_labels(deps, 10)
    assert len(list((tmp_path / "dhl" / "out").iterdir())) == 2
