"""Replies to orders: what a channel is told before goods leave - accepted, refused, in progress."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from canonical.push import AnswerKind
from erp import journal
from erp.bulk import packed

LONGEST_RECORD = 120
_EVENTS = {AnswerKind.ACCEPT: "order_accepted", AnswerKind.REFUSE: "order_refused"}


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply to be given; `lines` are the channel's refs of all lines, where it wants each decided."""

    external_id: str
    kind: AnswerKind
    lines: tuple[str, ...] = ()
    notify: bool = False


def record_of(kind: str, external_id: str) -> str:
    """Name the link of a reply: its idempotency key."""
    return f"{kind}:{external_id}"[:LONGEST_RECORD]


# What is asked for by itself never speaks against a person; asking again by hand is a new try of what was not accepted yet.
_REPLY = text(
    """
    WITH given AS (
        SELECT * FROM json_to_recordset(CAST(:replies AS json)) AS g(
            external_id text, kind text, record text, lines text[], notify bool)),
    made AS (
        INSERT INTO order_reply (integration_id, external_id, kind, lines, notify, actor, at)
        SELECT CAST(:integration AS text), g.external_id, g.kind, g.lines, g.notify, CAST(:actor AS text), clock_timestamp()
        FROM given g
        WHERE CAST(:repeats AS boolean) OR g.kind NOT IN ('accept', 'refuse') OR NOT EXISTS (
            SELECT FROM order_reply o WHERE o.integration_id = CAST(:integration AS text) AND o.external_id = g.external_id
            AND o.kind IN ('accept', 'refuse'))
        ORDER BY g.external_id, g.kind
        ON CONFLICT (integration_id, external_id, kind) DO UPDATE SET actor = excluded.actor, at = excluded.at
            WHERE CAST(:repeats AS boolean)
        RETURNING id, external_id, kind)
    INSERT INTO link (integration_id, kind, record, record_id, external_ref, fingerprint, state, dirty_at, code, params,
                      attempts, sent_value)
    SELECT CAST(:integration AS text), 'orders', g.record, m.id, '', '', 'never', clock_timestamp(), '', '{}', 0, ''
    FROM made m JOIN given g ON g.external_id = m.external_id AND g.kind = m.kind ORDER BY m.id
    ON CONFLICT (integration_id, kind, record) DO UPDATE SET dirty_at = clock_timestamp(), state = 'never', attempts = 0,
        next_try_at = NULL WHERE CAST(:repeats AS boolean) AND link.sent_at IS NULL
    RETURNING record_id
    """
)
_ASKED = text("SELECT external_id, kind FROM order_reply WHERE id = ANY(:ids)")


def request_replies(
    session: Session, integration_id: str, replies: Sequence[Reply], by: str = "", *, repeats: bool = False
) -> int:
    """Ask for replies, which the next run of the feature orders gives; returns how many are new.

    Idempotent by (integration, order, kind): each is said once; with `repeats` what the channel has not accepted is tried
    again, and counts as decided now. Without it, an order that was accepted or refused already stays as it is.
    Writes who accepted or refused. A fixed number of statements.
    """
    if not replies:
        return 0
    rows = {
        record_of(reply.kind.value, reply.external_id): {
            "external_id": reply.external_id,
            "kind": reply.kind.value,
            "record": record_of(reply.kind.value, reply.external_id),
            "lines": list(reply.lines),
            "notify": reply.notify,
        }
        for reply in replies
    }
    given = {"replies": packed(list(rows.values())), "integration": integration_id, "actor": by, "repeats": repeats}
    ids = list(session.execute(_REPLY, given).scalars())
    asked = session.execute(_ASKED, {"ids": ids}).all() if ids else []
    journal.write(
        session,
        [
            journal.event(
                integration_id,
                "orders",
                _EVENTS[AnswerKind(kind)],
                hop="erp_to_hub",
                status="pending",
                record=external_id,
                actor=by,
            )
            for external_id, kind in asked
            if kind in _EVENTS
        ],
    )
    return len(ids)


def request_reply(  # noqa: PLR0917 - which order, what is said, and who says so
    session: Session, integration_id: str, external_id: str, kind: AnswerKind, lines: Sequence[str], by: str
) -> bool:
    """Ask for one reply by hand: accept or refuse an order; also again, where the channel refused the reply.

    The newer of accept and refuse counts. Returns whether something is to be said that was not asked for already.
    """
    reply = Reply(external_id, kind, tuple(lines))
    return bool(request_replies(session, integration_id, [reply], by, repeats=True))
