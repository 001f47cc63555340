"""Runs of features: what a run may do when it begins, and what is remembered when it ends."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from canonical.feature import Feature
from canonical.lifecycle import RunNow
from canonical.runs import RunEnd, RunOutcome, RunPlan, RunRef
from erp import inbox, journal
from erp.integrations import state_of
from erp.tables import FeatureSettingsRevision, IntegrationFeature, Run, RunRequest, Watermark

REAPPLY_EVERY = timedelta(hours=1)
HINT_EVERY = timedelta(seconds=10)


def request(session: Session, integration_id: str, command: RunNow) -> None:
    """Leave word for the next run: who asked, why, and for which records; the run takes it when it begins."""
    session.add(
        RunRequest(
            integration_id=integration_id,
            feature=command.feature.value,
            trigger=command.trigger,
            requested_by=command.by,
            records=list(command.records),
        )
    )


def begin(session: Session, ref: RunRef, run_id: str, workflow_id: str, now: datetime) -> RunPlan:
    """Decide whether a run goes and pin its settings revision; beginning the same run twice gives the same plan."""
    known = session.get(Run, run_id)
    if known is not None:
        return _plan(known)
    requests = _take_requests(session, ref)
    by_hand = [request for request in requests if request.trigger != "schedule"]
    state = state_of(session, ref.integration_id)
    feature = state.feature(ref.feature) if state else None
    may = bool(feature and state and state.mode != "deleted" and not feature.blocked)
    goes = may and (bool(by_hand) or bool(state and state.runs_by_itself(ref.feature)))
    newest = session.exec(
        select(func.coalesce(func.max(FeatureSettingsRevision.revision), 0)).where(
            col(FeatureSettingsRevision.integration_id) == ref.integration_id,
            col(FeatureSettingsRevision.feature) == ref.feature.value,
        )
    ).one()
    whole = [request for request in requests if not request.records]
    records = [] if whole else sorted({record for request in requests for record in request.records})
    run = Run(
        id=run_id,
        workflow_id=workflow_id,
        integration_id=ref.integration_id,
        feature=ref.feature.value,
        trigger=by_hand[0].trigger if by_hand else "schedule",
        requested_by=by_hand[0].requested_by if by_hand else "",
        records=records,
        settings_revision=newest,
        outcome="running" if goes else RunOutcome.IDLE.value,
        started_at=now,
        ended_at=None if goes else now,
    )
    session.add(run)
    if goes and ref.feature is Feature.ORDERS:
        _reapply_parked(session, ref, now)
    return _plan(run)


def _plan(run: Run) -> RunPlan:
    return RunPlan(
        run_id=run.id,
        goes=run.outcome == "running",
        trigger=run.trigger,
        settings_revision=run.settings_revision,
        records=tuple(run.records),
    )


def _take_requests(session: Session, ref: RunRef) -> list[RunRequest]:
    mine = (col(RunRequest.integration_id) == ref.integration_id, col(RunRequest.feature) == ref.feature.value)
    requests = list(session.exec(select(RunRequest).where(*mine).with_for_update()))
    if requests:
        session.exec(delete(RunRequest).where(col(RunRequest.id).in_([request.id for request in requests])))
    return requests


def _reapply_parked(session: Session, ref: RunRef, now: datetime) -> None:
    """Try parked documents again, hourly at most (architecture §5)."""
    mark = watermark(session, ref)
    if mark.reapplied_at is None or now - mark.reapplied_at >= REAPPLY_EVERY:
        inbox.requeue_parked(session, ref.integration_id, ref.feature, now)
        mark.reapplied_at = now
        session.add(mark)


def watermark(session: Session, ref: RunRef) -> Watermark:
    """The feature's watermark, made when it is first needed, locked until the transaction ends."""
    session.execute(
        insert(Watermark).values(integration_id=ref.integration_id, feature=ref.feature.value).on_conflict_do_nothing()
    )
    query = select(Watermark).where(
        col(Watermark.integration_id) == ref.integration_id, col(Watermark.feature) == ref.feature.value
    )
    return session.exec(query.with_for_update()).one()


