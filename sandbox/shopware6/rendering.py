"""Documents as the API shows them with `Accept: application/json`.

Quirks of real answers that are kept: what was not asked for is null, empty maps are `[]`, `updatedAt` is null on a row that
never changed, translated texts stand in `translated` while the plain field is null in a language that has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.shopware6.criteria import Criteria, narrowed
from sandbox.shopware6.definitions import ENTITIES, LIVE_VERSION, Entity
from sandbox.shopware6.paths import SYSTEM_LANGUAGE, related
from sandbox.shopware6.store import Row, Store

Json = dict[str, Any]
NOT_INHERITED = frozenset({"id", "parentId", "productNumber", "stock", "availableStock", "createdAt", "updatedAt"})


@dataclass(frozen=True)
class Context:
    """How a client wants to see things; `language_id` from the header `sw-language-id`."""

    language_id: str = SYSTEM_LANGUAGE
    inherits: bool = False
    base_url: str = ""
    includes: Mapping[str, frozenset[str]] | None = None


_TEMPLATES: Mapping[str, Json] = {
    entity.name: {
        "extensions": [],
        "_uniqueIdentifier": None,
        **({"versionId": LIVE_VERSION} if entity.is_versioned else {}),
        "translated": [],
        "createdAt": None,
        "updatedAt": None,
        **dict.fromkeys(entity.fields),
        **dict.fromkeys(entity.associations),
        "apiAlias": entity.name,
    }
    for entity in ENTITIES.values()
}


def document(store: Store, entity: Entity, row: Row, criteria: Criteria, context: Context) -> Json:
    """A row with the associations that were asked for."""
    shown = {**_TEMPLATES[entity.name], **row, "_uniqueIdentifier": row["id"]}
    if entity.is_translated:
        _translate(store, entity, shown, row, context)
    if context.inherits and row.get("parentId") and entity.name == "product":
        parent = store.tables["product"].get(row["parentId"], {})
        shown |= {
            name: parent[name]
            for name in parent
            if shown.get(name) is None and name not in NOT_INHERITED and name != "_t"
        }
    if shown.get("customFields") == {}:
        shown["customFields"] = []
    if entity.name in {"media", "media_thumbnail"} and shown.get("url"):
        shown["url"] = context.base_url + shown["url"]
    for name, nested in criteria.associations.items():
        shown[name] = _associated(store, entity, row, (name, nested), context)
    kept = context.includes and context.includes.get(entity.name)
    if kept:
        return {name: value for name, value in shown.items() if name in kept or name == "apiAlias"}
    return shown


def _associated(store: Store, entity: Entity, row: Row, wanted: tuple[str, Criteria], context: Context) -> Any:
    name, nested = wanted
    association = entity.associations[name]
    target = ENTITIES[association.entity]
    rows = related(store, entity, association)(row)
    if context.inherits and not rows and row.get("parentId") and entity.name == "product" and name != "children":
        parent = store.tables["product"].get(row["parentId"])
        rows = related(store, entity, association)(parent) if parent else []
    if not association.is_many:
        return document(store, target, rows[0], nested, context) if rows else None
    rows = narrowed(rows, nested)
    if nested.limit:
        rows = rows[(nested.page - 1) * nested.limit :][: nested.limit]
    return [document(store, target, one, nested, context) for one in rows]


def _translate(store: Store, entity: Entity, shown: Json, row: Row, context: Context) -> None:
    texts = shown.pop("_t")
    own, fallback = texts.get(context.language_id, {}), texts.get(SYSTEM_LANGUAGE, {})
    inherited: Json = {}
    if context.inherits and row.get("parentId") and entity.name == "product":
        parent = store.tables["product"].get(row["parentId"], {}).get("_t", {})
        inherited = {**parent.get(SYSTEM_LANGUAGE, {}), **parent.get(context.language_id, {})}
    translated: Json = {}
    for name in entity.translated_fields:
        value = own.get(name)
        shown[name] = value
        if value is None:
            value = fallback.get(name)
        if value is None:
            value = inherited.get(name)
        translated[name] = [] if name in {"customFields", "slotConfig"} and not value else value
    shown["translated"] = translated
