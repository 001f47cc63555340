"""What a marketplace says in its errors; decided by status, its words are only shown."""

from typing import Any

from canonical.failure import Failure, FailureError
from connectors.answers import Answer, RefusedError, not_json

ONE_RECORD_REFUSED = (400, 404, 409, 422)
"""With an answer of the interface, these concern the record of the call and not the whole account."""

SHOWN = 200


def message_of(answer: Answer) -> str:
    """The marketplace's own words for a refusal; empty when the answer is not one of the interface.

    The specification describes no error bodies; known are `message`, and `errors` with code, field and message.
    """
    try:
        body: Any = answer.json()
    except FailureError:
        return ""
    if not isinstance(body, dict):
        return ""
    errors = [error for error in body.get("errors") or [] if isinstance(error, dict)]
    texts = [str(error.get("message") or error.get("code") or "") for error in errors] or [
        str(body.get("message") or body.get("code") or "")
    ]
    return "; ".join(text for text in texts if text)[:SHOWN]


def classify(answer: Answer) -> Failure | None:
    """Tell a firewall's page from a refused key, and show the marketplace's own reason for a refusal."""
    if answer.status in (401, 403) and not answer.is_json and answer.body.lstrip()[:1] == b"<":
        return not_json(answer)
    if answer.status not in (400, 401, 403, 409, 422):
        return None
    reason = message_of(answer) or f"HTTP {answer.status}"
    return Failure.of("ACCESS" if answer.status in (401, 403) else "REQUEST_REFUSED", host=answer.host, reason=reason)


def refusal_of(error: RefusedError, record: str) -> Failure | None:
    """The failure of one record that the marketplace refused; None where the call failed for all."""
    if error.answer.status not in ONE_RECORD_REFUSED or not error.answer.is_json:
        return None
    reason = message_of(error.answer) or f"HTTP {error.answer.status}"
    return Failure.of("ITEM_REFUSED", record=record, reason=reason)
