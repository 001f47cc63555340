"""Pushing records: collect what is dirty, send it in the vendor's batches, settle the answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from temporalio import activity

import connectors
from activities.deps import Channel, Deps, advanced_settings, feature_settings, open_channel
from activities.failures import reports_failures
from canonical.feature import Feature
from canonical.push import PushAnswer
from canonical.runs import Collected, PageTask, Sent, Settled
from canonical.settings import LocationStockSettings, StockSettings
from connectors.protocol import (
    AnswersOrders,
    AnswersTickets,
    Connector,
    CreatesOffers,
    PushesArticles,
    PushesCategories,
    PushesDocuments,
    PushesPrices,
    PushesRefunds,
    PushesShipments,
    PushesStock,
)
from erp import push, push_offers
from erp.integrations import get
from erp.push_context import PushContext

CHUNK_BATCHES = 10
"""Vendor batches per activity: ten times a hundred levels is a few seconds of work."""


METHODS: Mapping[Feature, Callable[..., PushAnswer]] = {
    Feature.ARTICLES: PushesArticles.send_articles,
    Feature.CATEGORIES: PushesCategories.send_categories,
    Feature.STOCK: PushesStock.send_stock,
    Feature.PRICES: PushesPrices.send_prices,
    Feature.ORDERS: AnswersOrders.answer_orders,
    Feature.SHIPMENTS: PushesShipments.send_shipments,
    Feature.DOCUMENTS: PushesDocuments.send_documents,
    Feature.REFUNDS: PushesRefunds.send_refunds,
}
"""By which method of its protocol a connector sends the records of a feature."""


def _send(connector: Connector, feature: Feature, items: Sequence[Any]) -> PushAnswer:
    answer: PushAnswer = getattr(connector, METHODS[feature].__name__)(items)
    return answer


class PushActivities:
    """Activities of a push run."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    @activity.defn(name="collect_batch")
    @reports_failures
    def collect_batch(self, task: PageTask) -> Collected:
        """Freeze what must be sent into a batch row; unchanged records are cleared without a call."""
        ref = task.ref
        with self._deps.sessions() as session:
            spec = connectors.spec_of(get(session, ref.integration_id).connector)
            collected = push.collect(
                session,
                ref,
                task.run_id,
                feature_settings(session, ref.integration_id, spec, ref.feature, task.settings_revision),
                advanced_settings(session, ref.integration_id),
                spec.features[ref.feature].batch * CHUNK_BATCHES,
                task.records,
                public_url=self._deps.public_url,
            )
            session.commit()
        return collected

    @activity.defn(name="send_batch")
    @reports_failures
    def send_batch(self, task: PageTask) -> Sent:
        """Send a batch in the vendor's portions; each answer is stored before the next portion leaves.

        After a crash only the portion without an answer is sent again, marked as a repeat.
        """
        ref = task.ref
        with open_channel(self._deps, ref.integration_id, ref.feature, task.settings_revision) as channel:
            size = channel.spec.features[ref.feature].batch
            while True:
                with self._deps.sessions() as session:
                    portion = push.open_portion(session, task.batch_id, size)
                    ticket = push.waiting_ticket(session, task.batch_id)
                    session.commit()
                if not portion:
                    return Sent(ticket=ticket)
                answer = self._take(channel, task, _send(channel.connector, ref.feature, portion))
                if answer.ticket:
                    return Sent(ticket=answer.ticket, ask_again_after=answer.ask_again_after)

    @activity.defn(name="check_ticket")
    @reports_failures
    def check_ticket(self, task: PageTask) -> Sent:
        """Ask a slow channel for the answers of an earlier push; what was stored before a crash is not asked for again."""
        ref = task.ref
        with open_channel(self._deps, ref.integration_id, ref.feature, task.settings_revision) as channel:
            created = self._create_offers(channel, task)
            if created is not None:
                return Sent(ticket=created.ticket, ask_again_after=created.ask_again_after)
            with self._deps.sessions() as session:
                waiting = push.waiting_ticket(session, task.batch_id)
            if waiting != task.ticket:
                return Sent(ticket=waiting)
            answer = self._take(channel, task, cast(AnswersTickets, channel.connector).check_ticket(task.ticket))
        return Sent(ticket=answer.ticket, ask_again_after=answer.ask_again_after)

    def _take(self, channel: Channel, task: PageTask, answer: PushAnswer) -> PushAnswer:
        """Store an answer; where prices lack offers and the connector can create them, they are, and its answer counts."""
        ref, creates = task.ref, isinstance(channel.connector, CreatesOffers)
        with self._deps.sessions() as session:
            if creates and ref.feature is Feature.PRICES:
                push_offers.note_answer(session, task.batch_id, answer)
            else:
                push.store_answer(session, task.batch_id, answer)
            if creates and ref.feature is Feature.STOCK:
                push_offers.ask_prices(session, ref.integration_id, answer)
            session.commit()
        return self._create_offers(channel, task) or answer

    def _create_offers(self, channel: Channel, task: PageTask) -> PushAnswer | None:
        """Create the offers that the batch found missing; None where there is nothing to create."""
        if task.ref.feature is not Feature.PRICES or not isinstance(channel.connector, CreatesOffers):
            return None
        stock = cast(StockSettings | LocationStockSettings, channel.settings[Feature.STOCK])
        with self._deps.sessions() as session:
            context = PushContext(task.ref.integration_id, stock, advanced_settings(session, task.ref.integration_id))
            new = push_offers.new_offers(session, push_offers.wanted(session, task.batch_id), context)
        if not new:
            return None
        answer = channel.connector.create_offers(new)
        with self._deps.sessions() as session:
            push_offers.note_created(session, task.batch_id, answer)
            session.commit()
        return answer

    @activity.defn(name="settle_batch")
    @reports_failures
    def settle_batch(self, task: PageTask) -> Settled:
        """Write the answers into the links and the journal, once."""
        with self._deps.sessions() as session:
            settled = push.settle(session, task.batch_id, task.run_id)
            session.commit()
        return settled
