"""What came of the writes a shop accepted, and of the requests it answered: the evidence tests count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Effect:
    """One change that an accepted write made in the shop.

    `kind` is one of `stock`, `price`, `product`, `category`, `order_status`, `tracking`, `acknowledgement`, `document`, `document_file`, `payment`, `refund`,
    `return`, `webhook`, and what only one vendor has (`order`, `order_meta`, `order_note`, `fulfillment`, `image`, `translation`);
    `key` the SKU (`#id` where there is none) or the order id; `at` aware UTC.
    """

    at: datetime
    kind: str
    key: str
    value: str
    request_id: str

    def as_json(self) -> dict[str, str]:
        """The effect as written to the state file and shown at `/sandbox/effects`."""
        return {
            "at": self.at.isoformat(),
            "kind": self.kind,
            "key": self.key,
            "value": self.value,
            "request_id": self.request_id,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Effect:
        """The inverse of `as_json`."""
        return cls(
            datetime.fromisoformat(data["at"]), data["kind"], data["key"], data["value"], data.get("request_id", "")
        )


class LoggedRequest(NamedTuple):
    """One request to the API; `status` 0 means the connection was cut without an answer."""

    method: str
    path: str
    status: int
    request_id: str


class RequestLog:
    """The requests the API received, in order of their end; the sandbox's own pages are not in it."""

    def __init__(self) -> None:
        self._entries: list[LoggedRequest] = []

    def add(self, entry: LoggedRequest) -> None:
        """Append one finished request."""
        self._entries.append(entry)

    def count(self, method: str | None = None, path: str | None = None, status: int | None = None) -> int:
        """Count the requests that match; `path` is a regular expression searched in the path."""
        pattern = re.compile(path) if path else None
        return sum(
            1
            for entry in self._entries
            if (method is None or entry.method == method)
            and (pattern is None or pattern.search(entry.path))
            and (status is None or entry.status == status)
        )

    def clear(self) -> None:
        """Forget all requests so far."""
        self._entries.clear()

    def __iter__(self) -> Iterator[LoggedRequest]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)
