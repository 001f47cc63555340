"""What operations answer, and the two kinds of paging."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sandbox.mirakl.errors import bad_request
from sandbox.mirakl.parameters import MAX_PAGE, Call

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What an operation answers: a document, raw bytes with their media type, or nothing (204)."""

    content: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


def link_header(call: Call, url: str, total: int) -> Mapping[str, str]:
    """The `Link` header of offset paging: the pages before and after, with all other parameters kept."""
    most, offset = call.window()
    kept = [(name, value) for name, values in call.query.items() for value in values if name not in {"max", "offset"}]
    links = []
    for name, at in (("previous", offset - most), ("next", offset + most)):
        if (name == "previous" and offset > 0) or (name == "next" and at < total):
            query = urlencode([*kept, ("max", str(most)), ("offset", str(max(0, at)))])
            links.append(f'<{url}?{query}>; rel="{name}"')
    return {"Link": ", ".join(links)} if links else {}


def sought(call: Call, items: Sequence[Json]) -> Json:
    """One page of seek paging: `limit` entries from where `page_token` says."""
    limit = call.number("limit", 10, 1, MAX_PAGE)
    start = _start(call.text("page_token"))
    page: Json = {"data": list(items[start : start + limit])}
    if start + limit < len(items):
        page["next_page_token"] = _token(start + limit)
    if start:
        page["previous_page_token"] = _token(max(0, start - limit))
    return page


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"from:{start}".encode()).decode()


def _start(token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("from:"))
    except ValueError:
        raise bad_request("page_token: is not valid") from None
