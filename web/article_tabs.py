"""The tabs of an article's page: what each shows, and how a form on one of them is answered."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from canonical.failure import FailureError
from erp.articles import fingerprint, form_of
from erp.queries import articles, catalogue, foreign_numbers
from erp.queries.articles import ArticleDetail
from erp.queries.paging import number_key
from web import places
from web.context import deps_of, go, in_db, not_found, render, text, voice_of
from web.forms import errors_by_field

Values = dict[str, Any]
_Reader = Callable[[Request, Session, ArticleDetail], Values]


def _master(_: Request, session: Session, found: ArticleDetail) -> Values:
    values = form_of(session, found.article)
    return {"typed": values, "read": fingerprint(values)}


def _texts(_: Request, session: Session, found: ArticleDetail) -> Values:
    return {"texts": catalogue.texts(session, found.article.id or 0)}


def _prices(request: Request, session: Session, found: ArticleDetail) -> Values:
    rows = catalogue.prices(session, found.article.id or 0)
    wanted = number_key(request.query_params.get("price", ""))
    chosen = next((row for row in rows if row.price.id == wanted), None)
    typed = chosen.price.model_dump() | {"group": chosen.group, "customer": chosen.customer} if chosen else {}
    return {
        "prices": rows,
        "groups": catalogue.groups(session),
        "chosen": chosen.price.id if chosen else 0,
        "typed": typed,
    }


def _components(_: Request, session: Session, found: ArticleDetail) -> Values:
    article_id = found.article.id or 0
    return {
        "components": catalogue.components(session, article_id),
        "used_in": catalogue.used_in(session, article_id),
    }


def _properties(_: Request, session: Session, found: ArticleDetail) -> Values:
    article_id = found.article.id or 0
    return {
        "properties": catalogue.properties(session, article_id),
        "categories": catalogue.categories(session),
        "chosen": catalogue.chosen_categories(session, article_id),
    }


def _images(_: Request, session: Session, found: ArticleDetail) -> Values:
    return {"images": catalogue.images(session, found.article.id or 0)}


def _shops(_: Request, session: Session, found: ArticleDetail) -> Values:
    return {"shops": catalogue.options(session, found.article.id or 0)}


def _numbers(_: Request, session: Session, found: ArticleDetail) -> Values:
    article_id = found.article.id or 0
    return {
        "numbers": foreign_numbers.of_article(session, article_id),
        "labels": foreign_numbers.labels(session),
    }


TABS: Mapping[str, _Reader] = {
    "overview": lambda *_: {},
    "master": _master,
    "texts": _texts,
    "prices": _prices,
    "components": _components,
    "properties": _properties,
    "images": _images,
    "shops": _shops,
    "numbers": _numbers,
}


def article_page(
    request: Request, session: Session, number: str, tab: str, status: int = 200, **again: Any
) -> HTMLResponse:
    """One tab of an article's page; `again` is what was typed and what was wrong with it."""
    found = articles.article(session, number)
    if found is None:
        raise not_found()
    shown = tab if tab in TABS else "overview"
    values: Values = {"typed": {}, "errors": {}, "failure": None} | TABS[shown](request, session, found)
    template = "article.html" if shown == "overview" else f"article_{shown}.html"
    return render(request, template, status, found=found, tab=shown, **(values | again))


async def answer(  # noqa: PLR0917 - what every form on a tab says about itself
    request: Request,
    form: FormData,
    tab: str,
    work: Callable[[Session], object],
    said: str,
    typed: Values | None = None,
) -> Response:
    """Run a form's service; then show the tab anew, or again with what was typed and what was wrong with it."""
    number = text(form, "article")
    again: Values = {}
    try:
        await in_db(request, work)
    except ValidationError as error:
        again = {"errors": errors_by_field(error, voice_of(request))}
    except FailureError as error:
        again = {"failure": error.failure}
    if not again:
        return go(request, places.article_tab(number, tab), said, number=number)

    def show() -> HTMLResponse:
        with deps_of(request).sessions() as session:
            return article_page(request, session, number, tab, 422, **(again | ({"typed": typed} if typed else {})))

    return await run_in_threadpool(show)


def decimal(value: str) -> str | None:
    """A number as people type it in either language; nothing for an empty field."""
    return value.replace(",", ".") or None


def choice(value: str) -> bool | None:
    """Yes, no, or nothing: as at the article."""
    return {"yes": True, "no": False}.get(value)
