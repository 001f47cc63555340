"""What became of products on marketplaces with a catalogue manager (CM11): live, or why not."""

from collections.abc import Collection, Mapping
from typing import Any

from canonical.failure import FailureError
from connectors.answers import not_json
from connectors.mirakl.api import Api
from connectors.mirakl.tickets import Ticket

NOT_LIVE = "NOT_LIVE"
SHOWN = 200


def not_live(api: Api, ticket: Ticket, skus: Collection[str]) -> dict[str, str]:
    """Why products of an import are not live, by our number; those without a stated error may still become so."""
    answer = api.get("CM11", "/mcm/products/sources/status/export", {"updated_since": ticket.begun_at})
    if answer.status == 204:
        return {}
    rows = answer.json()
    if not isinstance(rows, list):
        raise FailureError(not_json(answer))
    found = {}
    for row in rows:
        sku = row.get("provider_unique_identifier") if isinstance(row, dict) else None
        if sku in skus and row.get("status") == NOT_LIVE and (reason := _reason(row)):
            found[str(sku)] = reason[:SHOWN]
    return found


def _reason(row: Mapping[str, Any]) -> str:
    """The errors in words: what the integration says of each attribute, the operator's rejection, else the error itself."""
    texts: list[str] = []
    for error in row.get("errors") or []:
        if not isinstance(error, dict):
            continue
        details = [entry for entry in error.get("integration_details") or [] if isinstance(entry, dict)]
        rejection = error.get("rejection_details")
        if details:
            texts += [
                f"{entry.get('attribute_code')}: {entry.get('message') or entry.get('code')}" for entry in details
            ]
        elif isinstance(rejection, dict):
            texts.append(str(rejection.get("message") or rejection.get("reason_label") or rejection.get("reason_code")))
        else:
            texts.append(str(error.get("message") or error.get("code") or ""))
    return "; ".join(text for text in texts if text)
