"""The EU delivery threshold (Lieferschwelle): its counter, and the day from which the countries' rates apply (D§10.4).

Who invoices calls `activate_when_crossed` in the same transaction. The orders' side is `erp/rules/oss.py`.
"""

from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from canonical.money import ZERO
from erp import journal
from erp.rules.model import ERP_CURRENCY
from erp.tables import DeliveryThreshold, Integration

AT_ONCE = Decimal("1.00")
"""The smallest threshold: whoever chooses it taxes in the countries of delivery from that day on, sales or not."""

_COUNTED = """
    SELECT round(coalesce(sum(d.net / coalesce(o.exchange_rate, x.rate, 1)), 0), 2) AS counted,
           count(*) FILTER (WHERE d.currency <> :erp AND coalesce(o.exchange_rate, x.rate) IS NULL) AS unrated
    FROM document d JOIN sales_order o ON o.id = d.order_id JOIN project p ON p.id = d.project_id
    LEFT JOIN exchange_rate x ON x.currency = d.currency
    WHERE d.kind = 'invoice' AND d.tax_kind IN ('eu', 'eu_origin') AND NOT d.is_b2b AND NOT p.is_outside_oss
      AND d.issued_on BETWEEN :first AND :last
"""
"""EUR net of the invoices that count. Cancellations and credit notes are other documents: they do not lower it. What
leaves an own warehouse in the country of delivery is booked as domestic and so not counted either. A foreign currency
without any rate counts one to one: rather too early than too late."""


class OssState(BaseModel):
    """Where the threshold stands; amounts in EUR, net."""

    model_config = ConfigDict(frozen=True)

    threshold: Decimal
    applies_from: date | None
    """Orders from this day on are taxed in the country of delivery; None: not yet."""
    year: int
    counted: Decimal
    """The invoices to EU consumers of the year so far, all countries together."""
    unrated: int
    """How many of them are in a currency without an exchange rate, counted one to one."""


def oss_state(session: Session, today: date) -> OssState:
    """Read where the threshold stands in the calendar year of a day."""
    row = session.get(DeliveryThreshold, 1) or DeliveryThreshold()
    counted, unrated = session.execute(text(_COUNTED), _year(today)).one()
    return OssState(
        threshold=row.threshold, applies_from=row.applies_from, year=today.year, counted=counted, unrated=unrated
    )


def activate_when_crossed(session: Session, today: date) -> bool:
    """Let the countries' rates apply from today on if the year's invoices crossed the threshold; True when this call did it.

    Idempotent; one statement that locks nothing until it changes something, so that every batch of invoices may ask.
    Orders of today and later are decided anew, those booked keep their tax. Writes a note into the journal of every
    integration, because each shop has to charge the new rates.
    """
    changed = session.execute(
        text(
            "UPDATE delivery_threshold SET applies_from = :today WHERE id = 1 AND applies_from IS NULL"  # noqa: S608
            f" AND threshold < (SELECT counted FROM ({_COUNTED}) AS year) RETURNING threshold"
        ),
        _year(today) | {"today": today},
    ).scalar_one_or_none()
    if changed is not None:
        _note(session, changed, today)
    return changed is not None


def set_threshold(session: Session, threshold: Decimal, today: date, by: str) -> OssState:
    """Set the threshold: 10,000.00 is the EU's, 1.00 applies at once; one that is crossed already applies from today.

    Raises `FailureError` THRESHOLD_INVALID below 1.00: 0 would mean that the very first cent counts, or that nothing does.
    A higher threshold does not take back what applies: that is a declaration at the tax office.
    """
    if threshold < AT_ONCE:
        raise FailureError(Failure.of("THRESHOLD_INVALID", value=threshold))
    row = session.get(DeliveryThreshold, 1, with_for_update=True)
    if row is None:
        row = DeliveryThreshold()
    row.threshold = threshold
    if threshold == AT_ONCE and row.applies_from is None:
        row.applies_from = today
        _note(session, threshold, today, by)
    session.add(row)
    session.flush()
    activate_when_crossed(session, today)
    session.refresh(row)
    return oss_state(session, today)


def _year(today: date) -> dict[str, object]:
    return {"first": date(today.year, 1, 1), "last": date(today.year, 12, 31), "erp": ERP_CURRENCY}


def _note(session: Session, threshold: Decimal, today: date, by: str = "") -> None:
    ids = session.exec(select(Integration.id).where(col(Integration.mode) != "deleted")).all()
    params = {"threshold": f"{threshold + ZERO:f}", "day": today.isoformat()}
    journal.write(
        session,
        [
            journal.event(id, "orders", "oss_applies", hop="lifecycle", status="info", params=params, actor=by)
            for id in ids
        ],
    )
