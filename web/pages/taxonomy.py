"""Category mapping (Kategorienmapping): our categories, properties and values to a marketplace's, with completeness shown."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from canonical.feature import Feature
from canonical.lifecycle import By
from erp import category_check, category_mapping
from erp.marketplace_content import FIELDS, Given, Source, attributes_of
from erp.queries import taxonomy
from erp.queries.integrations import IntegrationRow
from web import places
from web.context import Db, Form, deps_of, fragment, go, in_db, lifecycle_of, not_found, render, text, visitor_of
from web.i18n import N_
from web.pages.integration import found_or_404

router = APIRouter(include_in_schema=False)


def _found(request: Request, session: Session, integration_id: str) -> IntegrationRow:
    row = found_or_404(session, integration_id)
    spec = deps_of(request).specs.get(row.connector)
    if spec is None or not spec.has_taxonomy:
        raise not_found()
    return row


def _here(integration_id: str, code: str = "") -> str:
    base = f"{places.integration(integration_id)}/taxonomy"
    return f"{base}/category?{urlencode({'code': code})}" if code else base


@router.get("/integrations/{integration_id}/taxonomy", response_class=HTMLResponse)
def show(request: Request, db: Db, integration_id: str, q: str = "", category: int = 0) -> HTMLResponse:
    """Our tree; for the chosen category the marketplace's categories that fit what was typed."""
    row = _found(request, db, integration_id)
    rows = taxonomy.categories(db, integration_id)
    chosen = next((each for each in rows if each.id == category), None)
    return render(
        request,
        "taxonomy.html",
        row=row,
        tab="taxonomy",
        rows=rows,
        chosen=chosen,
        q=q,
        nodes=taxonomy.nodes(db, integration_id, q or "", 60) if chosen else [],
        suggested=category_mapping.suggest_categories(db, integration_id),
        has_taxonomy=category_mapping.has_taxonomy(db, integration_id),
        open_values=taxonomy.open_values(db, integration_id),
        feature=Feature.ARTICLES,
    )


@router.get("/integrations/{integration_id}/taxonomy/check", response_class=HTMLResponse)
def check(request: Request, db: Db, integration_id: str) -> HTMLResponse:
    """A piece of the page: how many articles are complete, by category, and what the others lack."""
    row = _found(request, db, integration_id)
    settings = deps_of(request).specs[row.connector].features[Feature.ARTICLES].settings
    public_url = deps_of(request).settings.public_url
    found = category_check.check(db, integration_id, settings, public_url)
    return fragment(request, "taxonomy_check.html", row=row, found=found)


@router.post("/integrations/{integration_id}/taxonomy/reload")
async def reload(request: Request, integration_id: str) -> Response:
    """Fetch the marketplace's categories and attributes anew."""
    await in_db(request, lambda session: _found(request, session, integration_id))
    await lifecycle_of(request).send(integration_id, "reload_taxonomy", By(by=visitor_of(request).email))
    return go(request, _here(integration_id), N_("The categories of the marketplace are loaded."))


@router.post("/integrations/{integration_id}/taxonomy")
async def map_category(request: Request, integration_id: str, form: Form) -> Response:
    """Map one of our categories, undo it, or take over all suggestions."""
    by = visitor_of(request).email

    def work(session: Session) -> int:
        _found(request, session, integration_id)
        if text(form, "suggested"):
            suggested = category_mapping.suggest_categories(session, integration_id)
        else:
            category = text(form, "category")
            suggested = {int(category): text(form, "code")} if category.isdecimal() else {}
        for category_id, code in suggested.items():
            category_mapping.map_category(session, integration_id, category_id, code, by)
        return len(suggested)

    count = await in_db(request, work)
    return go(request, _here(integration_id), N_("%(count)s categories are mapped."), count=count)


@router.get("/integrations/{integration_id}/taxonomy/category", response_class=HTMLResponse)
def attributes(request: Request, db: Db, integration_id: str, code: str) -> HTMLResponse:
    """The attributes of a marketplace's category: where each gets its value from, and which values are which."""
    row = _found(request, db, integration_id)
    found = category_mapping.load_tables(db, integration_id)
    if code not in found.lines:
        raise not_found()
    properties, fields = taxonomy.names(db)
    names = {Source.PROPERTY: properties, Source.CUSTOM_FIELD: fields}
    rows = taxonomy.attribute_rows(code, found)
    lists = {each.attribute.values_code for each in rows if each.attribute.values_code}
    return render(
        request,
        "taxonomy_category.html",
        row=row,
        tab="taxonomy",
        code=code,
        node=next(iter(taxonomy.nodes(db, integration_id, code, 1)), None),
        rows=rows,
        sources=_sources(names),
        suggested=category_mapping.suggest_sources(attributes_of(code, found), names),
        values={each: taxonomy.value_rows(db, integration_id, each) for each in lists},
        permitted={each: found.permitted.get(each, {}) for each in lists},
    )


def _sources(names: dict[Source, Any]) -> list[tuple[Source, list[str]]]:
    return [(Source.FIELD, list(FIELDS)), *((source, list(each)) for source, each in names.items())]


@router.post("/integrations/{integration_id}/taxonomy/category")
async def map_attributes(request: Request, integration_id: str, code: str, form: Form) -> Response:
    """Save where the attributes of a category get their values from, and what values mean."""
    by = visitor_of(request).email

    def work(session: Session) -> None:
        _found(request, session, integration_id)
        found = category_mapping.load_tables(session, integration_id)
        everywhere = bool(text(form, "everywhere"))
        for each in taxonomy.attribute_rows(code, found):
            name = each.attribute.code
            if f"source.{name}" not in form:
                continue
            given = _given(text(form, f"source.{name}"), text(form, f"constant.{name}"))
            if given != each.given:
                place = "" if everywhere else code
                category_mapping.map_attribute(session, integration_id, place, name, given, by)
        for list_code, own, value in zip(
            form.getlist("value.list"), form.getlist("value.own"), form.getlist("value.code"), strict=False
        ):
            stored = {row.own_value: row.code for row in taxonomy.value_rows(session, integration_id, str(list_code))}
            if stored.get(str(own), "") != str(value):
                category_mapping.map_value(session, integration_id, str(list_code), str(own), str(value))

    await in_db(request, work)
    return go(request, _here(integration_id, code), N_("The mapping is saved."))


def _given(source: str, constant: str) -> Given | None:
    """A posted source: `kind:name`, or `constant` with its text."""
    kind, _, name = source.partition(":")
    if kind == Source.CONSTANT.value:
        return Given(Source.CONSTANT, constant) if constant else None
    return Given(Source(kind), name) if kind in {each.value for each in Source} and name else None
