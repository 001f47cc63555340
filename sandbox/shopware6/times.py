"""Moments as the vendor writes them: UTC with milliseconds and a numeric offset."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def text(moment: datetime) -> str:
    """A moment as the API shows it; such texts sort like the moments themselves."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+00:00"


def normalised(value: str) -> str:
    """A moment in any ISO 8601 notation as the API shows it; raises ValueError for other texts. Without an offset it is UTC."""
    moment = datetime.fromisoformat(value.replace(" ", "T", 1))
    return text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
