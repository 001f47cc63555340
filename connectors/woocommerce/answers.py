"""What WooCommerce says in its errors: by its own codes, never by their text."""

from canonical.failure import Failure, FailureError
from connectors.answers import Answer, not_json

NO_ROUTE = "rest_no_route"
INVALID_ID = "_invalid_id"
SHOWN = 200


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


def classify(answer: Answer) -> Failure | None:
    """Tell a firewall's page from a refused key, and name the shop's own reason for a refusal."""
    if answer.status == 403 and not answer.is_json:
        return not_json(answer)
    if answer.status not in (400, 401, 403):
        return None
    code, message = error_of(answer)
    reason = f"{message} ({code})" if code else f"HTTP {answer.status}"
    return Failure.of("REQUEST_REFUSED" if answer.status == 400 else "ACCESS", host=answer.host, reason=reason)
