"""Sending absolute values to products that exist: stock and prices; one result per record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from canonical.failure import Failure
from canonical.push import Outcome, PushAnswer, PushResult
from connectors.transport import Calls
from connectors.woocommerce import batches
from connectors.woocommerce.answers import Row
from connectors.woocommerce.products import Place, find


class Record(Protocol):
    """What is sent: a stock level, or prices."""

    @property
    def key(self) -> str:
        """Our article number."""
        ...

    @property
    def sku(self) -> str:
        """The shop's number."""
        ...

    @property
    def ref(self) -> str:
        """The shop's id where it is known."""
        ...


R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Update(Generic[R]):
    """How records become changes, and what in the shop's answer confirms or refuses one."""

    change: Callable[[R], dict[str, Any]]
    judge: Callable[[R, Row], Failure | None]
    """Says of the answered product why the record was not taken; None: it was."""
    concerns: Callable[[Row], bool] = lambda _: True
    """Whether such a value belongs to this product at all; if not, the record is skipped."""
    fields: str = "id,parent_id,sku,type"
    permit: Callable[[R, Row], Failure | None] = lambda _, __: None
    """Says of a product that was looked up why the record cannot be sent."""


def send(calls: Calls, records: Sequence[R], update: Update[R]) -> PushAnswer:
    """Send the records; a ref that the shop no longer knows is looked up once more by the article number.

    Raises `FailureError`, after which all may be sent again.
    """
    known = [(record, place) for record in records if (place := Place.known(record.ref))]
    results = _send_to(calls, known, update)
    stale = {record.key for record, _ in known if _is_missing(results[record.key])}
    unknown = [record for record in records if record.key not in results or record.key in stale]
    results |= _look_up_and_send(calls, unknown, update)
    return PushAnswer(results=tuple(results[record.key] for record in records))


def _is_missing(result: PushResult) -> bool:
    return result.failure is not None and result.failure.code == "NOT_IN_SHOP"


def _look_up_and_send(calls: Calls, records: Sequence[R], update: Update[R]) -> dict[str, PushResult]:
    found = find(calls, [record.sku for record in records], update.fields)
    results: dict[str, PushResult] = {}
    targets: list[tuple[R, Place]] = []
    for record in records:
        row = found.get(record.sku)
        if row is None:
            results[record.key] = batches.rejected(record.key, Failure.of("NOT_IN_SHOP", sku=record.sku))
        elif record.sku.strip() in found.twice:
            results[record.key] = batches.rejected(record.key, Failure.of("SKU_TWICE", sku=record.sku))
        elif not update.concerns(row):
            results[record.key] = PushResult(key=record.key, outcome=Outcome.SKIPPED, ref=Place.of(row).ref)
        elif failure := update.permit(record, row):
            results[record.key] = batches.rejected(record.key, failure, Place.of(row).ref)
        else:
            targets.append((record, Place.of(row)))
    return results | _send_to(calls, targets, update)


def _send_to(calls: Calls, targets: Sequence[tuple[R, Place]], update: Update[R]) -> dict[str, PushResult]:
    by_path: dict[str, list[tuple[R, Place]]] = {}
    for target in targets:
        by_path.setdefault(target[1].batch, []).append(target)
    results: dict[str, PushResult] = {}
    for path, group in by_path.items():
        sent = batches.send(calls, path, "update", group, lambda each: {"id": each[1].id, **update.change(each[0])})
        results |= {record.key: _result(record, place, row, update) for (record, place), row in sent}
    return results


def _result(record: R, place: Place, row: Row, update: Update[R]) -> PushResult:
    """Only what the shop repeats in its answer counts as accepted."""
    if batches.is_gone(row):
        return batches.rejected(record.key, Failure.of("NOT_IN_SHOP", sku=record.sku))
    failure = batches.refusal(row, record.sku)
    if failure is None and not update.concerns(row):
        return PushResult(key=record.key, outcome=Outcome.SKIPPED, ref=place.ref)
    failure = failure or update.judge(record, row)
    if failure is not None:
        return batches.rejected(record.key, failure, place.ref)
    return PushResult(key=record.key, outcome=Outcome.ACCEPTED, ref=place.ref)
