"""Numbers of documents: gapless per project and kind, drawn in the transaction that uses them."""

from sqlalchemy import text
from sqlmodel import Session

FIRST = 100001
"""Six digits from the start, so that numbers sort as texts."""

PREFIXES = {
    "order": "AU",
    "delivery_note": "LS",
    "pick_list": "PL",
    "parcel": "PK",
    "invoice": "RE",
    "cancellation_invoice": "SR",
    "credit_note": "GS",
    "return": "RT",
    "transfer": "UM",
    "stocktake": "IN",
    "customer": "KD",
}
SHARED = frozenset({"customer", "transfer", "stocktake"})
"""Ranges of the whole house; the others belong to a project."""


def draw(session: Session, project_id: int | None, kind: str, count: int) -> list[str]:
    """Draw the next numbers of a range; a range that is missing is created with a default prefix.

    Gapless: the range's row stays locked until the caller's transaction ends, and a rollback gives the numbers back.
    So draw as late as possible.
    """
    if count < 1:
        return []
    prefix, following = _take(session, project_id, kind, count)
    return [f"{prefix}{value}" for value in range(following - count, following)]


def hold(session: Session, project_id: int | None, kind: str) -> None:
    """Lock a range without drawing, so that transactions that create the same kind of record take turns."""
    _take(session, project_id, kind, 0)


def _take(session: Session, project_id: int | None, kind: str, count: int) -> tuple[str, int]:
    taken = _advance(session, project_id, kind, count)
    if taken is None:
        _create(session, project_id, kind)
        taken = _advance(session, project_id, kind, count)
    if taken is None:
        raise LookupError(f"number range {kind} of project {project_id}")
    return taken


def _advance(session: Session, project_id: int | None, kind: str, count: int) -> tuple[str, int] | None:
    row = session.execute(
        text(
            "UPDATE number_range SET next_value = next_value + :count"
            " WHERE kind = :kind AND project_id IS NOT DISTINCT FROM CAST(:project AS integer)"
            " RETURNING prefix, next_value"
        ),
        {"count": count, "kind": kind, "project": project_id},
    ).one_or_none()
    return None if row is None else (row.prefix, row.next_value)


def _create(session: Session, project_id: int | None, kind: str) -> None:
    """Create a range once: the lock keeps a second transaction from making a twin that starts over."""
    prefix = PREFIXES.get(kind, kind[:2].upper()) + (f"{project_id}-" if project_id is not None else "")
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": f"number_range/{project_id}/{kind}"})
    session.execute(
        text(
            "INSERT INTO number_range (project_id, kind, prefix, next_value)"
            " SELECT CAST(:project AS integer), CAST(:kind AS text), :prefix, :first WHERE NOT EXISTS (SELECT FROM number_range"
            " WHERE kind = CAST(:kind AS text) AND project_id IS NOT DISTINCT FROM CAST(:project AS integer))"
        ),
        {"project": project_id, "kind": kind, "prefix": prefix, "first": FIRST},
    )
