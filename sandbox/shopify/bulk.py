"""Bulk queries: accepted at once, run later, their result served as JSONL with `__parentId` on what lay in connections."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson
from graphql import (
    ArgumentNode,
    DocumentNode,
    ExecutionResult,
    FieldNode,
    IntValueNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    execute,
    parse,
    print_ast,
    visit,
)

from sandbox.shopify.errors import Refused, bad_request
from sandbox.shopify.paging import UNLIMITED
from sandbox.shopify.store import Json, number_of

if TYPE_CHECKING:
    from sandbox.shopify.schema import Call
    from sandbox.shopify.shop import ShopifyShop

AT_ONCE = 5
MAX_CONNECTIONS, MAX_NESTING = 5, 2
EVERYTHING = 2_147_483_647
ACTIVE = frozenset({"CREATED", "RUNNING", "CANCELING"})


class BulkOperations:
    """Runs an operation when it is due: `seconds` after its start, or with the second look at it."""

    def __init__(self, shop: ShopifyShop, seconds: float) -> None:
        self._shop, self._seconds = shop, seconds
        self._started: dict[str, float] = {}
        self.files: dict[str, bytes] = {}

    def start(self, query: str) -> Json:
        """Accept a query; raises Refused for one that cannot run in bulk or too many at once."""
        document = _checked(query)
        running = [o for o in self._shop.store.table("BulkOperation").values() if o["status"] in ACTIVE]
        if len(running) >= AT_ONCE:
            message = f"A bulk query operation limit of {AT_ONCE} for this app and shop has been reached."
            raise Refused(message, code="LIMIT_REACHED")
        operation: Json = {
            "id": self._shop.store.next_id("BulkOperation"),
            "status": "CREATED",
            "type": "QUERY",
            "query": print_ast(document),
            "createdAt": self._shop.moment(),
            "completedAt": None,
            "errorCode": None,
            "objectCount": "0",
            "rootObjectCount": "0",
            "fileSize": None,
            "url": None,
            "partialDataUrl": None,
        }
        self._shop.store.put(operation)
        self._started[operation["id"]] = time.monotonic()
        return operation

    def look(self, call: Call, operation: Json) -> Json:
        """An operation as it is now: RUNNING at first, then with its result."""
        if operation["status"] not in ACTIVE:
            return operation
        age = time.monotonic() - self._started.get(operation["id"], 0.0)
        if operation["status"] == "CREATED" or (self._seconds and age < self._seconds):
            changed = {**operation, "status": "RUNNING"}
        else:
            changed = self._finished(call, operation)
        with self._shop.changes():
            self._shop.store.put(changed)
        if changed["status"] == "COMPLETED":
            self._shop.webhooks.bulk_finished(changed)
        return changed

    def cancel(self, operation: Json) -> Json:
        """Stop an operation that has not ended."""
        if operation["status"] not in ACTIVE:
            raise Refused("A bulk operation cannot be canceled when it is finished.", "id")
        changed = {**operation, "status": "CANCELED", "completedAt": self._shop.moment()}
        self._shop.store.put(changed)
        return changed

    def _finished(self, call: Call, operation: Json) -> Json:
        rows = list(_run(call, parse(operation["query"])))
        body = b"".join(orjson.dumps(row) + b"\n" for row in rows)
        name = str(number_of(operation["id"]))
        self.files[name] = body
        roots = sum("__parentId" not in row for row in rows)
        return {
            **operation,
            "status": "COMPLETED",
            "completedAt": self._shop.moment(),
            "objectCount": str(len(rows)),
            "rootObjectCount": str(roots),
            "fileSize": str(len(body)) if rows else None,
            "url": f"{self._shop.base_url}/sandbox/bulk/{name}.jsonl" if rows else None,
        }


def _checked(query: str) -> DocumentNode:
    """The document, refused where its connections are none, too many or nested too deep."""
    from sandbox.shopify.schema import validated

    prepared = validated(query)
    document = prepared.document
    if document is None:
        raise Refused(f"Invalid bulk query: {prepared.errors[0].message}", "query", code="INVALID")
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    if operation.operation.value != "query":
        raise Refused("Invalid operation type. Only queries are allowed.", "query", code="INVALID")
    depths = list(_connection_depths(operation.selection_set, 0))
    if not depths:
        raise Refused("Bulk queries must contain at least one connection.", "query", code="INVALID")
    if len(depths) > MAX_CONNECTIONS:
        raise Refused(f"Bulk queries cannot contain more than {MAX_CONNECTIONS} connections.", "query", code="INVALID")
    if max(depths) > MAX_NESTING:
        raise Refused("Bulk queries cannot have connections nested deeper than two levels.", "query", code="INVALID")
    return document


def _children(selections: SelectionSetNode) -> list[FieldNode]:
    found: list[FieldNode] = []
    for node in selections.selections:
        inner = getattr(node, "selection_set", None)
        if isinstance(node, FieldNode):
            found.append(node)
        elif inner is not None:
            found += _children(inner)
    return found


def _is_connection(node: FieldNode) -> bool:
    if node.selection_set is None:
        return False
    return bool({"edges", "nodes"} & {child.name.value for child in _children(node.selection_set)})


def _connection_depths(selections: SelectionSetNode, depth: int) -> Iterator[int]:
    for node in _children(selections):
        if node.selection_set is None:
            continue
        here = depth + 1 if _is_connection(node) else depth
        if here > depth:
            yield here - 1
        yield from _connection_depths(node.selection_set, here)


def _run(call: Call, document: DocumentNode) -> Iterator[Json]:
    """The rows of the whole result: each node of a connection with the id of what it lies in."""
    from sandbox.shopify.schema import executable_schema

    token = UNLIMITED.set(True)
    try:
        result = execute(executable_schema(), visit(document, _Unpaged()), context_value=call)
    finally:
        UNLIMITED.reset(token)
    assert isinstance(result, ExecutionResult)
    if result.errors:
        raise bad_request(result.errors[0].message)
    for connection, parent in _split(result.data or {}, None)[1]:
        yield from _rows(connection, parent)


class _Unpaged(Visitor):
    """Ask every connection for everything."""

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        """Replace the paging arguments of a connection."""
        if not _is_connection(node):
            return None
        kept = [a for a in node.arguments or () if a.name.value not in {"first", "last", "after", "before"}]
        size = ArgumentNode(name=NameNode(value="first"), value=IntValueNode(value=str(EVERYTHING)))
        return FieldNode(
            alias=node.alias,
            name=node.name,
            arguments=(*kept, size),
            directives=node.directives,
            selection_set=node.selection_set,
        )


def _rows(connection: Json, parent: str | None) -> Iterator[Json]:
    for node in connection.get("nodes") or [edge["node"] for edge in connection.get("edges") or ()]:
        own, inner = _split(node, node.get("id"))
        if parent is not None:
            own["__parentId"] = parent
        yield own
        for child, of in inner:
            yield from _rows(child, of)


def _split(node: Json, parent: str | None) -> tuple[Json, list[tuple[Json, str | None]]]:
    """A node without its connections, and those with the id of what each lies in."""
    own: Json = {}
    inner: list[tuple[Json, str | None]] = []
    for name, value in node.items():
        if isinstance(value, dict) and ("edges" in value or "nodes" in value):
            inner.append((value, parent))
        elif isinstance(value, dict):
            own[name], deeper = _split(value, value.get("id") or parent)
            inner += deeper
        else:
            own[name] = value
    return own, inner
