"""Sending the category tree: parents before children, each level in batches; an existing sibling of that name is adopted."""

from collections.abc import Mapping, Sequence
from typing import Any

from canonical.catalogue import CategoryNode
from canonical.failure import Failure, FailureError
from canonical.push import Outcome, PushAnswer, PushResult
from connectors.transport import Calls
from connectors.woocommerce import batches, terms
from connectors.woocommerce.answers import Row
from connectors.woocommerce.products import all_rows

PATH = "/products/categories"
BATCH = f"{PATH}/batch"


def send(calls: Calls, nodes: Sequence[CategoryNode]) -> PushAnswer:
    """Send the nodes.

    A failure of the whole channel keeps what is done: the rest comes back rejected with that failure, so that the caller
    repeats it. Only if nothing was done yet the failure is raised. A repeat adopts what was created before.
    """
    push = _Push(calls, nodes)
    try:
        push.run()
    except FailureError as error:
        if not push.results:
            raise
        for node in nodes:
            push.results.setdefault(node.key, batches.rejected(node.key, error.failure, node.ref))
    return PushAnswer(results=tuple(push.results[node.key] for node in nodes))


class _Push:
    """One batch of categories."""

    def __init__(self, calls: Calls, nodes: Sequence[CategoryNode]) -> None:
        self.results: dict[str, PushResult] = {}
        self._calls = calls
        self._nodes = nodes
        self._names = {node.key: node.name for node in nodes}

    def run(self) -> None:
        """Send everything, deletions last; raises `FailureError`."""
        waiting = [node for node in self._nodes if not node.is_deleted]
        while waiting:
            keys = {node.key for node in waiting}
            level = [node for node in waiting if node.parent_key not in keys or node.parent_key == node.key]
            # A circle has no first level; then each of it is sent as it stands.
            level = level or waiting
            self._send_level(level)
            done = {node.key for node in level}
            waiting = [node for node in waiting if node.key not in done]
        self._delete([node for node in self._nodes if node.is_deleted])

    def _send_level(self, level: Sequence[CategoryNode]) -> None:
        ready = [(node, fields) for node in level if (fields := self._fields(node)) is not None]
        changed = [each for each in ready if each[0].ref.isdecimal()]
        created = [each for each in ready if not each[0].ref.isdecimal()]
        sent = batches.send(self._calls, BATCH, "update", changed, lambda each: {"id": int(each[0].ref), **each[1]})
        for each, row in sent:
            if batches.is_gone(row):
                created.append(each)
            else:
                self._settle(each[0], row)
        for each, row in batches.send(self._calls, BATCH, "create", created, lambda each: each[1]):
            self._settle(each[0], row)

    def _fields(self, node: CategoryNode) -> dict[str, Any] | None:
        """Name and parent; None after the refusal of a node that cannot be named so, or whose parent was refused."""
        if failure := terms.refusal_of_name(node.name, "Name"):
            self.results[node.key] = batches.rejected(node.key, failure, node.ref)
            return None
        parent = node.parent_ref
        result = self.results.get(node.parent_key)
        if result is not None:
            parent = result.ref
        if not parent and node.parent_key:
            name = self._names.get(node.parent_key, node.parent_key)
            failure = Failure.of("CATEGORY_NOT_EXPORTED", category=name)
            self.results[node.key] = batches.rejected(node.key, failure, node.ref)
            return None
        return {"name": node.name, "parent": int(parent or 0)}

    def _settle(self, node: CategoryNode, row: Row) -> None:
        category_id = terms.id_of(row)
        if category_id:
            self.results[node.key] = PushResult(key=node.key, outcome=Outcome.ACCEPTED, ref=str(category_id))
        else:
            failure = batches.refusal(row, node.name) or Failure.of("ITEM_REFUSED", record=node.name, reason="no id")
            self.results[node.key] = batches.rejected(node.key, failure, node.ref)

    def _delete(self, nodes: Sequence[CategoryNode]) -> None:
        """Delete categories with all below them (D§2.2), the lowest first; what is gone already is as good."""
        if not nodes:
            return
        rows = all_rows(self._calls, PATH, {"orderby": "id", "_fields": "id,parent"})
        parents = {int(row["id"]): int(row.get("parent") or 0) for row in rows}
        doomed = {int(node.ref) for node in nodes if node.ref.isdecimal()} & parents.keys()
        below = sorted(
            (each for each in parents if _is_below(each, doomed, parents)), key=lambda x: -_depth(x, parents)
        )
        refused: dict[int, Row] = {}
        for category_id, row in batches.send(self._calls, BATCH, "delete", below, lambda each: each):
            if not batches.is_gone(row) and batches.refusal(row, str(category_id)):
                refused[category_id] = row
        for node in nodes:
            answered = refused.get(int(node.ref)) if node.ref.isdecimal() else None
            failure = None if answered is None else batches.refusal(answered, node.name)
            outcome = Outcome.REJECTED if failure else Outcome.ACCEPTED
            self.results[node.key] = PushResult(
                key=node.key, outcome=outcome, ref=node.ref if failure else "", failure=failure
            )


def _lineage(category_id: int, parents: Mapping[int, int]) -> list[int]:
    """A category and those above it."""
    line: list[int] = []
    while category_id in parents and category_id not in line:
        line.append(category_id)
        category_id = parents[category_id]
    return line


def _is_below(category_id: int, doomed: set[int], parents: Mapping[int, int]) -> bool:
    return not doomed.isdisjoint(_lineage(category_id, parents))


def _depth(category_id: int, parents: Mapping[int, int]) -> int:
    return len(_lineage(category_id, parents))
