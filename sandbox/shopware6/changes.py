"""One request's writes as a whole: operations in one transaction, then indexing, evidence and webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.shopware6 import errors, times
from sandbox.shopware6.auth import Rights
from sandbox.shopware6.definitions import ENTITIES, MAPPING_KEYS
from sandbox.shopware6.deleting import delete
from sandbox.shopware6.evidence import note_deletes, note_writes
from sandbox.shopware6.filters import compile_filters
from sandbox.shopware6.indexing import (
    PRODUCT_PARTS,
    index_categories,
    index_products,
    settle_stock,
    stale_after,
)
from sandbox.shopware6.paths import SYSTEM_LANGUAGE
from sandbox.shopware6.values import require_id
from sandbox.shopware6.writing import Writer

if TYPE_CHECKING:
    from sandbox.shopware6.shop import Shopware6Shop

Json = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """What to do with some rows of an entity or a mapping; `mode` is create, update or upsert."""

    key: str
    action: str
    entity: str
    payload: Sequence[Any] = ()
    criteria: Sequence[Any] = ()
    mode: str = "upsert"


@dataclass
class Result:
    """What the operations did, by entity."""

    data: dict[str, list[Any]]
    not_found: dict[str, list[Any]]
    deleted: dict[str, list[Any]]


def apply(
    shop: Shopware6Shop,
    rights: Rights,
    operations: Sequence[Operation],
    request_id: str,
    *,
    language_id: str = SYSTEM_LANGUAGE,
    has_keys: bool = False,
    indexes: bool = True,
) -> Result:
    """Do all operations or none; raises the vendor's refusals. With `has_keys` pointers begin with the operation's key."""
    run = _Run(shop, rights, language_id)
    with shop.store.transaction():
        for operation in operations:
            run.do(operation, f"/{operation.key}" if has_keys else "")
        rights.raise_missing()
        run.writer.problems.raise_any()
        run.writer.check_references()
        run.index(everything=indexes)
        note_writes(shop, run.writer.written, request_id)
        note_deletes(shop, run.deleted, request_id)
    shop.webhooks.written({name: list(rows) for name, rows in run.writer.written.items()})
    return run.result()


class _Run:
    """The operations of one request in progress."""

    def __init__(self, shop: Shopware6Shop, rights: Rights, language_id: str) -> None:
        self._shop, self._rights = shop, rights
        self.writer = Writer(
            shop.store,
            rights,
            moment=times.text(shop.clock()),
            new_id=shop.new_id,
            next_number=shop.next_number,
            language_id=language_id,
        )
        self.deleted: dict[str, list[Any]] = {}
        self._not_found: dict[str, list[Any]] = {}
        self._links: dict[str, list[Any]] = {}

    def do(self, operation: Operation, prefix: str) -> None:
        """One operation."""
        if operation.entity in MAPPING_KEYS:
            self._map(operation)
        elif operation.entity not in ENTITIES:
            raise errors.unknown_entity(operation.entity)
        elif operation.action == "upsert":
            for i, row in enumerate(operation.payload):
                self.writer.upsert(ENTITIES[operation.entity], row, f"{prefix}/{i}", operation.mode)
        elif operation.criteria:
            raise errors.refusal(
                400,
                "API_INVALID_SYNC_CRITERIA_EXCEPTION",
                f'Sync operation {operation.key}, with action "delete", requires a criteria with at least one filter '
                "and can only be applied for mapping entities",
            )
        else:
            self._delete(operation)

    def index(self, *, everything: bool) -> None:
        """Work out what follows from the writes; stock follows always."""
        written, store = self.writer.written, self._shop.store
        settle_stock(store, written.get("product", ()))
        if not everything:
            return
        index_categories(store, [*written.get("category", ()), *_parents_of(self.deleted, store)])
        parts = {
            str(row["productId"])
            for name in PRODUCT_PARTS
            for row_id in written.get(name, ())
            if (row := store.tables[name].get(row_id)) and row.get("productId")
        }
        mapped = {pair["productId"] for name in self._links for pair in self._links[name] if "productId" in pair}
        stale = stale_after(store, self.deleted)
        index_products(store, {*written.get("product", ()), *parts, *mapped, *stale})

    def result(self) -> Result:
        """What was done, in the shape of the sync answer."""
        data: dict[str, list[Any]] = {name: list(rows) for name, rows in self.writer.written.items()}
        for name in list(data):
            if ENTITIES[name].is_translated:
                key = "".join(part.capitalize() if i else part for i, part in enumerate(name.split("_"))) + "Id"
                rows = self._shop.store.tables[name]
                changed = [
                    {key: row_id, "languageId": language}
                    for row_id, before in self.writer.written[name].items()
                    for language, texts in rows.get(row_id, {"_t": {}})["_t"].items()
                    if before is None or before["_t"].get(language) != texts
                ]
                data |= {f"{name}_translation": changed} if changed else {}
        for mapping, pairs in self.writer.linked.items():
            left, right = MAPPING_KEYS[mapping][1], MAPPING_KEYS[mapping][3]
            data[mapping] = [{left: one, right: other} for one, other in pairs]
        return Result(dict(sorted(data.items())), self._not_found, self.deleted)

    def _delete(self, operation: Operation) -> None:
        self._rights.require(f"{operation.entity}:delete")
        entity, store = ENTITIES[operation.entity], self._shop.store
        for row in operation.payload:
            row_id = require_id(row.get("id") if isinstance(row, dict) else None)
            if row_id not in store.tables[entity.name]:
                self._not_found.setdefault(entity.name, []).append({"id": row_id})
            elif not self._rights.missing:
                delete(store, entity, row_id, self.deleted)

    def _map(self, operation: Operation) -> None:
        left, right = MAPPING_KEYS[operation.entity][1], MAPPING_KEYS[operation.entity][3]
        pairs = list(operation.payload)
        if operation.action == "delete" and operation.criteria:
            pairs = self._selected(operation, left, right)
        for i, pair in enumerate(pairs):
            for key in (left, right):
                if not isinstance(pair, dict) or not pair.get(key):
                    self.writer.problems.blank(f"/{operation.key}/{i}/{key}")
        self.writer.problems.raise_any()
        for pair in pairs:
            one, other = require_id(pair[left]), require_id(pair[right])
            if operation.action == "upsert":
                self.writer.link(operation.entity, one, other)
            else:
                self._unlink(operation.entity, one, other, {left: one, right: other})
            self._links.setdefault(operation.entity, []).append({left: one, right: other})

    def _unlink(self, mapping: str, left: str, right: str, pair: Json) -> None:
        self._rights.require(f"{mapping}:delete")
        if not self._shop.store.mappings[mapping].has(left, right):
            self._not_found.setdefault(mapping, []).append(pair)
        else:
            self._shop.store.link(mapping, left, right, is_linked=False)
            self.deleted.setdefault(mapping, []).append(pair)

    def _selected(self, operation: Operation, left: str, right: str) -> list[Json]:
        """The pairs that simple filters on the two keys select."""
        wanted: dict[str, set[str]] = {}
        for query in operation.criteria:
            field, value = query.get("field"), query.get("value")
            if query.get("type") not in {"equals", "equalsAny"} or field not in (left, right):
                compile_filters(self._shop.store, ENTITIES[MAPPING_KEYS[operation.entity][0]], [query])
                raise errors.unmapped_field(str(field), operation.entity)
            wanted[field] = set(value if isinstance(value, list) else str(value).split("|"))
        pairs = self._shop.store.mappings[operation.entity]
        return [
            {left: one, right: other}
            for one, others in list(pairs.left.items())
            for other in list(others)
            if one in wanted.get(left, {one}) and other in wanted.get(right, {other})
        ]


def _parents_of(deleted: dict[str, list[Any]], store: Any) -> list[str]:
    """Categories whose number of children may have changed by deletes."""
    return list(store.tables["category"]) if deleted.get("category") else []
