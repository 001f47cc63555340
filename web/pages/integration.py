"""An integration's page and its commands; every command is one update on the entity workflow."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

import connectors
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.lifecycle import By, Configure, Delete, ForFeature, Pause, Rename, RunNow
from canonical.push import AnswerKind
from canonical.settings import AdvancedSettings
from connectors.protocol import PullsOrders
from erp import inbox, order_replies, webhooks
from erp.feature_settings import load_settings
from erp.integrations import state_of
from erp.queries import acceptance, articles, integrations, journal, mappings, runs
from erp.queries.integrations import IntegrationRow
from erp.secrets import SealBroken
from erp.tables import Run
from web import forms, places, words
from web.context import (
    Db,
    Form,
    deps_of,
    fragment,
    go,
    in_db,
    lifecycle_of,
    not_found,
    render,
    render_async,
    text,
    today,
    visitor_of,
    voice_of,
)
from web.forms import SectionView
from web.i18n import N_
from web.pages import channel_tasks
from workflows import ids

router = APIRouter(include_in_schema=False)
SCHEDULE_PATIENCE = 2.0
"""Seconds a page waits for Temporal's schedules before it is shown without them."""
SAID = {
    "activate": N_("%(feature)s is switched on."),
    "deactivate": N_("%(feature)s is switched off."),
    "resume": N_("%(feature)s goes on."),
    "resolve": N_("%(feature)s is released and runs again."),
    "pause": N_("%(feature)s is paused."),
    "run_now": N_("%(feature)s was started."),
}


def found_or_404(session: Session, integration_id: str) -> IntegrationRow:
    """The integration with its counts."""
    row = integrations.find(session, integration_id, today())
    if row is None:
        raise not_found()
    return row


def feature_or_404(row: IntegrationRow, name: str) -> Feature:
    """One of the integration's chosen features, from a path."""
    found = next((state.feature for state in row.features if state.feature.value == name), None)
    if found is None:
        raise not_found()
    return found


async def next_runs(client: Client, integration_id: str, features: Sequence[Feature]) -> dict[Feature, datetime]:
    """When each feature's schedule runs next, from Temporal; what cannot be asked now is left out."""

    async def ask(feature: Feature) -> datetime | None:
        try:
            about = await client.get_schedule_handle(ids.feature(integration_id, feature)).describe()
        except RPCError:
            return None
        if about.schedule.state.paused or not about.info.next_action_times:
            return None
        return about.info.next_action_times[0]

    try:
        times = await asyncio.wait_for(asyncio.gather(*(ask(feature) for feature in features)), SCHEDULE_PATIENCE)
    except TimeoutError:
        return {}
    return {feature: at for feature, at in zip(features, times, strict=True) if at is not None}


@router.get("/integrations/{integration_id}", response_class=HTMLResponse)
async def overview(request: Request, integration_id: str) -> Response:
    """Today's orders, what waits, each feature's last and next run, and what comes next."""

    def read(session: Session) -> tuple[IntegrationRow, dict[str, Any]]:
        row = found_or_404(session, integration_id)
        return row, {
            "row": row,
            "runs": runs.of_integration(session, integration_id, 6),
            "open_values": mappings.count_open(session, integration_id),
            "listed": articles.count_listed(session, integration_id),
            "has_filter": bool(articles.filters(session, integration_id, 1)),
            "events": journal.lifecycle_events(session, integration_id, 8),
            "acceptance": acceptance.waiting(session, integration_id),
            **_notifications(request, session, row),
            **channel_tasks.card(session, row.id, row.connector),
        }

    row, shown = await in_db(request, read)
    if not row.is_set_up:
        return go(request, f"{places.integration(integration_id)}/setup")
    upcoming = await next_runs(deps_of(request).temporal, integration_id, [state.feature for state in row.features])
    is_running = await _is_running(request, integration_id)
    return await render_async(
        request, "integration.html", **shown, upcoming=upcoming, tab="overview", is_running=is_running
    )


def _notifications(request: Request, session: Session, row: IntegrationRow) -> dict[str, Any]:
    """What the shop tells by itself, and why it does not."""
    spec = deps_of(request).specs.get(row.connector)
    stored = webhooks.status(session, row.id)
    failure = Failure.of(stored.code, **stored.params) if stored and stored.code else None
    if not deps_of(request).settings.public_url:
        failure = Failure.of("PUBLIC_URL_MISSING")
    return {"has_webhooks": bool(spec and spec.has_webhooks), "hooks": stored, "hooks_failure": failure}


