"""Entities over HTTP: search, read, create, change, delete, also below another row's address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.shopware6 import errors
from sandbox.shopware6.api import Answer, Call
from sandbox.shopware6.changes import Operation, apply
from sandbox.shopware6.criteria import Criteria, narrowed, parse
from sandbox.shopware6.criteria import search as run_search
from sandbox.shopware6.definitions import BY_PATH, ENTITIES, MAPPING_KEYS, Association, Entity
from sandbox.shopware6.paths import related
from sandbox.shopware6.rendering import document
from sandbox.shopware6.store import Row
from sandbox.shopware6.values import ID

Json = dict[str, Any]


def search(call: Call) -> Answer:
    """`POST /search/{entity}`, also below a row: `POST /search/order/{id}/line-items`."""
    entity, rows = _place(call, call.words[1:])
    criteria = parse(call.shop.store, entity, call.body, max_limit=call.shop.max_limit)
    call.rights.require_all(_read_privileges(entity, criteria))
    return _listed(call, entity, criteria, rows)


def search_ids(call: Call) -> Answer:
    """`POST /search-ids/{entity}`: ids only."""
    entity, rows = _place(call, call.words[1:])
    criteria = parse(call.shop.store, entity, call.body, max_limit=call.shop.max_limit)
    call.rights.require_all([f"{entity.name}:read"])
    found, total = _found(call, entity, criteria, rows)
    return Answer({"total": total, "data": [row["id"] for row in found]})


def resource(call: Call) -> Answer:
    """CRUD by address; see the functions below for each method."""
    entity = BY_PATH.get(call.words[0])
    if entity is None:
        raise errors.no_route(call.method, call.url)
    if len(call.words) > 2:
        return _nested(call, entity)
    row_id = call.words[1] if len(call.words) == 2 else ""
    if call.method == "GET":
        return _detail(call, entity, row_id) if row_id else _list(call, entity, None)
    if call.method == "POST" and not row_id:
        return _write(call, entity, call.body, "create")
    if call.method == "PATCH" and row_id:
        return _write(call, entity, {**_mapping(call), "id": row_id}, "update")
    if call.method == "DELETE" and row_id:
        return _delete(call, entity, row_id)
    raise errors.method_not_allowed(call.method, call.url, "GET, PATCH, DELETE" if row_id else "GET, POST")


def _mapping(call: Call) -> Json:
    return call.body if isinstance(call.body, dict) else {}


def _detail(call: Call, entity: Entity, row_id: str) -> Answer:
    criteria = parse(call.shop.store, entity, _query_criteria(call), is_nested=True)
    call.rights.require_all(_read_privileges(entity, criteria))
    row = call.shop.store.tables[entity.name].get(row_id) if ID.match(row_id) else None
    if row is None:
        raise errors.not_found(entity.name, row_id)
    shown = document(call.shop.store, entity, row, criteria, call.context(criteria.includes))
    return Answer({"data": shown}) if call.wants_json else _json_api(call, entity, {"data": shown})


def _list(call: Call, entity: Entity, rows: list[Row] | None) -> Answer:
    criteria = parse(call.shop.store, entity, _query_criteria(call), max_limit=call.shop.max_limit)
    call.rights.require_all(_read_privileges(entity, criteria))
    return _listed(call, entity, criteria, rows)


def _query_criteria(call: Call) -> Json:
    """Criteria from the query: the simple ones, and `filter[name]=value`, `associations[name][]=`."""
    found: Json = {name: call.query[name] for name in ("limit", "page", "term", "sort", "ids") if name in call.query}
    if "total-count-mode" in call.query:
        found["total-count-mode"] = call.query["total-count-mode"]
    for name, value in call.query.items():
        if name.startswith("filter[") and name.count("[") == 1:
            found.setdefault("filter", {})[name[7:-1]] = value
        elif name.startswith("associations["):
            inner = found
            for word in name[len("associations[") :].replace("]", "").split("["):
                if word and word != "associations":
                    inner = inner.setdefault("associations", {}).setdefault(word, {})
    return found


def _found(call: Call, entity: Entity, criteria: Criteria, rows: list[Row] | None) -> tuple[list[Row], int]:
    if rows is None:
        return run_search(call.shop.store, entity, criteria)
    rows = narrowed(rows, criteria)
    start = (criteria.page - 1) * (criteria.limit or 0)
    page = rows[start : start + criteria.limit] if criteria.limit else rows
    return page, len(rows) if criteria.count_mode else len(page)


def _listed(call: Call, entity: Entity, criteria: Criteria, rows: list[Row] | None) -> Answer:
    found, total = _found(call, entity, criteria, rows)
    context = call.context(criteria.includes)
    data = [document(call.shop.store, entity, row, criteria, context) for row in found]
    content = {"total": total, "data": data, "aggregations": []}
    return Answer(content) if call.wants_json else _json_api(call, entity, content)


def _write(call: Call, entity: Entity, payload: Any, mode: str) -> Answer:
    operation = Operation("0", "upsert", entity.name, [payload], mode=mode)
    result = apply(call.shop, call.rights, [operation], call.request_id, language_id=call.language_id)
    row_id = payload.get("id") or result.data[entity.name][-1]
    headers = {"Location": f"{call.shop.base_url}/api/{entity.path}/{row_id}"}
    if "_response" not in call.query:
        return Answer(None, 204, headers)
    row = call.shop.store.tables[entity.name][row_id]
    shown = document(call.shop.store, entity, row, Criteria(), call.context())
    return Answer({"data": shown}, headers=headers)


def _delete(call: Call, entity: Entity, row_id: str) -> Answer:
    operation = Operation("0", "delete", entity.name, [{"id": row_id}])
    result = apply(call.shop, call.rights, [operation], call.request_id)
    if result.not_found:
        raise errors.not_found(entity.name, row_id)
    return Answer(None, 204, {"Location": f"{call.shop.base_url}/api/{entity.path}/{row_id}"})


# --- below another row ------------------------------------------------------------------------------------------------------


def _nested(call: Call, entity: Entity) -> Answer:
    """`GET`/`POST /order/{id}/line-items`, `DELETE /product/{id}/categories/{id}`."""
    row_id, association = call.words[1], _association(call, entity, call.words[2])
    if row_id not in call.shop.store.tables[entity.name]:
        raise errors.not_found(entity.name, row_id)
    target = ENTITIES[association.entity]
    if call.method == "GET" and len(call.words) == 3:
        return _list(call, target, related(call.shop.store, entity, association)(_row(call, entity, row_id)))
    if call.method == "POST" and len(call.words) == 3:
        payload = {"id": row_id, association.name: [call.body] if association.is_many else call.body}
        return _write(call, entity, payload, "update")
    if call.method == "DELETE" and len(call.words) == 4:
        return _delete_nested(call, entity, association, row_id, call.words[3])
    raise errors.method_not_allowed(call.method, call.url, "GET, POST, DELETE")


def _delete_nested(call: Call, entity: Entity, association: Association, row_id: str, other: str) -> Answer:
    if association.kind != "%":
        return _delete(call, ENTITIES[association.entity], other)
    left, left_key, _, right_key = MAPPING_KEYS[association.key]
    one, two = (row_id, other) if left == entity.name else (other, row_id)
    operation = Operation("0", "delete", association.key, [{left_key: one, right_key: two}])
    apply(call.shop, call.rights, [operation], call.request_id)
    return Answer(None, 204)


def _row(call: Call, entity: Entity, row_id: str) -> Row:
    return call.shop.store.tables[entity.name][row_id]


def _association(call: Call, entity: Entity, word: str) -> Association:
    first, *rest = word.split("-")
    found = entity.associations.get(first + "".join(part.capitalize() for part in rest))
    if found is None:
        raise errors.refusal(
            404,
            "FRAMEWORK__NOT_EXISTING_RELATION_EXCEPTION",
            f'Resource at path "{call.path}" is not an existing relation.',
            path=call.path,
        )
    return found


def _place(call: Call, words: list[str]) -> tuple[Entity, list[Row] | None]:
    """The entity that a search is about, with its rows where the search is below another row."""
    entity = BY_PATH.get(words[0]) if words else None
    if entity is None or len(words) not in (1, 3):
        raise errors.no_route(call.method, call.url)
    if len(words) == 1:
        return entity, None
    association = _association(call, entity, words[2])
    row = call.shop.store.tables[entity.name].get(words[1])
    if row is None:
        raise errors.not_found(entity.name, words[1])
    return ENTITIES[association.entity], related(call.shop.store, entity, association)(row)


def _read_privileges(entity: Entity, criteria: Criteria) -> Iterator[str]:
    yield f"{entity.name}:read"
    for name, nested in criteria.associations.items():
        yield from _read_privileges(ENTITIES[entity.associations[name].entity], nested)


# --- JSON:API ---------------------------------------------------------------------------------------------------------------


def _json_api(call: Call, entity: Entity, content: Json) -> Answer:
    """What a client gets that did not ask for plain JSON: attributes apart from id and type, and no nested rows."""
    data = content["data"]
    shown = (
        [_as_resource(call, entity, one) for one in data]
        if isinstance(data, list)
        else _as_resource(call, entity, data)
    )
    body: Json = {"data": shown, "included": [], "links": {"self": call.url}}
    if "total" in content:
        body |= {"meta": {"total": content["total"]}, "aggregations": []}
    return Answer(body, media_type="application/vnd.api+json")


def _as_resource(call: Call, entity: Entity, shown: Json) -> Json:
    address = f"{call.shop.base_url}/api/{entity.path}/{shown['id']}"
    hidden = {"id", "extensions", "_uniqueIdentifier", *entity.associations}
    return {
        "id": shown["id"],
        "type": entity.name,
        "attributes": {name: value for name, value in shown.items() if name not in hidden},
        "links": {"self": address},
        "relationships": {
            name: {"data": None, "links": {"related": f"{address}/{name}"}} for name in entity.associations
        },
        "meta": None,
    }
