"""Documents of orders: created by the shop or as an empty shell for an own file, uploaded, downloaded."""

from __future__ import annotations

from typing import Any

from sandbox.shopware6 import errors, times
from sandbox.shopware6.api import Answer, Call
from sandbox.shopware6.basics import base_row
from sandbox.shopware6.files import file_values
from sandbox.shopware6.ids import id_of
from sandbox.shopware6.numbers import DOCUMENT_START, document_types
from sandbox.shopware6.store import Row
from sandbox.shopware6.values import ID

Json = dict[str, Any]
REFERRING = frozenset({"storno", "credit_note"})
EXTENSIONS = {"pdf": "application/pdf", "html": "text/html", "xml": "application/xml"}


def create_documents(call: Call) -> Answer:
    """`POST /_action/order/document/{type}/create`: one per order; what fails stands in `errors` under the order's id."""
    call.rights.require_all(["document:create"])
    kind, types = call.words[3], document_types(call)
    if kind not in types:
        detail = f'Unable to find a document renderer with type "{kind}"'
        raise errors.refusal(400, "DOCUMENT__INVALID_RENDERER_TYPE", detail)
    operations = call.body
    if not isinstance(operations, list) or not operations:
        raise errors.refusal(400, "FRAMEWORK__INVALID_REQUEST_PARAMETER", 'The parameter "operations" is invalid.')
    data, failed = [], {}
    with call.shop.store.transaction():
        for operation in operations:
            order_id = operation.get("orderId") if isinstance(operation, dict) else None
            if not isinstance(order_id, str) or not ID.match(order_id):
                raise errors.refusal(400, "FRAMEWORK__INVALID_REQUEST_PARAMETER", 'The parameter "orderId" is invalid.')
            problem = _problem(call, kind, order_id, operation)
            if problem is not None:
                failed[order_id] = [problem]
            else:
                data.append(_create(call, kind, types[kind], order_id, operation))
    return Answer({"data": data, "errors": failed or []})


def upload_document(call: Call) -> Answer:
    """`POST /_action/document/{id}/upload?fileName=&extension=`: an own file for a static document, once."""
    call.rights.require_all(["document:update"])
    row = call.shop.store.tables["document"].get(call.words[2])
    if row is None:
        raise _not_found(call.words[2])
    if not row.get("static"):
        raise _generation("This document is dynamically generated and cannot be overwritten")
    if row.get("documentMediaFileId"):
        raise _generation("Document already exists")
    name, extension = call.query.get("fileName", ""), call.query.get("extension", "")
    if not name:
        raise _generation('Parameter "fileName" is missing')
    if extension not in EXTENSIONS:
        raise errors.refusal(
            400, "DOCUMENT__FILE_EXTENSION_NOT_SUPPORTED", f"File extension not supported: {extension}"
        )
    content = call.raw
    if "json" in call.headers.get("content-type", ""):
        raise _generation("Uploading by url is disabled in this shop")
    if not content:
        raise _generation("Media fetched but no file was given")
    _attach(call, row, name, extension, content)
    return Answer({"documentId": row["id"], "documentDeepLink": row["deepLinkCode"]})


def download_document(call: Call) -> Answer:
    """`GET /_action/document/{id}/{deepLinkCode}`: the file."""
    call.rights.require_all(["document.viewer"])
    row = call.shop.store.tables["document"].get(call.words[2])
    if row is None or row["deepLinkCode"] != call.words[3]:
        raise _not_found(call.words[2])
    content = call.shop.files.get(row.get("documentMediaFileId") or "")
    if content is None:
        return Answer(None, 204)
    kind = "attachment" if call.query.get("download") in {"1", "true"} else "inline"
    name = f"{row.get('documentNumber') or row['id']}.pdf"
    return Answer(content, headers={"Content-Disposition": f"{kind}; filename={name}"}, media_type="application/pdf")


