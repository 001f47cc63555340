"""The readiness report before go-live (D§6.1): what is green, what is missing, per integration."""

from collections.abc import Mapping

from sqlmodel import Session

from canonical.check import CheckReport
from canonical.feature import Feature
from canonical.lifecycle import FeatureState, Readiness, ReadinessItem
from canonical.settings import AdvancedSettings, FeatureSettings, LocationStockSettings, OrderSettings, StockSettings
from erp.article_filter import is_built
from erp.availability import traps
from erp.checklist import checklists
from erp.integrations import get, state_of
from erp.tables import Credential, IntegrationFeature

LISTED = (Feature.STOCK, Feature.ARTICLES, Feature.PRICES)
"""Features that send what the article list holds."""


def report(
    session: Session, integration_id: str, settings: Mapping[Feature, FeatureSettings], advanced: AdvancedSettings
) -> Readiness:
    """Check everything that go-live needs; reads only."""
    state = state_of(session, integration_id)
    chosen = state.features if state else ()
    active = [feature for feature in chosen if feature.is_active]
    items = [_credentials(session, integration_id), ReadinessItem(name="feature_active", ok=bool(active))]
    items += _mandatory(active, settings)
    if advanced.foreign_numbers:
        items.append(ReadinessItem(name="foreign_number_label", ok=bool(advanced.foreign_number_label)))
    orders = settings.get(Feature.ORDERS)
    if isinstance(orders, OrderSettings) and _is_active(active, Feature.ORDERS):
        items += _order_items(session, integration_id, orders)
    listed = next((each for each in LISTED if _is_active(active, each)), None)
    if listed is not None:
        items.append(ReadinessItem(name="article_list", ok=is_built(session, integration_id), feature=listed))
    if _is_active(active, Feature.STOCK):
        items += _subtracted_once(session, settings.get(Feature.STOCK))
    items += [_tried(session, integration_id, feature.feature) for feature in active]
    return Readiness(items=tuple(items))


def _is_active(active: list[FeatureState], feature: Feature) -> bool:
    return any(state.feature is feature for state in active)


def _credentials(session: Session, integration_id: str) -> ReadinessItem:
    row = get(session, integration_id)
    tested = bool(row.check_report) and CheckReport.model_validate(row.check_report).ok
    return ReadinessItem(name="credentials", ok=tested and session.get(Credential, integration_id) is not None)


def _mandatory(active: list[FeatureState], settings: Mapping[Feature, FeatureSettings]) -> list[ReadinessItem]:
    items = []
    for state in active:
        missing = settings[state.feature].missing()
        items.append(
            ReadinessItem(
                name="mandatory", ok=not missing, feature=state.feature, params={"fields": ", ".join(missing)}
            )
        )
    return items


def _order_items(session: Session, integration_id: str, settings: OrderSettings) -> list[ReadinessItem]:
    """What the preparation checklist says, as far as going live depends on it."""
    return [
        ReadinessItem(name=entry.item.value, ok=entry.is_ready, is_required=entry.is_needed, feature=Feature.ORDERS)
        for entry in checklists(session, {integration_id: settings})[integration_id]
        if entry.is_needed or entry.value
    ]


def _subtracted_once(session: Session, settings: FeatureSettings | None) -> list[ReadinessItem]:
    """Advised, not required: whoever subtracts twice sells less than could be sold, and may mean to (D§2.3)."""
    if not isinstance(settings, StockSettings | LocationStockSettings):
        return []
    ok = "SUBTRACTED_TWICE" not in traps(session, settings)
    return [ReadinessItem(name="subtracted_once", ok=ok, is_required=False, feature=Feature.STOCK)]


def _tried(session: Session, integration_id: str, feature: Feature) -> ReadinessItem:
    """At least one good run by hand is advised, not required: a shop without orders has none."""
    row = session.get(IntegrationFeature, (integration_id, feature.value))
    return ReadinessItem(name="tried", ok=bool(row and row.last_success_at), is_required=False, feature=feature)
