"""The article list of an integration: the filter (D§3.1), its history, and which articles take part."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from canonical.failure import Failure, FailureError
from canonical.lifecycle import ApplyFilter
from canonical.runs import Built
from erp import article_filter
from erp.queries import articles
from erp.queries.articles import ArticleQuery
from web import places
from web.context import Db, Form, deps_of, go, in_db, lifecycle_of, render, text, texts, visitor_of
from web.i18n import N_
from web.pages.integration import found_or_404

router = APIRouter(include_in_schema=False)
MOST_RULES = 50
FORMATS = tuple(article_filter.OPERATORS)
OPERATORS = ("==", "!=", "<", ">", "IN", "NOT IN")


@router.get("/integrations/{integration_id}/articles", response_class=HTMLResponse)
def show(request: Request, db: Db, integration_id: str, wanted: Annotated[ArticleQuery, Depends()]) -> HTMLResponse:
    """The filter's editor, its history, and the list."""
    return _page(request, db, integration_id, wanted)


def _page(
    request: Request,
    session: Db,
    integration_id: str,
    wanted: ArticleQuery,
    *,
    rules: Sequence[Mapping[str, Any]] | None = None,
    failure: Failure | None = None,
    problems: Sequence[str] = (),
) -> HTMLResponse:
    history = articles.filters(session, integration_id)
    return render(
        request,
        "listing.html",
        422 if failure or problems else 200,
        row=found_or_404(session, integration_id),
        tab="articles",
        history=history,
        rules=rules if rules is not None else (history[0].rules if history else []),
        page=articles.listed(session, integration_id, wanted),
        count=articles.count_listed(session, integration_id),
        wanted=wanted,
        failure=failure,
        problems=problems,
        fields=tuple(article_filter.FIELDS),
        operators=OPERATORS,
        formats=FORMATS,
    )


@router.post("/integrations/{integration_id}/articles")
async def apply(request: Request, integration_id: str, form: Form) -> Response:
    """Store the filter and build the list anew; rows without a value are left out, no row means all articles."""
    columns = zip(
        texts(form, "field"), texts(form, "operator"), texts(form, "value"), texts(form, "format"), strict=False
    )
    rules = tuple(
        {"field": field, "operator": operator, "value": value.strip(), "format": kind}
        for field, operator, value, kind in columns
        if field and value.strip()
    )[:MOST_RULES]
    language = visitor_of(request).language
    problems = [problem.text(language) for problem in article_filter.validate_rules(rules)]
    failure: Failure | None = None
    await in_db(request, lambda session: found_or_404(session, integration_id))
    built = Built(matched=0, added=0, removed=0)
    if not problems:
        command = ApplyFilter(rules=rules, by=visitor_of(request).email)
        try:
            built = await lifecycle_of(request).send(integration_id, "apply_filter", command, Built)
        except FailureError as error:
            failure = error.failure
    if problems or failure:
        return await _again(request, integration_id, rules, failure, problems)
    said = N_("The filter matches %(matched)s articles: %(added)s new, %(removed)s fell out.")
    here = f"{places.integration(integration_id)}/articles"
    return go(request, here, said, matched=built.matched, added=built.added, removed=built.removed)


@router.post("/integrations/{integration_id}/articles/single")
async def apply_single(request: Request, integration_id: str, form: Form) -> Response:
    """Add single articles that meet the stored filter at once (D§3.1); none is removed."""
    numbers = [number.strip() for number in text(form, "numbers").replace("\n", ",").split(",") if number.strip()]

    def work(session: Session) -> Built:
        found_or_404(session, integration_id)
        return article_filter.apply_to(session, integration_id, numbers)

    built = await in_db(request, work)
    said = N_("%(matched)s of %(given)s articles meet the filter, %(added)s of them are new in the list.")
    here = f"{places.integration(integration_id)}/articles"
    return go(request, here, said, matched=built.matched, given=len(set(numbers)), added=built.added)


async def _again(
    request: Request,
    integration_id: str,
    rules: Sequence[Mapping[str, Any]],
    failure: Failure | None,
    problems: Sequence[str],
) -> Response:
    """The page with the rules as they were typed and what is wrong with them."""

    def show() -> HTMLResponse:
        with deps_of(request).sessions() as session:
            return _page(
                request, session, integration_id, ArticleQuery(), rules=rules, failure=failure, problems=problems
            )

    return await run_in_threadpool(show)
