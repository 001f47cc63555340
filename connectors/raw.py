"""Vendors' order documents before anybody reads them: under which id and as of when they are stored."""

import hashlib
from datetime import UTC, datetime

from canonical.order import RawDocument


def unreadable(body: bytes) -> RawDocument:
    """Name a document without an id by its content, so that it is stored once and parked with a reason."""
    digest = hashlib.sha1(body, usedforsecurity=False).hexdigest()
    return RawDocument(external_id=f"unreadable-{digest}", body=body)


def moment_of(stated: object) -> datetime | None:
    """Read a time as vendors state it; without a zone it is UTC, and what is no time is None."""
    if not isinstance(stated, str):
        return None
    try:
        return utc(stated)
    except (ValueError, OverflowError):
        return None


def utc(text: str) -> datetime:
    """Read a time in ISO 8601; raises `ValueError` or `OverflowError`."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
