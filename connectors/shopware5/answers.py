"""What Shopware 5 answers: `data` and `success`; a refusal says why in `message`."""

from typing import Any

from canonical.failure import Failure, FailureError
from connectors.answers import Answer, not_json

SHOWN = 200


def classify(answer: Answer) -> Failure | None:
    """Tell a firewall's page from a refused key, and a missing right from both."""
    if answer.status == 403:
        return Failure.of("PERMISSION", permission=answer.path) if answer.is_json else not_json(answer)
    if answer.status not in (400, 401):
        return None
    reason = f"{_message(answer)} (HTTP {answer.status})".strip()
    return Failure.of("REQUEST_REFUSED" if answer.status == 400 else "ACCESS", host=answer.host, reason=reason)


def _message(answer: Answer) -> str:
    try:
        body = answer.json()
    except FailureError:
        return ""
    return str(body.get("message") or "")[:SHOWN] if isinstance(body, dict) else ""


def data_of(answer: Answer) -> Any:
    """The content of an answer; anything else is not the interface of a shop."""
    body = answer.json()
    if not isinstance(body, dict) or body.get("success") is False or "data" not in body:
        raise FailureError(not_json(answer))
    return body["data"]


def rows_of(answer: Answer) -> list[dict[str, Any]]:
    """The rows of a list."""
    return rows(data_of(answer))


def rows(value: Any) -> list[dict[str, Any]]:
    """A list of records; PHP writes a map with ids as keys for some of them."""
    found = list(value.values()) if isinstance(value, dict) else value
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def part(row: dict[str, Any], field: str) -> dict[str, Any]:
    """A record beside this one; empty when it is missing."""
    value = row.get(field)
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """A text of a field; a missing one is empty."""
    return str(value).replace("\x00", "").strip() if isinstance(value, str | int | float) else ""
