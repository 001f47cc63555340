"""The settings page of a feature, generated from its model: the same for every connector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.lifecycle import Configure, RunNow
from canonical.settings import FeatureSettings, LocationStockSettings, MappingKind, StockSettings
from connectors.spec import FeatureSpec
from erp import channel_options
from erp.availability import traps
from erp.feature_settings import load_settings, mapping_fields
from erp.mappings import delete_mapping, set_mapping
from erp.queries import mappings, options
from erp.queries.integrations import IntegrationRow
from web import forms, places
from web.context import Db, Form, deps_of, go, in_db, lifecycle_of, not_found, render, visitor_of, voice_of
from web.i18n import N_
from web.pages.integration import feature_or_404, found_or_404, named

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Loaded:
    """What the page shows, read in one go."""

    row: IntegrationRow
    feature: Feature
    spec: FeatureSpec
    settings: FeatureSettings
    revision: int
    offers: forms.Offers
    traps: Sequence[str] = ()
    """Codes of what the stored settings walk into."""


def _load(request: Request, session: Session, integration_id: str, name: str) -> Loaded:
    row = found_or_404(session, integration_id)
    feature = feature_or_404(row, name)
    connector = deps_of(request).specs.get(row.connector)
    if connector is None or feature not in connector.features:
        raise not_found()
    spec = connector.features[feature]
    settings, revision = load_settings(session, integration_id, feature, spec.settings)
    kinds = forms.mappings_of(spec.settings)
    offers = forms.Offers(
        choices={kind: options.choices(session, kind) for kind in forms.options_of(spec.settings)},
        rows={kind: mappings.rows(session, integration_id, kind) for kind in kinds},
        suggestions={kind: mappings.suggestions(session, kind) for kind in kinds},
        channel={
            kind: [options.Choice(each.value, each.label) for each in choices]
            for kind, choices in channel_options.options(session, integration_id).items()
        },
    )
    found = traps(session, settings) if isinstance(settings, StockSettings | LocationStockSettings) else []
    return Loaded(row, feature, spec, settings, revision, offers, [code for code in found if code != "NO_WAREHOUSE"])


@router.get("/integrations/{integration_id}/features/{name}", response_class=HTMLResponse)
def show(request: Request, db: Db, integration_id: str, name: str, open: str = "") -> HTMLResponse:
    """The feature's settings; `open` names a mapping value to be repaired."""
    return _page(request, _load(request, db, integration_id, name), wanted=open)


def _page(
    request: Request,
    loaded: Loaded,
    *,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
    failure: Failure | None = None,
    wanted: str = "",
) -> HTMLResponse:
    language = visitor_of(request).language
    values = loaded.settings.model_dump() if typed is None else typed
    sections = forms.sections(loaded.spec.settings, values, loaded.offers, voice_of(request), errors)
    model = loaded.spec.settings
    return render(
        request,
        "feature.html",
        422 if failure or errors else 200,
        row=loaded.row,
        tab=loaded.feature.value,
        state=loaded.row.feature(loaded.feature),
        spec=loaded.spec,
        feature=loaded.feature,
        sections=sections,
        traps=loaded.traps,
        missing=[(key, forms.title_of(model.model_fields[key], language)) for key in loaded.settings.missing()],
        open_rows=[(kind, entry) for kind, rows in loaded.offers.rows.items() for entry in rows if entry.is_open],
        revision=loaded.revision,
        has_channel_options=forms.uses_channel_options(model),
        failure=failure,
        errors=errors or {},
        wanted=wanted,
    )


@router.post("/integrations/{integration_id}/features/{name}")
async def save(request: Request, integration_id: str, name: str, form: Form) -> Response:
    """Save mapping tables in the database and settings through the entity; then let released documents run.

    Nothing is stored while a field is wrong; what was typed is shown again.
    """
    visitor = visitor_of(request)
    loaded = await in_db(request, lambda session: _load(request, session, integration_id, name))
    parsed = forms.parse(loaded.spec.settings, form, voice_of(request))
    if parsed.settings is None:
        return await _again(request, loaded, form, parsed.typed, parsed.errors)
    released, mapped = await in_db(request, lambda session: _save_mappings(session, loaded, form, visitor.email))
    tables = set(mapping_fields(loaded.spec.settings))
    values = parsed.settings.model_dump(mode="json", exclude=tables)
    try:
        if loaded.revision == 0 or values != _sorted(loaded.settings.model_dump(mode="json", exclude=tables), values):
            command = Configure(feature=loaded.feature, values=values, by=visitor.email)
            await lifecycle_of(request).send(integration_id, "configure", command)
        if released:
            hint = RunNow(feature=loaded.feature, trigger="hint", by=visitor.email)
            await lifecycle_of(request).send(integration_id, "run_now", hint)
    except FailureError as error:
        fresh = await in_db(request, lambda session: _load(request, session, integration_id, name))
        failure = named(error.failure, request, fresh.row, fresh.feature)
        return await run_in_threadpool(lambda: _page(request, fresh, typed=parsed.typed, failure=failure))
    here = places.feature(integration_id, loaded.feature)
    if released:
        return go(request, here, N_("Saved. %(number)s waiting documents run again."), number=released)
    return go(
        request, here, N_("The mapping is saved.") if mapped and not parsed.typed else N_("The settings are saved.")
    )


def _sorted(stored: dict[str, Any], posted: Mapping[str, Any]) -> dict[str, Any]:
    """Stored values with sets in the posted order where they hold the same: sets have no order."""
    return {
        key: posted[key] if isinstance(value, list) and sorted(value) == sorted(posted[key]) else value
        for key, value in stored.items()
    }


def _save_mappings(session: Session, loaded: Loaded, form: FormData, by: str) -> tuple[int, int]:
    """Store what changed in the mapping tables; returns released documents and changed rows."""
    released = changes = 0
    for name, kind in mapping_fields(loaded.spec.settings).items():
        changed, gone = forms.mapping_changes(name, form, loaded.offers.rows.get(kind, ()))
        for value, target in changed.items():
            released += set_mapping(session, loaded.row.id, kind, value, target, by)
        for value in gone:
            delete_mapping(session, loaded.row.id, kind, value, by)
        changes += len(changed) + len(gone)
    return released, changes


async def _again(
    request: Request, loaded: Loaded, form: FormData, typed: Mapping[str, Any], errors: Mapping[str, str]
) -> Response:
    """The page once more with everything that was typed, mapping rows included."""
    rows: dict[MappingKind, Sequence[mappings.MappingRow]] = {}
    for name, kind in mapping_fields(loaded.spec.settings).items():
        stored = {row.channel_value: row for row in loaded.offers.rows.get(kind, ())}
        posted = zip(form.getlist(f"{name}.channel"), form.getlist(f"{name}.erp"), strict=False)
        rows[kind] = [
            mappings.MappingRow(
                channel_value=str(value),
                erp_value=str(target),
                seen=stored[str(value)].seen if str(value) in stored else 0,
                waiting=stored[str(value)].waiting if str(value) in stored else 0,
            )
            for value, target in posted
            if str(value).strip()
        ]
    offers = replace(loaded.offers, rows=rows)
    again = replace(loaded, offers=offers)
    return await run_in_threadpool(lambda: _page(request, again, typed=typed, errors=errors))
