"""Fields by their path, such as `lineItems.product.productNumber`: what filters and sortings look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sandbox.shopware6 import errors
from sandbox.shopware6.definitions import ENTITIES, Association, Entity, Field
from sandbox.shopware6.store import Row, Store

Getter = Callable[[Row], list[Any]]
SYSTEM_LANGUAGE = "2fbb5fe2e29a4d70aa5854ce7ce3e20b"


def field_values(store: Store, entity: Entity, path: str) -> tuple[Field, Getter]:
    """The field at the end of a path and what reads all its values from a row; a list field gives its members.

    Raises the vendor's refusal for an unknown field.
    """
    parts = path.split(".")
    if len(parts) > 1 and parts[0] == entity.name:
        parts = parts[1:]
    return _walk(store, entity, parts)


def _walk(store: Store, entity: Entity, parts: Sequence[str]) -> tuple[Field, Getter]:
    name = parts[0]
    if name in entity.associations:
        association = entity.associations[name]
        rest = parts[1:] or ["id"]
        field, inner = _walk(store, ENTITIES[association.entity], rest)
        reach = related(store, entity, association)
        return field, lambda row: [value for other in reach(row) for value in inner(other)]
    field_ = entity.fields.get(name)
    if field_ is None:
        raise errors.unmapped_field(parts[-1], entity.name)
    if len(parts) > 1:
        if field_.type != "o":
            raise errors.unmapped_field(parts[-1], entity.name)
        return field_, _nested(field_, parts[1:])
    return field_, _direct(field_)


def _direct(field: Field) -> Getter:
    name = field.name
    if field.is_translated:
        return lambda row: [row["_t"].get(SYSTEM_LANGUAGE, {}).get(name)]
    if field.type == "l":
        return lambda row: row.get(name) or []
    return lambda row: [row.get(name)]


def _nested(field: Field, keys: Sequence[str]) -> Getter:
    outer = _direct(field)

    def read(row: Row) -> list[Any]:
        (value,) = outer(row)
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return [value]

    return read


def related(store: Store, entity: Entity, association: Association) -> Callable[[Row], list[Row]]:
    """What reads the rows that an association leads to, unsorted lists in the order of their ids as a database gives them."""
    table, key, target = store.tables[association.entity], association.key, association.entity

    def one(row: Row) -> list[Row]:
        found = table.get(row.get(key) or "")
        return [] if found is None else [found]

    def pointing(row: Row) -> list[Row]:
        return [table[row_id] for row_id in sorted(store.pointing(target, key, row["id"]))]

    def linked(row: Row) -> list[Row]:
        return [table[row_id] for row_id in sorted(store.linked(key, entity.name, row["id"])) if row_id in table]

    return {">": one, "%": linked}.get(association.kind, pointing)
