"""What is asked of a channel besides the features' own work: option lists, granted keys, webhooks."""

from datetime import UTC, datetime

from pydantic import ValidationError
from temporalio import activity

import connectors
from activities.deps import Deps, open_account, open_channel
from activities.failures import reports_failures
from canonical.channel import WebhookReport
from canonical.failure import Failure, FailureError
from canonical.runs import HouseDone
from connectors.protocol import DescribesTaxonomy, KeepsWebhooks, ListsChoices
from connectors.spec import ConnectorSpec
from erp import category_mapping, channel_options, grants, journal, webhooks
from erp.credentials import store_credentials
from erp.integrations import get

LOOKED_AT_ONCE = 5
"""Integrations per step of the watch: each is a few calls."""


class ChannelActivities:
    """Activities that serve the set-up of a channel."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def _spec(self, integration_id: str) -> ConnectorSpec:
        with self._deps.sessions() as session:
            return connectors.spec_of(get(session, integration_id).connector)

    @activity.defn(name="fetch_choices")
    @reports_failures
    def fetch_choices(self, integration_id: str, by: str) -> int:
        """Fetch the option lists that the connector's settings offer; returns how many choices there are.

        A list that the account may not see leaves the others alone and stays as it was.
        """
        kinds = self._spec(integration_id).choices
        if not kinds:
            return 0
        found, total = [], 0
        with open_channel(self._deps, integration_id) as channel:
            if not isinstance(channel.connector, ListsChoices):
                return 0
            for kind in kinds:
                try:
                    choices = channel.connector.list_choices(kind)
                except FailureError as error:
                    if error.failure.code not in ("SCOPE_MISSING", "PERMISSION", "NOT_FOUND"):
                        raise
                    continue
                with self._deps.sessions() as session:
                    channel_options.store_options(session, integration_id, kind, choices)
                    session.commit()
                found.append(kind)
                total += len(choices)
        with self._deps.sessions() as session:
            params = {"kinds": ", ".join(found)}
            event = journal.event(
                integration_id, "", "options_loaded", hop="lifecycle", status="info", params=params, actor=by
            )
            journal.write(session, [event])
            session.commit()
        return total

    @activity.defn(name="fetch_taxonomy")
    @reports_failures
    def fetch_taxonomy(self, integration_id: str, by: str) -> int:
        """Fetch a marketplace's categories, attributes and values; returns how many categories there are."""
        with open_channel(self._deps, integration_id) as channel:
            if not isinstance(channel.connector, DescribesTaxonomy):
                raise FailureError(Failure.of("FEATURE_UNKNOWN", feature="taxonomy"))
            found = channel.connector.fetch_taxonomy()
        with self._deps.sessions() as session:
            category_mapping.store_taxonomy(session, integration_id, found)
            params = {"kinds": f"{len(found.nodes)} / {len(found.attributes)} / {len(found.values)}"}
            event = journal.event(
                integration_id, "articles", "options_loaded", hop="lifecycle", status="info", params=params, actor=by
            )
            journal.write(session, [event])
            session.commit()
        return len(found.nodes)

    @activity.defn(name="finish_grant")
    @reports_failures
    def finish_grant(self, integration_id: str, state: str, by: str) -> None:
        """Make credentials of what the vendor answered and store them; a second try with stored credentials is harmless.

        Raises `FailureError` GRANT_EXPIRED, GRANT_REFUSED or of the network.
        """
        spec = self._spec(integration_id)
        with self._deps.sessions() as session:
            grant = grants.answered_grant(session, self._deps.keyring, integration_id, state)
        form_model = next(each.form for each in spec.grants if each.kind is grant.kind)
        try:
            form = form_model.model_validate(grant.form)
        except ValidationError:
            raise FailureError(Failure.of("GRANT_EXPIRED")) from None
        account = open_account(self._deps, integration_id, spec)
        credentials = connectors.granted_credentials(spec.key, form, grant.answer, state, account, self._deps.transport)
        token = account.tokens.load()
        with self._deps.sessions() as session:
            store_credentials(session, self._deps.keyring, integration_id, credentials)
            grants.end_grant(session, state)
            event = journal.event(integration_id, "", "granted", hop="lifecycle", status="info", actor=by)
            journal.write(session, [event])
            session.commit()
        if token is not None:
            # Storing credentials forgets the token of the earlier ones; this one came with them.
            account.tokens.store(token)

    @activity.defn(name="remove_webhooks")
    @reports_failures
    def remove_webhooks(self, integration_id: str) -> None:
        """Take the subscriptions back; a shop that is gone or refuses keeps nobody waiting."""
        if not (self._deps.public_url and self._spec(integration_id).has_webhooks):
            return
        with self._deps.sessions() as session:
            row = webhooks.status(session, integration_id)
        if row is None:
            return
        try:
            with open_channel(self._deps, integration_id) as channel:
                if isinstance(channel.connector, KeepsWebhooks):
                    channel.connector.remove_webhooks(webhooks.address(self._deps.public_url, row.token))
        except FailureError as error:
            activity.logger.info("webhooks stay: %s", error.failure.code)


def watch_webhooks(deps: Deps, _limit: int) -> HouseDone:
    """Look after the subscriptions of some productive integrations: what is missing or disabled is made or mended.

    Without a public address there is nothing to subscribe to; the schedules poll all the same.
    """
    now = datetime.now(UTC)
    keys = [key for key, spec in connectors.specs().items() if spec.has_webhooks]
    with deps.sessions() as session:
        webhooks.forget_old(session, now)
        ids = webhooks.due(session, keys, now, LOOKED_AT_ONCE) if deps.public_url else []
        session.commit()
    for integration_id in ids:
        report = _look_after(deps, integration_id)
        with deps.sessions() as session:
            webhooks.note_report(session, integration_id, report, now)
            session.commit()
    return HouseDone(done=0, left=len(ids) == LOOKED_AT_ONCE)


def _look_after(deps: Deps, integration_id: str) -> WebhookReport:
    with deps.sessions() as session:
        hook = webhooks.ensure_hook(session, deps.keyring, integration_id)
        session.commit()
    try:
        with open_channel(deps, integration_id) as channel:
            if not isinstance(channel.connector, KeepsWebhooks):
                return WebhookReport()
            return channel.connector.ensure_webhooks(webhooks.address(deps.public_url, hook.token), hook.secret)
    except FailureError as error:
        return WebhookReport(failure=error.failure)
