"""Documents of orders: list (OR72), download (OR73), upload (OR74), delete (OR76)."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from sandbox.mirakl import lifecycle
from sandbox.mirakl.answers import Answer
from sandbox.mirakl.errors import bad_request, not_found
from sandbox.mirakl.fixed import DOCUMENT_TYPES
from sandbox.mirakl.model import text
from sandbox.mirakl.orders import find_order
from sandbox.mirakl.parameters import Call, Form, listed

if TYPE_CHECKING:
    from sandbox.mirakl.shop import MiraklShop

Json = dict[str, Any]
MOST = 50
SUFFIXES = frozenset(
    {
        *(".csv", ".doc", ".xls", ".xlsx", ".ppt", ".pdf", ".odt", ".ods", ".odp", ".txt", ".rtf", ".png", ".jpg"),
        *(".gif", ".zpl", ".mov", ".mp4"),
    }
)


def operations(shop: MiraklShop) -> dict[str, tuple[str, str, Callable[[Call], Any]]]:
    """Method, path and handler by operation."""
    api = DocumentsApi(shop)
    return {
        "OR72": ("GET", "/api/orders/documents", api.search),
        "OR73": ("GET", "/api/orders/documents/download", api.download),
        "OR76": ("DELETE", "/api/orders/documents/{document_id}", api.delete),
        "OR74": ("POST", "/api/orders/{order_id}/documents", api.upload),
    }


class DocumentsApi:
    """Handlers of these operations."""

    def __init__(self, shop: MiraklShop) -> None:
        self._shop = shop

    def search(self, call: Call) -> Json:
        """OR72: what lies with some orders."""
        wanted = call.codes("order_ids")
        if not wanted:
            raise bad_request("order_ids: must not be empty")
        with self._shop.lock:
            found = [_document(d) for d in self._shop.documents.values() if d["order_id"] in wanted]
        return {"order_documents": found, "total_count": len(found)}

    def download(self, call: Call) -> Answer:
        """OR73: one document as it is, several as a ZIP archive with a folder per order."""
        ids, orders, codes = call.codes("document_ids"), call.codes("order_ids"), call.codes("document_codes")
        if not ids and not orders:
            raise bad_request("document_ids: must not be empty without order_ids")
        with self._shop.lock:
            found = [
                document
                for document in self._shop.documents.values()
                if (str(document["id"]) in ids if ids else document["order_id"] in orders)
                and (not codes or document["type"] in codes)
            ]
        if not found:
            raise not_found("Document", ",".join(ids or orders))
        if len(ids) == 1:
            name = {"Content-Disposition": f'attachment; filename="{found[0]["file_name"]}"'}
            return Answer(base64.b64decode(found[0]["content"]), 200, name, "application/octet-stream")
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for document in found:
                archive.writestr(
                    f"{document['order_id']}/{document['file_name']}", base64.b64decode(document["content"])
                )
        name = {"Content-Disposition": 'attachment; filename="documents.zip"'}
        return Answer(buffer.getvalue(), 200, name, "application/octet-stream")

    def upload(self, call: Call) -> Json:
        """OR74: add documents; the answer names only those that were not taken."""
        form = call.form()
        order_id = call.ids["order_id"]
        described = self._described(form)
        files = {name: content for field, name, content in form.files if field == "files"}
        if len(files) != sum(field == "files" for field, _, _ in form.files):
            raise bad_request("files: file names must be distinct")
        failed = []
        with self._shop.changes():
            order = find_order(self._shop, order_id)
            for entry in described:
                problem = self._problem(order_id, entry, files)
                if problem is None:
                    self._add(order_id, entry, files[entry["file_name"]], call.request_id)
                else:
                    shown = {"file_name": entry.get("file_name"), "type_code": entry.get("type_code")}
                    failed.append({"errors": [problem], "input": shown})
            if len(failed) < len(described):
                self._shop.save_order(lifecycle.changed(order, self._shop.clock()))
        return {"errors_count": len(failed), "order_documents": failed}

    def delete(self, call: Call) -> Answer:
        """OR76: take a document away."""
        number = call.ids["document_id"]
        with self._shop.changes():
            document = self._shop.documents.get(int(number)) if number.isdigit() else None
            if document is None:
                raise not_found("Document", number)
            self._shop.save("documents", document["id"], None)
            self._shop.save_order(lifecycle.changed(self._shop.orders[document["order_id"]], self._shop.clock()))
            self._shop.record("document", document["order_id"], f"deleted {document['file_name']}", call.request_id)
        return Answer()

    def _described(self, form: Form) -> list[Json]:
        """The part `order_documents`: JSON, as a plain part or with a file name of its own."""
        content = form.fields.get("order_documents")
        if content is None:
            content = form.file("order_documents")[1].decode("utf-8", "replace")
        try:
            data = json.loads(content)
        except ValueError:
            raise bad_request("order_documents: is not valid JSON") from None
        return listed(data if isinstance(data, dict) else {}, "order_documents", most=MOST)

    def _problem(self, order_id: str, entry: Json, files: dict[str, bytes]) -> Json | None:
        name, code = str(entry.get("file_name") or ""), str(entry.get("type_code") or "")
        present = [d["file_name"] for d in self._shop.documents.values() if d["order_id"] == order_id]
        message = ""
        field = "file_name"
        if name not in files:
            message = f"No file named '{name}' was sent"
        elif not name.isascii():
            message = "The file name must contain only US-ASCII characters"
        elif PurePosixPath(name).suffix.lower() not in SUFFIXES:
            message = "The file type is not supported"
        elif name in present:
            message = f"A document named '{name}' exists already"
        elif len(present) >= MOST:
            message = f"An order can have a maximum of {MOST} documents"
        elif DOCUMENT_TYPES.get(code, ("", ""))[1] != "ORDER" or code.startswith("SYSTEM_"):
            field, message = "type_code", f"The document type '{code}' does not exist for orders"
        return {"code": "INVALID", "field": field, "message": message} if message else None

    def _add(self, order_id: str, entry: Json, content: bytes, request_id: str) -> None:
        number = self._shop.next_id("document")
        document = {
            "date_uploaded": text(self._shop.clock()),
            "file_name": entry["file_name"],
            "file_size": len(content),
            "id": number,
            "order_id": order_id,
            "type": entry["type_code"],
            "content": base64.b64encode(content).decode(),
        }
        self._shop.save("documents", number, document)
        self._shop.record("document", order_id, entry["file_name"], request_id)


def _document(document: Json) -> Json:
    return {name: value for name, value in document.items() if name != "content"}
