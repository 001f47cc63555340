"""Pulling orders: fetch a page into the inbox, apply waiting documents to the ERP store."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlmodel import Session, col, select
from temporalio import activity

import connectors
from activities.deps import Deps, advanced_settings, feature_settings, open_channel
from activities.failures import reports_failures
from canonical.failure import FailureError
from canonical.order import DocumentPage
from canonical.runs import Applied, Fetched, PageTask, RunRef
from canonical.settings import OrderSettings
from connectors.protocol import PullsOrders
from connectors.spec import ConnectorSpec
from erp import inbox, runs
from erp.inbox import WaitingDocument
from erp.integrations import get
from erp.links import has_dirty
from erp.order_import import ImportContext, ReadDocument, import_documents
from erp.tables import InboxDocument, Watermark

PAGE = 500
"""Documents per fetch and per apply (architecture §2)."""
LOOK_BACK = timedelta(days=5)
LOOK_BACK_EVERY = timedelta(hours=24)
"""The five-day look-back (D§2.5.1) runs once a day: it finds late rows, and an idle poll stays one request."""


def has_replies(session: Session, spec: ConnectorSpec, ref: RunRef) -> bool:
    """Whether the channel, if it takes answers to orders, is to be told one now."""
    return spec.answers_orders and has_dirty(session, ref.integration_id, ref.feature.value)


class PullActivities:
    """Activities of a pull run."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    @activity.defn(name="fetch_page")
    @reports_failures
    def fetch_page(self, task: PageTask) -> Fetched:
        """Fetch up to a page of changed orders and store them with the cursor in one transaction."""
        ref = task.ref
        with open_channel(self._deps, ref.integration_id, ref.feature, task.settings_revision) as channel:
            puller = cast(PullsOrders, channel.connector)
            if task.records:
                page = puller.fetch_orders_by_number(task.records)
            else:
                with self._deps.sessions() as session:
                    cursor, looks_back = self._cursor(session, task, puller)
                page = puller.fetch_orders(cursor, PAGE)
        with self._deps.sessions() as session:
            stored = inbox.store_documents(
                session,
                self._deps.keyring,
                ref.integration_id,
                ref.feature,
                page.documents,
                run_id=task.run_id,
                by_hand=bool(task.records),
            )
            if not task.records:
                self._move_cursor(session, task, page, looks_back)
            waiting = self._is_waiting(session, task)
            replies = has_replies(session, connectors.spec_of(get(session, ref.integration_id).connector), ref)
            session.commit()
        return Fetched(
            documents=stored,
            waiting=waiting,
            replies=replies,
            more=page.more and not task.records,
            ask_again_after=page.ask_again_after,
        )

    def _cursor(self, session: Session, task: PageTask, puller: PullsOrders) -> tuple[str, bool]:
        """Where to go on: the stored cursor, or once a day five days before what was applied, never before the start."""
        mark = runs.watermark(session, task.ref)
        now = datetime.now(UTC)
        due = mark.looked_back_at is None or now - mark.looked_back_at >= LOOK_BACK_EVERY
        if mark.cursor and not (task.is_first and due):
            return mark.cursor, False
        since = (mark.applied_until or now) - LOOK_BACK if mark.cursor or mark.start_at is None else mark.start_at
        if mark.start_at is not None:
            since = max(since, mark.start_at)
        return puller.first_cursor(since.isoformat()), True

    @staticmethod
    def _move_cursor(session: Session, task: PageTask, page: DocumentPage, looks_back: bool) -> None:
        mark: Watermark = runs.watermark(session, task.ref)
        mark.cursor = page.cursor
        if looks_back:
            mark.looked_back_at = datetime.now(UTC)
        session.add(mark)

    @staticmethod
    def _is_waiting(session: Session, task: PageTask) -> bool:
        query = select(InboxDocument.id).where(
            col(InboxDocument.integration_id) == task.ref.integration_id,
            col(InboxDocument.feature) == task.ref.feature.value,
            col(InboxDocument.state) == "new",
        )
        return session.exec(query.limit(1)).first() is not None

    @activity.defn(name="apply_page")
    @reports_failures
    def apply_page(self, task: PageTask) -> Applied:
        """Decide a page of waiting documents and book the good ones, with the watermark, in one transaction."""
        ref = task.ref
        with self._deps.sessions() as session:
            connector = get(session, ref.integration_id).connector
            spec = connectors.spec_of(connector)
            waiting = inbox.take_new(session, self._deps.keyring, ref.integration_id, ref.feature, PAGE)
            mark = runs.watermark(session, ref)
            context = ImportContext(
                integration_id=ref.integration_id,
                settings=cast(
                    OrderSettings,
                    feature_settings(session, ref.integration_id, spec, ref.feature, task.settings_revision),
                ),
                settings_revision=task.settings_revision,
                advanced=advanced_settings(session, ref.integration_id),
                now=datetime.now(UTC),
                start_at=mark.start_at,
                run_id=task.run_id,
            )
            read = self._read(connector, waiting)
            counts = import_documents(session, context, read)
            latest = max((document.order.modified_at for document in read if document.order), default=None)
            if latest is not None:
                mark.applied_until = max(latest, mark.applied_until or latest)
                session.add(mark)
            replies = has_replies(session, spec, ref)
            session.commit()
        return Applied(counts=counts, left=len(waiting) == PAGE, replies=replies)

    @staticmethod
    def _read(connector: str, waiting: Sequence[WaitingDocument]) -> list[ReadDocument]:
        """Read every document by the connector's pure mapping; one that cannot be read is rejected alone."""
        reader = cast(PullsOrders, connectors.reader(connector))
        read = []
        for document in waiting:
            order, failure = None, None
            try:
                order = reader.read_order(document.body)
            except FailureError as error:
                failure = error.failure
            read.append(
                ReadDocument(
                    inbox_id=document.inbox_id,
                    external_id=document.external_id,
                    number=document.number,
                    by_hand=document.by_hand,
                    order=order,
                    failure=failure,
                )
            )
        return read
