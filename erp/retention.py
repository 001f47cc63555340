"""Retention: how long each kind of record is kept, and the house task that erases what is older."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import TextClause, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, select

from canonical.failure import Failure, FailureError
from canonical.runs import HouseDone
from erp.privacy import BLANK_CUSTOMERS, erase_documents, erase_orders
from erp.tables import Erasure, Retention

BOOKKEEPING = "invoices"
SHORTEST_BOOKKEEPING = 96
"""Months: eight years for invoices (§ 14b UStG, § 147 AO), counted from the end of the calendar year."""
LONGEST = 1200


@dataclass(frozen=True)
class Rule:
    """A kind of record: how long it is kept unless the merchant chose otherwise, and how the oldest are found and erased."""

    months: int
    rows: str
    """The tables, with `id` unambiguous, and what is left to erase in them."""
    since: str
    """From which moment the months count."""
    erase: Callable[[Session, Sequence[int]], int]

    @property
    def find(self) -> TextClause:
        """Select at most `:limit` ids that are older than `:months` months."""
        return text(
            f"SELECT id FROM {self.rows} AND {self.since} < now() - make_interval(months => :months)"  # noqa: S608 - constants
            " ORDER BY id LIMIT :limit"
        )


def _by(statement: str) -> Callable[[Session, Sequence[int]], int]:
    def erase(session: Session, ids: Sequence[int]) -> int:
        return int(session.execute(text(statement), {"ids": list(ids)}).rowcount)  # type: ignore[attr-defined]

    return erase


def _orders(session: Session, ids: Sequence[int]) -> int:
    return erase_orders(session, ids).get("orders", 0)


RULES: Mapping[str, Rule] = {
    "channel_documents": Rule(
        24,
        "inbox_document WHERE state IN ('booked', 'skipped', 'ignored')",
        "received_at",
        _by("UPDATE inbox_document SET body = '', findings = '[]', state = 'erased' WHERE id = ANY(:ids)"),
    ),
    "journal": Rule(36, "journal WHERE true", "at", _by("DELETE FROM journal WHERE id = ANY(:ids)")),
    "labels": Rule(
        6, "parcel WHERE label IS NOT NULL", "labelled_at", _by("UPDATE parcel SET label = NULL WHERE id = ANY(:ids)")
    ),
    "provider_files": Rule(
        12, "partner_file WHERE body IS NOT NULL", "at", _by("UPDATE partner_file SET body = NULL WHERE id = ANY(:ids)")
    ),
    "mails": Rule(
        24,
        "mail WHERE recipient <> '' AND state <> 'pending'",
        "created_at",
        _by("UPDATE mail SET recipient = '' WHERE id = ANY(:ids)"),
    ),
    "delivery_notes": Rule(
        24,
        "document JOIN document_file f ON f.document_id = id"
        " WHERE kind IN ('delivery_note', 'pick_list') AND f.state <> 'erased'",
        "issued_on",
        erase_documents,
    ),
    BOOKKEEPING: Rule(
        SHORTEST_BOOKKEEPING,
        "document JOIN document_file f ON f.document_id = id"
        " WHERE kind IN ('invoice', 'cancellation_invoice', 'credit_note') AND f.state <> 'erased'",
        "date_trunc('year', issued_on) + interval '1 year'",
        erase_documents,
    ),
    "orders": Rule(
        120,
        "sales_order WHERE (is_cancelled OR fulfilment_state IN ('shipped', 'returned')) AND billing - 'country' <> '{}'",
        "created_at",
        _orders,
    ),
    "customers": Rule(
        120,
        "customer WHERE erased_at IS NULL",
        "(SELECT max(o.created_at) FROM sales_order o WHERE o.customer_id = customer.id)",
        _by(BLANK_CUSTOMERS),
    ),
}
"""The kinds, with their defaults in months."""


def periods(session: Session) -> dict[str, int]:
    """How many months each kind is kept: the merchant's choice, else the default."""
    chosen = {row.kind: row.months for row in session.exec(select(Retention))}
    return {kind: chosen.get(kind, rule.months) for kind, rule in RULES.items()}


def set_period(session: Session, kind: str, months: int) -> None:
    """Choose how long a kind is kept; raises `FailureError` RETENTION_INVALID, for invoices below what the law asks, too."""
    shortest = SHORTEST_BOOKKEEPING if kind == BOOKKEEPING else 1
    if kind not in RULES or not shortest <= months <= LONGEST:
        raise FailureError(Failure.of("RETENTION_INVALID", months=months, shortest=shortest, longest=LONGEST))
    statement = insert(Retention).values(kind=kind, months=months)
    session.execute(statement.on_conflict_do_update(index_elements=["kind"], set_={"months": months}))


def erase_old(session: Session, limit: int) -> HouseDone:
    """Erase the next records that have been kept long enough, at most `limit` of each kind; notes what and how many.

    Idempotent: what is erased is not found again. `left` tells that another call may find more.
    """
    done, left = 0, False
    for kind, months in periods(session).items():
        rule = RULES[kind]
        ids = session.execute(rule.find, {"months": months, "limit": limit}).scalars().all()
        if not ids:
            continue
        count = rule.erase(session, ids)
        session.add(Erasure(kind=kind, counts={kind: count}, actor="retention"))
        done, left = done + count, left or len(ids) == limit
    session.flush()
    return HouseDone(done=done, left=left)
