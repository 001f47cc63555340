"""Handing invoices to orders: a document of the shop with our file in place of the one that it would make."""

import re
from collections.abc import Sequence
from typing import Any

from canonical.failure import Failure, FailureError
from canonical.push import Outcome, OutgoingDocument, PushAnswer, PushResult
from connectors.answers import RefusedError, not_json
from connectors.one_by_one import one_by_one
from connectors.shopware6.products import is_ref
from connectors.shopware6.search import Row, equals, find, part
from connectors.shopware6.settings import Shopware6DocumentSettings
from connectors.shopware6.transitions import of_this_order
from connectors.transport import Calls, Upload

MEDIA_TYPE = "application/octet-stream"
_FILE_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


def send(calls: Calls, settings: Shopware6DocumentSettings, documents: Sequence[OutgoingDocument]) -> PushAnswer:
    """Send one after the other."""
    return one_by_one(documents, lambda document: _Handing(calls, settings, document).send())


class _Handing:
    """One document of one order; creating, filling and marking it can each be repeated."""

    def __init__(self, calls: Calls, settings: Shopware6DocumentSettings, document: OutgoingDocument) -> None:
        self._calls = calls
        self._settings = settings
        self._document = document
        self._name = document.order_number or document.order_ref

    def send(self) -> PushResult:
        """Do what is missing; raises `FailureError`."""
        if not self._settings.send_invoice_pdf:
            return PushResult(key=self._document.key, outcome=Outcome.SKIPPED)
        if not is_ref(self._document.order_ref):
            raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=self._name))
        try:
            ref = self._hand_over()
        except RefusedError as error:
            raise of_this_order(error, self._name) from error
        return PushResult(key=self._document.key, outcome=Outcome.ACCEPTED, ref=ref)

    def _hand_over(self) -> str:
        there = self._there()
        ref = str(there["id"]) if there else self._create()
        if there is None or not there.get("documentMediaFileId"):
            self._upload(ref)
        if self._settings.mark_as_sent and not (there and there.get("sent")):
            self._calls.patch(f"/document/{ref}", {"sent": True})
        return ref

    def _there(self) -> Row | None:
        """The document with our number, from an earlier try whose answer was lost."""
        criteria = {
            "filter": [equals("orderId", self._document.order_ref)],
            "associations": {"documentType": {}},
        }
        for row in find(self._calls, "document", criteria):
            numbers = {row.get("documentNumber"), part(row, "config").get("documentNumber")}
            kind = part(row, "documentType").get("technicalName", self._document.kind)
            if row.get("id") and kind == self._document.kind and self._document.number in numbers:
                return row
        return None

    def _create(self) -> str:
        """Create it as a static one, which waits for a file."""
        config = {
            "documentNumber": self._document.number,
            "documentDate": f"{self._document.issued_on.isoformat()}T00:00:00.000Z",
            "custom": {"invoiceNumber": self._document.number},
        }
        body = {
            "orderId": self._document.order_ref,
            "type": self._document.kind,
            "fileType": "pdf",
            "static": True,
            "config": config,
        }
        answer = self._calls.post(f"/_action/order/document/{self._document.kind}/create", [body])
        created = answer.json()
        if not isinstance(created, dict):
            raise FailureError(not_json(answer))
        rows = created.get("data")
        ref = rows[0].get("documentId") if isinstance(rows, list) and rows and isinstance(rows[0], dict) else None
        if not isinstance(ref, str) or not ref:
            raise FailureError(self._refusal(created.get("errors")))
        return ref

    def _refusal(self, errors: Any) -> Failure:
        """The shop's reason; it lists them per order."""
        found = errors.get(self._document.order_ref) if isinstance(errors, dict) else None
        first = found[0] if isinstance(found, list) and found else found
        detail = first.get("detail") or first.get("code") if isinstance(first, dict) else None
        reason = str(detail or "no document in the answer")[:200]
        return Failure.of("ITEM_REFUSED", record=self._document.number, reason=reason)

    def _upload(self, ref: str) -> None:
        name, _, extension = self._document.file_name.rpartition(".")
        params = {"fileName": _FILE_NAME.sub("-", name or self._document.number), "extension": extension or "pdf"}
        self._calls.post(f"/_action/document/{ref}/upload", Upload(self._document.content, MEDIA_TYPE), params)
