"""Documents of orders by OR74: each file name once per order, because the marketplace keeps names and not keys."""

from collections.abc import Sequence
from typing import Any

import orjson

from canonical.failure import Failure, FailureError
from canonical.push import Outcome, OutgoingDocument, PushAnswer, PushResult
from connectors.answers import RefusedError
from connectors.mirakl.answers import refusal_of
from connectors.mirakl.api import Api, object_of, rows_in
from connectors.mirakl.orders import is_id
from connectors.mirakl.settings import MiraklDocumentSettings
from connectors.mirakl.tables import form
from connectors.one_by_one import one_by_one

MOST = 100
"""Order ids in one call."""
MOST_OF_AN_ORDER = 50
TYPE_ERROR = "valid_order_document.type"


def send(api: Api, settings: MiraklDocumentSettings, documents: Sequence[OutgoingDocument]) -> PushAnswer:
    """Hand over one after the other, after a look at what the orders have (OR72); what is there is not sent again."""
    there = _names(api, [document.order_ref for document in documents])
    return one_by_one(documents, lambda document: _send(api, settings, document, there))


def _names(api: Api, orders: Sequence[str]) -> dict[str, dict[str, str]]:
    """The documents of the orders: by order, the id of each file name."""
    ids = [order for order in dict.fromkeys(orders) if is_id(order)]
    found: dict[str, dict[str, str]] = {order: {} for order in ids}
    for start in range(0, len(ids), MOST):
        answer = api.get("OR72", "/orders/documents", {"order_ids": ",".join(ids[start : start + MOST])})
        for row in rows_in(answer, "order_documents"):
            names = found.setdefault(str(row.get("order_id")), {})
            names[str(row.get("file_name"))] = str(row.get("id") or "")
    return found


def _send(
    api: Api, settings: MiraklDocumentSettings, document: OutgoingDocument, there: dict[str, dict[str, str]]
) -> PushResult:
    names = there.get(document.order_ref)
    if names is None:
        raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=document.order_number or document.order_ref))
    if document.file_name in names:
        return PushResult(key=document.key, outcome=Outcome.ACCEPTED, ref=names[document.file_name])
    if not document.content:
        raise FailureError(Failure.of("DOCUMENT_NOT_READY", number=document.number))
    if len(names) >= MOST_OF_AN_ORDER:
        reason = f"{len(names)} / {MOST_OF_AN_ORDER}"
        raise FailureError(Failure.of("ITEM_REFUSED", record=document.number, reason=reason))
    _upload(api, settings, document)
    names[document.file_name] = ""
    return PushResult(key=document.key, outcome=Outcome.ACCEPTED)


def _upload(api: Api, settings: MiraklDocumentSettings, document: OutgoingDocument) -> None:
    """The answer lists only what failed."""
    listed = {"order_documents": [{"file_name": document.file_name, "type_code": settings.document_type}]}
    upload = form(
        {},
        [
            ("order_documents", "", "application/json", orjson.dumps(listed)),
            ("files", document.file_name, document.media_type, document.content),
        ],
    )
    try:
        body = object_of(api.post("OR74", f"/orders/{document.order_ref}/documents", upload))
    except RefusedError as error:
        failure = refusal_of(error, document.number)
        if failure is None:
            raise
        raise FailureError(failure) from error
    failed = [row for row in body.get("order_documents") or [] if isinstance(row, dict)]
    errors = [error for row in failed for error in row.get("errors") or [] if isinstance(error, dict)]
    if errors or body.get("errors_count"):
        raise FailureError(_failure(errors, settings, document))


def _failure(errors: Sequence[dict[str, Any]], settings: MiraklDocumentSettings, document: OutgoingDocument) -> Failure:
    if any(error.get("code") == TYPE_ERROR for error in errors):
        return Failure.of("DOCUMENT_TYPE_UNKNOWN", type=settings.document_type)
    reason = "; ".join(str(error.get("message") or error.get("code") or "") for error in errors) or "?"
    return Failure.of("ITEM_REFUSED", record=document.number, reason=reason[:200])