@router.post("/integrations/{integration_id}/acceptance")
async def answer_order(request: Request, integration_id: str, form: Form) -> Response:
    """Accept or refuse an order that the channel holds back, and hint the run that says so."""
    by, order = visitor_of(request).email, text(form, "order")
    kind = AnswerKind.ACCEPT if text(form, "answer") == "accept" else AnswerKind.REFUSE

    def ask(session: Session) -> bool:
        row = found_or_404(session, integration_id)
        spec = deps_of(request).specs.get(row.connector)
        if spec is None or not spec.answers_orders:
            raise not_found()
        found = acceptance.waiting_order(session, integration_id, order)
        if found is None:
            return False
        lines = _lines_of(request, session, row.connector, found.document_id)
        order_replies.request_reply(session, integration_id, order, kind, lines, by)
        return True

    back = f"{places.integration(integration_id)}#acceptance"
    if not await in_db(request, ask):
        return go(request, back, failure=Failure.of("RECORD_GONE"))
    hint = RunNow(feature=Feature.ORDERS, trigger="hint", by=by)
    try:
        await lifecycle_of(request).send(integration_id, "run_now", hint)
    except FailureError as error:
        return go(request, back, failure=error.failure)
    said = N_("The channel is told that you accept the order.")
    return go(
        request, back, said if kind is AnswerKind.ACCEPT else N_("The channel is told that you refuse the order.")
    )


def _lines_of(request: Request, session: Session, connector: str, document_id: int) -> tuple[str, ...]:
    """The channel's refs of an order's lines; none of a document that cannot be read: the connector then looks them up."""
    try:
        body = inbox.open_document(session, deps_of(request).keyring, document_id)
        return tuple(line.ref for line in cast(PullsOrders, connectors.reader(connector)).read_order(body).lines)
    except (FailureError, SealBroken):
        return ()


async def _is_running(request: Request, integration_id: str) -> bool:
    """Whether the entity workflow runs; a server that is slow or away does not count against it.

    Its status query will not do: Temporal answers queries of ended workflows, too.
    """
    handle = deps_of(request).temporal.get_workflow_handle(ids.integration(integration_id))
    try:
        about = await asyncio.wait_for(handle.describe(), SCHEDULE_PATIENCE)
    except TimeoutError:
        return True
    except RPCError as error:
        return error.status is not RPCStatusCode.NOT_FOUND
    return about.status is WorkflowExecutionStatus.RUNNING


@router.get("/integrations/{integration_id}/runs", response_class=HTMLResponse)
def newest_runs(request: Request, db: Db, integration_id: str) -> HTMLResponse:
    """A piece of the page: the newest runs, asked for again while something runs."""
    found: list[Run] = runs.of_integration(db, integration_id, 6)
    return fragment(request, "runs_card.html", runs=found, row=found_or_404(db, integration_id))


@router.get("/integrations/{integration_id}/numbers", response_class=HTMLResponse)
def numbers(request: Request, db: Db, integration_id: str) -> HTMLResponse:
    """A piece of the page: its four numbers, asked for again when a run changed."""
    return fragment(
        request,
        "numbers.html",
        row=found_or_404(db, integration_id),
        listed=articles.count_listed(db, integration_id),
        has_filter=bool(articles.filters(db, integration_id, 1)),
    )


@router.post("/integrations/{integration_id}/start-again")
async def start_again(request: Request, integration_id: str) -> Response:
    """Start a terminated entity again; it rebuilds itself from the database."""
    state = await in_db(request, lambda session: state_of(session, integration_id))
    if state is None:
        raise not_found()
    await lifecycle_of(request).start_again(state)
    return go(request, places.integration(integration_id), N_("The integration's workflow runs again."))


@router.post("/integrations/{integration_id}/features/{name}/{command}")
async def command_feature(request: Request, integration_id: str, name: str, command: str, form: Form) -> Response:
    """Activate, deactivate, pause, resume, resolve or run one feature."""
    by = visitor_of(request).email
    row = await in_db(request, lambda session: found_or_404(session, integration_id))
    feature = feature_or_404(row, name)
    update = command.replace("-", "_")
    if update not in SAID:
        raise not_found()
    payload: ForFeature | Pause | RunNow = ForFeature(feature=feature, by=by)
    if update == "pause":
        payload = Pause(feature=feature, note=text(form, "note")[:300], by=by)
    if update == "run_now":
        payload = RunNow(feature=feature, records=_records(text(form, "records")), by=by)
    back = text(form, "next") or places.integration(integration_id)
    try:
        await lifecycle_of(request).send(integration_id, update, payload)
    except FailureError as error:
        return go(request, back, failure=named(error.failure, request, row, feature))
    said = voice_of(request).say(words.word("feature", feature.value))
    return go(request, back, SAID[update], feature=said)


