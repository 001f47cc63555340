"""Where things are in the pages: the addresses that templates and redirects use, and where a finding is repaired."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from canonical.codes import CODES, Repair
from canonical.feature import Feature
from web.i18n import N_


def integration(integration_id: str) -> str:
    """An integration's page."""
    return f"/integrations/{integration_id}"


def feature(integration_id: str, of: Feature | str) -> str:
    """The settings page of a feature."""
    return f"/integrations/{integration_id}/features/{Feature(of).value}"


def article(number: str) -> str:
    """An article's page."""
    return f"/article/{quote(number, safe='/')}"


def stock(number: str) -> str:
    """The stock and the movements of an article."""
    return f"/stock/articles/{quote(number, safe='/')}"


def article_tab(number: str, tab: str) -> str:
    """A tab of an article's page."""
    return f"{article(number)}?{urlencode({'tab': tab})}"


def run(run_id: str, workflow_id: str) -> str:
    """A run's page."""
    return f"/journal/runs/{quote(run_id, safe='')}?{urlencode({'workflow': workflow_id})}"


def journal(tab: str, **filters: str) -> str:
    """A tab of the journal with filters."""
    query = urlencode({key: value for key, value in filters.items() if value})
    return f"/journal/{tab}{'?' if query else ''}{query}"


def temporal(ui_url: str, namespace: str, workflow_id: str, run_id: str) -> str:
    """A run in Temporal's own pages."""
    base = ui_url.rstrip("/")
    return f"{base}/namespaces/{namespace}/workflows/{quote(workflow_id, safe='')}/{run_id}/history"


def query(filters: object, **changes: object) -> str:
    """The filters of a page as the query of a link, with some of them changed; empty ones are left out."""
    values = {**vars(filters), **changes}
    return urlencode({key: str(value) for key, value in values.items() if value})


@dataclass(frozen=True)
class Way:
    """A link to a repair: what is to be done, or the name of the record to be repaired."""

    label: str
    href: str
    is_name: bool = False


def repair(code: str, params: dict[str, str], integration_id: str, feature_name: str) -> list[Way]:
    """Where a person repairs what a finding names; nothing when it is repaired outside."""
    place = CODES[code].repair if code in CODES else Repair.NONE
    if code == "PRODUCT_UNKNOWN":
        return [
            Way(sku.strip(), f"/articles/new?{urlencode({'number': sku.strip(), 'integration': integration_id})}", True)
            for sku in params.get("skus", "").split(",")
            if sku.strip()
        ][:20]
    settings = feature(integration_id, feature_name) if feature_name else f"{integration(integration_id)}/settings"
    match place:
        case Repair.MAPPING:
            kind = {"PAYMENT_UNMAPPED": "payment_map", "SHIPPING_UNMAPPED": "shipping_map"}.get(code, "")
            value = urlencode({"open": params.get("value", "")})
            return [Way(N_("map the value"), f"{settings}?{value}#{kind}")]
        case Repair.SETTINGS:
            return [Way(N_("open the settings"), settings)]
        case Repair.CREDENTIALS:
            return [Way(N_("check the credentials"), f"{integration(integration_id)}/setup/credentials")]
        case Repair.ARTICLE:
            skus = [sku.strip() for sku in (params.get("skus") or params.get("sku") or "").split(",") if sku.strip()]
            return [Way(sku, article(sku), True) for sku in skus[:20]] or [Way(N_("open the articles"), "/articles")]
        case _:
            return []
