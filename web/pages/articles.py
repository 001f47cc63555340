"""Articles of the back office: read, add, and store foreign numbers, which repairs orders that wait for them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.lifecycle import RunNow
from canonical.settings import AdvancedSettings
from erp.articles import ArticleForm, create_article
from erp.feature_settings import load_settings
from erp.foreign_numbers import add_foreign_number
from erp.queries import articles as queries
from erp.queries import integrations
from erp.queries.articles import ArticleQuery
from web import places
from web.context import (
    Db,
    Form,
    deps_of,
    go,
    in_db,
    lifecycle_of,
    not_found,
    render,
    text,
    visitor_of,
    voice_of,
)
from web.forms import errors_by_field
from web.i18n import N_

router = APIRouter(include_in_schema=False)
TEXTS = ("number", "name", "kind", "parent", "category", "manufacturer", "ean", "tax_category")
FLAGS = ("is_stock_article", "is_postage", "is_discount", "is_surcharge", "allows_decimals")


@router.get("/articles", response_class=HTMLResponse)
def articles(request: Request, db: Db, wanted: Annotated[ArticleQuery, Depends()]) -> HTMLResponse:
    """The list of articles by number."""
    return render(request, "articles.html", page=queries.articles(db, wanted), wanted=wanted)


@router.get("/articles/new", response_class=HTMLResponse)
def new(request: Request, db: Db, number: str = "", integration: str = "") -> HTMLResponse:
    """Two ways to make a number known: a new article, or a foreign number of one that exists."""
    return _form(
        request, db, typed={"number": number, "is_stock_article": True}, integration=integration, foreign=number
    )


def _form(
    request: Request,
    session: Session,
    *,
    typed: dict[str, Any],
    integration: str,
    foreign: str = "",
    article: str = "",
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
    )


@router.post("/articles")
async def create(request: Request, form: Form) -> Response:
    """Create an article; orders that waited for its number run again."""
    typed: dict[str, Any] = {name: text(form, name) for name in TEXTS if text(form, name)}
    typed |= {name: name in form for name in FLAGS}
    if price := text(form, "price_gross"):
        typed["price_gross"] = price.replace(",", ".")
    integration = text(form, "integration")
    errors: dict[str, str] = {}
    failure = None
    try:
        article = ArticleForm.model_validate(typed)
        await in_db(request, lambda session: create_article(session, article, visitor_of(request).email))
    except ValidationError as error:
        errors = errors_by_field(error, voice_of(request))
    except FailureError as error:
        failure = error.failure
    if errors or failure:
        return await _again(request, typed, integration, errors, failure)
    waiting = await _let_run(request, integration)
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


@router.post("/articles/foreign-numbers")
async def add_number(request: Request, form: Form) -> Response:
    """Store the number by which a channel knows an article; orders that waited for it run again."""
    visitor = visitor_of(request)
    integration, article, number = text(form, "integration"), text(form, "article"), text(form, "foreign")

    def store(session: Session) -> None:
        if not any(row.id == integration for row in integrations.rail(session)):
            raise not_found()
        label = load_settings(session, integration, None, AdvancedSettings)[0].foreign_number_label
        add_foreign_number(session, article, integration, label, number, visitor.email)

    errors: dict[str, str] = {}
    failure = None
    if not article or not 1 <= len(number) <= 120:
        errors = {"foreign": voice_of(request).say(N_("Please fill in both numbers."))}
    else:
        try:
            await in_db(request, store)
        except FailureError as error:
            failure = error.failure
    if errors or failure:
        typed = {"number": number, "is_stock_article": True}
        return await _again(request, typed, integration, errors, failure, foreign=number, article=article)
    waiting = await _let_run(request, integration)
    return go(request, places.article(article), N_("The number %(number)s is stored."), waiting, number=number)


async def _let_run(request: Request, integration: str) -> Failure | None:
    """Let released orders run now; without an integration each one that takes orders. The schedule would do it later."""
    rows = await in_db(request, integrations.rail)
    failure = None
    for row in rows:
        orders = row.feature(Feature.ORDERS)
        if orders is None or orders.blocked or (integration and row.id != integration):
            continue
        hint = RunNow(feature=Feature.ORDERS, trigger="hint", by=visitor_of(request).email)
        try:
            await lifecycle_of(request).send(row.id, "run_now", hint)
        except FailureError as error:
            failure = error.failure
    return failure


@router.get("/article/{number:path}", response_class=HTMLResponse)
def article(request: Request, db: Db, number: str) -> HTMLResponse:
    """One article with stock, variants, foreign numbers and where it is listed."""
    found = queries.article(db, number)
    if found is None:
        raise not_found()
    return render(request, "article.html", found=found)
