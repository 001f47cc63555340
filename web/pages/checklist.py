"""The preparation checklist: one row per item of D§4.1, its state per integration, and one click that creates it."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.lifecycle import Configure
from canonical.settings import OrderSettings
from connectors.spec import ConnectorSpec
from erp.checklist import Entry, Item, checklists, missing_values
from erp.feature_settings import load_settings, mapping_fields
from erp.preparation import DEFAULTS, ensure
from erp.queries import integrations
from web.context import Db, Form, deps_of, go, in_db, lifecycle_of, not_found, render, text, visitor_of
from web.i18n import N_

router = APIRouter(include_in_schema=False)
CREATABLE = tuple(item for item in Item if item is not Item.ISSUER)
"""Everything but what only a person knows."""


def _order_settings(session: Session, specs: Mapping[str, ConnectorSpec]) -> dict[str, OrderSettings]:
    """The order settings of every integration that imports orders."""
    found: dict[str, OrderSettings] = {}
    for row in integrations.rail(session):
        spec = specs.get(row.connector)
        if spec is None or Feature.ORDERS not in spec.features or row.feature(Feature.ORDERS) is None:
            continue
        settings, _ = load_settings(session, row.id, Feature.ORDERS, spec.features[Feature.ORDERS].settings)
        if isinstance(settings, OrderSettings):
            found[row.id] = settings
    return found


@router.get("/checklist", response_class=HTMLResponse)
def show(request: Request, db: Db) -> HTMLResponse:
    """All items against all integrations."""
    settings = _order_settings(db, deps_of(request).specs)
    judged = checklists(db, settings)
    by_item = {
        item: {key: entry for key, found in judged.items() for entry in found if entry.item is item} for item in Item
    }
    return render(
        request,
        "checklist.html",
        items=by_item,
        integrations=[row for row in integrations.rail(db) if row.id in settings],
        creatable=CREATABLE,
        missing=sum(1 for found in judged.values() for entry in found if _asks(entry)),
    )


def _asks(entry: Entry) -> bool:
    return entry.is_needed and not entry.is_ready


@router.post("/checklist")
async def create(request: Request, form: Form) -> Response:
    """Create one item's defaults, or all that is missing; with an integration its settings name them from then on."""
    named, integration_id = text(form, "item"), text(form, "integration")
    if named and named not in {item.value for item in CREATABLE}:
        raise not_found()
    wanted = [Item(named)] if named else list(CREATABLE)

    def work(session: Session) -> tuple[int, dict[str, dict[str, Any]]]:
        created = ensure(session, wanted).created
        settings = _order_settings(session, deps_of(request).specs)
        if integration_id:
            settings = {key: one for key, one in settings.items() if key == integration_id}
        judged = checklists(session, settings)
        changes: dict[str, dict[str, Any]] = {}
        for key, one in settings.items():
            entries = [entry for entry in judged[key] if entry.item in wanted]
            if values := missing_values(entries, DEFAULTS, one):
                kept = one.model_dump(mode="json", exclude=set(mapping_fields(type(one))))
                changes[key] = kept | values
        return len(created), changes

    created, changes = await in_db(request, work)
    by = visitor_of(request).email
    try:
        for key, values in changes.items():
            await lifecycle_of(request).send(key, "configure", Configure(feature=Feature.ORDERS, values=values, by=by))
    except FailureError as error:
        return go(request, "/checklist", failure=error.failure)
    said = N_("%(created)s entries created, %(changed)s integrations use them.")
    return go(request, "/checklist", said, created=created, changed=len(changes))
