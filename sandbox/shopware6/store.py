"""The shop's tables in memory: rows by id, who points to whom, mappings, and transactions that can be undone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sandbox.shopware6.definitions import ENTITIES, INDEXED, INDEXED_OF, MAPPING_KEYS

Row = dict[str, Any]
Change = dict[str, Any]


class Pairs:
    """Pairs of a many-to-many relation, found from both sides; the order of linking is kept."""

    def __init__(self) -> None:
        self.left: dict[str, dict[str, None]] = {}
        self.right: dict[str, dict[str, None]] = {}

    def has(self, left: str, right: str) -> bool:
        """Whether the two are linked."""
        return right in self.left.get(left, ())

    def set(self, left: str, right: str, is_linked: bool) -> None:
        """Link or unlink the two."""
        for side, one, other in ((self.left, left, right), (self.right, right, left)):
            if is_linked:
                side.setdefault(one, {})[other] = None
            else:
                side.get(one, {}).pop(other, None)


class Store:
    """All tables. Rows are never changed in place: `put` takes a new row, so readers may keep what they got.

    `on_commit` receives what a finished transaction changed: `{"rows": {entity: {id: row or None}}, "links": [...]}`.
    """

    def __init__(self, on_commit: Callable[[Change], None]) -> None:
        self.lock = threading.RLock()
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in ENTITIES}
        self.mappings: dict[str, Pairs] = {name: Pairs() for name in MAPPING_KEYS}
        self._index: dict[tuple[str, str], dict[str, dict[str, None]]] = {key: {} for key in INDEXED}
        self._on_commit = on_commit
        self._undo: list[Callable[[], None]] = []
        self._changed: set[tuple[str, str]] = set()
        self._linked: dict[tuple[str, str, str], bool] = {}
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Group changes under the lock: all of them stay, or none if an exception leaves the block."""
        with self.lock:
            self._depth += 1
            mark = len(self._undo)
            try:
                yield
            except BaseException:
                while len(self._undo) > mark:
                    self._undo.pop()()
                raise
            finally:
                self._depth -= 1
                if not self._depth:
                    self._finish()

    def put(self, entity: str, row: Row) -> None:
        """Insert or replace a row; call it inside a transaction."""
        self._change(entity, row["id"], row)

    def remove(self, entity: str, row_id: str) -> None:
        """Delete a row without looking at who needs it; call it inside a transaction."""
        self._change(entity, row_id, None)

    def link(self, mapping: str, left: str, right: str, is_linked: bool = True) -> None:
        """Link or unlink a pair of a mapping; call it inside a transaction."""
        pairs = self.mappings[mapping]
        before = pairs.has(left, right)
        if before != is_linked:
            pairs.set(left, right, is_linked)
            self._linked[mapping, left, right] = is_linked
            self._undo.append(lambda: pairs.set(left, right, before))

    def pointing(self, entity: str, key: str, value: str) -> Iterable[str]:
        """The ids of an entity's rows whose foreign key has this value."""
        return self._index[entity, key].get(value, ())

    def linked(self, mapping: str, entity: str, row_id: str) -> Iterable[str]:
        """The ids that a mapping links with a row of the entity."""
        pairs = self.mappings[mapping]
        side = pairs.left if MAPPING_KEYS[mapping][0] == entity else pairs.right
        return side.get(row_id, ())

    def restore(self, change: Mapping[str, Any]) -> None:
        """Take over what `on_commit` once received."""
        for entity, rows in change.get("rows", {}).items():
            for row_id, row in rows.items():
                self._set(entity, row_id, row)
        for mapping, left, right, is_linked in change.get("links", ()):
            self.mappings[mapping].set(left, right, is_linked)

    def _change(self, entity: str, row_id: str, row: Row | None) -> None:
        before = self.tables[entity].get(row_id)
        self._set(entity, row_id, row)
        self._changed.add((entity, row_id))
        self._undo.append(lambda: self._set(entity, row_id, before))

    def _set(self, entity: str, row_id: str, row: Row | None) -> None:
        table = self.tables[entity]
        before = table.get(row_id)
        for key in INDEXED_OF[entity]:
            old = None if before is None else before.get(key)
            new = None if row is None else row.get(key)
            if old != new:
                index = self._index[entity, key]
                if old is not None:
                    index[old].pop(row_id, None)
                if new is not None:
                    index.setdefault(new, {})[row_id] = None
        if row is None:
            table.pop(row_id, None)
        else:
            table[row_id] = row

    def _finish(self) -> None:
        has_changes = bool(self._undo)
        self._undo.clear()
        changed, self._changed = self._changed, set()
        linked, self._linked = self._linked, {}
        if has_changes:
            rows: dict[str, dict[str, Row | None]] = {}
            for entity, row_id in changed:
                rows.setdefault(entity, {})[row_id] = self.tables[entity].get(row_id)
            self._on_commit({"rows": rows, "links": [[*pair, on] for pair, on in linked.items()]})
