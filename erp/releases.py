"""Releases: a parked document goes back into the queue when something that it waited for appears."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import Session

from erp import journal


def release_waiting(session: Session, key: str, integration_id: str | None) -> int:
    """Queue all parked documents that wait for a key (`article:SKU`, `payment:x`, `settings` …); returns how many.

    Without an integration, documents of all are released: an article appears for everyone. Writes `released` events.
    Idempotent: a released document is no longer parked. A document with several problems parks again with the rest.
    """
    return release_all(session, [(key, integration_id)])


def release_all(session: Session, keys: Sequence[tuple[str, str | None]]) -> int:
    """Queue all parked documents that wait for one of many keys, each with its integration or None; as `release_waiting`."""
    if not keys:
        return 0
    rows = session.execute(
        text(
            "UPDATE inbox_document d SET state = 'new'"
            " FROM unnest(CAST(:keys AS text[]), CAST(:integrations AS text[])) AS given(key, integration_id)"
            " WHERE d.state = 'parked' AND d.waits_for @> ARRAY[given.key]"
            " AND (given.integration_id IS NULL OR d.integration_id = given.integration_id)"
            " RETURNING d.integration_id, d.feature, d.external_id, given.key"
        ),
        {"keys": [key for key, _ in keys], "integrations": [integration for _, integration in keys]},
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
                params={"reason": row.key.replace(":", " ", 1)},
            )
            for row in rows
        ],
    )
    return len(rows)
