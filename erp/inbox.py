"""The inbox: vendors' documents as they came, one row per external id, compressed and encrypted."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from canonical.feature import Feature
from canonical.order import RawDocument
from erp import journal
from erp.secrets import Keyring
from erp.tables import InboxDocument

COMPRESSION = 1
"""Level 1: half the time of the default for four fifths of its effect on JSON."""
RETRY_AGE = timedelta(days=5)
"""Parked documents are tried again by themselves for five days after their last change (D§5.5)."""


@dataclass(frozen=True)
class WaitingDocument:
    """A stored document that waits to be decided."""

    inbox_id: int
    external_id: str
    number: str
    by_hand: bool
    body: bytes


def _about(integration_id: str, external_id: str) -> str:
    return f"inbox/{integration_id}/{external_id}"


def store_documents(
    session: Session,
    keyring: Keyring,
    integration_id: str,
    feature: Feature,
    documents: Sequence[RawDocument],
    *,
    run_id: str,
    by_hand: bool = False,
) -> int:
    """Store a page of documents and return how many are new or newer; no document is lost, none stored twice.

    A document already here with the same content changes nothing, nor does a late older version. A newer version goes
    back to `new` and is decided again. Idempotent by (integration, feature, external id) and content.
    """
    newest: dict[str, RawDocument] = {}
    for document in documents:
        before = newest.get(document.external_id)
        if (
            before is None
            or before.modified_at is None
            or (document.modified_at or before.modified_at) >= before.modified_at
        ):
            newest[document.external_id] = document
    if not newest:
        return 0
    rows: list[dict[str, Any]] = [
        {
            "integration_id": integration_id,
            "feature": feature.value,
            "external_id": document.external_id,
            "number": document.number,
            "version_at": document.modified_at,
            "digest": hashlib.blake2b(document.body, digest_size=16).digest(),
            "key_id": keyring.current,
            "body": keyring.seal(
                zlib.compress(document.body, COMPRESSION), about=_about(integration_id, document.external_id)
            ),
            "by_hand": by_hand,
        }
        for document in newest.values()
    ]
    return _upsert(session, rows, integration_id, feature, run_id=run_id, by_hand=by_hand)


def _upsert(
    session: Session,
    rows: list[dict[str, object]],
    integration_id: str,
    feature: Feature,
    *,
    run_id: str,
    by_hand: bool,
) -> int:
    table = InboxDocument.__table__  # type: ignore[attr-defined]
    statement = insert(table)
    fresh = statement.excluded
    changed = table.c.digest != fresh.digest
    if by_hand:
        changed = or_(changed, table.c.state.in_(("skipped", "parked", "ignored")))
    upsert = statement.on_conflict_do_update(
        index_elements=["integration_id", "feature", "external_id"],
        set_={name: fresh[name] for name in ("number", "version_at", "digest", "key_id", "body", "by_hand")}
        | {"state": "new", "received_at": func.now(), "attempts": 0},
        where=changed & (func.coalesce(fresh.version_at >= table.c.version_at, True)),
    ).returning(table.c.external_id, (table.c.decided_at.is_(None)).label("is_new"))
    stored = session.execute(upsert, rows).all()
    journal.write(
        session,
        [
            journal.event(
                integration_id,
                feature.value,
                "received" if is_new else "changed",
                hop="channel_to_hub",
                record=external_id,
                run_id=run_id,
            )
            for external_id, is_new in stored
        ],
    )
    return len(stored)


def take_new(
    session: Session, keyring: Keyring, integration_id: str, feature: Feature, limit: int
) -> list[WaitingDocument]:
    """Take up to `limit` undecided documents, oldest first, locked against a second worker until the transaction ends."""
    query = (
        select(InboxDocument)
        .where(
            col(InboxDocument.integration_id) == integration_id,
            col(InboxDocument.feature) == feature.value,
            col(InboxDocument.state) == "new",
        )
        .order_by(col(InboxDocument.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [
        WaitingDocument(
            inbox_id=row.id or 0,
            external_id=row.external_id,
            number=row.number,
            by_hand=row.by_hand,
            body=_open(keyring, row),
        )
        for row in session.exec(query)
    ]


def _open(keyring: Keyring, row: InboxDocument) -> bytes:
    return zlib.decompress(keyring.open(row.body, row.key_id, about=_about(row.integration_id, row.external_id)))


def open_document(session: Session, keyring: Keyring, document_id: int) -> bytes:
    """Open one stored document as it came; raises `LookupError`."""
    row = session.get(InboxDocument, document_id)
    if row is None:
        raise LookupError(document_id)
    return _open(keyring, row)


def requeue_parked(session: Session, integration_id: str, feature: Feature, now: datetime) -> int:
    """Put parked documents younger than five days back in the queue; older ones only by hand (D§5.5)."""
    table = InboxDocument
    moved = session.exec(
        update(table)
        .where(
            col(table.integration_id) == integration_id,
            col(table.feature) == feature.value,
            col(table.state) == "parked",
            func.coalesce(col(table.version_at), col(table.received_at)) > now - RETRY_AGE,
        )
        .values(state="new")
    )
    return int(moved.rowcount)


def run_again(session: Session, document_ids: Sequence[int], by: str) -> int:
    """Queue documents again for a person, whatever their age and state; booked ones are only found already imported."""
    return _move(
        session, document_ids, by, event="run_again", status="pending", values={"state": "new", "by_hand": True}
    )


def ignore(session: Session, document_ids: Sequence[int], by: str) -> int:
    """Set parked or undecided documents aside for good, until somebody runs them again."""
    return _move(
        session, document_ids, by, event="ignored", status="skipped", values={"state": "ignored", "waits_for": []}
    )


def _move(
    session: Session, document_ids: Sequence[int], by: str, *, event: str, status: str, values: dict[str, object]
) -> int:
    table = InboxDocument
    rows = session.exec(
        update(table)
        .where(col(table.id).in_(document_ids), col(table.state) != "booked")
        .values(**values)
        .returning(col(table.integration_id), col(table.feature), col(table.external_id))
    ).all()
    journal.write(
        session,
        [
            journal.event(integration_id, feature, event, hop="hub_to_erp", status=status, record=external_id, actor=by)
            for integration_id, feature, external_id in rows
        ],
    )
    return len(rows)
