"""Releases: a parked document goes back into the queue when something that it waited for appears."""

from sqlalchemy import text
from sqlmodel import Session

from erp import journal


def release_waiting(session: Session, key: str, integration_id: str | None) -> int:
    """Queue all parked documents that wait for a key (`article:SKU`, `payment:x`, `settings` …); returns how many.

    Without an integration, documents of all are released: an article appears for everyone. Writes `released` events.
    Idempotent: a released document is no longer parked. A document with several problems parks again with the rest.
    """
    rows = session.execute(
        text(
            "UPDATE inbox_document SET state = 'new' WHERE state = 'parked' AND waits_for @> ARRAY[:key]"
            " AND (CAST(:integration AS text) IS NULL OR integration_id = :integration)"
            " RETURNING integration_id, feature, external_id"
        ),
        {"key": key, "integration": integration_id},
    ).all()
    journal.write(
        session,
        [
            journal.event(
                row.integration_id,
                row.feature,
                "released",
                hop="hub_to_erp",
                status="pending",
                record=row.external_id,
                params={"reason": key.replace(":", " ", 1)},
            )
            for row in rows
        ],
    )
    return len(rows)
