"""Writing many records at once: Shopware does all of a request or nothing, so culprits are taken out and the rest is sent again."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from canonical.failure import Failure, FailureError
from connectors.answers import RefusedError, not_json
from connectors.shopware6.answers import Complaint, complaints
from connectors.shopware6.search import Filter, Row
from connectors.transport import Calls

NAMESPACE = uuid.UUID("3c0d7c0e-5a39-4a0e-8f2c-6d8f3f7f5c1b")


def made_id(*parts: str) -> str:
    """An id of our own making, always the same for the same record, so that a repeat after a lost answer makes no second one."""
    return uuid.uuid5(NAMESPACE, "\x1f".join(parts)).hex


@dataclass
class Change:
    """What is written for one record of ours; `name` is what a person knows it by."""

    key: str
    name: str
    purges: list[tuple[str, list[Filter]]] = field(default_factory=list)
    """Assignments to remove first, by filter: an upsert adds to them and never removes."""
    deletes: list[tuple[str, Row]] = field(default_factory=list)
    upserts: list[tuple[str, Row]] = field(default_factory=list)
    needs: str = ""
    """The key of the record without which this one cannot be: the parent of a variant."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.purges or self.deletes or self.upserts)


@dataclass(frozen=True)
class Refusal:
    """Why a record was not written, and what the shop said of it in its own terms."""

    failure: Failure
    complaint: Complaint | None = None


Refuse = Callable[[Change, Complaint], Failure]


def item_refused(change: Change, complaint: Complaint) -> Failure:
    """The shop's own reason, with the record that it is about."""
    return Failure.of("ITEM_REFUSED", record=change.name, reason=complaint.reason)


def write(calls: Calls, changes: Sequence[Change], refuse: Refuse = item_refused) -> dict[str, Refusal]:
    """Write all that the shop takes; the answer has those that it does not. Raises `FailureError` of the whole channel."""
    waiting = [change for change in changes if not change.is_empty]
    refused: dict[str, Refusal] = {}
    while waiting:
        found = _try(calls, waiting, refuse)
        if not found:
            break
        if None in found:
            return refused | _halved(calls, waiting, found[None], refuse)
        refused |= {key: refusal for key, refusal in found.items() if key is not None}
        for change in waiting:
            if change.needs in refused and change.key not in refused:
                refused[change.key] = refused[change.needs]
        waiting = [change for change in waiting if change.key not in refused]
    return refused


def _halved(calls: Calls, changes: Sequence[Change], refusal: Refusal, refuse: Refuse) -> dict[str, Refusal]:
    """Find the culprit of a refusal that names none; what a later half needs stands in the earlier one."""
    if len(changes) == 1:
        return {changes[0].key: refusal}
    half = len(changes) // 2
    first = write(calls, changes[:half], refuse)
    rest = [change for change in changes[half:] if change.needs not in first]
    lost = {change.key: first[change.needs] for change in changes[half:] if change.needs in first}
    return first | lost | write(calls, rest, refuse)


def _try(calls: Calls, changes: Sequence[Change], refuse: Refuse) -> dict[str | None, Refusal]:
    """Send once; who was refused, under None a refusal that names nobody, and nothing when all is written."""
    operations, owners = _operations(changes)
    try:
        answer = calls.post("/_action/sync", operations)
    except RefusedError as error:
        if error.answer.status != 400:
            raise
        return _blamed(complaints(error.answer), owners, changes, refuse, error)
    body = answer.json()
    if not isinstance(body, dict) or "data" not in body:
        raise FailureError(not_json(answer))
    written = body["data"] if isinstance(body["data"], dict) else {}
    return {
        change.key: Refusal(Failure.of("ITEM_REFUSED", record=change.name, reason=f"{entity}: not confirmed"))
        for change in changes
        for entity, row in change.upserts
        if "id" in row and row["id"] not in _ids(written.get(entity))
    }


def _ids(value: Any) -> frozenset[str]:
    """The ids of an entity in the answer; plain ones or as rows."""
    if not isinstance(value, list):
        return frozenset()
    return frozenset(str(row.get("id")) if isinstance(row, dict) else str(row) for row in value)


def _blamed(
    found: Sequence[Complaint],
    owners: Sequence[Sequence[Change]],
    changes: Sequence[Change],
    refuse: Refuse,
    error: RefusedError,
) -> dict[str | None, Refusal]:
    if not found:
        raise FailureError(not_json(error.answer)) from error
    refused: dict[str | None, Refusal] = {}
    for complaint in found:
        place = complaint.place
        if place is None or place[0] >= len(owners) or place[1] >= len(owners[place[0]]):
            continue
        owner = owners[place[0]][place[1]]
        refused.setdefault(owner.key, Refusal(refuse(owner, complaint), complaint))
    return refused or {None: Refusal(refuse(changes[0], found[0]), found[0])}


def _operations(changes: Sequence[Change]) -> tuple[list[Row], list[list[Change]]]:
    """One operation per filter, then one per entity for what is deleted and for what is written, in the order given."""
    operations: list[Row] = []
    owners: list[list[Change]] = []
    for change in changes:
        for entity, criteria in change.purges:
            operations.append({"action": "delete", "entity": entity, "payload": [], "criteria": criteria})
            owners.append([change])
    for action in ("delete", "upsert"):
        places: dict[str, int] = {}
        for change in changes:
            for entity, row in change.deletes if action == "delete" else change.upserts:
                if entity not in places:
                    places[entity] = len(operations)
                    operations.append({"action": action, "entity": entity, "payload": []})
                    owners.append([])
                operations[places[entity]]["payload"].append(row)
                owners[places[entity]].append(change)
    return operations, owners
