"""Actions of the API: information, sync, state transitions, number ranges; documents and media have modules of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.shopware6 import errors, times
from sandbox.shopware6.api import Answer, Call, Handler
from sandbox.shopware6.changes import Operation, apply
from sandbox.shopware6.criteria import Criteria
from sandbox.shopware6.definitions import ENTITIES
from sandbox.shopware6.documents import create_documents, download_document, merge_documents, upload_document
from sandbox.shopware6.machines import MACHINE_OF, TRANSITIONS, next_state, state_id, state_name
from sandbox.shopware6.media import upload_media
from sandbox.shopware6.numbers import reserve_number
from sandbox.shopware6.rendering import document
from sandbox.shopware6.store import Row
from sandbox.shopware6.values import require_id

Json = dict[str, Any]
INDEXING = {"use-queue-indexing": True, "disable-indexing": False}


def version(call: Call) -> Answer:
    """`GET /_info/version`: the shop's version, which needs no privilege."""
    return Answer({"version": call.shop.version})


def config(call: Call) -> Answer:
    """`GET /_info/config`: the part that says what shop this is."""
    return Answer(
        {
            "version": call.shop.version,
            "versionRevision": "0" * 32,
            "shopId": "SandboxShopId0001",
            "adminWorker": {"enableAdminWorker": True, "enableNotificationWorker": True, "transports": ["async"]},
            "bundles": {},
            "settings": {
                "enableUrlFeature": True,
                "appUrlReachable": True,
                "appsRequireAppUrl": False,
                "firstMigrationDate": "2025-01-01T12:00:00.000Z",
            },
            "inAppPurchases": [],
        }
    )


def sync(call: Call) -> Answer:
    """`POST /_action/sync`: a list or a map of operations, all or nothing."""
    body = call.body
    operations = [
        _operation(str(key), one) for key, one in (body.items() if isinstance(body, dict) else enumerate(body))
    ]
    indexes = INDEXING.get(call.headers.get("indexing-behavior", ""), True)
    result = apply(
        call.shop,
        call.rights,
        operations,
        call.request_id,
        language_id=call.language_id,
        has_keys=True,
        indexes=indexes,
    )
    # An empty PHP array is a list in JSON.
    return Answer(
        {
            "extensions": [],
            "data": result.data or [],
            "notFound": result.not_found or [],
            "deleted": result.deleted or [],
        }
    )


def _operation(key: str, value: Any) -> Operation:
    if not isinstance(value, dict):
        raise errors.ApiError(400, [_bad("Invalid payload format. Expected an array of operations.")])
    action, entity, payload = value.get("action"), value.get("entity"), value.get("payload", [])
    criteria = value.get("criteria") or []
    problems = [f'Missing or invalid "{name}" argument' for name in ("action", "entity") if not value.get(name)]
    if action and action not in {"upsert", "delete"}:
        problems.append(f"provided action {action} is not supported. Following actions are supported: delete, upsert")
    if not isinstance(payload, list) or (not payload and not criteria):
        problems.append('Missing or invalid "payload" argument')
    if problems:
        raise errors.refusal(400, "FRAMEWORK__INVALID_SYNC_OPERATION", f"Operation {key}: {'; '.join(problems)}")
    return Operation(key, str(action), str(entity), payload, criteria)


def _bad(detail: str) -> Json:
    return {"code": "0", "status": "400", "title": errors.TITLES[400], "detail": detail}


# --- states -----------------------------------------------------------------------------------------------------------------


def transition(call: Call) -> Answer:
    """`POST /_action/order/{id}/state/{action}`, also for `order_delivery` and `order_transaction`.

    An action whose target is reached already changes nothing and answers as if it had.
    """
    return _move(call, call.words[1], call.words[2], call.words[4])


def transition_by_machine(call: Call) -> Answer:
    """`POST /_action/state-machine/{entity}/{id}/state/{action}`."""
    return _move(call, call.words[2], call.words[3], call.words[5])


