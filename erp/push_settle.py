"""Settling: the answers of a batch go into links and journal, once."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson
from sqlalchemy import func, text
from sqlmodel import Session, select

from canonical.failure import Kind
from canonical.feature import Feature
from canonical.push import Outcome, PushResult
from canonical.runs import Counts, Settled
from erp import journal
from erp.links import renew_stock
from erp.push_batches import Item, answers_of, locked, ours_in
from erp.push_subjects import SUBJECTS
from erp.tables import PushBatch

MOST_ATTEMPTS = 10
"""After so many answers of kind `retry` a record waits for a person (D Appendix C: cap tries)."""


def settle(session: Session, batch_id: int, run_id: str) -> Settled:
    """Write the answers of a batch into links and journal, once; settling again only counts again.

    Accepted: the fingerprint is remembered and the mark goes, unless the record changed after it was read. Refused: it
    waits for a person or a change. Kind `retry`: it stays marked and is due later. What has no answer yet goes on in a
    batch of its own, which the next `collect` hands out. Records that waited for one that the channel knows from now on are
    marked. A record that was never sent, because it is not ready here, is no reason to end the run.
    """
    batch = locked(session, batch_id)
    answers = answers_of(batch)
    settled = [(item, answers[item["payload"]["key"]]) for item in batch.items if item["payload"]["key"] in answers]
    if batch.state != "settled" and settled:
        _write_links(session, batch, settled, run_id)
        _split_off_unanswered(session, batch, answers, run_id)
        batch.state, batch.settled_at = "settled", session.scalar(select(func.clock_timestamp()))
        session.add(batch)
        session.flush()
    verdicts = [_verdict(result) for _, result in settled]
    ours = ours_in(batch.results)
    return Settled(
        counts=Counts(
            good=verdicts.count("accepted"),
            skipped=verdicts.count("skipped"),
            failed=verdicts.count("refused") + verdicts.count("postponed"),
        ),
        repeat_failure=next(
            (
                result.failure
                for item, result in settled
                if _verdict(result) == "postponed" and item["payload"]["key"] not in ours
            ),
            None,
        ),
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
# change that waited for our lock may carry an older time. Stock that was marked while it was on its way is told again, because
# the channel's own count may have moved in between (`links.renew_stock`). After anything but yes, nobody knows what the channel holds: the
# fingerprint goes, so that the old value is sent again too.
_SETTLE = text(
    """
    UPDATE link SET
      fingerprint = CASE WHEN g.done AND (g.same OR link.kind <> 'stock') THEN g.fingerprint ELSE '' END,
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
             l.state <> 'sent' AS is_new, r.verdict = 'refused' OR (r.verdict = 'postponed' AND l.attempts + 1 >= :most) AS final
      FROM jsonb_to_recordset(:rows ::jsonb) AS r(link bigint, dirty timestamptz, fingerprint text, value text, ref text,
        about text, verdict text, code text, params jsonb, patience float) JOIN link l ON l.id = r.link ORDER BY l.id FOR UPDATE OF l
    ) AS g WHERE link.id = g.link
    RETURNING link.record_id, g.about, g.verdict, g.final, g.code, g.params, g.value, g.done AND g.is_new
    """
)

_EVENTS = {
    "accepted": ("sent", "ok"),
    "skipped": ("skipped", "skipped"),
    "refused": ("refused", "error"),
    "postponed": ("postponed", "pending"),
}


def _write_links(session: Session, batch: PushBatch, settled: Sequence[tuple[Item, PushResult]], run_id: str) -> None:
    subject = SUBJECTS[Feature(batch.feature)]
    rows = [_row(item, result) | {"about": subject.about(item["payload"])} for item, result in settled]
    written = session.execute(_SETTLE, {"rows": orjson.dumps(rows).decode(), "most": MOST_ATTEMPTS}).all()
    events, known = [], []
    for record_id, about, verdict, final, code, params, value, becomes_known in written:
        name, status = _EVENTS["refused" if final else verdict]
        events.append(
            journal.event(
                batch.integration_id,
                batch.feature,
                name,
                hop="hub_to_channel",
                status=status,
                record=about,
                code=code,
                params=params | {"value": value},
                run_id=run_id,
            )
        )
        if becomes_known:
            known.append(record_id)
    moves_stock = subject.counts_back
    taken = [item["payload"] for item, result in settled if result.outcome is Outcome.ACCEPTED]
    if moves_stock:
        renew_stock(session, batch.integration_id, {each["order_ref"] for each in taken if moves_stock(each)})
    journal.write(session, events)
    if known and subject.release:
        subject.release(session, batch.integration_id, known)


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
