"""Webhook subscriptions, bulk operations and staged uploads: what an app keeps going in the shop."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.errors import Refused
from sandbox.shopify.lists import Listing, connection
from sandbox.shopify.mutating import mutation
from sandbox.shopify.read_shop import ID, version
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.search import Field
from sandbox.shopify.store import Json, kind_of, number_of
from sandbox.shopify.webhooks import API_VERSION

HOOKS = Listing(
    "WebhookSubscription",
    {
        "id": ID,
        "created_at": Field("time", lambda d: d["createdAt"]),
        "updated_at": Field("time", lambda d: d["updatedAt"]),
    },
    lambda d: d["uri"],
    {"ID": lambda d: number_of(d["id"]), "CREATED_AT": lambda d: d["createdAt"]},
    "CREATED_AT",
)
BULK = Listing(
    "BulkOperation",
    {
        "id": ID,
        "status": Field("text", lambda d: d["status"]),
        "operation_type": Field("text", lambda d: d["type"]),
        "created_at": Field("time", lambda d: d["createdAt"]),
    },
    lambda d: d["id"],
    {"ID": lambda d: number_of(d["id"]), "CREATED_AT": lambda d: d["createdAt"]},
    "CREATED_AT",
)


def _hook_fields(wanted: Json, before: Json) -> Json:
    uri = wanted.get("uri") or wanted.get("callbackUrl") or before.get("uri")
    if not uri:
        raise Refused("Address can't be blank", "webhookSubscription", "uri")
    if not str(uri).startswith(("https://", "http://", "arn:aws:events:", "pubsub://")):
        raise Refused("Address protocol is not supported", "webhookSubscription", "uri")
    if wanted.get("format") == "XML":
        raise Refused("Format XML is not supported by this sandbox", "webhookSubscription", "format")
    fields = {name: wanted.get(name, before.get(name)) for name in ("filter", "name")}
    lists = {name: wanted.get(name) or before.get(name) or [] for name in ("includeFields", "metafieldNamespaces")}
    return {"uri": uri, "format": "JSON", **fields, **lists}


def _create(call: Call, args: Json) -> Json:
    fields = _hook_fields(args["webhookSubscription"], {})
    for known in call.shop.store.table("WebhookSubscription").values():
        if (known["topic"], known["uri"]) == (args["topic"], fields["uri"]):
            raise Refused("Address for this topic has already been taken", "webhookSubscription", "uri")
    moment = call.shop.moment()
    hook = {"id": call.shop.store.next_id("WebhookSubscription"), "topic": args["topic"], **fields}
    call.shop.store.put(hook | {"createdAt": moment, "updatedAt": moment})
    call.shop.record("webhook", args["topic"], fields["uri"], call.request_id)
    return {"webhookSubscription": call.shop.store.get(hook["id"])}


def _hook(call: Call, hook_id: str) -> Json:
    found = call.shop.store.table("WebhookSubscription").get(hook_id)
    if found is None:
        raise Refused("Webhook subscription does not exist", "id")
    return found


def _update(call: Call, args: Json) -> Json:
    before = _hook(call, args["id"])
    hook = {**before, **_hook_fields(args["webhookSubscription"], before), "updatedAt": call.shop.moment()}
    call.shop.store.put(hook)
    call.shop.record("webhook", hook["topic"], hook["uri"], call.request_id)
    return {"webhookSubscription": hook}


def _delete(call: Call, args: Json) -> Json:
    hook = _hook(call, args["id"])
    call.shop.store.remove(hook["id"])
    call.shop.record("webhook", hook["topic"], "deleted", call.request_id)
    return {"deletedWebhookSubscriptionId": hook["id"]}


def _hooks(call: Call, _source: Any, args: Json) -> Json:
    topics, uri = args.get("topics"), args.get("uri") or args.get("callbackUrl")

    def keep(hook: Json) -> bool:
        return (not topics or hook["topic"] in topics) and (not uri or hook["uri"] == uri)

    return connection(call, HOOKS, args, keep, f"{topics}{uri}")


def _run_query(call: Call, args: Json) -> Json:
    return {"bulkOperation": call.shop.bulk.start(args["query"])}


def _looked(call: Call, operation: Json | None) -> Json | None:
    return None if operation is None else call.shop.bulk.look(call, operation)


def _operation(call: Call, _source: Any, args: Json) -> Json | None:
    return _looked(call, call.shop.store.get(args["id"])) if kind_of(args["id"]) == "BulkOperation" else None


def _current(call: Call, _source: Any, args: Json) -> Json | None:
    wanted = args.get("type") or "QUERY"
    found = [o for o in call.shop.store.table("BulkOperation").values() if o["type"] == wanted]
    return _looked(call, found[-1]) if found else None


def _operations(call: Call, _source: Any, args: Json) -> Json:
    for operation in list(call.shop.store.table("BulkOperation").values()):
        _looked(call, operation)
    return connection(call, BULK, args)


def _cancel(call: Call, args: Json) -> Json:
    operation = call.shop.store.table("BulkOperation").get(args["id"])
    if operation is None:
        raise Refused("Bulk operation does not exist", "id")
    return {"bulkOperation": call.shop.bulk.cancel(operation)}


def _stage(call: Call, args: Json) -> Json:
    targets = []
    for row in args["input"]:
        number = number_of(call.shop.store.next_id("StagedUpload"))
        url = f"{call.shop.base_url}/sandbox/upload/{number}/{row['filename']}"
        parameters = [{"name": "content_type", "value": row["mimeType"]}, {"name": "acl", "value": "private"}]
        targets.append({"url": url, "resourceUrl": url, "parameters": parameters})
    return {"stagedTargets": targets}


RESOLVERS: dict[str, Resolver] = {
    "Mutation.webhookSubscriptionCreate": mutation(_create),
    "Mutation.webhookSubscriptionUpdate": mutation(_update),
    "Mutation.webhookSubscriptionDelete": mutation(_delete),
    "Mutation.bulkOperationRunQuery": mutation(_run_query),
    "Mutation.bulkOperationCancel": mutation(_cancel),
    "Mutation.stagedUploadsCreate": mutation(_stage),
    "QueryRoot.webhookSubscriptions": _hooks,
    "QueryRoot.webhookSubscription": lambda call, _source, args: call.shop.store.table("WebhookSubscription").get(
        args["id"]
    ),
    "QueryRoot.bulkOperation": _operation,
    "QueryRoot.bulkOperations": _operations,
    "QueryRoot.currentBulkOperation": _current,
    "WebhookSubscription.apiVersion": lambda _call, _source, _args: version(API_VERSION),
}
