"""The gallery of connectors, installing them, and the feature matrix."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from canonical.feature import Feature
from connectors.matrix import columns, lines
from connectors.spec import ConnectorKind
from documents.matrix import matrix_pdf
from erp.queries import integrations
from web.context import Db, deps_of, go, lifecycle_of, not_found, render, visitor_of, voice_of
from web.i18n import N_

router = APIRouter(include_in_schema=False)


@router.get("/connectors", response_class=HTMLResponse)
def gallery(request: Request, db: Db, can: str = "") -> HTMLResponse:
    """All connectors by kind, narrowed to those that can do something."""
    specs = deps_of(request).specs
    wanted = Feature(can) if can in {feature.value for feature in Feature} else None
    shown = [spec for spec in specs.values() if wanted is None or wanted in spec.features]
    counts: dict[str, int] = {}
    for row in integrations.rail(db):
        counts[row.connector] = counts.get(row.connector, 0) + 1
    return render(
        request,
        "gallery.html",
        shelves=[(kind, [spec for spec in shown if spec.kind is kind]) for kind in ConnectorKind],
        installed=integrations.installed(db),
        counts=counts,
        can=wanted,
        offered=[feature for feature in Feature if any(feature in spec.features for spec in specs.values())],
    )


@router.post("/connectors/{key}/install")
async def install(request: Request, key: str) -> Response:
    """Install a connector; repeating it is harmless."""
    if key not in deps_of(request).specs:
        raise not_found()
    await lifecycle_of(request).install(key, visitor_of(request).email)
    title = deps_of(request).specs[key].title
    return go(request, "/connectors", N_("%(connector)s is installed."), connector=title)


@router.get("/connectors/matrix", response_class=HTMLResponse)
def matrix(request: Request) -> HTMLResponse:
    """Which connector can do what, from their declarations: features, then every row of the matrix."""
    specs, language = deps_of(request).specs, visitor_of(request).language
    return render(request, "matrix.html", features=list(Feature), columns=columns(specs), lines=lines(specs, language))


@router.get("/connectors/matrix.pdf")
def matrix_file(request: Request) -> Response:
    """The matrix as a PDF."""
    specs, voice = deps_of(request).specs, voice_of(request)
    found = [
        (line.area, line.label, *(f"● {cell.note}".strip() if cell.is_there else "–" for cell in line.cells))
        for line in lines(specs, voice.language)
    ]
    head = [voice.say(N_("Area")), voice.say(N_("Feature"))]
    titles = [spec.title for spec in columns(specs)]
    content = matrix_pdf(voice.say(N_("Feature matrix")), voice.language, datetime.now(UTC), head, titles, found)
    headers = {"Content-Disposition": 'inline; filename="feature-matrix.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)
