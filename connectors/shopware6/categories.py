"""Sending the category tree: the order of siblings is a chain in Shopware, each names the one before it."""

from collections.abc import Sequence

from canonical.catalogue import CategoryNode
from canonical.failure import Failure
from canonical.push import Outcome, PushAnswer, PushResult
from connectors.shopware6.products import is_ref
from connectors.shopware6.search import Row, equals, find, find_by
from connectors.shopware6.settings import Shopware6CategorySettings
from connectors.shopware6.sync import Change, Refusal, made_id, write
from connectors.transport import Calls

LONGEST_NAME = 255


def send(calls: Calls, settings: Shopware6CategorySettings, nodes: Sequence[CategoryNode]) -> PushAnswer:
    """Write the nodes in one go, parents before children; ids are made of our key, so a repeat makes no second category."""
    tree = _Tree(settings, nodes)
    rows = find_by(calls, "category", "id", tree.named, includes={"category": ["id"]})
    tree.root = settings.root_category or _shops_own(calls)
    tree.there = frozenset(str(row.get("id")) for row in rows)
    refused = write(calls, tree.changes())
    return PushAnswer(results=tuple(tree.result(node, refused) for node in nodes))


class _Tree:
    """The nodes of one batch, and which categories are there."""

    def __init__(self, settings: Shopware6CategorySettings, nodes: Sequence[CategoryNode]) -> None:
        self._settings = settings
        self._nodes = nodes
        self._ids = {node.key: node.ref if is_ref(node.ref) else made_id("category", node.key) for node in nodes}
        self._names = {node.key: node.name for node in nodes}
        self._skipped = frozenset(node.key for node in nodes if settings.exclude_root and _is_root(node))
        self._failures: dict[str, Failure] = {}
        self.there: frozenset[str] = frozenset()
        self.root: str | None = None

    @property
    def named(self) -> list[str]:
        """All ids that the batch speaks of, also those of parents outside it."""
        return [*self._ids.values(), *(self._above(node) for node in self._nodes if not _is_root(node))]

    def _above(self, node: CategoryNode) -> str:
        return self._ids.get(node.parent_key) or node.parent_ref or made_id("category", node.parent_key)

    def changes(self) -> list[Change]:
        """What is written: deletions, and the nodes with their place in the tree and among their siblings."""
        sent = [node for node in self._nodes if node.key not in self._skipped]
        gone = [node for node in sent if node.is_deleted and self._settings.auto_delete_categories]
        made = [
            Change(node.key, node.name, deletes=[("category", {"id": self._ids[node.key]})])
            for node in gone
            if self._ids[node.key] in self.there
        ]
        last: dict[str | None, str] = {}
        for node in sent:
            if len(node.name) > LONGEST_NAME:
                self._failures[node.key] = Failure.of(
                    "FIELD_TOO_LONG", field="name", record=node.name[:40], length=len(node.name), most=LONGEST_NAME
                )
        for node in sorted((node for node in sent if not node.is_deleted), key=self._depth_and_place):
            parent = self._parent(node)
            if node.key in self._failures:
                continue
            row = self._row(node, parent)
            if parent in last:
                row["afterCategoryId"] = last[parent]
            last[parent] = self._ids[node.key]
            made.append(Change(node.key, node.name, upserts=[("category", row)], needs=node.parent_key))
        return made

    def _depth_and_place(self, node: CategoryNode) -> tuple[int, int]:
        """Parents before children, siblings in their order."""
        by_key = {each.key: each for each in self._nodes}
        depth, at = 0, node
        while at.parent_key in by_key and depth <= len(by_key):
            depth, at = depth + 1, by_key[at.parent_key]
        return depth, node.position

    def _parent(self, node: CategoryNode) -> str | None:
        """The category above; what has none, or one that is not sent, hangs at the root of the settings."""
        root = self.root
        if _is_root(node) or node.parent_key in self._skipped:
            return root
        above = self._above(node)
        if above in self.there or (node.parent_key in self._ids and node.parent_key not in self._failures):
            return above
        if not self._settings.exclude_root:
            name = self._names.get(node.parent_key) or node.parent_key or node.parent_ref
            self._failures[node.key] = Failure.of("CATEGORY_NOT_EXPORTED", category=name)
        return root

    def _row(self, node: CategoryNode, parent: str | None) -> Row:
        """Name and place, and for a new one that it is to be seen; all else is the shop's own affair."""
        row: Row = {"id": self._ids[node.key], "name": node.name, "parentId": parent}
        if self._ids[node.key] not in self.there:
            row |= {"active": True, "visible": True, "type": "page", "productAssignmentType": "product"}
        return row

    def result(self, node: CategoryNode, refused: dict[str, Refusal]) -> PushResult:
        """What became of a node."""
        ref = self._ids[node.key]
        failure = refused[node.key].failure if node.key in refused else self._failures.get(node.key)
        if failure is not None:
            known = ref if ref in self.there else ""
            return PushResult(key=node.key, outcome=Outcome.REJECTED, ref=known, failure=failure)
        if node.key in self._skipped or (node.is_deleted and not self._settings.auto_delete_categories):
            return PushResult(key=node.key, outcome=Outcome.SKIPPED)
        return PushResult(key=node.key, outcome=Outcome.ACCEPTED, ref="" if node.is_deleted else ref)


def _shops_own(calls: Calls) -> str | None:
    """The shop's first top category, below which its pages are; a new one beside it would be in no menu."""
    criteria = {"limit": 1, "filter": [equals("parentId", None)], "sort": [{"field": "autoIncrement", "order": "ASC"}]}
    return next((str(row["id"]) for row in find(calls, "category", criteria) if row.get("id")), None)


def _is_root(node: CategoryNode) -> bool:
    return not node.parent_key and not node.parent_ref
