"""What WooCommerce says in its errors: by its own codes, never by their text."""

from typing import Any

from canonical.failure import Failure, FailureError
from connectors.answers import Answer, not_json

NO_ROUTE = "rest_no_route"
INVALID_ID = "_invalid_id"
TERM_GONE = "term_invalid"
"""How the code of a category that no longer exists ends."""
TAKEN = ("product_invalid_sku", "term_exists")
SHOWN = 200

Row = dict[str, Any]
"""An object as the shop answers it."""


def error_of(answer: Answer) -> tuple[str, str]:
    """The shop's code and message of a refused call; empty when the answer is not one of WooCommerce."""
    try:
        return error_in(answer.json())
    except FailureError:
        return "", ""


def error_in(body: object) -> tuple[str, str]:
    """The code and message of an error object, also of one item in a batch."""
    if not isinstance(body, dict):
        return "", ""
    return str(body.get("code") or ""), str(body.get("message") or "")[:SHOWN]


def holder_in(row: Row) -> int:
    """The id of what already has the number or name of a refused item; 0 where the refusal is another."""
    error = row.get("error")
    if not isinstance(error, dict) or error.get("code") not in TAKEN:
        return 0
    data = error.get("data")
    holder = data.get("resource_id") if isinstance(data, dict) else None
    return holder if isinstance(holder, int) and holder > 0 else 0


def classify(answer: Answer) -> Failure | None:
    """Tell a firewall's page from a refused key, and name the shop's own reason for a refusal."""
    if answer.status == 403 and not answer.is_json:
        return not_json(answer)
    if answer.status not in (400, 401, 403):
        return None
    code, message = error_of(answer)
    reason = f"{message} ({code})" if code else f"HTTP {answer.status}"
    return Failure.of("REQUEST_REFUSED" if answer.status == 400 else "ACCESS", host=answer.host, reason=reason)


def rows_of(answer: Answer) -> list[Any]:
    """The rows of a list; anything else is not the interface of a shop."""
    rows = answer.json()
    if not isinstance(rows, list):
        raise FailureError(not_json(answer))
    return rows


def row_of(answer: Answer) -> Row:
    """The object that the shop answers; a page for people in its place confirms nothing."""
    body = answer.json()
    if not isinstance(body, dict) or "id" not in body:
        raise FailureError(not_json(answer))
    return body
