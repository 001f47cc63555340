"""Reading a channel's articles page by page: where it is, how far it came, and why it stopped; resumable at any page."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from canonical.failure import Failure
from canonical.lifecycle import ScanPurpose
from erp.tables import Scan

READING, READ, IMPORTING, FINISHED, FAILED, IDLE = "reading", "read", "importing", "finished", "failed", "idle"


def scan_of(session: Session, integration_id: str, purpose: ScanPurpose, *, lock: bool = False) -> Scan:
    """The scan's row, made when it is first needed."""
    values = {"integration_id": integration_id, "purpose": purpose.value}
    session.execute(insert(Scan).values(**values).on_conflict_do_nothing())
    query = select(Scan).where(col(Scan.integration_id) == integration_id, col(Scan.purpose) == purpose.value)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.exec(query).one()


def begin_reading(session: Session, integration_id: str, purpose: ScanPurpose, by: str, *, afresh: bool) -> Scan:
    """Start reading, or go on at the stored cursor where a reading was interrupted; idempotent while it reads."""
    scan = scan_of(session, integration_id, purpose, lock=True)
    goes_on = scan.state in (READING, FAILED) and bool(scan.cursor) and not afresh
    if not goes_on:
        scan.round += 1
        scan.cursor, scan.seen, scan.total = "", 0, None
        scan.started_at = datetime.now(UTC)
    scan.state, scan.started_by, scan.code, scan.params, scan.ended_at = READING, by, "", {}, None
    session.add(scan)
    session.flush()
    return scan


def note_page(session: Session, scan: Scan, cursor: str, seen: int, total: int | None) -> None:
    """Move the cursor behind a stored page, in the page's transaction."""
    scan.cursor, scan.seen = cursor, scan.seen + seen
    scan.total = total if total is not None else scan.total
    session.add(scan)
    session.flush()


def end_scan(session: Session, integration_id: str, purpose: ScanPurpose, state: str) -> Scan:
    """Write that reading or importing came to its end."""
    scan = scan_of(session, integration_id, purpose, lock=True)
    scan.state, scan.ended_at = state, datetime.now(UTC)
    if state == READ:
        scan.cursor = ""
    session.add(scan)
    session.flush()
    return scan


def fail_scan(session: Session, integration_id: str, purpose: ScanPurpose, failure: Failure) -> None:
    """Write why it stopped; the cursor stays, so that starting again goes on there."""
    scan = scan_of(session, integration_id, purpose, lock=True)
    scan.state, scan.code, scan.params, scan.ended_at = FAILED, failure.code, dict(failure.params), datetime.now(UTC)
    session.add(scan)
    session.flush()


def store_settings(session: Session, integration_id: str, values: Mapping[str, Any]) -> None:
    """Keep the settings of the initial import."""
    scan = scan_of(session, integration_id, ScanPurpose.IMPORT, lock=True)
    scan.settings = dict(values)
    session.add(scan)
    session.flush()
