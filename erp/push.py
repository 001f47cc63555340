"""Pushing: what changed is frozen into a batch, the channel's answers are stored with it and settled once into the links.

A crash at any point repeats only what was not answered: an unsettled batch is handed out before anything new.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from sqlalchemy import func, or_, text, update
from sqlmodel import Session, col, select

from canonical.failure import Failure, Kind
from canonical.feature import Feature
from canonical.push import OrderStatus, Outcome, PushAnswer, PushResult, StockLevel
from canonical.runs import Collected, Counts, RunRef, Settled
from canonical.settings import AdvancedSettings, FeatureSettings
from erp import journal, push_shipments, push_stock
from erp.tables import Link, PushBatch

CHUNK = 500
"""Links looked at per statement, at least, while a batch is filled: unchanged ones must not be looked at one by one."""
MOST_ATTEMPTS = 10
"""After so many answers of kind `retry` a record waits for a person (D Appendix C: cap tries)."""

Item = dict[str, Any]
"""A frozen record: `link`, `dirty` (its mark when it was read), `fingerprint`, `value` for people, and the `payload`."""


@dataclass(frozen=True)
class _Subject:
    """How the records of one feature are found, computed and compared."""

    model: type[StockLevel] | type[OrderStatus]
    links_of: Callable[[Session, str, Sequence[str]], list[int]]
    payloads: Callable[..., Mapping[int, StockLevel | OrderStatus]]
    fingerprint: Callable[[Any], str]
    shown: Callable[[Any], str]
    is_absolute: bool
    """Whether a newer value may take the place of one that was perhaps sent."""


_SUBJECTS = {
    Feature.STOCK: _Subject(
        StockLevel,
        push_stock.links_of,
        push_stock.payloads,
        push_stock.fingerprint,
        push_stock.shown,
        is_absolute=True,
    ),
    Feature.SHIPMENTS: _Subject(
        OrderStatus,
        push_shipments.links_of,
        push_shipments.payloads,
        push_shipments.fingerprint,
        push_shipments.shown,
        is_absolute=False,
    ),
}


def collect(  # noqa: PLR0917 - the activity hands everything through in this order
    session: Session,
    ref: RunRef,
    run_id: str,
    settings: FeatureSettings,
    advanced: AdvancedSettings,
    limit: int,
    records: Sequence[str],
) -> Collected:
    """Freeze what must be sent, at most `limit` records, into a batch row; batch 0 when nothing is left.

    A batch that an earlier run left unsettled is handed out first; asking again in the same run gives the same batch.
    Records that have not changed since they were accepted lose their mark without being sent. With `records` (by hand)
    exactly those are frozen, changed or not, once per run. Links are locked and skipped, so two collectors never share
    one. Raises `FailureError` where settings do not allow to compute anything.
    """
    subject = _SUBJECTS[ref.feature]

    def compute(links: Sequence[Link]) -> Mapping[int, StockLevel | OrderStatus]:
        return subject.payloads(session, ref.integration_id, settings, advanced, links)

    unsettled = _unsettled(session, ref)
    if unsettled is not None:
        unsettled.run_id = run_id
        if subject.is_absolute and not unsettled.ticket:
            _refresh(session, subject, unsettled, compute)
        session.add(unsettled)
        session.flush()
        return Collected(batch_id=unsettled.id or 0, size=len(unsettled.items))
    if records:
        items = _freeze_named(session, subject, ref, run_id, records, compute)[:limit]
    else:
        items = _freeze_dirty(session, subject, ref, limit, compute)
    if not items:
        return Collected(batch_id=0, size=0)
    batch = PushBatch(integration_id=ref.integration_id, feature=ref.feature.value, run_id=run_id, items=items)
    session.add(batch)
    session.flush()
    return Collected(batch_id=batch.id or 0, size=len(items))


Compute = Callable[[Sequence[Link]], Mapping[int, StockLevel | OrderStatus]]


def _unsettled(session: Session, ref: RunRef) -> PushBatch | None:
    query = (
        select(PushBatch)
        .where(
            col(PushBatch.integration_id) == ref.integration_id,
            col(PushBatch.feature) == ref.feature.value,
            col(PushBatch.state) != "settled",
        )
        .order_by(col(PushBatch.id))
        .limit(1)
    )
    return session.exec(query.with_for_update(skip_locked=True).execution_options(populate_existing=True)).one_or_none()


def _refresh(session: Session, subject: _Subject, batch: PushBatch, compute: Compute) -> None:
    """Bring what was not answered up to date: the run that froze it may have died an hour ago."""
    answered = _answered(batch)
    old = [item for item in batch.items if item["payload"]["key"] not in answered]
    links = _lock_links(session, [item["link"] for item in old])
    current = compute(links)
    fresh = {link.id: _item(subject, link, current[link.id]) for link in links if link.id and link.id in current}
    batch.items = [
        item if item["payload"]["key"] in answered else fresh[item["link"]]
        for item in batch.items
        if item["payload"]["key"] in answered or item["link"] in fresh
    ]


def _freeze_named(  # noqa: PLR0917
    session: Session, subject: _Subject, ref: RunRef, run_id: str, records: Sequence[str], compute: Compute
) -> list[Item]:
    done = session.execute(
        text(
            "SELECT (item ->> 'link')::bigint FROM push_batch, jsonb_array_elements(items) AS item"
            " WHERE run_id = :run_id AND integration_id = :integration_id AND feature = :feature"
        ),
        {"run_id": run_id, "integration_id": ref.integration_id, "feature": ref.feature.value},
    ).scalars()
    wanted = set(subject.links_of(session, ref.integration_id, records)).difference(done)
    links = _lock_links(session, sorted(wanted))
    current = compute(links)
    return [_item(subject, link, current[link.id]) for link in links if link.id and link.id in current]


def _freeze_dirty(session: Session, subject: _Subject, ref: RunRef, limit: int, compute: Compute) -> list[Item]:
    items: list[Item] = []
    after = 0
    while len(items) < limit and (links := _next_links(session, ref, after, max(CHUNK, limit - len(items)))):
        current = compute(links)
        unchanged = []
        for link in links:
            payload = current.get(link.id or 0)
            if payload is None or subject.fingerprint(payload) == link.fingerprint:
                unchanged.append(link.id)
            elif len(items) < limit:
                items.append(_item(subject, link, payload))
        session.execute(
            update(Link)
            .where(col(Link.id) == func.any(unchanged))
            .values(dirty_at=None, attempts=0, next_try_at=None)
            .execution_options(synchronize_session=False)
        )
        after = links[-1].id or 0
    return items


def _next_links(session: Session, ref: RunRef, after: int, count: int) -> Sequence[Link]:
    query = (
        select(Link)
        .where(
            col(Link.integration_id) == ref.integration_id,
            col(Link.kind) == ref.feature.value,
            col(Link.dirty_at).is_not(None),
            col(Link.state) != "failed",
            or_(col(Link.next_try_at).is_(None), col(Link.next_try_at) <= func.clock_timestamp()),
            col(Link.id) > after,
        )
        .order_by(col(Link.id))
        .limit(count)
    )
    return session.exec(query.with_for_update(skip_locked=True).execution_options(populate_existing=True)).all()


def _lock_links(session: Session, ids: Sequence[int]) -> Sequence[Link]:
    query = select(Link).where(col(Link.id) == func.any(list(ids))).order_by(col(Link.id)).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).all()


def _item(subject: _Subject, link: Link, payload: StockLevel | OrderStatus) -> Item:
    return {
        "link": link.id,
        "dirty": link.dirty_at.isoformat() if link.dirty_at else None,
        "fingerprint": subject.fingerprint(payload),
        "value": subject.shown(payload),
        "payload": payload.model_dump(mode="json"),
    }


def open_portion(session: Session, batch_id: int, size: int) -> list[StockLevel] | list[OrderStatus]:
    """Hand out the next records of a batch without an answer, at most `size`, and remember that they are on their way.

    Empty when all are answered, or while a ticket is waited for. Order reports that were handed out before and got no
    answer say `is_repeat`. The caller commits before it sends.
    """
    batch = _locked(session, batch_id)
    answered, tries = _answered(batch), _tries(batch)
    waiting = [item["payload"] for item in batch.items if item["payload"]["key"] not in answered][:size]
    if batch.state == "settled" or batch.ticket or not waiting:
        return []
    number = max(tries.values(), default=0) + 1
    batch.results = [*batch.results, *({"key": payload["key"], "try": number} for payload in waiting)]
    batch.state = "sending"
    session.add(batch)
    session.flush()
    if batch.feature == Feature.STOCK.value:
        return [StockLevel.model_validate(payload) for payload in waiting]
    return [
        OrderStatus.model_validate(payload | {"is_repeat": payload["is_repeat"] or payload["key"] in tries})
        for payload in waiting
    ]


def waiting_ticket(session: Session, batch_id: int) -> str:
    """The ticket that a batch waits for, so that a run that finds the batch asks for it instead of sending again."""
    return _locked(session, batch_id).ticket


def store_answer(session: Session, batch_id: int, answer: PushAnswer) -> None:
    """Store the channel's answers, or the ticket to ask for later; the first answer for a record stands.

    A record of the portion that the channel passes over in silence counts as refused, so that no run asks for ever.
    """
    batch = _locked(session, batch_id)
    if batch.state == "settled":
        return
    known = {item["payload"]["key"] for item in batch.items}
    answered, tries = _answered(batch), _tries(batch)
    new = {result.key: result for result in answer.results if result.key in known and result.key not in answered}
    if not answer.ticket:
        newest = max(tries.values(), default=0)
        silent = {key for key, number in tries.items() if number == newest} - answered - new.keys()
        failure = Failure.of("UNCLASSIFIED", where="answer", error="no result")
        new |= {key: PushResult(key=key, outcome=Outcome.REJECTED, failure=failure) for key in sorted(silent)}
    batch.results = [*batch.results, *(result.model_dump(mode="json") for result in new.values())]
    batch.ticket = answer.ticket
    batch.state = "answered" if known <= answered | new.keys() else "sending" if answer.ticket else "collected"
    session.add(batch)
    session.flush()


def _locked(session: Session, batch_id: int) -> PushBatch:
    query = select(PushBatch).where(col(PushBatch.id) == batch_id).with_for_update()
    batch = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if batch is None:
        raise LookupError(batch_id)
    return batch


def _answered(batch: PushBatch) -> set[str]:
    return {row["key"] for row in batch.results if "outcome" in row}


def _answers(batch: PushBatch) -> dict[str, PushResult]:
    return {row["key"]: PushResult.model_validate(row) for row in batch.results if "outcome" in row}


def _tries(batch: PushBatch) -> dict[str, int]:
    """By record, in which portion it was handed out last."""
    return {row["key"]: row["try"] for row in batch.results if "try" in row}


def settle(session: Session, batch_id: int, run_id: str) -> Settled:
    """Write the answers of a batch into links and journal, once; settling again only counts again.

    Accepted: the fingerprint is remembered and the mark goes, unless the record changed after it was read. Refused: it
    waits for a person or a change. Kind `retry`: it stays marked and is due later. What has no answer yet goes on in a
    batch of its own, which the next `collect` hands out.
    """
    batch = _locked(session, batch_id)
    answers = _answers(batch)
    settled = [(item, answers[item["payload"]["key"]]) for item in batch.items if item["payload"]["key"] in answers]
    if batch.state != "settled" and settled:
        _write_links(session, batch, settled, run_id)
        _split_off_unanswered(session, batch, answers, run_id)
        batch.state, batch.settled_at = "settled", session.scalar(select(func.clock_timestamp()))
        session.add(batch)
        session.flush()
    verdicts = [_verdict(result) for _, result in settled]
    return Settled(
        counts=Counts(
            good=verdicts.count("accepted"),
            skipped=verdicts.count("skipped"),
            failed=verdicts.count("refused") + verdicts.count("postponed"),
        ),
        repeat_failure=next((result.failure for _, result in settled if _verdict(result) == "postponed"), None),
    )


def _split_off_unanswered(session: Session, batch: PushBatch, answers: Mapping[str, PushResult], run_id: str) -> None:
    rest = [item for item in batch.items if item["payload"]["key"] not in answers]
    if not rest:
        return
    session.add(
        PushBatch(
            integration_id=batch.integration_id,
            feature=batch.feature,
            run_id=run_id,
            state="sending",
            items=rest,
            results=[row for row in batch.results if row["key"] not in answers],
            ticket=batch.ticket,
        )
    )
    batch.items = [item for item in batch.items if item["payload"]["key"] in answers]


def _verdict(result: PushResult) -> str:
    if result.outcome is Outcome.ACCEPTED:
        return "accepted"
    if result.outcome is Outcome.SKIPPED:
        return "skipped"
    return "postponed" if result.failure and result.failure.kind is Kind.RETRY else "refused"


# `same` tells that the record has not changed since it was read: by the mark itself and not by comparing clocks, because a
# change that waited for our lock may carry an older time. After anything but yes, nobody knows what the channel holds: the
# fingerprint goes, so that the old value is sent again too.
_SETTLE = text(
    """
    UPDATE link SET
      fingerprint = CASE WHEN g.done THEN g.fingerprint ELSE '' END,
      external_ref = CASE WHEN g.code = 'NOT_IN_SHOP' THEN '' WHEN g.ref <> '' THEN g.ref ELSE link.external_ref END,
      sent_value = CASE WHEN g.verdict = 'accepted' THEN g.value ELSE link.sent_value END,
      sent_at = CASE WHEN g.verdict = 'accepted' THEN clock_timestamp() ELSE link.sent_at END,
      code = g.code, params = g.params,
      state = CASE WHEN g.done THEN 'sent' WHEN g.final AND g.same THEN 'failed' ELSE 'never' END,
      dirty_at = CASE WHEN g.done AND g.same THEN NULL WHEN g.verdict = 'postponed' THEN coalesce(link.dirty_at, clock_timestamp())
                 ELSE link.dirty_at END,
      attempts = CASE WHEN g.verdict = 'postponed' AND g.same THEN link.attempts + 1 ELSE 0 END,
      next_try_at = CASE WHEN g.verdict = 'postponed' AND g.same THEN clock_timestamp() + make_interval(secs =>
                    greatest(g.patience, least(14400, 60 * 2 ^ least(link.attempts, 8)))) END
    FROM (
      SELECT r.*, r.verdict IN ('accepted', 'skipped') AS done, l.dirty_at IS NOT DISTINCT FROM r.dirty AS same,
             r.verdict = 'refused' OR (r.verdict = 'postponed' AND l.attempts + 1 >= :most) AS final
      FROM jsonb_to_recordset(:rows ::jsonb) AS r(link bigint, dirty timestamptz, fingerprint text, value text, ref text,
        verdict text, code text, params jsonb, patience float) JOIN link l ON l.id = r.link ORDER BY l.id FOR UPDATE OF l
    ) AS g WHERE link.id = g.link
    RETURNING link.record, g.verdict, g.final, g.code, g.params, g.value
    """
)

_EVENTS = {
    "accepted": ("sent", "ok"),
    "skipped": ("skipped", "skipped"),
    "refused": ("refused", "error"),
    "postponed": ("postponed", "pending"),
}


def _write_links(session: Session, batch: PushBatch, settled: Sequence[tuple[Item, PushResult]], run_id: str) -> None:
    rows = [_row(item, result) for item, result in settled]
    written = session.execute(_SETTLE, {"rows": orjson.dumps(rows).decode(), "most": MOST_ATTEMPTS}).all()
    events = []
    for record, verdict, final, code, params, value in written:
        name, status = _EVENTS["refused" if final else verdict]
        events.append(
            journal.event(
                batch.integration_id,
                batch.feature,
                name,
                hop="hub_to_channel",
                status=status,
                record=record,
                code=code,
                params=params | {"value": value},
                run_id=run_id,
            )
        )
    journal.write(session, events)


def _row(item: Item, result: PushResult) -> dict[str, Any]:
    failure = result.failure
    return {
        "link": item["link"],
        "dirty": item["dirty"],
        "fingerprint": item["fingerprint"],
        "value": item["value"],
        "ref": result.ref,
        "verdict": _verdict(result),
        "code": failure.code if failure else "",
        "params": cast(dict[str, Any], failure.params) if failure else {},
        "patience": failure.retry_after.total_seconds() if failure and failure.retry_after else 0,
    }
