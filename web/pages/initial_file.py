"""The files with which a marketplace is begun, to be loaded up there by hand: how many articles they can have, and as downloads."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

import connectors
from canonical.catalogue import InitialFile
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.settings import (
    AdvancedSettings,
    ArticleSettings,
    FeatureSettings,
    LocationStockSettings,
    PriceSettings,
    StockSettings,
)
from connectors.protocol import MakesInitialFiles
from connectors.spec import ConnectorSpec
from erp import initial_files
from erp.feature_settings import load_settings
from erp.push_context import PushContext
from erp.queries.integrations import IntegrationRow
from web import places
from web.context import Db, deps_of, fragment, go, not_found, render
from web.pages.integration import found_or_404

router = APIRouter(include_in_schema=False)
ALL = "all"
KINDS = {"products": Feature.ARTICLES, "offers": Feature.PRICES}
"""The files by name, and the feature that sends what is in them afterwards."""
LOOKED_AT = 1000
"""Articles that are looked at for the page."""


@dataclass(frozen=True)
class Reason:
    """Why some articles are not in a file: the first one's failure, and how many have that code."""

    article: str
    failure: Failure
    count: int


@dataclass(frozen=True)
class Looked:
    """What a file would have of the first articles: how many, and why others are left out; or why there can be no file."""

    count: int = 0
    reasons: Sequence[Reason] = ()
    failure: Failure | None = None


def _found(request: Request, session: Session, integration_id: str) -> tuple[IntegrationRow, ConnectorSpec]:
    row = found_or_404(session, integration_id)
    spec = deps_of(request).specs.get(row.connector)
    if spec is None or not spec.makes_initial_files:
        raise not_found()
    return row, spec


def _here(integration_id: str) -> str:
    return f"{places.integration(integration_id)}/initial-files"


@router.get("/integrations/{integration_id}/initial-files", response_class=HTMLResponse)
def show(request: Request, db: Db, integration_id: str) -> HTMLResponse:
    """Both files, each with the number of articles to be chosen."""
    row, _ = _found(request, db, integration_id)
    limits = [str(limit) for limit in initial_files.LIMITS]
    return render(request, "initial_files.html", row=row, tab="initial-files", kinds=KINDS, limits=limits, all=ALL)


@router.get("/integrations/{integration_id}/initial-files/check", response_class=HTMLResponse)
def check(request: Request, db: Db, integration_id: str) -> HTMLResponse:
    """A piece of the page: of the first articles, how many each file can have, and why the others are left out."""
    row, spec = _found(request, db, integration_id)
    found: dict[str, Looked] = {}
    for kind, feature in KINDS.items():
        if row.feature(feature) is None:
            continue
        try:
            made = _make(request, spec, integration_id, kind, LOOKED_AT)
            found[kind] = Looked(made.count, _reasons(made.left_out))
        except FailureError as error:
            found[kind] = Looked(failure=error.failure)
    return fragment(request, "initial_files_check.html", row=row, found=found, looked_at=LOOKED_AT)


def _reasons(left_out: Sequence[tuple[str, Failure]]) -> list[Reason]:
    """The reasons by code, the most frequent first."""
    counts = Counter(failure.code for _, failure in left_out)
    first = {failure.code: (article, failure) for article, failure in reversed(left_out)}
    return [Reason(*first[code], count) for code, count in counts.most_common()]


@router.get("/integrations/{integration_id}/initial-files/{kind}")
def download(request: Request, db: Db, integration_id: str, kind: str, limit: str = ALL) -> Response:
    """One file; articles that cannot be in it are left out, as the page says."""
    _, spec = _found(request, db, integration_id)
    if kind not in KINDS or limit not in (ALL, *map(str, initial_files.LIMITS)):
        raise not_found()
    try:
        made = _make(request, spec, integration_id, kind, None if limit == ALL else int(limit))
    except FailureError as error:
        return go(request, _here(integration_id), failure=error.failure)
    headers = {"Content-Disposition": f'attachment; filename="{spec.key}-{made.name}"'}
    return Response(made.content, media_type=made.media_type, headers=headers)


def _make(request: Request, spec: ConnectorSpec, integration_id: str, kind: str, limit: int | None) -> InitialFile:
    """Write one file by the stored settings, with what our side leaves out named first; raises `FailureError`.

    In a session of its own, which is emptied page by page.
    """
    deps = deps_of(request)
    writer = cast(MakesInitialFiles, connectors.reader(spec.key))
    left_out: initial_files.LeftOut = []
    with deps.sessions() as session:
        advanced, _ = load_settings(session, integration_id, None, AdvancedSettings)
        settings: dict[Feature, FeatureSettings] = {
            feature: load_settings(session, integration_id, feature, each.settings)[0]
            for feature, each in spec.features.items()
        }

        def context(feature: Feature) -> Any:
            public_url = deps.settings.public_url.rstrip("/")
            return PushContext(integration_id, settings[feature], advanced, public_url)

        if kind == "products":
            articles: PushContext[ArticleSettings] = context(Feature.ARTICLES)
            made = writer.initial_product_file(settings, initial_files.products(session, articles, limit, left_out))
        else:
            prices: PushContext[PriceSettings] = context(Feature.PRICES)
            stock: PushContext[StockSettings | LocationStockSettings] = context(Feature.STOCK)
            made = writer.initial_offer_file(settings, initial_files.offers(session, prices, stock, limit, left_out))
    return made.model_copy(update={"left_out": (*left_out, *made.left_out)})
