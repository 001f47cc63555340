"""From the texts of a record to a tracking record: the same rules for XML and CSV."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from canonical.failure import Failure, FailureError
from canonical.partner import ReadTracking, RefusedRecord, TrackedLine, TrackedParcel, TrackingRecord

MOST_RECORDS = 10_000
"""Records of one file: a file is read in memory, and a person must be able to look at its report."""
MOST_PARCELS = 100
_LENGTHS = {
    "order": 40, "delivery_note": 40, "carrier": 40, "tracking_number": 80, "tracking_url": 300, "reason": 300,
    "article": 80, "shipped_at": 40, "line_id": 18, "quantity": 20,
}  # fmt: skip
_QUANTITY = re.compile(r"\d{1,9}(?:[.,]\d{1,4})?")
_LATEST = timedelta(days=1)
"""A clock may be a little ahead, not a day."""

Values = Mapping[str, str]


@dataclass(slots=True)
class RawRecord:
    """A record as its texts stand in the file; the names are the columns of the CSV file."""

    line: int
    values: dict[str, str] = field(default_factory=dict)
    parcels: list[dict[str, str]] = field(default_factory=list)
    lines: list[dict[str, str]] = field(default_factory=list)
    unknown: str = ""
    """The first name that is in no description."""


class Collected:
    """Gathers a file's records while it is read; raises `FailureError` FILE_TOO_MANY as soon as there are too many."""

    def __init__(self) -> None:
        self._records: list[TrackingRecord] = []
        self._refused: list[RefusedRecord] = []

    def take(self, raw: RawRecord) -> None:
        """Understand one record, or remember why not."""
        if len(self._records) + len(self._refused) >= MOST_RECORDS:
            raise FailureError(Failure.of("FILE_TOO_MANY", most=MOST_RECORDS))
        try:
            self._records.append(understand(raw))
        except FailureError as error:
            name = raw.values.get("order", "") or raw.values.get("delivery_note", "")
            self._refused.append(RefusedRecord(line=raw.line, order=_visible(name)[:40], failure=error.failure))

    def result(self) -> ReadTracking:
        """What was read."""
        return ReadTracking(records=tuple(self._records), refused=tuple(self._refused))


def understand(raw: RawRecord) -> TrackingRecord:
    """Check a record's texts; raises `FailureError` FIELD_UNKNOWN, FIELD_MISSING, PROVIDER_FIELD_INVALID."""
    if raw.unknown:
        raise FailureError(Failure.of("FIELD_UNKNOWN", field=_visible(raw.unknown)[:80]))
    order, note = _text(raw.values, "order"), _text(raw.values, "delivery_note")
    if not order and not note:
        raise FailureError(Failure.of("FIELD_MISSING", field="order"))
    refusal = _text(raw.values, "reason")
    parcels = _parcels(raw)
    if not parcels and not refusal:
        raise FailureError(Failure.of("FIELD_MISSING", field="tracking_number"))
    if refusal and (parcels or raw.lines):
        raise FailureError(Failure.of("PROVIDER_FIELD_INVALID", field="reason", value=refusal))
    return TrackingRecord(
        line=raw.line,
        order=order,
        delivery_note=note,
        shipped_at=_moment(raw.values),
        parcels=parcels,
        lines=_lines(raw.lines),
        refusal=refusal,
    )


def _text(values: Values, name: str) -> str:
    value = values.get(name, "").strip()
    if len(value) > _LENGTHS[name] or not value.isprintable():
        raise FailureError(Failure.of("PROVIDER_FIELD_INVALID", field=name, value=_visible(value)[:80]))
    return value


def _visible(value: str) -> str:
    """Without what neither a page nor the database can hold."""
    return "".join(each if each.isprintable() else "�" for each in value)


def _moment(values: Values) -> datetime | None:
    """A moment with its offset, or a day, which counts as its noon in UTC so that it is that day in all of Europe."""
    value = _text(values, "shipped_at")
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if len(value) == len("2026-11-22"):
            moment = datetime.combine(moment, time(12), UTC)
        if moment.tzinfo is None or moment.year < 2000:
            raise ValueError
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise FailureError(Failure.of("PROVIDER_FIELD_INVALID", field="shipped_at", value=value)) from None
    if moment > datetime.now(UTC) + _LATEST:
        raise FailureError(Failure.of("PROVIDER_FIELD_INVALID", field="shipped_at", value=value))
    return moment


def _parcels(raw: RawRecord) -> tuple[TrackedParcel, ...]:
    """Each number once; a record's carrier is that of the parcels that name none."""
    carrier = _text(raw.values, "carrier")
    found: dict[str, TrackedParcel] = {}
    for values in raw.parcels:
        number, url = _text(values, "tracking_number"), _text(values, "tracking_url")
        if not number:
            raise FailureError(Failure.of("FIELD_MISSING", field="tracking_number"))
        if url and not _is_link(url):
            raise FailureError(Failure.of("PROVIDER_FIELD_INVALID", field="tracking_url", value=url))
        found.setdefault(number, TrackedParcel(number=number, carrier=carrier, url=url))
    if len(found) > MOST_PARCELS:
        raise FailureError(Failure.of("PROVIDER_FIELD_INVALID", field="tracking_number", value=len(found)))
    return tuple(found.values())


def _is_link(url: str) -> bool:
    """Buyers click on it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _lines(raw_lines: Sequence[Values]) -> tuple[TrackedLine, ...]:
    """Quantities per line; what several rows say of the same line adds up."""
    sums: dict[tuple[int | None, str], Decimal] = {}
    for values in raw_lines:
        line_id, article, quantity = (_text(values, name) for name in ("line_id", "article", "quantity"))
        if not line_id and not article:
            raise FailureError(Failure.of("FIELD_MISSING", field="line_id"))
        if line_id and not (line_id.isascii() and line_id.isdecimal()):
            raise FailureError(Failure.of("PROVIDER_FIELD_INVALID", field="line_id", value=line_id))
        if not quantity:
            raise FailureError(Failure.of("FIELD_MISSING", field="quantity"))
        # With a line id the article is only for people.
        key = (int(line_id), "") if line_id else (None, article)
        sums[key] = sums.get(key, Decimal(0)) + _quantity(quantity)
    return tuple(TrackedLine(line_id=key[0], article=key[1], quantity=total) for key, total in sums.items())


def _quantity(value: str) -> Decimal:
    number = Decimal(value.replace(",", ".")) if value.isascii() and _QUANTITY.fullmatch(value) else Decimal(0)
    if number <= 0:
        raise FailureError(Failure.of("PROVIDER_FIELD_INVALID", field="quantity", value=value))
    return number
