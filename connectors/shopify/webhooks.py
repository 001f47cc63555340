"""Webhooks: the subscriptions are brought to what is declared, and deliveries verified; a payload is never mapped."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from canonical.channel import WebhookHint, WebhookReport
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from connectors.shopify.credentials import ShopifyCredentials
from connectors.shopify.graph import Document, Graph, mapping, next_page, nodes, user_errors

FEATURE_OF_TOPIC: Mapping[str, Feature] = {
    "orders/create": Feature.ORDERS,
    "orders/updated": Feature.ORDERS,
    "orders/cancelled": Feature.ORDERS,
}
"""As a delivery's header writes them; a subscription has them in capitals."""
FIELDS = ["id", "name", "updated_at"]
"""All that a hint needs: buyers' data stay in the shop until they are fetched."""
SCOPE_CODES = frozenset({"SCOPE_MISSING", "ACCESS", "PERMISSION"})

SUBSCRIPTIONS = Document(
    """
query Subscriptions($uri: String!, $after: String) {
  webhookSubscriptions(first: 100, after: $after, uri: $uri) {
    nodes { id topic uri format filter includeFields }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    cost=100,
)
SUBSCRIBE = Document(
    """
mutation Subscribe($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    webhookSubscription { id }
    userErrors { field message }
  }
}
""",
    cost=13,
)
CHANGE_SUBSCRIPTION = Document(
    """
mutation ChangeSubscription($id: ID!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $subscription) {
    webhookSubscription { id }
    userErrors { field message }
  }
}
""",
    cost=13,
)
UNSUBSCRIBE = Document(
    """
mutation Unsubscribe($id: ID!) {
  webhookSubscriptionDelete(id: $id) {
    deletedWebhookSubscriptionId
    userErrors { field message }
  }
}
""",
    cost=12,
)


def _topic(name: str) -> str:
    return name.upper().replace("/", "_")


def _wanted(url: str) -> dict[str, Any]:
    return {"uri": url, "format": "JSON", "includeFields": FIELDS}


def ensure(graph: Graph, url: str, *, can_verify: bool) -> WebhookReport:
    """Bring the subscriptions to `url` to what is declared; what could not be had is named, the rest is kept.

    Without the app's secret nothing is subscribed: deliveries could not be told from forgeries.
    """
    if not can_verify:
        return WebhookReport(failure=Failure.of("WEBHOOKS_MISSING", reason="client secret"))
    created, repaired, active = [], [], []
    try:
        there = _subscriptions(graph, url)
        for name in FEATURE_OF_TOPIC:
            found = [row for row in there if row.get("topic") == _topic(name)]
            for extra in found[1:]:
                graph.run(UNSUBSCRIBE, {"id": extra["id"]})
            if not found:
                _confirm(graph, SUBSCRIBE, "webhookSubscriptionCreate", {"topic": _topic(name)}, url)
                created.append(name)
            elif not _is_right(found[0]):
                _confirm(graph, CHANGE_SUBSCRIPTION, "webhookSubscriptionUpdate", {"id": found[0]["id"]}, url)
                repaired.append(name)
            active.append(name)
    except FailureError as error:
        if error.failure.code not in SCOPE_CODES | {"WEBHOOKS_MISSING"}:
            raise
        reason = error.failure.params.get("reason") or error.failure.params.get("scopes") or error.failure.code
        failure = Failure.of("WEBHOOKS_MISSING", reason=reason)
        return WebhookReport(created=tuple(created), repaired=tuple(repaired), active=tuple(active), failure=failure)
    return WebhookReport(created=tuple(created), repaired=tuple(repaired), active=tuple(active))


def remove(graph: Graph, url: str) -> None:
    """Remove the subscriptions to `url`."""
    for row in _subscriptions(graph, url):
        graph.run(UNSUBSCRIBE, {"id": row["id"]})


def _subscriptions(graph: Graph, url: str) -> Sequence[dict[str, Any]]:
    """The app's own subscriptions to this address; others it cannot see."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        connection = graph.run(SUBSCRIPTIONS, {"uri": url, "after": after or None}).data.get("webhookSubscriptions")
        found += [row for row in nodes(connection) if row.get("uri") == url]
        after = next_page(connection)
        if not after:
            return found


def _is_right(row: Mapping[str, Any]) -> bool:
    fields = row.get("includeFields")
    return (
        row.get("format") == "JSON"
        and not row.get("filter")
        and isinstance(fields, list)
        and set(FIELDS) <= set(fields)
    )


def _confirm(graph: Graph, document: Document, name: str, variables: dict[str, Any], url: str) -> None:
    payload = graph.run(document, {**variables, "subscription": _wanted(url)}).part(name)
    errors = user_errors(payload)
    if errors or not payload.get("webhookSubscription"):
        raise FailureError(Failure.of("WEBHOOKS_MISSING", reason=errors[0].message if errors else "not confirmed"))


def read(credentials: ShopifyCredentials, headers: Mapping[str, str], body: bytes) -> WebhookHint | None:
    """Verify a delivery on its raw body with the app's own secret, in constant time; None: it is not from Shopify."""
    secret = credentials.client_secret.get_secret_value()
    stated = headers.get("x-shopify-hmac-sha256", "")
    if not secret or not stated:
        return None
    expected = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
    if not hmac.compare_digest(expected, stated.encode()):
        return None
    topic = headers.get("x-shopify-topic", "")
    delivery = headers.get("x-shopify-webhook-id", "") or hashlib.sha256(body).hexdigest()
    return WebhookHint(delivery_id=delivery, topic=topic, feature=FEATURE_OF_TOPIC.get(topic), records=_records(body))


def _records(body: bytes) -> tuple[str, ...]:
    try:
        payload = mapping(orjson.loads(body))
    except orjson.JSONDecodeError:
        return ()
    named = str(payload.get("name") or payload.get("id") or "")
    return (named.removeprefix("#")[:60],) if named else ()
