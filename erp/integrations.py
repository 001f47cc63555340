"""The life of integrations in the database: what the entity workflow orders, and what it rebuilds itself from."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from canonical.check import CheckReport
from canonical.failure import Failure, FailureError
from canonical.feature import Feature, Mode
from canonical.lifecycle import CreateIntegration, FeatureState, IntegrationState
from erp import credentials, journal
from erp.tables import (
    ArticleListEntry,
    AttributeMapping,
    Authorization,
    CategoryMapping,
    ChannelOption,
    ChannelTaskRow,
    ImportItem,
    InboxDocument,
    Installation,
    Integration,
    IntegrationFeature,
    Link,
    Listing,
    Mapping,
    OrderReply,
    PushBatch,
    RunRequest,
    Scan,
    TaxonomyAttribute,
    TaxonomyNode,
    TaxonomyValue,
    ValueMapping,
    Watermark,
    Webhook,
    WebhookDelivery,
)


def install(session: Session, connector: str, by: str) -> None:
    """Install a connector; once per connector, repeating changes nothing (D§1.3)."""
    done = session.execute(
        insert(Installation)
        .values(connector=connector, installed_by=by)
        .on_conflict_do_nothing()
        .returning(col(Installation.connector))
    ).all()
    if done:
        journal.write(session, [_event("", "installed", by, record=connector)])


def is_installed(session: Session, connector: str) -> bool:
    """Whether a connector may have integrations."""
    return session.get(Installation, connector) is not None


def create(session: Session, command: CreateIntegration) -> None:
    """Create an integration in development mode; repeating the same command changes nothing."""
    if not is_installed(session, command.connector):
        raise FailureError(Failure.of("NOT_INSTALLED", connector=command.connector))
    if session.get(Integration, command.id) is not None:
        return
    _refuse_taken_name(session, command.name, command.id)
    session.add(Integration(id=command.id, connector=command.connector, name=command.name, created_by=command.by))
    session.flush()
    journal.write(session, [_event(command.id, "created", command.by)])


def rename(session: Session, integration_id: str, name: str, by: str) -> None:
    """Give an integration another name; raises `FailureError` NAME_TAKEN."""
    _refuse_taken_name(session, name, integration_id)
    row = get(session, integration_id)
    row.name = name
    session.add(row)
    journal.write(session, [_event(integration_id, "renamed", by, params={"name": name})])


def _refuse_taken_name(session: Session, name: str, integration_id: str) -> None:
    query = select(Integration.id).where(
        func.lower(col(Integration.name)) == name.lower(),
        col(Integration.id) != integration_id,
        col(Integration.deleted_at).is_(None),
    )
    if session.exec(query).first() is not None:
        raise FailureError(Failure.of("NAME_TAKEN", name=name))


def get(session: Session, integration_id: str) -> Integration:
    """The integration's row; raises `LookupError` when it does not exist."""
    row = session.get(Integration, integration_id)
    if row is None:
        raise LookupError(integration_id)
    return row


def state_of(session: Session, integration_id: str) -> IntegrationState | None:
    """Rebuild everything that the entity workflow knows; None when the integration does not exist."""
    row = session.get(Integration, integration_id)
    if row is None:
        return None
    query = select(IntegrationFeature).where(
        col(IntegrationFeature.integration_id) == integration_id, col(IntegrationFeature.is_chosen)
    )
    features = sorted(
        (_feature_state(feature) for feature in session.exec(query)),
        key=lambda state: list(Feature).index(state.feature),
    )
    return IntegrationState(
        id=row.id,
        connector=row.connector,
        name=row.name,
        mode=Mode(row.mode),
        wizard_step=row.wizard_step,
        features=tuple(features),
    )


def _feature_state(row: IntegrationFeature) -> FeatureState:
    return FeatureState(
        feature=Feature(row.feature),
        is_active=row.is_active,
        is_paused=row.paused_at is not None,
        paused_note=row.paused_note,
        blocked=Failure.model_validate(row.blocked) if row.blocked else None,
        blocked_at=row.blocked_at,
    )


def move_wizard(session: Session, integration_id: str, step: str, event: str, by: str) -> None:
    """Remember how far the wizard is; it never goes back by itself once it is done."""
    row = get(session, integration_id)
    if row.wizard_step != "done":
        row.wizard_step = step
        session.add(row)
    journal.write(session, [_event(integration_id, event, by)])


def store_check(session: Session, integration_id: str, report: CheckReport, by: str) -> None:
    """Keep the last connection test; a good one lifts blocks that credentials caused."""
    row = get(session, integration_id)
    row.check_report = report.model_dump(mode="json")
    row.checked_at = datetime.now(UTC)
    if report.ok and row.wizard_step == "credentials":
        row.wizard_step = "features"
    session.add(row)
    result = "ok" if report.ok else ", ".join(item.name for item in report.items if item.state == "failed")
    status = "ok" if report.ok else "error"
    journal.write(session, [_event(integration_id, "tested", by, status=status, params={"result": result})])