def possible_transitions(call: Call) -> Answer:
    """`GET /_action/state-machine/{entity}/{id}/state`: where a row can go from here."""
    entity = _entity(call, call.words[2])
    row = _subject(call, entity, call.words[3])
    machine, current = MACHINE_OF[entity], state_name(call.shop.store, row)
    found = [
        {"name": target, "technicalName": target, "actionName": action, "fromStateName": current, "toStateName": target}
        for action, sources, target in TRANSITIONS[machine]
        if current in sources.split()
    ]
    return Answer({"currentState": {"technicalName": current}, "transitions": found})


def _entity(call: Call, word: str) -> str:
    name = word.replace("-", "_")
    if name not in MACHINE_OF:
        raise errors.no_route(call.method, call.url)
    return name


def _subject(call: Call, entity: str, row_id: str) -> Row:
    row = call.shop.store.tables[entity].get(row_id)
    if row is None:
        detail = f'Unable to read entity "{entity}" with id "{row_id}".'
        raise errors.refusal(400, "SYSTEM__STATE_MACHINE_INVALID_ENTITY_ID", detail, entityName=entity, entityId=row_id)
    return row


def _move(call: Call, word: str, row_id: str, action: str) -> Answer:
    entity, shop = _entity(call, word), call.shop
    call.rights.require_all([f"{entity}:update"])
    row = _subject(call, entity, row_id)
    body = call.body if isinstance(call.body, dict) else {}
    for name in ("documentIds", "mediaIds"):
        for one in body.get(name) or []:
            require_id(one)
    machine, current = MACHINE_OF[entity], state_name(shop.store, row)
    target = next_state(machine, current, action)
    if target != current:
        with shop.store.transaction():
            moved = {**row, "stateId": state_id(machine, target), "updatedAt": times.text(shop.clock())}
            shop.store.put(entity, moved)
            if entity == "order":
                _restock(call, row_id, current, target)
            _note(call, entity, row, target)
        event = f"state_enter.{machine}.{target}"
        shop.webhooks.happened(event, [{"entity": entity, "operation": "update", "primaryKey": row_id}])
        shop.webhooks.written({entity: [row_id]})
    state = shop.store.tables["state_machine_state"][state_id(machine, target)]
    return Answer(document(shop.store, ENTITIES["state_machine_state"], state, Criteria(), call.context()))


def _restock(call: Call, order_id: str, current: str, target: str) -> None:
    """A cancelled order gives its pieces back, one that is reopened takes them again."""
    if "cancelled" not in (current, target):
        return
    sign, store = (1 if target == "cancelled" else -1), call.shop.store
    for line_id in store.pointing("order_line_item", "orderId", order_id):
        line = store.tables["order_line_item"][line_id]
        product = store.tables["product"].get(line.get("productId") or "")
        if product is not None:
            stock = product["stock"] + sign * line["quantity"]
            store.put("product", {**product, "stock": stock, "availableStock": stock})


def _note(call: Call, entity: str, row: Row, target: str) -> None:
    order_id = row["id"] if entity == "order" else row["orderId"]
    kind = {"order": "order_status", "order_delivery": "fulfillment", "order_transaction": "payment"}[entity]
    if entity == "order" and target == "in_progress":
        kind = "acknowledgement"
    if target.startswith("refunded"):
        kind = "refund"
    call.shop.record(kind, order_id, target, call.request_id)


ACTIONS: Mapping[str, Mapping[str, Handler]] = {
    "_info/version": {"GET": version},
    "_info/config": {"GET": config},
    "_action/sync": {"POST": sync},
    "_action/order/document/download": {"POST": merge_documents},
    "_action/order/document/*/create": {"POST": create_documents},
    "_action/document/*/upload": {"POST": upload_document},
    "_action/document/*/*": {"GET": download_document},
    "_action/media/*/upload": {"POST": upload_media},
    "_action/number-range/reserve/*/*": {"GET": reserve_number},
    "_action/state-machine/*/*/state": {"GET": possible_transitions},
    "_action/state-machine/*/*/state/*": {"POST": transition_by_machine},
    "_action/*/*/state/*": {"POST": transition},
}
