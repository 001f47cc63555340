"""The shop's batches: up to a hundred items in one call, and an answer for each in its place."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeVar

from canonical.failure import Failure, FailureError
from canonical.push import Outcome, PushResult
from connectors.answers import not_json
from connectors.transport import Calls
from connectors.woocommerce.answers import INVALID_ID, TERM_GONE, Row, error_in

MOST = 100
Item = TypeVar("Item")


def send(
    calls: Calls,
    path: str,
    part: Literal["create", "update", "delete"],
    items: Sequence[Item],
    content: Callable[[Item], Any],
    *,
    weigh: Callable[[Item], int] = lambda _: 1,
) -> Iterator[tuple[Item, Row]]:
    """Send items and yield each with its answer as soon as its batch is answered; raises `FailureError`.

    `weigh` says how much of a batch's hundred an item takes: the shop fetches images while we wait. An item that the shop
    does not answer has an empty row.
    """
    for group in _groups(items, weigh):
        answer = calls.post(path, {part: [content(item) for item in group]})
        body = answer.json()
        rows = body.get(part) if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise FailureError(not_json(answer))
        for index, item in enumerate(group):
            row = rows[index] if index < len(rows) else None
            yield item, row if isinstance(row, dict) else {}


def _groups(items: Sequence[Item], weigh: Callable[[Item], int]) -> Iterator[list[Item]]:
    group: list[Item] = []
    weight = 0
    for item in items:
        if group and weight + weigh(item) > MOST:
            yield group
            group, weight = [], 0
        group.append(item)
        weight += weigh(item)
    if group:
        yield group


def is_gone(row: Row) -> bool:
    """Whether an item was refused because the shop does not have it."""
    code, _ = error_in(row.get("error"))
    return code.endswith((INVALID_ID, TERM_GONE))


def refusal(row: Row, record: str) -> Failure | None:
    """Why the shop refused an item; None if it did not. Silence is a refusal: only what is answered is done."""
    if not row:
        return Failure.of("ITEM_REFUSED", record=record, reason="no answer for this item")
    if row.get("error") is None:
        return None
    code, message = error_in(row["error"])
    return Failure.of("ITEM_REFUSED", record=record, reason=message or code)


def rejected(key: str, failure: Failure, ref: str = "") -> PushResult:
    """The result of a record that was refused."""
    return PushResult(key=key, outcome=Outcome.REJECTED, ref=ref, failure=failure)
