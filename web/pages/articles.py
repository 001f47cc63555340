"""Articles of the back office: list, page, create, change, lock, delete, and making an unknown number known."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.lifecycle import RunNow
from canonical.settings import AdvancedSettings
from erp.articles import ArticleForm, change_article, create_article, delete_article, lock_article
from erp.feature_settings import load_settings
from erp.foreign_numbers import add_foreign_number
from erp.queries import articles as queries
from erp.queries import catalogue, integrations
from erp.queries.articles import ArticleQuery
from web import places
from web.article_tabs import answer, article_page, decimal
from web.context import Db, Form, deps_of, go, in_db, lifecycle_of, local_path, render, text, visitor_of, voice_of
from web.forms import errors_by_field, field_kind
from web.i18n import N_

router = APIRouter(include_in_schema=False)


@router.get("/articles", response_class=HTMLResponse)
def articles(request: Request, db: Db, wanted: Annotated[ArticleQuery, Depends()]) -> HTMLResponse:
    """The list of articles by number."""
    page, tree = queries.articles(db, wanted), catalogue.categories(db)
    return render(request, "articles.html", page=page, wanted=wanted, categories=tree)


@router.get("/articles/new", response_class=HTMLResponse)
def new(request: Request, db: Db, number: str = "", integration: str = "", parent: str = "") -> HTMLResponse:
    """Two ways to make a number known: a new article, or a foreign number of one that exists."""
    typed = {"number": number, "is_stock_article": True, "syncs_stock": True}
    if parent:
        typed |= {"parent": parent, "kind": "variant"}
    return _form(request, db, typed=typed, integration=integration, foreign=number)


def _form(
    request: Request,
    session: Session,
    *,
    typed: dict[str, Any],
    integration: str,
    foreign: str = "",
    article: str = "",
    label: str = "",
    errors: dict[str, str] | None = None,
    failure: Failure | None = None,
) -> HTMLResponse:
    rows = integrations.rail(session)
    chosen = next((row for row in rows if row.id == integration), None)
    advanced = load_settings(session, integration, None, AdvancedSettings)[0] if chosen else AdvancedSettings()
    return render(
        request,
        "article_new.html",
        422 if errors or failure else 200,
        typed=typed,
        errors=errors or {},
        failure=failure,
        integration=chosen,
        advanced=advanced,
        foreign=foreign,
        article=article,
        label=label or advanced.foreign_number_label,
    )


def _typed(form: FormData) -> dict[str, Any]:
    """An article's form as it was posted, with numbers as either language writes them."""
    typed: dict[str, Any] = {}
    for name, info in ArticleForm.model_fields.items():
        match field_kind(info):
            case "switch":
                typed[name] = name in form
            case "decimal":
                typed[name] = decimal(text(form, name)) or (0 if name == "stock_correction" else None)
            case _ if text(form, name):
                typed[name] = text(form, name)
    return typed


@router.post("/articles")
async def create(request: Request, form: Form) -> Response:
    """Create an article; orders that waited for its number run again."""
    typed, integration = _typed(form), text(form, "integration")
    by = visitor_of(request).email
    errors: dict[str, str] = {}
    failure = None
    try:
        article = ArticleForm.model_validate(typed)
        await in_db(request, lambda session: create_article(session, article, by))
    except ValidationError as error:
        errors = errors_by_field(error, voice_of(request))
    except FailureError as error:
        failure = error.failure
    if errors or failure:
        return await _again(request, typed, integration, errors, failure)
    waiting = await let_orders_run(request, [integration] if integration else [])
    target = places.integration(integration) if integration else places.article(article.number)
    return go(request, target, N_("Article %(number)s is created."), waiting, number=article.number)


async def _again(
    request: Request,
    typed: dict[str, Any],
    integration: str,
    errors: dict[str, str],
    failure: Failure | None = None,
    **foreign: str,
) -> Response:
    def show() -> HTMLResponse:
        with deps_of(request).sessions() as session:
            return _form(
                request, session, typed=typed, integration=integration, errors=errors, failure=failure, **foreign
            )

    return await run_in_threadpool(show)


@router.post("/articles/change")
async def change(request: Request, form: Form) -> Response:
    """Save the master data; what somebody else saved meanwhile is not overwritten."""
    typed = _typed(form) | {"number": text(form, "article")}

    def work(session: Session) -> None:
        change_article(session, ArticleForm.model_validate(typed), text(form, "read"), visitor_of(request).email)

    return await answer(request, form, "master", work, N_("The article is saved."), typed)


@router.post("/articles/lock")
async def lock(request: Request, form: Form) -> Response:
    """Lock the article, or unlock it."""
    locked = text(form, "locked") == "yes"

    def work(session: Session) -> None:
        lock_article(session, text(form, "article"), visitor_of(request).email, locked=locked)

    said = N_("The article is locked.") if locked else N_("The article is unlocked.")
    return await answer(request, form, "overview", work, said)


@router.post("/articles/delete")
async def delete(request: Request, form: Form) -> Response:
    """Delete an article that is in no document."""
    number = text(form, "article")
    await in_db(request, lambda session: delete_article(session, number, visitor_of(request).email))
    return go(request, "/articles", N_("Article %(number)s is deleted."), number=number)


@router.post("/articles/foreign-numbers")
async def add_number(request: Request, form: Form) -> Response:
    """Store the number by which a channel knows an article; orders that waited for it run again."""
    integration, article, number = text(form, "integration"), text(form, "article"), text(form, "foreign")
    label = text(form, "label")
    store: Callable[[Session], None] = lambda session: add_foreign_number(  # noqa: E731
        session,
        article,
        integration,
        label,
        number,
        visitor_of(request).email,
        is_scannable="scannable" in form or None,
    )
    failure = None
    try:
        await in_db(request, store)
    except FailureError as error:
        failure = error.failure
    back = local_path(text(form, "next"), places.article_tab(article, "numbers"))
    if failure and text(form, "next"):
        return go(request, back, failure=failure)
    if failure:
        typed = {"number": number, "is_stock_article": True, "syncs_stock": True}
        return await _again(request, typed, integration, {}, failure, foreign=number, article=article, label=label)
    waiting = await let_orders_run(request, [integration])
    return go(request, back, N_("The number %(number)s is stored."), waiting, number=number)


async def let_orders_run(request: Request, only: list[str]) -> Failure | None:
    """Let released orders run now; without a choice in each integration that takes orders. The schedule would do it later."""
    rows = await in_db(request, integrations.rail)
    failure = None
    for row in rows:
        orders = row.feature(Feature.ORDERS)
        if orders is None or orders.blocked or (only and row.id not in only):
            continue
        hint = RunNow(feature=Feature.ORDERS, trigger="hint", by=visitor_of(request).email)
        try:
            await lifecycle_of(request).send(row.id, "run_now", hint)
        except FailureError as error:
            failure = error.failure
    return failure


@router.get("/article/{number:path}", response_class=HTMLResponse)
def article(request: Request, db: Db, number: str, tab: str = "overview") -> HTMLResponse:
    """One article: an overview with its stock, and a tab for each thing that hangs on it."""
    return article_page(request, db, number, tab)