def end(session: Session, finish: RunEnd, now: datetime) -> None:
    """Write how a run ended; ending it twice changes nothing more."""
    run = session.get(Run, finish.run_id)
    if run is None or run.ended_at is not None:
        return
    run.outcome, run.ended_at = finish.outcome.value, now
    run.good, run.skipped, run.parked, run.failed = (
        finish.counts.good,
        finish.counts.skipped,
        finish.counts.parked,
        finish.counts.failed,
    )
    if finish.failure:
        run.code, run.params = finish.failure.code, dict(finish.failure.params)
    session.add(run)
    _remember_outcome(session, finish, now)


def _remember_outcome(session: Session, finish: RunEnd, now: datetime) -> None:
    feature = session.get(IntegrationFeature, (finish.ref.integration_id, finish.ref.feature.value))
    if feature is None:
        return
    feature.last_run_at, feature.last_outcome = now, finish.outcome.value
    if finish.outcome is RunOutcome.DONE:
        feature.last_success_at, feature.deferred_since = now, None
    if finish.failure and finish.outcome is RunOutcome.DEFERRED and feature.deferred_since is None:
        feature.deferred_since = now
    if finish.failure and finish.outcome is RunOutcome.BLOCKED:
        feature.blocked, feature.blocked_at = finish.failure.model_dump(mode="json"), now
    session.add(feature)
    if finish.failure:
        journal.write(
            session,
            [
                journal.event(
                    finish.ref.integration_id,
                    finish.ref.feature.value,
                    finish.outcome.value,
                    hop="lifecycle",
                    status="error",
                    code=finish.failure.code,
                    params=dict(finish.failure.params),
                    run_id=finish.run_id,
                )
            ],
        )


def pushes_to_hint(session: Session, now: datetime) -> list[RunRef]:
    """Which push features have records to send and were not hinted within ten seconds; leaves a request for each."""
    rows = session.execute(
        text(
            """
            SELECT DISTINCT f.integration_id, f.feature FROM integration_feature f JOIN integration i ON i.id = f.integration_id
            WHERE i.mode = 'productive' AND f.is_chosen AND f.is_active AND f.paused_at IS NULL AND f.blocked_at IS NULL
              AND EXISTS (SELECT 1 FROM link l WHERE l.integration_id = f.integration_id AND l.kind = f.feature
                          AND l.dirty_at IS NOT NULL AND l.state <> 'failed' AND (l.next_try_at IS NULL OR l.next_try_at <= :now))
              AND NOT EXISTS (SELECT 1 FROM run_request r WHERE r.integration_id = f.integration_id AND r.feature = f.feature
                              AND r.requested_at > :since)
            """
        ),
        {"now": now, "since": now - HINT_EVERY},
    ).all()
    refs = [RunRef(integration_id=integration_id, feature=Feature(feature)) for integration_id, feature in rows]
    for ref in refs:
        session.add(RunRequest(integration_id=ref.integration_id, feature=ref.feature.value, trigger="hint"))
    return refs


def open_before(session: Session, moment: datetime) -> list[tuple[str, str]]:
    """Workflow and run ids of runs that began before a moment and have not written how they ended."""
    query = select(Run.workflow_id, Run.id).where(col(Run.ended_at).is_(None), col(Run.started_at) < moment)
    return [(workflow_id, run_id) for workflow_id, run_id in session.exec(query.limit(500))]


def lose(session: Session, run_ids: Sequence[str], now: datetime) -> None:
    """Write that runs were cut off; the next run goes on where they were. Runs that ended meanwhile stay as they are."""
    query = select(Run).where(col(Run.id).in_(run_ids), col(Run.ended_at).is_(None)).with_for_update()
    lost = session.exec(query).all()
    for run in lost:
        run.outcome, run.code, run.ended_at = RunOutcome.DEFERRED.value, "RUN_LOST", now
        session.add(run)
    events = [
        journal.event(
            run.integration_id, run.feature, "run_lost", hop="lifecycle", status="error", code="RUN_LOST", run_id=run.id
        )
        for run in lost
    ]
    journal.write(session, events)
