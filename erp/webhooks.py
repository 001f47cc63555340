"""Webhooks as hints: where they come in, deliveries seen once, and what the watch over the subscriptions found."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from canonical.channel import WebhookHint, WebhookReport
from canonical.runs import RunRef
from erp import journal
from erp.integrations import state_of
from erp.secrets import Keyring, SealBroken
from erp.tables import Integration, RunRequest, Webhook, WebhookDelivery

CHECK_EVERY = timedelta(minutes=30)
HINT_EVERY = timedelta(seconds=10)
KEEP = timedelta(days=3)
"""How long a delivery is remembered; vendors repeat for hours, not for days."""


@dataclass(frozen=True)
class Hook:
    """An integration's way in: the token of its address, and the secret that deliveries are signed with."""

    integration_id: str
    connector: str
    token: str
    secret: str


def _about(integration_id: str) -> str:
    return f"webhook/{integration_id}"


def address(public_url: str, token: str) -> str:
    """Where the channel sends to."""
    return f"{public_url.rstrip('/')}/hooks/{token}"


def ensure_hook(session: Session, keyring: Keyring, integration_id: str) -> Hook:
    """The integration's way in, made once with a token that nobody can guess and a secret of its own.

    A secret that can no longer be opened is replaced; the watch then renews the subscriptions.
    """
    row = session.exec(
        select(Webhook).where(col(Webhook.integration_id) == integration_id).with_for_update()
    ).one_or_none()
    found = _opened(session, keyring, row) if row else None
    if found is not None:
        return found
    secret = secrets.token_urlsafe(32)
    sealed = keyring.seal(secret.encode(), about=_about(integration_id))
    row = row or Webhook(integration_id=integration_id, token=secrets.token_urlsafe(24), key_id="", sealed=b"")
    row.key_id, row.sealed = keyring.current, sealed
    session.add(row)
    session.flush()
    made = _opened(session, keyring, row)
    if made is None:
        raise LookupError(integration_id)
    return made


def hook_of(session: Session, keyring: Keyring, token: str) -> Hook | None:
    """The integration that a token belongs to; None for a token of nobody or of one that is deleted."""
    row = session.exec(select(Webhook).where(col(Webhook.token) == token)).one_or_none()
    return _opened(session, keyring, row) if row else None


def _opened(session: Session, keyring: Keyring, row: Webhook) -> Hook | None:
    integration = session.get(Integration, row.integration_id)
    if integration is None or integration.deleted_at is not None:
        return None
    try:
        secret = keyring.open(row.sealed, row.key_id, about=_about(row.integration_id)).decode()
    except SealBroken:
        return None
    return Hook(row.integration_id, integration.connector, row.token, secret)


def receive(session: Session, integration_id: str, hint: WebhookHint, now: datetime) -> RunRef | None:
    """Take a delivery: note it once, and leave word for the feature's next run; returns which schedule to trigger.

    None where nothing is to be done: seen before, a topic that means nothing, a feature that does not run by itself, or a
    run that was asked for within ten seconds and has not begun: it will see this change too. Out of order is harmless,
    because the payload is never read: the run fetches what is there now.
    """
    new = session.execute(
        insert(WebhookDelivery)
        .values(integration_id=integration_id, delivery_id=hint.delivery_id[:80], topic=hint.topic[:80], at=now)
        .on_conflict_do_nothing()
        .returning(col(WebhookDelivery.delivery_id))
    ).first()
    if new is None:
        return None
    session.execute(
        text("UPDATE webhook SET received = received + 1, received_at = :now WHERE integration_id = :id"),
        {"id": integration_id, "now": now},
    )
    state = state_of(session, integration_id)
    if hint.feature is None or state is None or not state.runs_by_itself(hint.feature):
        return None
    waiting = session.execute(
        text(
            "SELECT 1 FROM run_request WHERE integration_id = :id AND feature = :feature AND requested_at > :since"
            " AND records = '[]' LIMIT 1"
        ),
        {"id": integration_id, "feature": hint.feature.value, "since": now - HINT_EVERY},
    ).first()
    if waiting is not None:
        return None
    session.add(
        RunRequest(integration_id=integration_id, feature=hint.feature.value, trigger="webhook", requested_at=now)
    )
    session.flush()
    return RunRef(integration_id=integration_id, feature=hint.feature)


def note_refused(session: Session, integration_id: str) -> None:
    """Count a delivery whose signature was wrong."""
    session.execute(text("UPDATE webhook SET refused = refused + 1 WHERE integration_id = :id"), {"id": integration_id})


def due(session: Session, connectors_with_webhooks: list[str], now: datetime, limit: int) -> list[str]:
    """Productive integrations whose subscriptions were not looked at for half an hour, the longest unseen first."""
    rows = session.execute(
        text(
            "SELECT i.id FROM integration i LEFT JOIN webhook w ON w.integration_id = i.id"
            " WHERE i.mode = 'productive' AND i.deleted_at IS NULL AND i.connector = ANY(:connectors)"
            " AND coalesce(w.is_wanted, true) AND (w.checked_at IS NULL OR w.checked_at < :before)"
            " ORDER BY w.checked_at NULLS FIRST LIMIT :limit"
        ),
        {"connectors": connectors_with_webhooks, "before": now - CHECK_EVERY, "limit": limit},
    )
    return list(rows.scalars())


def note_report(session: Session, integration_id: str, report: WebhookReport, now: datetime) -> None:
    """Keep what the watch found; what it had to make or mend is told in the journal, and what it could not have, too."""
    row = session.get(Webhook, integration_id)
    if row is None:
        return
    known_failure = row.code
    row.active, row.checked_at = sorted(report.active), now
    row.code = report.failure.code if report.failure else ""
    row.params = dict(report.failure.params) if report.failure else {}
    healed = [*report.created, *report.repaired]
    if healed:
        row.healed, row.healed_at = sorted(healed), now
    session.add(row)
    events = []
    if healed:
        params = {"topics": ", ".join(sorted(healed))}
        events.append(
            journal.event(integration_id, "", "webhooks_healed", hop="lifecycle", status="info", params=params)
        )
    if report.failure and report.failure.code != known_failure:
        events.append(
            journal.event(
                integration_id, "", "webhooks_missing", hop="lifecycle", status="error",
                code=report.failure.code, params=dict(report.failure.params),
            )
        )  # fmt: skip
    journal.write(session, events)
    session.flush()


def forget_old(session: Session, now: datetime) -> None:
    """Drop deliveries that nobody will repeat."""
    session.execute(text("DELETE FROM webhook_delivery WHERE at < :before"), {"before": now - KEEP})


def status(session: Session, integration_id: str) -> Webhook | None:
    """What pages show of an integration's webhooks."""
    return session.get(Webhook, integration_id)
