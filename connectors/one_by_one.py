"""One result per record, in the order given, also when the channel goes down in the middle of a batch."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from canonical.codes import Kind
from canonical.failure import Failure, FailureError
from canonical.push import Outcome, PushAnswer, PushResult


class Record(Protocol):
    """What is sent: its results come back under `key`."""

    @property
    def key(self) -> str:
        """The idempotency key, or our article number."""
        ...


R = TypeVar("R", bound=Record)


def one_by_one(records: Sequence[R], send: Callable[[R], PushResult]) -> PushAnswer:
    """Send one after the other.

    A failure of the whole channel stops: what is done keeps its result, and the rest comes back rejected with that failure,
    so that the caller repeats it. Only if nothing was done yet the failure is raised.
    """
    results: list[PushResult] = []
    for index, record in enumerate(records):
        try:
            results.append(send(record))
        except FailureError as error:
            if error.failure.kind is Kind.SKIP:
                results.append(PushResult(key=record.key, outcome=Outcome.SKIPPED, failure=error.failure))
                continue
            if error.failure.kind is not Kind.REJECT and not results:
                raise
            results.append(rejected(record, error.failure))
            if error.failure.kind is not Kind.REJECT:
                results += [rejected(rest, error.failure) for rest in records[index + 1 :]]
                break
    return PushAnswer(results=tuple(results))


def rejected(record: Record, failure: Failure) -> PushResult:
    """The result of a record that was not taken."""
    return PushResult(key=record.key, outcome=Outcome.REJECTED, failure=failure)
