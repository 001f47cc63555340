"""The inbox: vendors' documents as they came, one row per external id, compressed and encrypted."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, text, update
from sqlmodel import Session, col

from canonical.feature import Feature
from canonical.order import RawDocument
from erp import journal
from erp.secrets import Keyring
from erp.tables import InboxDocument

COMPRESSION = 1
"""Level 1: half the time of the default for four fifths of its effect on JSON."""
ERASED = "erased"
"""The state of a row whose body was erased: it stays, so that the channel's copy is not stored again."""
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
    stored = session.execute(
        _STORE,
        {
            "integration": integration_id,
            "feature": feature.value,
            "key_id": keyring.current,
            "by_hand": by_hand,
            "ids": list(newest),
            "numbers": [document.number for document in newest.values()],
            "versions": [document.modified_at for document in newest.values()],
            "digests": [hashlib.blake2b(document.body, digest_size=16).digest() for document in newest.values()],
            "bodies": [
                keyring.seal(zlib.compress(document.body, COMPRESSION), about=_about(integration_id, external_id))
                for external_id, document in newest.items()
            ],
        },
    ).all()
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


# A page as five arrays: the driver reads a statement with a placeholder per value more slowly than it stores the page.
_STORE = text(
    """
    INSERT INTO inbox_document AS known (integration_id, feature, external_id, number, version_at, digest, key_id, body, state,
      code, findings, waits_for, attempts, by_hand, settings_revision)
    SELECT :integration, :feature, g.id, g.number, g.version, g.digest, :key_id, g.body, 'new', '', '[]', '{}', 0, :by_hand, 0
    FROM unnest(:ids ::text[], :numbers ::text[], :versions ::timestamptz[], :digests ::bytea[], :bodies ::bytea[])
      AS g(id, number, version, digest, body)
    ON CONFLICT (integration_id, feature, external_id) DO UPDATE SET
      number = excluded.number, version_at = excluded.version_at, digest = excluded.digest, key_id = excluded.key_id,
      body = excluded.body, by_hand = excluded.by_hand, state = 'new', received_at = now(), attempts = 0
    WHERE (known.digest <> excluded.digest OR :by_hand AND known.state IN ('skipped', 'parked', 'ignored'))
      AND known.state <> 'erased' AND coalesce(excluded.version_at >= known.version_at, true)
    RETURNING external_id, decided_at IS NULL
    """
)


def take_new(
    session: Session, keyring: Keyring, integration_id: str, feature: Feature, limit: int
) -> list[WaitingDocument]:
    """Take up to `limit` undecided documents, oldest first, locked against a second worker until the transaction ends."""
    rows = session.execute(_TAKE, {"integration": integration_id, "feature": feature.value, "limit": limit})
    return [
        WaitingDocument(
            id, external_id, number, by_hand, _open(keyring, body, key_id, _about(integration_id, external_id))
        )
        for id, external_id, number, by_hand, body, key_id in rows
    ]


_TAKE = text(
    "SELECT id, external_id, number, by_hand, body, key_id FROM inbox_document"
    " WHERE integration_id = :integration AND feature = :feature AND state = 'new' ORDER BY id LIMIT :limit"
    " FOR UPDATE SKIP LOCKED"
)


def _open(keyring: Keyring, body: bytes, key_id: str, about: str) -> bytes:
    return zlib.decompress(keyring.open(body, key_id, about=about))


def open_document(session: Session, keyring: Keyring, document_id: int) -> bytes:
    """Open one stored document as it came, empty once it was erased; raises `LookupError`."""
    row = session.get(InboxDocument, document_id)
    if row is None:
        raise LookupError(document_id)
    if row.state == ERASED:
        return b""
    return _open(keyring, row.body, row.key_id, _about(row.integration_id, row.external_id))


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
        .where(col(table.id).in_(document_ids), col(table.state).not_in(("booked", ERASED)))
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
