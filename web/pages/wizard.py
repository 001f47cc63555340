"""The wizard (D§1.4): every step is an update on the entity workflow; it can be left and resumed at any step."""

import re
from dataclasses import dataclass
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from canonical.check import CheckReport
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.lifecycle import By, ChooseFeatures, CreateIntegration
from connectors.spec import ConnectorSpec
from erp.credentials import load_credentials, store_credentials
from erp.queries import integrations
from erp.queries.integrations import IntegrationRow, Setup
from web import credential_form, places
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
    texts,
    today,
    visitor_of,
    voice_of,
)
from web.i18n import N_

router = APIRouter(include_in_schema=False)
STEPS = ("basics", "credentials", "features", "create")
_ID = re.compile(r"[a-z0-9]{8,32}")


@dataclass(frozen=True)
class Stage:
    """What every step's page needs: the integration, its connector, and what is stored of it."""

    row: IntegrationRow
    spec: ConnectorSpec
    setup: Setup


def _stage(request: Request, session: Session, integration_id: str) -> Stage:
    row = integrations.find(session, integration_id, today())
    if row is None or row.connector not in deps_of(request).specs:
        raise not_found()
    return Stage(row, deps_of(request).specs[row.connector], integrations.setup(session, integration_id))


@router.get("/connectors/{key}/new", response_class=HTMLResponse)
def basics(request: Request, db: Db, key: str) -> Response:
    """Step 1: a name. The id is in the form, so that a double click creates one integration."""
    if key not in deps_of(request).specs:
        raise not_found()
    if key not in integrations.installed(db):
        return go(request, "/connectors", failure=Failure.of("NOT_INSTALLED", connector=key))
    spec = deps_of(request).specs[key]
    return render(
        request, "wizard_basics.html", spec=spec, name=spec.title, id=uuid4().hex[:12], failure=None, error=""
    )


@router.post("/connectors/{key}/new")
async def create(request: Request, key: str, form: Form) -> Response:
    """Start the entity workflow and create the integration in development mode."""
    spec = deps_of(request).specs.get(key)
    integration_id, name = text(form, "id"), text(form, "name")
    if spec is None or not _ID.fullmatch(integration_id):
        raise not_found()
    shown = {"spec": spec, "name": name, "id": integration_id}
    if not 1 <= len(name) <= 120:
        error = N_("Please enter a name of at most 120 characters.")
        return await render_async(request, "wizard_basics.html", 422, **shown, failure=None, error=error)
    command = CreateIntegration(id=integration_id, connector=key, name=name, by=visitor_of(request).email)
    try:
        await lifecycle_of(request).create(command)
    except FailureError as error:
        # A refused id is spent: its workflow has ended. The next try gets a new one.
        shown["id"] = uuid4().hex[:12]
        return await render_async(request, "wizard_basics.html", 422, **shown, failure=error.failure, error="")
    return go(request, f"{places.integration(integration_id)}/setup/credentials")


@router.get("/integrations/{integration_id}/setup")
def resume(request: Request, db: Db, integration_id: str) -> Response:
    """Go on at the step where the wizard was left."""
    stage = _stage(request, db, integration_id)
    if stage.row.is_set_up:
        return go(request, places.integration(integration_id))
    step = stage.row.wizard_step if stage.row.wizard_step in STEPS[1:] else "credentials"
    return go(request, f"{places.integration(integration_id)}/setup/{step}")


@router.get("/integrations/{integration_id}/setup/credentials", response_class=HTMLResponse)
def credentials(request: Request, db: Db, integration_id: str) -> HTMLResponse:
    """Step 2: the connector's own form, and the connection test."""
    return _credentials_page(request, _stage(request, db, integration_id))


def _credentials_page(
    request: Request,
    stage: Stage,
    entered: credential_form.Entered | None = None,
    failure: Failure | None = None,
) -> HTMLResponse:
    language = visitor_of(request).language
    fields = credential_form.fields(
        stage.spec.credentials,
        entered.typed if entered else stage.setup.shown,
        language,
        is_stored=stage.setup.has_credentials,
        errors=entered.errors if entered else {},
    )
    general = entered.errors.get("", "") if entered else ""
    status = 422 if failure or (entered and entered.errors) else 200
    return render(
        request, "wizard_credentials.html", status, stage=stage, fields=fields, failure=failure, general=general
    )


