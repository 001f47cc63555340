"""What all mutations share: one transaction each, business errors in `userErrors`, and the keys that make some repeatable."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable

import orjson

from sandbox.shopify.errors import Refused
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.store import Json

Change = Callable[[Call, Json], Json]
IDEMPOTENT = frozenset({"inventorySetQuantities", "inventoryAdjustQuantities", "inventoryActivate", "refundCreate"})
MAX_INPUT = 250


def mutation(change: Change, errors: str = "userErrors") -> Resolver:
    """A mutation's resolver; what `change` refuses becomes an entry of its error list."""

    def run(call: Call, _source: object, args: Json) -> Json:
        try:
            with call.shop.changes(), call.shop.undone_if_refused():
                return {errors: [], **change(call, args)}
        except Refused as error:
            return {errors: [error.as_json()]}

    return run


def idempotent(name: str, change: Change) -> Resolver:
    """A mutation that needs `@idempotent`: the same key with the same input answers what it answered before."""

    def run(call: Call, _source: object, args: Json) -> Json:
        key = f"{name}:{call.keys[name].pop(0)}"
        digest = hashlib.sha256(orjson.dumps(args, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()
        with call.shop.changes():
            before = call.shop.idempotent.get(key)
            if before is None:
                answer: Json = copy.deepcopy(mutation(change)(call, None, args))
                call.shop.idempotent[key] = (digest, answer)
                call.shop.store.note("idempotent", [key, digest, answer])
                return answer
        if before[0] != digest:
            message = "The same idempotency key was used with different parameters."
            return {"userErrors": [Refused(message, code="IDEMPOTENCY_KEY_PARAMETER_MISMATCH").as_json()]}
        return dict(before[1])

    return run


def order_to_change(call: Call, order_id: str, field: str = "orderId") -> Json:
    """A copy of an order to work on, so that a refusal half way changes nothing."""
    order = call.shop.store.table("Order").get(order_id)
    if order is None:
        raise Refused("Order does not exist", field, code="NOT_FOUND")
    return copy.deepcopy(order)
