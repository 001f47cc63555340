"""Provider files as CSV: semicolons, a header, UTF-8; what comes in may be Windows-1252, as older systems write it."""

import csv
import io
from collections.abc import Iterator, Sequence

from adapters.provider_files.records import MOST_RECORDS, Collected, RawRecord
from adapters.provider_files.texts import DELIVERY, moment, plain, quantity
from canonical.failure import Failure, FailureError
from canonical.partner import HandedOrder, OrderFile, ReadTracking

ORDER_COLUMNS = (
    "record", "order", "ordered_at", "shipping_method", *DELIVERY,
    "line_id", "article", "ean", "article_name", "quantity",
)  # fmt: skip
_DELIVERY_AT = ("order", "delivery_note", "carrier", "shipped_at", "reason")
"""Rows that follow each other with the same values here are one record."""
TRACKING_COLUMNS = (*_DELIVERY_AT, "tracking_number", "tracking_url", "line_id", "article", "quantity")
NEEDED = {"order", "tracking_number"}


def write_csv(file: OrderFile) -> bytes:
    """Write one row per line of an order, and one per cancellation."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(ORDER_COLUMNS)
    for order in file.orders:
        writer.writerows(_rows(order))
    for number in file.cancellations:
        writer.writerow(["cancellation", plain(number), *[""] * (len(ORDER_COLUMNS) - 2)])
    return out.getvalue().encode()


def _rows(order: HandedOrder) -> Iterator[list[str]]:
    head = [
        "order",
        plain(order.number),
        moment(order.ordered_at),
        plain(order.shipping_method),
        *(plain(getattr(order.delivery, part)) for part in DELIVERY),
    ]
    for line in order.lines:
        yield [
            *head, str(line.line_id), plain(line.article), plain(line.ean), plain(line.name), quantity(line.quantity),
        ]  # fmt: skip


def read_csv(data: bytes) -> ReadTracking:
    """Read a tracking file; raises `FailureError` FILE_UNREADABLE, COLUMNS_WRONG, FILE_TOO_MANY."""
    rows = csv.reader(io.StringIO(_decoded(data), newline=""), delimiter=";", strict=True)
    collected = Collected()
    raw: RawRecord | None = None
    try:
        columns = _columns(next(rows, []))
        for count, row in enumerate(rows, 1):
            if count > MOST_RECORDS * 10:
                raise FailureError(Failure.of("FILE_TOO_MANY", most=MOST_RECORDS * 10))
            if not any(cell.strip() for cell in row):
                continue
            values = dict(zip(columns, row, strict=False))
            head = {name: values.get(name, "").strip() for name in _DELIVERY_AT}
            if raw is None or raw.values != head:
                if raw is not None:
                    collected.take(raw)
                raw = RawRecord(rows.line_num, head)
            _add(raw, values, row, columns)
    except csv.Error:
        raise FailureError(Failure.of("FILE_UNREADABLE", format="CSV", line=rows.line_num)) from None
    if raw is not None:
        collected.take(raw)
    return collected.result()


def _decoded(data: bytes) -> str:
    """UTF-8 where it is that, else Windows-1252: a text that is not UTF-8 by chance does not exist."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FailureError(Failure.of("FILE_UNREADABLE", format="CSV", line=1))


def _columns(header: Sequence[str]) -> list[str]:
    columns = [cell.strip().lower() for cell in header]
    missing = NEEDED - set(columns)
    unknown = [cell for cell in columns if cell not in TRACKING_COLUMNS]
    twice = {cell for cell in columns if columns.count(cell) > 1}
    if missing or unknown or twice:
        wrong = ", ".join(dict.fromkeys(plain(cell) for cell in [*unknown, *sorted(twice)]))
        raise FailureError(Failure.of("COLUMNS_WRONG", missing=", ".join(sorted(missing)), unknown=wrong[:200]))
    return columns


def _add(raw: RawRecord, values: dict[str, str], row: Sequence[str], columns: Sequence[str]) -> None:
    """Add a row's parcel and line to its record; a row with more cells than the header cannot be understood."""
    if len(row) > len(columns):
        raw.unknown = raw.unknown or row[len(columns)] or ";"
    for part, names in (
        (raw.parcels, ("tracking_number", "tracking_url")),
        (raw.lines, ("line_id", "article", "quantity")),
    ):
        found = {name: values.get(name, "") for name in names}
        if any(value.strip() for value in found.values()):
            part.append(found)
