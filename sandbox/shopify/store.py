"""The shop's memory: documents by their global id, on disk as one JSON line per change, flushed before a write is answered.

A document is a dict with the names of the API's fields; money is a `Bag`, a moment the text the API shows. What belongs to an
order or a product (lines, transactions, fulfilments, media) lies inside its document.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from sandbox.shopify.money import Bag

Json = dict[str, Any]
EMBEDDED = (
    *("lineItems", "shippingLines", "transactions", "fulfillmentOrders", "fulfillments", "refunds", "returns"),
    *("options", "media", "metafields"),
)


def gid(kind: str, number: int) -> str:
    """A global id such as `gid://shopify/Order/1001`."""
    return f"gid://shopify/{kind}/{number}"


def kind_of(global_id: str) -> str:
    """The type named in a global id; empty text for anything else."""
    parts = global_id.split("/")
    return parts[3] if len(parts) == 5 and global_id.startswith("gid://shopify/") else ""


def number_of(global_id: str) -> int:
    """The number at the end of a global id, 0 where there is none."""
    tail = global_id.rsplit("/", 1)[-1].split("?", 1)[0]
    return int(tail) if tail.isdigit() else 0


class Store:
    """Documents by kind and id; `put` and `remove` are written out by `flush`."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._pending: list[list[Any]] = []
        self.tables: dict[str, dict[str, Json]] = {}
        self.owner_of: dict[str, str] = {}
        """From the id of an embedded document to the id of the document it lies in."""
        self.versions: dict[str, int] = {}
        self.counter = 1000
        self.skus: dict[str, list[str]] = {}
        """The ids of the variants that have an SKU."""
        self.sku_of: dict[str, str] = {}
        self.handles: dict[str, str] = {}
        """Product ids by handle."""

    def table(self, kind: str) -> dict[str, Json]:
        """All documents of a kind in the order in which they were created."""
        return self.tables.setdefault(kind, {})

    def get(self, global_id: str) -> Json | None:
        """A document by its id."""
        return self.tables.get(kind_of(global_id), {}).get(global_id)

    def owner(self, global_id: str) -> Json | None:
        """The document in which an embedded one lies."""
        return self.get(self.owner_of.get(global_id, ""))

    def next_id(self, kind: str) -> str:
        """A fresh global id of a kind."""
        self.counter += 1
        return gid(kind, self.counter)

    def put(self, document: Json) -> Json:
        """Store a document's new version."""
        self._take(document)
        self._pending.append(["put", document])
        return document

    def remove(self, global_id: str) -> None:
        """Forget a document."""
        self._drop(global_id)
        self._pending.append(["remove", global_id])

    def note(self, kind: str, value: Any) -> None:
        """Write something that is no document (an effect, a token); `load` hands it back."""
        self._pending.append([kind, value])

    def forget_notes(self, kind: str, since: int) -> None:
        """Take back what was noted of a kind after the first `since` changes of this transaction."""
        self._pending[since:] = [change for change in self._pending[since:] if change[0] != kind]

    def pending(self) -> int:
        """How many changes of this transaction there are so far."""
        return len(self._pending)

    def flush(self) -> None:
        """Write what changed since the last call and wait until the disk has it."""
        pending, self._pending = self._pending, []
        if self._path is None or not pending:
            return
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
        record = {"changes": pending, "counter": self.counter}
        self._file.write(orjson.dumps(record, _encoded, orjson.OPT_PASSTHROUGH_DATACLASS) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def load(self) -> Iterator[tuple[str, Any]]:
        """Read the file; yields what `note` wrote. A line torn by a kill is cut off."""
        if self._path is None or not self._path.exists():
            return
        whole = 0
        with self._path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                record = json.loads(line, object_hook=_decoded)
                self.counter = record["counter"]
                for kind, value in record["changes"]:
                    if kind == "put":
                        self._take(value)
                    elif kind == "remove":
                        self._drop(value)
                    else:
                        yield kind, value
        os.truncate(self._path, whole)

    def close(self) -> None:
        """Close the file; a later flush opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _take(self, document: Json) -> None:
        kind = kind_of(document["id"])
        before = self.table(kind).get(document["id"])
        self.table(kind)[document["id"]] = document
        if kind == "Product":
            if before is not None:
                self.handles.pop(before["handle"], None)
            self.handles[document["handle"]] = document["id"]
        self.versions[kind] = self.versions.get(kind, 0) + 1
        if kind == "ProductVariant":
            self._index_sku(document)
        for embedded in _embedded(document):
            self.owner_of[embedded["id"]] = document["id"]

    def _drop(self, global_id: str) -> None:
        kind = kind_of(global_id)
        document = self.table(kind).pop(global_id, None)
        self.versions[kind] = self.versions.get(kind, 0) + 1
        if document is not None and kind == "Product":
            self.handles.pop(document["handle"], None)
        if document is not None and kind == "ProductVariant":
            self._forget_sku(document["id"])
            del self.owner_of[document["item"]["id"]]

    def _index_sku(self, variant: Json) -> None:
        known = self.skus.get(variant["sku"] or "", ())
        if variant["id"] not in known:
            self._forget_sku(variant["id"])
            if variant["sku"]:
                self.skus.setdefault(variant["sku"], []).append(variant["id"])
        self.sku_of[variant["id"]] = variant["sku"] or ""

    def _forget_sku(self, variant_id: str) -> None:
        ids = self.skus.get(self.sku_of.pop(variant_id, ""), [])
        if variant_id in ids:
            ids.remove(variant_id)


def _embedded(document: Json) -> Iterator[Json]:
    """What lies inside an order, product or variant and can be asked for by its own id, lines of fulfilments included."""
    if "item" in document:
        yield document["item"]
        yield from document["metafields"]
        return
    for name in EMBEDDED:
        for item in document.get(name, ()):
            yield item
            yield from item.get("lines", ())
            yield from item.get("optionValues", ())


def _encoded(value: Any) -> Any:
    if isinstance(value, Bag):
        amounts = [str(value.shop), str(value.presentment), value.currency, value.presentment_currency]
        return {"$bag": amounts}
    if isinstance(value, Decimal):
        return {"$dec": str(value)}
    raise TypeError(f"cannot be written: {type(value)}")


def _decoded(value: Json) -> Any:
    if "$bag" in value:
        shop, presentment, currency, other = value["$bag"]
        return Bag(Decimal(shop), Decimal(presentment), currency, other)
    return Decimal(value["$dec"]) if "$dec" in value else value
