"""The shop's clock: stored as UTC to the second, shown as Berlin time without a zone and as `_gmt`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """The present moment, aware UTC, to the second as the shop stores it."""
    return datetime.now(UTC).replace(microsecond=0)


def _last_sunday(year: int, month: int) -> datetime:
    day = datetime(year, month, 31, 1, tzinfo=UTC)
    return day - timedelta(days=(day.weekday() + 1) % 7)


def berlin_offset(moment: datetime) -> timedelta:
    """One hour, or two from the last Sunday in March to the last in October; needs no time zone files on the machine."""
    summer = _last_sunday(moment.year, 3) <= moment < _last_sunday(moment.year, 10)
    return timedelta(hours=2 if summer else 1)


def gmt_text(moment: datetime) -> str:
    """The moment as in `date_…_gmt` fields."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def local_text(moment: datetime) -> str:
    """The moment as in the fields without `_gmt`: shop-local, no zone."""
    return (moment + berlin_offset(moment)).strftime("%Y-%m-%dT%H:%M:%S")


def from_gmt_text(text: str) -> datetime:
    """The moment a `_gmt` field states."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def from_parameter(text: str, *, is_gmt: bool) -> datetime:
    """Read a date parameter: a stated zone counts, else shop-local time, or UTC with `dates_are_gmt`. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    as_utc = moment.replace(tzinfo=UTC)
    return as_utc if is_gmt else as_utc - berlin_offset(as_utc - timedelta(hours=1))
