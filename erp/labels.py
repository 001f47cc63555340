"""Labels: which parcels want one, what became of the request, and the carrier's answers; taken once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from canonical.label import LabelAnswer, LabelRequest, Recipient
from erp import completion, journal
from erp.deliveries import tracking_url
from erp.orders import lock_order
from erp.prints import PrintRequest, queue_prints
from erp.tables import Order, Parcel, Shipment, ShippingMethod

MOST_ATTEMPTS = 10
"""After so many requests that could not be written a person is asked."""
BY = "labels"
"""Who the journal names for what the carrier's answers bring about."""
_FINAL = ("ready", "none")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A label that is to be requested: in which folder, and what."""

    parcel_id: int
    folder: str
    request: LabelRequest


def key_of(parcel_id: int) -> str:
    """The name of a parcel in files."""
    return f"P{parcel_id}"


def parcel_of(key: str) -> int | None:
    """The parcel that a file names; None for anything that is not ours."""
    number = key.removeprefix("P")
    return int(number) if key != number and number.isascii() and number.isdecimal() and len(number) < 19 else None


_WANTED = text(
    """
    SELECT c.id, c.weight, s.number AS shipment, o.number AS order_number, o.delivery, m.code AS method, m.carrier,
        m.adapter_folder
    FROM parcel c JOIN shipment s ON s.id = c.shipment_id JOIN sales_order o ON o.id = s.order_id
    JOIN shipping_method m ON m.id = o.shipping_method_id AND m.adapter_folder <> ''
    WHERE c.label_state = 'wanted' ORDER BY c.label_attempts, c.id LIMIT :limit
    """
)


def wanted(session: Session, limit: int) -> list[Wanted]:
    """Say which labels are to be requested, those that never failed first."""
    return [
        Wanted(
            row.id,
            row.adapter_folder,
            LabelRequest(
                key=key_of(row.id),
                shipment=row.shipment,
                order=row.order_number,
                method=row.method,
                carrier=row.carrier,
                weight=row.weight,
                recipient=_recipient(row.delivery),
            ),
        )
        for row in session.execute(_WANTED, {"limit": limit})
    ]


def _recipient(address: Mapping[str, Any]) -> Recipient:
    name = " ".join(part for key in ("first_name", "last_name") if (part := str(address.get(key) or "")))
    known = {key: str(address.get(key) or "") for key in Recipient.model_fields}
    return Recipient(**(known | {"name": known["name"] or name}))


def note_requested(session: Session, parcel_ids: Sequence[int], now: datetime) -> None:
    """Write that requests are on their way; a parcel whose answer came meanwhile keeps it."""
    session.execute(
        text(
            "UPDATE parcel SET label_state = 'requested', label_requested_at = :now, label_code = '', label_reason = ''"
            " WHERE id = ANY(:ids) AND label_state = 'wanted'"
        ),
        {"ids": list(parcel_ids), "now": now},
    )


def note_unwritten(session: Session, failures: Mapping[int, Failure]) -> None:
    """Write why requests could not be written; they are tried again, and after `MOST_ATTEMPTS` wait for a person."""
    if not failures:
        return
    session.execute(
        text(
            "UPDATE parcel p SET label_attempts = label_attempts + 1, label_code = g.code, label_reason = g.reason,"
            " label_state = CASE WHEN label_attempts + 1 >= :most THEN 'failed' ELSE label_state END"
            " FROM unnest(:ids ::bigint[], :codes ::text[], :reasons ::text[]) AS g(id, code, reason)"
            " WHERE p.id = g.id AND p.label_state = 'wanted'"
        ),
        {
            "most": MOST_ATTEMPTS,
            "ids": list(failures),
            "codes": [failure.code for failure in failures.values()],
            "reasons": [", ".join(failure.params.values())[:300] for failure in failures.values()],
        },
    )


def folders(session: Session) -> list[str]:
    """The folders in which carriers answer."""
    query = select(ShippingMethod.adapter_folder).where(
        col(ShippingMethod.adapter) == "file", col(ShippingMethod.adapter_folder) != ""
    )
    return sorted(set(session.exec(query)))


def take_answers(session: Session, answers: Sequence[LabelAnswer], now: datetime) -> dict[str, Failure]:
    """Take carriers' answers, and say per key why one was not taken.

    A label is stored and queued for printing, and a shipment whose parcels have all they need is finished: report,
    delivery note, invoice. An answer that was taken before changes nothing; another one for a parcel that is done, or one
    for a parcel that nobody knows, is refused (LABEL_UNKNOWN). Locks orders by id first.
    """
    given = {parcel_id: answer for answer in answers if (parcel_id := parcel_of(answer.key)) is not None}
    refused = {answer.key: Failure.of("LABEL_UNKNOWN", key=answer.key) for answer in answers}
    found = _lock(session, list(given))
    labelled: list[tuple[Parcel, Order]] = []
    for parcel, order, method in found:
        answer = given[parcel.id or 0]
        if parcel.label_state in _FINAL:
            if parcel.tracking_number == answer.tracking_number:
                refused.pop(answer.key, None)
            continue
        refused.pop(answer.key, None)
        if answer.error:
            _refuse(session, parcel, order, answer)
        else:
            _label(parcel, method, answer, now)
            labelled.append((parcel, order))
        session.add(parcel)
    session.flush()
    queue_prints(
        session, [PrintRequest("label", parcel.id or 0, order.project_id) for parcel, order in labelled if parcel.label]
    )
    completion.finish_labelled(session, sorted({parcel.shipment_id for parcel, _ in labelled}), BY)
    return refused


def _lock(session: Session, parcel_ids: Sequence[int]) -> Sequence[tuple[Parcel, Order, ShippingMethod | None]]:
    orders = (
        select(Order.id)
        .where(
            col(Order.id).in_(
                select(Shipment.order_id)
                .join(Parcel, col(Parcel.shipment_id) == col(Shipment.id))
                .where(col(Parcel.id).in_(parcel_ids))
            )
        )
        .order_by(col(Order.id))
        .with_for_update()
    )
    session.exec(orders).all()
    query = (
        select(Parcel, Order, ShippingMethod)
        .join(Shipment, col(Shipment.id) == col(Parcel.shipment_id))
        .join(Order, col(Order.id) == col(Shipment.order_id))
        .outerjoin(ShippingMethod, col(ShippingMethod.id) == col(Order.shipping_method_id))
        .where(col(Parcel.id).in_(parcel_ids))
        .order_by(col(Parcel.id))
        .execution_options(populate_existing=True)
    )
    return session.exec(query).all()


def _label(parcel: Parcel, method: ShippingMethod | None, answer: LabelAnswer, now: datetime) -> None:
    parcel.tracking_number = answer.tracking_number
    parcel.tracking_url = answer.tracking_url or (tracking_url(method, answer.tracking_number) if method else "")
    parcel.label, parcel.label_media_type = answer.label, answer.media_type
    parcel.label_state, parcel.label_code, parcel.label_reason, parcel.labelled_at = "ready", "", "", now


def _refuse(session: Session, parcel: Parcel, order: Order, answer: LabelAnswer) -> None:
    parcel.label_state, parcel.label_code, parcel.label_reason = "failed", "CARRIER_REFUSED", answer.error
    journal.write(
        session,
        [
            journal.event(
                order.integration_id, "shipments", "label_failed", hop="hub_to_erp", status="error",
                record=order.external_id, code="CARRIER_REFUSED", params={"reason": answer.error}, actor=BY,
            )
        ],
    )  # fmt: skip


def request_again(session: Session, parcel_id: int) -> None:
    """Request a label once more, when it failed or its answer was lost.

    The key stays the same, so that a carrier who did know the parcel answers with the same label. Raises `LookupError`,
    and `FailureError` STATE_FORBIDS where no label is missing.
    """
    parcel = session.get(Parcel, parcel_id)
    shipment = session.get(Shipment, parcel.shipment_id) if parcel else None
    if parcel is None or shipment is None:
        raise LookupError(parcel_id)
    lock_order(session, shipment.order_id)
    session.refresh(parcel)
    if parcel.label_state in _FINAL:
        raise FailureError(Failure.of("STATE_FORBIDS", state=parcel.label_state))
    parcel.label_state, parcel.label_attempts, parcel.label_code, parcel.label_reason = "wanted", 0, "", ""
    parcel.label_requested_at = None
    session.add(parcel)
    session.flush()
