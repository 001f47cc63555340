"""A frozen batch on its way: handed out in the vendor's portions, each answer stored with it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from canonical.failure import Failure
from canonical.feature import Feature
from canonical.push import Outcome, PushAnswer, PushResult
from erp.push_subjects import SUBJECTS, Payload, Subject
from erp.tables import PushBatch

Item = dict[str, Any]
"""A frozen record: `link`, `dirty` (its mark when it was read), `fingerprint`, `value` for people, and the `payload`."""


def open_portion(session: Session, batch_id: int, size: int) -> Sequence[Any]:
    """Hand out the next records of a batch without an answer, at most `size`, and remember that they are on their way.

    Empty when all are answered, or while a ticket is waited for. What must not be said twice and was handed out before
    without an answer says `is_repeat`. Contents are loaded only here; a record without its content is answered here. What
    stands below another record of the batch gets the id that the channel gave to that. The caller commits before it sends.
    """
    batch = locked(session, batch_id)
    if batch.state == "settled" or batch.ticket:
        return []
    subject, tries = SUBJECTS[Feature(batch.feature)], tries_of(batch)
    waiting, contents = _waiting(session, batch, subject, size)
    if waiting:
        number = max(tries.values(), default=0) + 1
        batch.results = [*batch.results, *({"key": payload["key"], "try": number} for payload in waiting)]
        batch.state = "sending"
    session.add(batch)
    session.flush()
    refs = {key: result.ref for key, result in answers_of(batch).items() if result.ref}
    return [_restored(subject, payload, refs, tries, contents) for payload in waiting]


def _waiting(
    session: Session, batch: PushBatch, subject: Subject, size: int
) -> tuple[list[dict[str, Any]], Mapping[str, bytes]]:
    """The next records without an answer, with the contents of those that have one."""
    while True:
        answered = answered_in(batch)
        waiting = [item["payload"] for item in batch.items if item["payload"]["key"] not in answered][:size]
        if subject.contents is None or subject.missing is None or not waiting:
            return waiting, {}
        contents = subject.contents(session, waiting)
        lacking = {payload["key"]: subject.missing(payload) for payload in waiting if payload["key"] not in contents}
        if not lacking:
            return waiting, contents
        batch.results = [*batch.results, *refusals(lacking)]


def _restored(
    subject: Subject,
    payload: Mapping[str, Any],
    refs: Mapping[str, str],
    tries: Mapping[str, int],
    contents: Mapping[str, bytes],
) -> Payload:
    now: dict[str, Any] = {}
    if "is_repeat" in payload:
        now["is_repeat"] = payload["is_repeat"] or payload["key"] in tries
    if "parent_key" in payload and not payload["parent_ref"]:
        now["parent_ref"] = refs.get(payload["parent_key"], "")
    if payload["key"] in contents:
        now["content"] = contents[payload["key"]]
    return subject.model.model_validate({**payload, **now})


def refusals(failures: Mapping[str, Failure]) -> list[dict[str, Any]]:
    """Answers that are ours and not the channel's: these records cannot be sent as they are."""
    return [
        PushResult(key=key, outcome=Outcome.REJECTED, failure=failure).model_dump(mode="json") | {"is_ours": True}
        for key, failure in failures.items()
    ]


def waiting_ticket(session: Session, batch_id: int) -> str:
    """The ticket that a batch waits for, so that a run that finds the batch asks for it instead of sending again."""
    return locked(session, batch_id).ticket


def store_answer(session: Session, batch_id: int, answer: PushAnswer, open_keys: Collection[str] = ()) -> None:
    """Store the channel's answers, or the ticket to ask for later; the first answer for a record stands.

    A record of the portion that the channel passes over in silence counts as refused, so that no run asks for ever; but for
    those of `open_keys`, which are handed out again.
    """
    batch = locked(session, batch_id)
    if batch.state == "settled":
        return
    known = {item["payload"]["key"] for item in batch.items}
    answered, tries = answered_in(batch), tries_of(batch)
    new = {result.key: result for result in answer.results if result.key in known and result.key not in answered}
    if not answer.ticket:
        newest = max(tries.values(), default=0)
        silent = {key for key, number in tries.items() if number == newest} - answered - new.keys() - set(open_keys)
        failure = Failure.of("UNCLASSIFIED", where="answer", error="no result")
        new |= {key: PushResult(key=key, outcome=Outcome.REJECTED, failure=failure) for key in sorted(silent)}
    batch.results = [*batch.results, *(result.model_dump(mode="json") for result in new.values())]
    batch.ticket = answer.ticket
    batch.state = "answered" if known <= answered | new.keys() else "sending" if answer.ticket else "collected"
    session.add(batch)
    session.flush()


def locked(session: Session, batch_id: int) -> PushBatch:
    """Load a batch and hold it until the transaction ends; raises `LookupError`."""
    query = select(PushBatch).where(col(PushBatch.id) == batch_id).with_for_update()
    batch = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if batch is None:
        raise LookupError(batch_id)
    return batch


def answered_in(batch: PushBatch) -> set[str]:
    """The records of a batch that have an answer."""
    return {row["key"] for row in batch.results if "outcome" in row}


def answers_of(batch: PushBatch) -> dict[str, PushResult]:
    """The answers of a batch by record."""
    return {row["key"]: PushResult.model_validate(row) for row in batch.results if "outcome" in row}


def ours_in(results: Iterable[Mapping[str, Any]]) -> set[str]:
    """The records that were answered here and never sent."""
    return {row["key"] for row in results if row.get("is_ours")}


def tries_of(batch: PushBatch) -> dict[str, int]:
    """By record, in which portion it was handed out last."""
    return {row["key"]: row["try"] for row in batch.results if "try" in row}