def merge_documents(call: Call) -> Answer:
    """`POST /_action/order/document/download`: several files in one, which here are simply put one after the other."""
    call.rights.require_all(["document.viewer"])
    ids = call.body.get("documentIds") if isinstance(call.body, dict) else call.body
    if not isinstance(ids, list) or not ids:
        raise errors.refusal(400, "FRAMEWORK__INVALID_REQUEST_PARAMETER", 'The parameter "documentIds" is invalid.')
    rows = [call.shop.store.tables["document"].get(one, {}) for one in ids]
    content = b"".join(call.shop.files.get(row.get("documentMediaFileId") or "", b"") for row in rows)
    return Answer(content, media_type="application/pdf") if content else Answer(None, 204)


def _problem(call: Call, kind: str, order_id: str, operation: Json) -> Json | None:
    documents = call.shop.store.tables["document"]
    if order_id not in call.shop.store.tables["order"]:
        detail = f"The order with id {order_id} is invalid or could not be found."
        return errors.one(404, "DOCUMENT__ORDER_NOT_FOUND", detail, orderId=order_id)
    number = _config(operation).get("documentNumber")
    type_id = document_types(call)[kind]
    if number and any(d.get("documentNumber") == number and d["documentTypeId"] == type_id for d in documents.values()):
        detail = f"Document number {number} has already been allocated."
        return errors.one(400, "DOCUMENT__NUMBER_ALREADY_EXISTS", detail, number=number)
    invoice = document_types(call)["invoice"]
    own = [documents[one] for one in call.shop.store.pointing("document", "orderId", order_id)]
    if kind in REFERRING and not any(one["documentTypeId"] == invoice for one in own):
        detail = f"Unable to generate document. Can not generate {kind} document because no invoice document exists."
        return errors.one(400, "DOCUMENT__GENERATION_ERROR", detail)
    return None


def _config(operation: Json) -> Json:
    config = operation.get("config")
    return config if isinstance(config, dict) else {}


def _create(call: Call, kind: str, type_id: str, order_id: str, operation: Json) -> Json:
    shop, config = call.shop, dict(_config(operation))
    number = str(config.get("documentNumber") or DOCUMENT_START + shop.next_number(f"document_{kind}"))
    document_id, is_static = shop.new_id(), bool(operation.get("static"))
    values = {
        "orderId": order_id,
        "documentTypeId": type_id,
        "referencedDocumentId": operation.get("referencedDocumentId"),
        "config": {**config, "documentNumber": number},
        "documentNumber": number,
        "static": is_static,
        "sent": False,
        "deepLinkCode": id_of("document", document_id),
    }
    shop.store.put("document", base_row("document", document_id, times.text(shop.clock()), **values))
    shop.record("document", order_id, number, call.request_id)
    media_id = None
    if not is_static:
        row = shop.store.tables["document"][document_id]
        media_id = _attach(call, row, f"{kind}_{number}", "pdf", _pdf(f"{kind} {number}"))
    return {"documentId": document_id, "documentMediaId": media_id, "documentDeepLink": values["deepLinkCode"]}


def _attach(call: Call, row: Row, name: str, extension: str, content: bytes) -> str:
    shop, media_id = call.shop, call.shop.new_id()
    with shop.store.transaction():
        values = file_values(name, extension, EXTENSIONS[extension], len(content), media_id)
        moment = times.text(shop.clock())
        shop.store.put("media", base_row("media", media_id, moment, private=True, uploadedAt=moment, **values))
        shop.keep_file(media_id, content)
        shop.store.put("document", {**row, "documentMediaFileId": media_id, "updatedAt": moment})
        shop.record("document_file", row["orderId"], f"{name}.{extension}", call.request_id)
    return media_id


def _pdf(text: str) -> bytes:
    return b"%PDF-1.4\n% " + text.encode() + b"\n%%EOF\n"


def _not_found(document_id: str) -> errors.ApiError:
    detail = f'The document with id "{document_id}" is invalid or could not be found.'
    return errors.refusal(404, "DOCUMENT__DOCUMENT_NOT_FOUND", detail, documentId=document_id)


def _generation(message: str) -> errors.ApiError:
    return errors.refusal(400, "DOCUMENT__GENERATION_ERROR", f"Unable to generate document. {message}")
