"""What a person must look after at a channel, such as incidents: as it was told last, and since when each is known."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from canonical.channel import ChannelTask
from canonical.failure import Failure
from erp.bulk import insert_rows
from erp.tables import ChannelTaskRow, Scan

PURPOSE = "tasks"
"""Under which an asking is noted among the scans of an integration."""
ASK_EVERY = timedelta(minutes=30)
"""An incident runs for days, and a list of orders is what a marketplace permits least often."""
AGAIN_AFTER = timedelta(minutes=5)
"""A channel that did not answer, or whose limit the order import had used up, is asked again at the next round."""

# Credentials that an order run found refused are not tried again before a person mended them.
_DUE = text(
    """
    SELECT i.id FROM integration i
    JOIN integration_feature f ON f.integration_id = i.id AND f.feature = 'orders'
    LEFT JOIN scan s ON s.integration_id = i.id AND s.purpose = :purpose
    WHERE i.mode = 'productive' AND i.deleted_at IS NULL AND i.connector = ANY(:connectors)
      AND f.is_chosen AND f.is_active AND f.paused_at IS NULL AND f.blocked_at IS NULL
      AND (s.ended_at IS NULL OR s.ended_at < CASE WHEN s.state = 'failed' THEN :again ELSE :before END)
    ORDER BY s.ended_at NULLS FIRST, i.id LIMIT :limit
    """
)

# What was closed and is told again is a new one; one that goes on keeps its beginning.
_UPSERT = """
    ON CONFLICT (integration_id, order_ref, kind) DO UPDATE SET text = excluded.text, due_at = excluded.due_at,
        seen_at = CASE WHEN channel_task.closed_at IS NULL THEN channel_task.seen_at ELSE excluded.seen_at END,
        closed_at = NULL
"""
_CLOSE = text(
    """
    UPDATE channel_task t SET closed_at = :now WHERE t.integration_id = :id AND t.closed_at IS NULL
      AND NOT EXISTS (SELECT FROM unnest(CAST(:orders AS text[]), CAST(:kinds AS text[])) AS told (order_ref, kind)
                      WHERE told.order_ref = t.order_ref AND told.kind = t.kind)
    """
)


def due(session: Session, connectors: Sequence[str], now: datetime, limit: int) -> list[str]:
    """Productive integrations of these connectors that import orders and are to be asked now, the longest unasked first."""
    values = {
        "purpose": PURPOSE,
        "connectors": list(connectors),
        "before": now - ASK_EVERY,
        "again": now - AGAIN_AFTER,
        "limit": limit,
    }
    return list(session.execute(_DUE, values).scalars())


def store_tasks(session: Session, integration_id: str, told: Sequence[ChannelTask], now: datetime) -> None:
    """Keep what a channel tells as open; what it does not tell any more is closed. Idempotent.

    Several of one kind at one order are one task with all their texts; one without an order says nothing to anybody.
    """
    tasks = _by_order(told)
    own = {"integration_id": integration_id, "seen_at": now}
    rows = [own | {"order_ref": ref, "kind": kind, **values} for (ref, kind), values in tasks.items()]
    insert_rows(session, ChannelTaskRow, rows, ending=_UPSERT)
    keys = {"orders": [ref for ref, _ in tasks], "kinds": [kind for _, kind in tasks]}
    session.execute(_CLOSE, {"id": integration_id, "now": now, **keys})
    _note(session, integration_id, now, state="finished", seen=len(tasks), code="", params={})


def note_failure(session: Session, integration_id: str, failure: Failure, now: datetime) -> None:
    """Keep why a channel could not be asked; what it told before stays as it was."""
    _note(session, integration_id, now, state="failed", code=failure.code, params=dict(failure.params))


def _by_order(told: Sequence[ChannelTask]) -> dict[tuple[str, str], Mapping[str, object]]:
    found: dict[tuple[str, str], list[ChannelTask]] = {}
    for task in told:
        # A NUL can be in no column, nor in a parameter.
        if order := task.order_ref.replace("\x00", "").strip():
            found.setdefault((order[:120], task.kind[:40]), []).append(task)
    return {
        key: {
            "text": "\n".join(dict.fromkeys(task.text for task in tasks if task.text)),
            "due_at": min((task.due_at for task in tasks if task.due_at is not None), default=None),
        }
        for key, tasks in sorted(found.items())
    }


def _note(session: Session, integration_id: str, now: datetime, **values: object) -> None:
    row = {"integration_id": integration_id, "purpose": PURPOSE, "ended_at": now, **values}
    session.execute(
        insert(Scan)
        .values(**row)
        .on_conflict_do_update(index_elements=[col(Scan.integration_id), col(Scan.purpose)], set_=row)
    )
