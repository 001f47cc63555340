"""Tickets of imports: what must be known to ask for an import's outcome and to tell it per record, as one text.

A ticket holds the operation, the import's id, when it began, and for each record of the batch, in its order, our key with the
number it had in the file; a number that is the key is left out. A record that never came into the file has its failure
instead, or nothing where it was skipped: so the answer is one for the whole batch. JSON, compressed, in Base64: a few bytes
per record.
"""

import base64
import binascii
import zlib
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from canonical.failure import Failure, FailureError
from canonical.push import Outcome, PushResult

MOST_BYTES = 50_000_000


@dataclass(frozen=True)
class Entry:
    """One record of a batch: our key, and its number in the file; `known` is its result if it never came into the file."""

    key: str
    sku: str
    known: PushResult | None = None


@dataclass(frozen=True)
class Ticket:
    """An import that was handed over; `operation` is the vendor's code, `begun_at` an ISO 8601 moment."""

    operation: str
    import_id: str
    entries: tuple[Entry, ...]
    begun_at: str = ""

    def __str__(self) -> str:
        parts = [self.operation, self.import_id, self.begun_at, [_packed(entry) for entry in self.entries]]
        return base64.urlsafe_b64encode(zlib.compress(orjson.dumps(parts), 9)).decode()

    @classmethod
    def parse(cls, text: str) -> "Ticket":
        """Read the text form; raises `FailureError` UNCLASSIFIED for one that is not ours."""
        try:
            unpacked = zlib.decompressobj().decompress(base64.urlsafe_b64decode(text), MOST_BYTES)
            operation, import_id, begun_at, records = orjson.loads(unpacked)
            entries = tuple(_entry(record) for record in records)
        except (binascii.Error, zlib.error, orjson.JSONDecodeError, ValidationError, ValueError, TypeError) as error:
            failure = Failure.of("UNCLASSIFIED", where="mirakl ticket", error=type(error).__name__)
            raise FailureError(failure) from error
        return cls(str(operation), str(import_id), entries, str(begun_at))

    @property
    def sent(self) -> tuple[Entry, ...]:
        """The records that are in the file."""
        return tuple(entry for entry in self.entries if entry.known is None)


def _packed(entry: Entry) -> Any:
    if entry.known is not None:
        failure = entry.known.failure
        return [entry.key, entry.sku, failure.model_dump(mode="json") if failure else None]
    return entry.key if entry.key == entry.sku else [entry.key, entry.sku]


def _entry(record: Any) -> Entry:
    if isinstance(record, str):
        return Entry(record, record)
    key, sku, *known = record
    if not known:
        return Entry(str(key), str(sku))
    failure = Failure.model_validate(known[0]) if known[0] else None
    outcome = Outcome.REJECTED if failure else Outcome.SKIPPED
    return Entry(str(key), str(sku), PushResult(key=str(key), outcome=outcome, failure=failure))
