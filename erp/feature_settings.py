"""Settings per feature with revisions; mapping tables are merged in from their own rows."""

from typing import Any, TypeVar

from sqlalchemy import func
from sqlmodel import Session, col, select

from canonical.feature import Feature
from canonical.settings import FeatureSettings, MappingKind
from erp.links import mark_integration_dirty
from erp.mappings import mapping_tables
from erp.tables import FeatureSettingsRevision

Model = TypeVar("Model", bound=FeatureSettings)

ADVANCED = "advanced"
ABSOLUTE = frozenset({Feature.ARTICLES, Feature.CATEGORIES, Feature.STOCK, Feature.PRICES})
"""What is said as a state and not as an event: sending it again after a change of settings puts the channel right."""
NUMBERED = frozenset({Feature.ARTICLES, Feature.STOCK, Feature.PRICES})
"""What names articles by the number of the integration's choice."""


def _key(feature: Feature | None) -> str:
    return feature.value if feature else ADVANCED


def mapping_fields(model: type[FeatureSettings]) -> dict[str, MappingKind]:
    """The fields of a settings model that live as mapping rows."""
    found = {name: model.meta(field).get("mapping") for name, field in model.model_fields.items()}
    return {name: MappingKind(kind) for name, kind in found.items() if kind}


def load_settings(
    session: Session, integration_id: str, feature: Feature | None, model: type[Model], revision: int | None = None
) -> tuple[Model, int]:
    """Load the newest (or a pinned) revision of a feature's settings; revision 0 are the model's defaults."""
    query = select(FeatureSettingsRevision).where(
        col(FeatureSettingsRevision.integration_id) == integration_id,
        col(FeatureSettingsRevision.feature) == _key(feature),
    )
    if revision is not None:
        query = query.where(col(FeatureSettingsRevision.revision) == revision)
    row = session.exec(query.order_by(col(FeatureSettingsRevision.revision).desc()).limit(1)).first()
    values: dict[str, Any] = dict(row.values) if row else {}
    fields = mapping_fields(model)
    if fields:
        tables = mapping_tables(session, integration_id)
        values |= {name: tables.get(kind, {}) for name, kind in fields.items()}
    return model.model_validate(values), row.revision if row else 0


def save_settings(
    session: Session, integration_id: str, feature: Feature | None, settings: FeatureSettings, by: str
) -> int:
    """Save a new revision and return its number; saving what is already there makes none.

    What the settings of a feature or of the numbers change is marked as to be sent: nothing else would tell the channel.
    Reports, documents and refunds are not: what happened before the change was told, or was not to be told.
    """
    values = settings.model_dump(mode="json", exclude=set(mapping_fields(type(settings))))
    values = {name: sorted(value) if isinstance(value, list) else value for name, value in values.items()}
    table = FeatureSettingsRevision
    mine = (col(table.integration_id) == integration_id, col(table.feature) == _key(feature))
    last = session.exec(select(table).where(*mine).order_by(col(table.revision).desc()).limit(1)).first()
    if last is not None and last.values == values:
        return last.revision
    newest = session.exec(select(func.coalesce(func.max(table.revision), 0)).where(*mine)).one()
    session.add(
        table(integration_id=integration_id, feature=_key(feature), revision=newest + 1, values=values, saved_by=by)
    )
    session.flush()
    changed = NUMBERED if feature is None else ABSOLUTE & {feature}
    if feature is Feature.STOCK:
        # They say how new offers are made, which prices create.
        changed |= {Feature.PRICES}
    if changed:
        mark_integration_dirty(session, integration_id, [each.value for each in changed])
    return newest + 1
