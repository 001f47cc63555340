"""What a query costs, and the bucket it is paid from.

Scalars and plain values (money, page information, addresses) cost nothing, an object 1, a mutation 10; a connection costs 2
plus its items' cost times a factor that grows with the logarithm of `first` or `last`. The factor is what the vendor's staff told
in public and what costs seen in live traffic confirm; the documentation only says "sized by first and last".
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from sandbox.shopify.store import Json

MAX_QUERY_COST = 1000
MUTATION_COST = 10
MAX_SIZE = 250
FREE_TYPES = frozenset({"MoneyBag", "MoneyV2", "PageInfo", "MailingAddress", "InventoryItemMeasurement", "Weight"})
ITEM_FIELDS = frozenset({"nodes", "edges"})


def factor(size: int) -> int:
    """How many times a connection's items count for a page size."""
    return 0 if size <= 0 else math.floor(2 * math.log(max(2, min(size, MAX_SIZE))))


class Price:
    """The cost of one operation; `actual` sizes the outermost connections by what they returned."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Json) -> None:
        self._schema, self._variables = schema, variables
        self._fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}

    def requested(self, operation: OperationDefinitionNode) -> int:
        """The most the operation may cost."""
        if operation.operation.value == "mutation":
            return MUTATION_COST * sum(1 for _ in self._fields(operation.selection_set))
        return self._selection(operation.selection_set, self._schema.query_type, None)

    def actual(self, operation: OperationDefinitionNode, data: Json | None) -> int:
        """What it cost given its answer."""
        if operation.operation.value == "mutation":
            return self.requested(operation)
        return self._selection(operation.selection_set, self._schema.query_type, data or {})

    def _fields(self, selections: SelectionSetNode) -> Iterator[tuple[FieldNode, str | None]]:
        """Each field with the name of the type a fragment narrows to."""
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield node, None
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                for field, narrowed in self._fields(fragment.selection_set):
                    yield field, narrowed or fragment.type_condition.name.value
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition.name.value if node.type_condition else None
                for field, narrowed in self._fields(node.selection_set):
                    yield field, narrowed or condition

    def _selection(self, selections: SelectionSetNode, parent: Any, data: Json | None) -> int:
        """The sum over the fields; of several fragments on an abstract type the dearest counts."""
        common, by_type = 0, dict[str, int]()
        for node, narrowed in self._fields(selections):
            type_ = self._schema.type_map[narrowed] if narrowed else parent
            cost = self._field(node, type_, data)
            if narrowed is None or narrowed == getattr(parent, "name", ""):
                common += cost
            else:
                by_type[narrowed] = by_type.get(narrowed, 0) + cost
        return common + max(by_type.values(), default=0)

    def _field(self, node: FieldNode, parent: Any, data: Json | None) -> int:
        if node.selection_set is None or not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return 0
        definition = parent.fields.get(node.name.value)
        if definition is None:
            return 0
        type_ = get_named_type(definition.type)
        if type_.name in FREE_TYPES:
            return 0
        value = None if data is None else data.get(node.alias.value if node.alias else node.name.value)
        if type_.name.endswith("Connection"):
            return self._connection(node, type_, data is not None, value)
        if data is not None and value is None:
            return 0
        return 1 + self._selection(node.selection_set, type_, None)

    def _connection(self, node: FieldNode, type_: Any, is_known: bool, value: Json | None) -> int:
        assert node.selection_set is not None
        size = self._size(node)
        if is_known and value is not None:
            found = [len(value[name]) for name in ITEM_FIELDS if name in value]
            size = max(found) if found else size
        items = 0
        for field, _ in self._fields(node.selection_set):
            if field.name.value not in ITEM_FIELDS or field.selection_set is None:
                continue
            inner = get_named_type(type_.fields[field.name.value].type)
            if field.name.value == "nodes":
                items += 1 + self._selection(field.selection_set, inner, None)
            else:
                items += self._selection(field.selection_set, inner, None)
        return 2 + factor(size) * items

    def _size(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value in {"first", "last"}:
                if isinstance(argument.value, IntValueNode):
                    return int(argument.value.value)
                if isinstance(argument.value, VariableNode):
                    return int(self._variables.get(argument.value.name.value) or 1)
        return 1


class Bucket:
    """The points an app has left; they come back at `rate` per second up to `size`."""

    def __init__(self, size: int, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.size, self.rate = size, rate
        self._clock, self._lock = clock, threading.Lock()
        self._left, self._seen = float(size), clock()

    def take(self, cost: int) -> bool:
        """Reserve points; False where too few are left."""
        with self._lock:
            self._refill()
            if self._left < cost:
                return False
            self._left -= cost
            return True

    def give_back(self, points: int) -> None:
        """Return what a query reserved and did not use."""
        with self._lock:
            self._left = min(self.size, self._left + points)

    def drain(self) -> None:
        """Another process of the same app has used everything up."""
        with self._lock:
            self._left, self._seen = 0.0, self._clock()

    def status(self) -> Json:
        """The state as shown in every answer."""
        with self._lock:
            self._refill()
            left = math.floor(self._left)
        return {"maximumAvailable": float(self.size), "currentlyAvailable": left, "restoreRate": float(self.rate)}

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(self.size, self._left + (now - self._seen) * self.rate)
        self._seen = now