@router.post("/integrations/{integration_id}/setup/credentials")
async def store(request: Request, integration_id: str, form: Form) -> Response:
    """Store the credentials sealed, tell the entity, and test the connection if that was asked for."""
    voice = voice_of(request)
    keyring = deps_of(request).keyring

    def save(session: Session) -> tuple[Stage, credential_form.Entered]:
        stage = _stage(request, session, integration_id)
        stored = _stored(session, request, stage)
        entered = credential_form.enter(stage.spec.credentials, form, stored, voice)
        if entered.credentials is not None:
            store_credentials(session, keyring, integration_id, entered.credentials)
        return stage, entered

    stage, entered = await in_db(request, save)
    if entered.credentials is None:
        return await run_in_threadpool(_credentials_page, request, stage, entered)
    by = By(by=visitor_of(request).email)
    try:
        await lifecycle_of(request).send(integration_id, "credentials_stored", by)
        await lifecycle_of(request).send(integration_id, "test_connection", by, CheckReport)
    except FailureError as error:
        fresh = await in_db(request, lambda session: _stage(request, session, integration_id))
        return await run_in_threadpool(_credentials_page, request, fresh, None, error.failure)
    here = f"{places.integration(integration_id)}/setup/credentials"
    if entered.cleaned:
        title, pasted, taken = entered.cleaned[0]
        said = N_("%(field)s: we took “%(taken)s” from “%(pasted)s”.")
        return go(request, here, said, field=title, taken=taken, pasted=pasted)
    return go(request, here)


def _stored(session: Session, request: Request, stage: Stage) -> BaseModel | None:
    """The stored credentials, for secrets that are left as they are."""
    if not stage.setup.has_credentials:
        return None
    try:
        return load_credentials(session, deps_of(request).keyring, stage.row.id, stage.spec.credentials)
    except FailureError:
        return None


@router.get("/integrations/{integration_id}/setup/progress", response_class=HTMLResponse)
async def progress(request: Request, integration_id: str) -> HTMLResponse:
    """A piece of a page: what the entity is doing at this moment."""
    try:
        state = await lifecycle_of(request).status(integration_id)
    except FailureError as error:
        return fragment(request, "progress.html", working_on="", failure=error.failure)
    return fragment(request, "progress.html", working_on=state.working_on, failure=state.problem)


@router.get("/integrations/{integration_id}/setup/features", response_class=HTMLResponse)
def features(request: Request, db: Db, integration_id: str) -> Response:
    """Step 3: which features take part; those without permission are locked with the reason."""
    stage = _stage(request, db, integration_id)
    if stage.row.wizard_step == "credentials":
        return go(
            request,
            f"{places.integration(integration_id)}/setup/credentials",
            N_("Test the connection first: the features depend on what the shop permits."),
        )
    return _features_page(request, stage)


def _features_page(
    request: Request, stage: Stage, chosen: set[Feature] | None = None, failure: Failure | None = None
) -> HTMLResponse:
    report = stage.setup.report
    locked = {
        feature: next(
            (item.failure for item in report.items if item.feature in (None, feature) and item.failure is not None),
            None,
        )
        for feature in stage.spec.features
        if report is not None and not report.permits(feature)
    }
    if chosen is None:
        already = {row.feature for row in stage.row.features}
        chosen = already if stage.row.is_set_up else set(stage.spec.features) - set(locked)
    status = 422 if failure else 200
    return render(request, "wizard_features.html", status, stage=stage, locked=locked, chosen=chosen, failure=failure)


@router.post("/integrations/{integration_id}/setup/features")
async def choose(request: Request, integration_id: str, form: Form) -> Response:
    """Choose the features; each gets a schedule that does not run yet."""
    stage = await in_db(request, lambda session: _stage(request, session, integration_id))
    chosen = {feature for feature in stage.spec.features if feature.value in texts(form, "features")}
    command = ChooseFeatures(features=tuple(sorted(chosen)), by=visitor_of(request).email)
    try:
        await lifecycle_of(request).send(integration_id, "choose_features", command)
    except FailureError as error:
        return await run_in_threadpool(_features_page, request, stage, chosen, error.failure)
    if stage.row.is_set_up:
        return go(request, f"{places.integration(integration_id)}/settings", N_("The features are saved."))
    return go(request, f"{places.integration(integration_id)}/setup/create")


@router.get("/integrations/{integration_id}/setup/create", response_class=HTMLResponse)
def created(request: Request, db: Db, integration_id: str) -> Response:
    """Step 4: what was set up, and what comes next."""
    stage = _stage(request, db, integration_id)
    if not stage.row.is_set_up:
        return go(request, f"{places.integration(integration_id)}/setup")
    return render(request, "wizard_create.html", stage=stage)
