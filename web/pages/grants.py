"""Authorising an account at the vendor's own page instead of pasting keys (D§1.4): there, back, and the exchange."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

import connectors
from canonical.channel import GrantKind
from canonical.failure import FailureError
from canonical.lifecycle import By, GrantAnswered
from connectors.spec import ConnectorSpec, Grant
from erp import grants
from erp.queries import integrations
from erp.queries.integrations import IntegrationRow
from web import credential_form, places
from web.context import (
    Db,
    Form,
    deps_of,
    go,
    in_db,
    lifecycle_of,
    not_found,
    render,
    render_async,
    today,
    visitor_of,
    voice_of,
)
from web.i18n import N_

router = APIRouter(include_in_schema=False)


def public_base(request: Request) -> str:
    """Our address as vendors and browsers reach it."""
    return deps_of(request).settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")


def _found(request: Request, session: Session, integration_id: str) -> tuple[IntegrationRow, ConnectorSpec]:
    row = integrations.find(session, integration_id, today())
    spec = deps_of(request).specs.get(row.connector) if row else None
    if row is None or spec is None:
        raise not_found()
    return row, spec


def _grant(spec: ConnectorSpec, kind: str) -> Grant:
    found = next((grant for grant in spec.grants if grant.kind.value == kind), None)
    if found is None:
        raise not_found()
    return found


def _form_page(
    request: Request, row: IntegrationRow, spec: ConnectorSpec, grant: Grant, entered: credential_form.Entered | None
) -> HTMLResponse:
    fields = credential_form.fields(
        grant.form,
        entered.typed if entered else {},
        visitor_of(request).language,
        is_stored=False,
        errors=entered.errors if entered else {},
    )
    general = entered.errors.get("", "") if entered else ""
    status = 422 if entered else 200
    return render(
        request,
        "wizard_grant.html",
        status,
        row=row,
        connector=spec,
        grant=grant,
        fields=fields,
        general=general,
        target="",
    )


@router.get("/integrations/{integration_id}/setup/authorize/{kind}", response_class=HTMLResponse)
def enter(request: Request, db: Db, integration_id: str, kind: str) -> Response:
    """What must be known before the vendor can be asked: the shop's address."""
    row, spec = _found(request, db, integration_id)
    return _form_page(request, row, spec, _grant(spec, kind), None)


@router.post("/integrations/{integration_id}/setup/authorize/{kind}")
async def begin(request: Request, integration_id: str, kind: str, form: Form) -> Response:
    """Remember the grant and show the way to the vendor: a link, because a form of ours never leads to a foreign host."""
    voice, by = voice_of(request), visitor_of(request).email
    keyring = deps_of(request).keyring

    def prepare(
        session: Session,
    ) -> tuple[IntegrationRow, ConnectorSpec, Grant, credential_form.Entered, str]:
        row, spec = _found(request, session, integration_id)
        grant = _grant(spec, kind)
        entered = credential_form.enter(grant.form, form, None, voice)
        state = ""
        if entered.credentials is not None:
            state = grants.begin_grant(session, keyring, integration_id, grant.kind, entered.credentials, by)
        return row, spec, grant, entered, state

    row, spec, grant, entered, state = await in_db(request, prepare)
    if entered.credentials is None:
        return await in_db(request, lambda _: _form_page(request, row, spec, grant, entered))
    base = public_base(request)
    back = f"{base}{places.integration(integration_id)}/setup/granted"
    target = connectors.authorize_url(
        spec.key,
        entered.credentials,
        return_url=f"{base}/authorized" if grant.kind is GrantKind.REDIRECT else back,
        callback_url=f"{base}/hooks/keys/{state}",
        state=state,
    )
    host = urlsplit(target).netloc
    return await render_async(
        request,
        "wizard_grant.html",
        row=row,
        connector=spec,
        grant=grant,
        fields=(),
        general="",
        target=target,
        host=host,
    )


@router.get("/authorized")
async def authorized(request: Request) -> Response:
    """The browser comes back with the vendor's answer: it is exchanged for credentials by the integration's entity."""
    answer = dict(request.query_params)
    state = answer.get("state", "")
    now = datetime.now(UTC)
    keyring = deps_of(request).keyring
    try:
        integration_id = await in_db(request, lambda session: grants.answer_grant(session, keyring, state, answer, now))
    except FailureError as error:
        return go(request, "/integrations", failure=error.failure)
    here = f"{places.integration(integration_id)}/setup/credentials"
    command = GrantAnswered(state=state, by=visitor_of(request).email)
    try:
        await lifecycle_of(request).send(integration_id, "grant_answered", command)
    except FailureError as error:
        return go(request, here, failure=error.failure)
    return go(request, here, N_("The shop has granted access. Now test the connection."))


@router.get("/integrations/{integration_id}/setup/granted")
def granted(request: Request, db: Db, integration_id: str) -> Response:
    """The browser comes back without keys: the shop has sent them already, or it will not."""
    row, _ = _found(request, db, integration_id)
    here = f"{places.integration(row.id)}/setup/credentials"
    if request.query_params.get("success") == "0":
        return go(request, here, N_("The shop has not granted access."))
    if not integrations.setup(db, row.id).has_credentials:
        return go(
            request,
            here,
            N_("The shop has not sent its keys: it must reach the address %(address)s."),
            address=public_base(request),
        )
    return go(request, here, N_("The shop has granted access. Now test the connection."))


@router.post("/integrations/{integration_id}/choices")
async def reload_choices(request: Request, integration_id: str, form: Form) -> Response:
    """Fetch the channel's option lists anew ("reload options")."""
    target = str(form.get("next") or places.integration(integration_id))
    await lifecycle_of(request).send(integration_id, "reload_choices", By(by=visitor_of(request).email))
    return go(request, target, N_("The options of the channel are loaded."))
