"""Writes to entities: nested payloads, required fields, foreign keys, translations, uniqueness, privileges.

One `Writer` serves one request. Everything it does happens inside the store's transaction, so a refusal leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sandbox.shopware6 import errors
from sandbox.shopware6.definitions import ENTITIES, LIVE_VERSION, MAPPING_KEYS, Association, Entity, Field
from sandbox.shopware6.paths import SYSTEM_LANGUAGE
from sandbox.shopware6.store import Row, Store
from sandbox.shopware6.values import Problems, require_id, stored

Json = dict[str, Any]
Mode = str
VARIANT_MAY_LACK = frozenset({"taxId", "price", "name"})
STATE_BY_TRANSITION = (
    "Changing the state of this entity is not allowed. Either change the state via a state machine transition or assign "
    "the required roles."
)
SET_BY_SHOP = frozenset({"createdAt", "updatedAt", "autoIncrement"})
FILLED = {"order_line_item": frozenset({"states"})}
DEFAULTS: Mapping[str, Json] = {
    "product": {
        "active": True,
        "isCloseout": False,
        "minPurchase": 1,
        "purchaseSteps": 1,
        "shippingFree": False,
        "markAsTopseller": False,
        "type": "physical",
        "states": ["is-physical"],
        "sales": 0,
    },
    "category": {
        "displayNestedProducts": True,
        "type": "page",
        "productAssignmentType": "product",
        "visible": True,
        "active": True,
    },
    "webhook": {"active": True, "errorCount": 0, "onlyLiveVersion": False},
    "custom_field": {"active": True},
    "custom_field_set": {"active": True, "global": False, "position": 1},
    "media": {"private": False, "hasFile": False},
    "document": {"sent": False, "static": False},
    "property_group": {"displayType": "text", "sortingType": "alphanumeric", "filterable": True},
}
UNIQUE: Mapping[str, tuple[str, ...]] = {
    "product": ("productNumber",),
    "custom_field": ("name",),
    "product_visibility": ("productId", "salesChannelId"),
}


class Rights(Protocol):
    """What the caller may do."""

    def require(self, privilege: str) -> None:
        """Note a privilege that is needed; a missing one makes the request fail before anything is kept."""


class Writer:
    """Upserts and deletes of one request; `written` and `deleted` tell afterwards what it did."""

    def __init__(
        self,
        store: Store,
        rights: Rights,
        *,
        moment: str,
        new_id: Callable[[], str],
        next_number: Callable[[str], int],
        language_id: str = SYSTEM_LANGUAGE,
    ) -> None:
        self._store, self._rights = store, rights
        self._moment, self._new_id, self._next_number = moment, new_id, next_number
        self._language = language_id
        self.problems = Problems()
        self.written: dict[str, dict[str, Row | None]] = {}
        """By entity and id, the row as it was before; None for a new one."""
        self.deleted: dict[str, list[str]] = {}
        self.linked: dict[str, list[tuple[str, str]]] = {}

    def upsert(self, entity: Entity, payload: Any, pointer: str, mode: Mode = "upsert") -> str:
        """Write one row with everything nested in it and return its id; `mode` is upsert, create or update."""
        if not isinstance(payload, dict):
            raise errors.refusal(400, "FRAMEWORK__INVALID_WRITE_INPUT", "Expected data to be array.", pointer=pointer)
        row_id = require_id(payload["id"]) if payload.get("id") else self._new_id()
        before = self._store.tables[entity.name].get(row_id)
        self._check_mode(entity, before, mode)
        self._rights.require(f"{entity.name}:{'create' if before is None else 'update'}")
        row = dict(before) if before else self._fresh(entity, row_id, payload)
        self._write_fields(entity, row, payload, pointer)
        self._write_owners(entity, row, payload, pointer)
        if before is None:
            self._require_values(entity, row, pointer)
        elif before is not None:
            row["updatedAt"] = self._moment
        self._check_unique(entity, row, before)
        self._store.put(entity.name, row)
        self.written.setdefault(entity.name, {}).setdefault(row_id, before)
        self._write_lists(entity, row, payload, pointer)
        return row_id

    def link(self, mapping: str, left: str, right: str) -> None:
        """Link a pair of a mapping, whose rows must exist."""
        owner, _, target, _ = MAPPING_KEYS[mapping]
        self._rights.require(f"{mapping}:create")
        for entity, row_id in ((owner, left), (target, right)):
            if require_id(row_id) not in self._store.tables[entity]:
                raise errors.broken_constraint(_FOREIGN.format(table=mapping, target=entity))
        self._store.link(mapping, left, right)
        self.linked.setdefault(mapping, []).append((left, right))
        self.written.setdefault(owner, {}).setdefault(left, self._store.tables[owner][left])

    def check_references(self) -> None:
        """Refuse a foreign key that leads nowhere; done at the end, as nested rows may be written later."""
        for name, rows in self.written.items():
            entity = ENTITIES[name]
            keys = [(a.key, a.entity) for a in entity.associations.values() if a.kind == ">"]
            for row_id in rows:
                row = self._store.tables[name].get(row_id, {})
                for key, target in keys:
                    value = row.get(key)
                    if value is not None and value not in self._store.tables[target]:
                        raise errors.broken_constraint(_FOREIGN.format(table=name, target=target))

    # --- one row --------------------------------------------------------------------------------------------------------

    def _check_mode(self, entity: Entity, before: Row | None, mode: Mode) -> None:
        wanted, got = {"create": ("Insert", "Update"), "update": ("Update", "Insert")}.get(mode, ("", ""))
        if (mode == "create" and before is not None) or (mode == "update" and before is None):
            hint = "PATCH method to update existing" if mode == "create" else "POST method to create new"
            detail = (
                f'Expected command for "{entity.name}" to be "{wanted}Command". (Got: {got}Command)'
                f"Hint: Use {hint} entities."
            )
            raise errors.refusal(400, "FRAMEWORK__WRITE_TYPE_INTEND_ERROR", detail, definition=entity.name)

    def _fresh(self, entity: Entity, row_id: str, payload: Json) -> Row:
        row: Row = {"id": row_id, "createdAt": self._moment, "updatedAt": None}
        if not (entity.name == "product" and payload.get("parentId")):
            row |= DEFAULTS.get(entity.name, {})
        row |= dict.fromkeys(entity.version_fields, LIVE_VERSION)
        if "autoIncrement" in entity.fields:
            row["autoIncrement"] = self._next_number(entity.name)
        if entity.is_translated:
            row["_t"] = {}
        return row

    def _write_fields(self, entity: Entity, row: Row, payload: Json, pointer: str) -> None:
        texts: dict[str, Json] = {}
        for name, value in payload.items():
            field = entity.fields.get(name)
            if field is None or name in SET_BY_SHOP or name.endswith("VersionId"):
                continue
            place = f"{pointer}/{name}"
            if name == "stateId" and row.get(name) not in (None, value):
                self.problems.add("0", STATE_BY_TRANSITION, place)
            elif field.is_read_only:
                self.problems.add("0", 'This field is write-protected. (Got: "user" Required: "system")', place, 403)
            elif field.is_translated:
                texts.setdefault(self._language, {})[name] = stored(field, value, place, self.problems)
            else:
                row[name] = stored(field, value, place, self.problems)
                if row[name] is None and _must_stay(entity, field, row):
                    self.problems.blank(place)
        if entity.is_translated:
            self._write_texts(entity, row, texts, payload.get("translations"), pointer)

    def _write_texts(self, entity: Entity, row: Row, texts: dict[str, Json], given: Any, pointer: str) -> None:
        for key, values in given.items() if isinstance(given, dict) else ():
            language = self._language_id(key)
            for name, value in values.items() if isinstance(values, dict) else ():
                field = entity.fields.get(name)
                if field is not None and field.is_translated:
                    place = f"{pointer}/translations/{language}/{name}"
                    texts.setdefault(language, {})[name] = stored(field, value, place, self.problems)
        merged = {language: {**row["_t"].get(language, {}), **values} for language, values in texts.items()}
        row["_t"] = {**row["_t"], **merged}

    def _language_id(self, key: str) -> str:
        """A language by its id or its locale's code."""
        languages = self._store.tables["language"]
        for row in languages.values():
            if key in (row["id"], self._store.tables["locale"][row["localeId"]]["code"]):
                return str(row["id"])
        raise errors.refusal(412, "FRAMEWORK__LANGUAGE_NOT_FOUND", f'The language "{key}" was not found.')

    def _require_values(self, entity: Entity, row: Row, pointer: str) -> None:
        filled = FILLED.get(entity.name, frozenset())
        for field in entity.fields.values():
            if not field.is_required or field.is_read_only or field.name == "id" or field.name in filled:
                continue
            if field.is_translated:
                if row["_t"].get(SYSTEM_LANGUAGE, {}).get(field.name) is None and _must_stay(entity, field, row):
                    place = "" if self._language == SYSTEM_LANGUAGE else f"/translations/{SYSTEM_LANGUAGE}"
                    self.problems.blank(f"{pointer}{place}/{field.name}")
            elif row.get(field.name) is None and _must_stay(entity, field, row):
                self.problems.blank(f"{pointer}/{field.name}")

    def _check_unique(self, entity: Entity, row: Row, before: Row | None) -> None:
        names = UNIQUE.get(entity.name)
        if names is None:
            return
        value = [row.get(name) for name in names]
        if before is not None and [before.get(name) for name in names] == value:
            return
        for other in self._rivals(entity, names, row):
            if other["id"] != row["id"] and [other.get(name) for name in names] == value:
                if entity.name == "product":
                    detail = f'Product with number "{value[0]}" already exists.'
                    raise errors.refusal(400, "CONTENT__DUPLICATE_PRODUCT_NUMBER", detail, number=value[0])
                raise errors.broken_constraint(
                    f"1062 Duplicate entry '{'-'.join(map(str, value))}' for key '{entity.name}.uniq'"
                )

    def _rivals(self, entity: Entity, names: tuple[str, ...], row: Row) -> list[Row]:
        table = self._store.tables[entity.name]
        return [table[other] for other in self._store.pointing(entity.name, names[0], str(row.get(names[0])))]

    # --- nested ---------------------------------------------------------------------------------------------------------

    def _write_owners(self, entity: Entity, row: Row, payload: Json, pointer: str) -> None:
        for association in entity.associations.values():
            nested = payload.get(association.name)
            if association.kind == ">" and isinstance(nested, dict):
                place = f"{pointer}/{association.name}"
                if "id" not in nested and row.get(association.key):
                    nested = {**nested, "id": row[association.key]}
                if association.entity == "product_media":
                    nested = {**nested, "productId": row["id"]}
                row[association.key] = self.upsert(ENTITIES[association.entity], nested, place)

    def _write_lists(self, entity: Entity, row: Row, payload: Json, pointer: str) -> None:
        # Children come last: they may use options that stand beside them in the payload.
        for association in sorted(entity.associations.values(), key=lambda one: one.name == "children"):
            nested = payload.get(association.name)
            if nested is None or association.kind == ">":
                continue
            place = f"{pointer}/{association.name}"
            if association.kind == "=":
                self._write_member(association, row, nested, place)
            elif not isinstance(nested, list):
                self.problems.wrong_type(place, "array")
            else:
                for i, member in enumerate(nested):
                    self._write_member(association, row, member, f"{place}/{i}", entity)

    def _write_member(
        self, association: Association, row: Row, member: Any, pointer: str, entity: Entity | None = None
    ) -> None:
        if not isinstance(member, dict):
            self.problems.wrong_type(pointer, "array")
            return
        target = ENTITIES[association.entity]
        if association.kind != "%":
            self.upsert(target, {**member, association.key: row["id"]}, pointer)
            return
        is_known = member.get("id") in self._store.tables[target.name]
        other = member["id"] if is_known and len(member) == 1 else self.upsert(target, member, pointer)
        is_left = entity is not None and MAPPING_KEYS[association.key][0] == entity.name
        self.link(association.key, *((row["id"], other) if is_left else (other, row["id"])))


_FOREIGN = (
    "1452 Cannot add or update a child row: a foreign key constraint fails (`{table}` REFERENCES `{target}` (`id`))"
)


def _must_stay(entity: Entity, field: Field, row: Row) -> bool:
    """Whether a row needs the field; a variant takes name, tax and price from its parent."""
    if not field.is_required:
        return False
    return not (entity.name == "product" and row.get("parentId") and field.name in VARIANT_MAY_LACK)
