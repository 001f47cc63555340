"""Calls by the vendor's operation codes: each with the shop it is for and the limit it is under."""

from typing import Any

from canonical.failure import FailureError
from connectors.answers import Answer, not_json
from connectors.mirakl.lanes import LANES
from connectors.transport import Calls, Params


class Api:
    """The seller interface of one shop. All calls raise `FailureError`."""

    def __init__(self, calls: Calls, shop_id: str = "") -> None:
        self._calls = calls
        self._shop = {"shop_id": shop_id} if shop_id else {}

    @property
    def host(self) -> str:
        """The marketplace's host, for messages."""
        return self._calls.host

    def get(self, code: str, path: str, params: Params | None = None) -> Answer:
        """Read."""
        return self._calls.get(path, {**(params or {}), **self._shop}, lane=_lane(code))

    def post(self, code: str, path: str, body: Any) -> Answer:
        """Create, or upload a file."""
        return self._calls.post(path, body, self._shop, lane=_lane(code))

    def put(self, code: str, path: str, body: Any = None) -> Answer:
        """Change."""
        return self._calls.put(path, body, self._shop, lane=_lane(code))

    def close(self) -> None:
        """Give back connections."""
        self._calls.close()


def _lane(code: str) -> str:
    return code if code in LANES else ""


def object_of(answer: Answer) -> dict[str, Any]:
    """The object that was answered; a page for people in its place confirms nothing."""
    body = answer.json()
    if not isinstance(body, dict):
        raise FailureError(not_json(answer))
    return body


def rows_in(answer: Answer, name: str) -> list[dict[str, Any]]:
    """The rows of a list inside the answered object; raises NOT_JSON where there is no such list."""
    rows = object_of(answer).get(name)
    if not isinstance(rows, list):
        raise FailureError(not_json(answer))
    return [row for row in rows if isinstance(row, dict)]