def choose_features(session: Session, integration_id: str, features: Collection[Feature], by: str) -> None:
    """Set which features take part; a feature left out keeps its settings and stops."""
    wanted = {feature.value for feature in features}
    for feature in Feature:
        chosen = feature.value in wanted
        row = session.get(IntegrationFeature, (integration_id, feature.value))
        if row is None and not chosen:
            continue
        row = row or IntegrationFeature(integration_id=integration_id, feature=feature.value)
        row.is_chosen = chosen
        row.is_active = row.is_active and chosen
        session.add(row)
    integration = get(session, integration_id)
    integration.wizard_step = "done"
    session.add(integration)
    journal.write(session, [_event(integration_id, "features", by, params={"features": ", ".join(sorted(wanted))})])


def _chosen(session: Session, integration_id: str, feature: Feature) -> IntegrationFeature:
    row = session.get(IntegrationFeature, (integration_id, feature.value))
    if row is None or not row.is_chosen:
        raise FailureError(Failure.of("FEATURE_UNKNOWN", feature=feature.value))
    return row


def set_active(session: Session, integration_id: str, feature: Feature, active: bool, by: str) -> None:
    """Stage 1 of go-live: switch one feature on or off (D§2.0)."""
    row = _chosen(session, integration_id, feature)
    row.is_active = active
    session.add(row)
    journal.write(session, [_event(integration_id, "activated" if active else "deactivated", by, feature=feature)])


def pause(session: Session, integration_id: str, feature: Feature, note: str, by: str) -> None:
    """Hold one feature until somebody resumes it."""
    row = _chosen(session, integration_id, feature)
    row.paused_at, row.paused_note, row.paused_by = datetime.now(UTC), note, by
    session.add(row)
    journal.write(session, [_event(integration_id, "paused", by, feature=feature, params={"note": note})])


def resume(session: Session, integration_id: str, feature: Feature, by: str) -> None:
    """Let a held feature go on."""
    row = _chosen(session, integration_id, feature)
    row.paused_at, row.paused_note, row.paused_by = None, "", ""
    session.add(row)
    journal.write(session, [_event(integration_id, "resumed", by, feature=feature)])


def resolve(session: Session, integration_id: str, feature: Feature, by: str) -> None:
    """Lift a block after a person repaired its cause."""
    row = _chosen(session, integration_id, feature)
    row.blocked, row.blocked_at = {}, None
    session.add(row)
    journal.write(session, [_event(integration_id, "resolved", by, feature=feature)])


def set_mode(
    session: Session, integration_id: str, mode: Mode, *, event: str, by: str, params: dict[str, Any] | None = None
) -> None:
    """Change the integration-wide mode (D§1.8)."""
    row = get(session, integration_id)
    row.mode = mode.value
    session.add(row)
    journal.write(session, [_event(integration_id, event, by, params=params)])


def note_configured(session: Session, integration_id: str, feature: Feature | None, revision: int, by: str) -> None:
    """Write into the journal that settings were saved."""
    journal.write(session, [_event(integration_id, "configured", by, feature=feature, params={"revision": revision})])


def begin_at(session: Session, integration_id: str, start_at: datetime) -> None:
    """Set the moment before which nothing is imported, at the first go-live only: later ones go on where they were."""
    session.execute(
        insert(Watermark)
        .values(integration_id=integration_id, feature=Feature.ORDERS.value, start_at=start_at)
        .on_conflict_do_update(
            index_elements=["integration_id", "feature"],
            set_={"start_at": start_at, "cursor": ""},
            where=col(Watermark.start_at).is_(None),
        )
    )


def forget_start(session: Session, integration_id: str, start_at: datetime) -> None:
    """Undo `begin_at` of the same moment, for a go-live that failed."""
    session.exec(
        update(Watermark)
        .where(col(Watermark.integration_id) == integration_id, col(Watermark.start_at) == start_at)
        .values(start_at=None, cursor="")
    )


def remove(session: Session, integration_id: str, by: str) -> None:
    """Delete an integration: secrets, inbox, links and mappings go; booked orders and the journal stay (D§1.7)."""
    credentials.forget_credentials(session, integration_id)
    gone = (
        InboxDocument, Link, PushBatch, Mapping, ArticleListEntry, RunRequest, Watermark, Authorization, ChannelOption,
        Webhook, WebhookDelivery, Listing, Scan, ImportItem, OrderReply, TaxonomyNode, TaxonomyAttribute, TaxonomyValue,
        CategoryMapping, AttributeMapping, ValueMapping, ChannelTaskRow,
    )  # fmt: skip
    for table in gone:
        session.exec(delete(table).where(col(table.integration_id) == integration_id))
    row = get(session, integration_id)
    row.mode, row.deleted_at = Mode.DELETED.value, datetime.now(UTC)
    session.add(row)
    journal.write(session, [_event(integration_id, "deleted", by)])


def _event(
    integration_id: str,
    event: str,
    by: str,
    *,
    feature: Feature | None = None,
    status: str = "info",
    record: str = "",
    params: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return journal.event(
        integration_id,
        feature.value if feature else "",
        event,
        hop="lifecycle",
        status=status,
        record=record,
        params=params,
        actor=by,
    )