def _records(joined: str) -> tuple[str, ...]:
    """Numbers separated by commas, blanks or lines."""
    return tuple(dict.fromkeys(part for part in joined.replace(",", " ").replace(";", " ").split() if part))[:500]


def named(failure: Failure, request: Request, row: IntegrationRow, feature: Feature | None) -> Failure:
    """Name missing settings by their titles in the visitor's language instead of their keys."""
    spec = deps_of(request).specs.get(row.connector)
    if failure.code != "SETTINGS_INCOMPLETE" or spec is None or (feature and feature not in spec.features):
        return failure
    model = spec.features[feature].settings if feature else AdvancedSettings
    language = visitor_of(request).language
    keys = [key.strip() for key in failure.params.get("fields", "").split(",")]
    titles = [
        forms.title_of(model.model_fields[key], language, key) if key in model.model_fields else key for key in keys
    ]
    return failure.model_copy(update={"params": {"fields": ", ".join(titles)}})


@router.get("/integrations/{integration_id}/settings", response_class=HTMLResponse)
def settings(request: Request, db: Db, integration_id: str) -> HTMLResponse:
    """Name, credentials, features, advanced settings, and the danger zone."""
    return _settings_page(request, db, integration_id)


def _settings_page(
    request: Request,
    session: Session,
    integration_id: str,
    *,
    typed: dict[str, object] | None = None,
    errors: dict[str, str] | None = None,
    failure: Failure | None = None,
    name: str | None = None,
) -> HTMLResponse:
    row = found_or_404(session, integration_id)
    advanced, revision = load_settings(session, integration_id, None, AdvancedSettings)
    sections: list[SectionView] = forms.sections(
        AdvancedSettings,
        typed or advanced.model_dump(),
        forms.Offers(),
        voice_of(request),
        errors,
    )
    return render(
        request,
        "integration_settings.html",
        422 if failure or errors else 200,
        row=row,
        tab="settings",
        sections=sections,
        revision=revision,
        setup=integrations.setup(session, integration_id),
        spec=deps_of(request).specs.get(row.connector),
        failure=failure,
        name=row.name if name is None else name,
    )


async def _settings_again(request: Request, integration_id: str, failure: Failure, **typed: str) -> Response:
    def show() -> HTMLResponse:
        with deps_of(request).sessions() as session:
            return _settings_page(request, session, integration_id, failure=failure, name=typed.get("name"))

    return await run_in_threadpool(show)


@router.post("/integrations/{integration_id}/rename")
async def rename(request: Request, integration_id: str, form: Form) -> Response:
    """Give the integration another name."""
    name = text(form, "name")
    if not 1 <= len(name) <= 120:
        return go(
            request,
            f"{places.integration(integration_id)}/settings",
            N_("Please enter a name of at most 120 characters."),
        )
    try:
        await lifecycle_of(request).send(integration_id, "rename", Rename(name=name, by=visitor_of(request).email))
    except FailureError as error:
        return await _settings_again(request, integration_id, error.failure, name=name)
    return go(request, f"{places.integration(integration_id)}/settings", N_("The name is saved."))


@router.post("/integrations/{integration_id}/advanced")
async def configure(request: Request, integration_id: str, form: Form) -> Response:
    """Save the advanced settings as a new revision."""
    visitor = visitor_of(request)
    parsed = forms.parse(AdvancedSettings, form, voice_of(request))
    if parsed.settings is None:

        def show() -> HTMLResponse:
            with deps_of(request).sessions() as session:
                return _settings_page(
                    request, session, integration_id, typed=dict(parsed.typed), errors=dict(parsed.errors)
                )

        return await run_in_threadpool(show)
    values = parsed.settings.model_dump(mode="json")
    await lifecycle_of(request).send(integration_id, "configure", Configure(values=values, by=visitor.email))
    return go(request, f"{places.integration(integration_id)}/settings", N_("The settings are saved."))


@router.post("/integrations/{integration_id}/delete")
async def delete(request: Request, integration_id: str, form: Form) -> Response:
    """Delete the integration after its name was typed."""
    command = Delete(confirm=text(form, "confirm"), by=visitor_of(request).email)
    try:
        await lifecycle_of(request).send(integration_id, "delete", command)
    except FailureError as error:
        return await _settings_again(request, integration_id, error.failure)
    return go(request, "/integrations", N_("The integration is deleted. Its orders and its journal stay."))


@router.post("/integrations/{integration_id}/stop")
async def stop(request: Request, integration_id: str) -> Response:
    """Leave productive mode."""
    await lifecycle_of(request).send(integration_id, "stop", By(by=visitor_of(request).email))
    return go(request, places.integration(integration_id), N_("Productive mode is off. Running runs finish."))
