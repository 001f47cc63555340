"""Moments as the API writes them: UTC, whole seconds, `2026-11-01T12:00:00Z`; such texts sort like the moments."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, aware UTC."""
    return datetime.now(UTC)


def text_of(moment: datetime) -> str:
    """A moment as text; one without a zone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> datetime:
    """The inverse of `text_of`."""
    return datetime.fromisoformat(text)
