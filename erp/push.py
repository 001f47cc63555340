"""Pushing: what changed is frozen into a batch, the channel's answers are stored with it and settled once into the links.

A crash at any point repeats only what was not answered: an unsettled batch is handed out before anything new.
"""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import ColumnElement, func, or_, text, update
from sqlmodel import Session, col, select

from canonical.failure import Failure
from canonical.runs import Collected, RunRef
from canonical.settings import AdvancedSettings, FeatureSettings
from erp.push_batches import Item, answered_in, open_portion, refusals, store_answer, waiting_ticket
from erp.push_context import PushContext
from erp.push_settle import MOST_ATTEMPTS, settle
from erp.push_subjects import SUBJECTS, Payload, Subject
from erp.tables import Link, PushBatch

__all__ = ["CHUNK", "MOST_ATTEMPTS", "collect", "open_portion", "settle", "store_answer", "waiting_ticket"]

CHUNK = 500
"""Links looked at per statement, at least, while a batch is filled: unchanged ones must not be looked at one by one."""

Computed = Mapping[int, Payload | Failure]
Compute = Callable[[Sequence[Link]], Computed]


def collect(  # noqa: PLR0917 - the activity hands everything through in this order
    session: Session,
    ref: RunRef,
    run_id: str,
    settings: FeatureSettings,
    advanced: AdvancedSettings,
    limit: int,
    records: Sequence[str],
    *,
    public_url: str = "",
) -> Collected:
    """Freeze what must be sent, at most `limit` records, into a batch row; batch 0 when nothing is left.

    A batch that an earlier run left unsettled is handed out first; asking again in the same run gives the same batch.
    Records that have not changed since they were accepted lose their mark without being sent; those that cannot be sent as
    they are get their refusal as an answer, without a call. With `records` (by hand) exactly those are frozen, changed or
    not, once per run. Links are locked and skipped, so two collectors never share one. Raises `FailureError` where settings
    do not allow to compute anything.
    """
    subject = SUBJECTS[ref.feature]
    context = PushContext(ref.integration_id, settings, advanced, public_url.rstrip("/"))

    def compute(links: Sequence[Link]) -> Computed:
        return subject.payloads(session, context, links)

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
    batch = PushBatch(
        integration_id=ref.integration_id,
        feature=ref.feature.value,
        run_id=run_id,
        items=items,
        results=refusals(_refused(items)),
    )
    session.add(batch)
    session.flush()
    return Collected(batch_id=batch.id or 0, size=len(items))


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


def _refresh(session: Session, subject: Subject, batch: PushBatch, compute: Compute) -> None:
    """Bring what was not answered up to date: the run that froze it may have died an hour ago."""
    answered = answered_in(batch)
    old = [item for item in batch.items if item["payload"]["key"] not in answered]
    links = _lock_links(session, [item["link"] for item in old])
    current = compute(links)
    fresh = {link.id: _item(subject, link, current[link.id]) for link in links if link.id and link.id in current}
    batch.items = [
        item if item["payload"]["key"] in answered else fresh[item["link"]]
        for item in batch.items
        if item["payload"]["key"] in answered or item["link"] in fresh
    ]
    refused = {key: failure for key, failure in _refused(batch.items).items() if key not in answered}
    batch.results = [*batch.results, *refusals(refused)]


def _freeze_named(  # noqa: PLR0917
    session: Session, subject: Subject, ref: RunRef, run_id: str, records: Sequence[str], compute: Compute
) -> list[Item]:
    done = session.execute(
        text(
            "SELECT (item ->> 'link')::bigint FROM push_batch, jsonb_array_elements(items) AS item"
            " WHERE run_id = :run_id AND integration_id = :integration_id AND feature = :feature"
        ),
        {"run_id": run_id, "integration_id": ref.integration_id, "feature": ref.feature.value},
    ).scalars()
    wanted = set(subject.links_of(session, ref.integration_id, records)).difference(done)
    links = {link.id: link for link in _lock_links(session, sorted(wanted))}
    return [_item(subject, links[link_id], payload) for link_id, payload in compute(list(links.values())).items()]


def _freeze_dirty(session: Session, subject: Subject, ref: RunRef, limit: int, compute: Compute) -> list[Item]:
    items: list[Item] = []
    for only in subject.passes:
        after = 0
        while len(items) < limit:
            count = max(CHUNK, subject.chunk, limit - len(items))
            links = _next_links(session, ref, only, after, count)
            if not links:
                break
            items += _changed(session, subject, links, compute)[: limit - len(items)]
            after = links[-1].id or 0
    return items


def _changed(session: Session, subject: Subject, links: Sequence[Link], compute: Compute) -> list[Item]:
    """Freeze those that say something new, in the order of sending; the others lose their mark."""
    by_id = {link.id or 0: link for link in links}
    new = {
        link_id: payload
        for link_id, payload in compute(links).items()
        if isinstance(payload, Failure) or subject.fingerprint(payload) != by_id[link_id].fingerprint
    }
    session.execute(
        update(Link)
        .where(col(Link.id) == func.any([link_id for link_id in by_id if link_id not in new]))
        .values(dirty_at=None, attempts=0, next_try_at=None)
        .execution_options(synchronize_session=False)
    )
    return [_item(subject, by_id[link_id], payload) for link_id, payload in new.items()]


def _next_links(
    session: Session, ref: RunRef, only: ColumnElement[bool] | None, after: int, count: int
) -> Sequence[Link]:
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
    if only is not None:
        query = query.where(only)
    return session.exec(query.with_for_update(skip_locked=True).execution_options(populate_existing=True)).all()


def _lock_links(session: Session, ids: Sequence[int]) -> Sequence[Link]:
    query = select(Link).where(col(Link.id) == func.any(list(ids))).order_by(col(Link.id)).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).all()


def _item(subject: Subject, link: Link, payload: Payload | Failure) -> Item:
    item: Item = {"link": link.id, "dirty": link.dirty_at.isoformat() if link.dirty_at else None}
    if isinstance(payload, Failure):
        refused = {"fingerprint": "", "value": "", "payload": {"key": link.record}}
        return item | refused | {"refused": payload.model_dump(mode="json")}
    return item | {
        "fingerprint": subject.fingerprint(payload),
        "value": subject.shown(payload),
        "payload": payload.model_dump(mode="json"),
    }


def _refused(items: Sequence[Item]) -> dict[str, Failure]:
    """The frozen records that cannot be sent as they are, with the reason."""
    return {item["payload"]["key"]: Failure.model_validate(item["refused"]) for item in items if "refused" in item}
