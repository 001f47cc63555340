"""Integrations as the rail, the dashboard and their own pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from sqlalchemy import case, func
from sqlmodel import Session, col, select

from canonical.check import CheckReport
from canonical.failure import Failure
from canonical.feature import Feature, Mode
from erp.tables import Credential, InboxDocument, Installation, Integration, IntegrationFeature, Link, Order


@dataclass(frozen=True)
class FeatureRow:
    """Where one chosen feature stands."""

    feature: Feature
    is_active: bool
    is_paused: bool
    paused_note: str
    paused_by: str
    paused_at: datetime | None
    blocked: Failure | None
    blocked_at: datetime | None
    deferred_since: datetime | None
    last_run_at: datetime | None
    last_outcome: str
    last_success_at: datetime | None
    parked: int = 0
    waiting: int = 0
    failed: int = 0


@dataclass(frozen=True)
class IntegrationRow:
    """One integration with its chosen features."""

    id: str
    connector: str
    name: str
    mode: Mode
    wizard_step: str
    created_at: datetime
    features: Sequence[FeatureRow] = ()
    orders_today: int = 0
    turnover_today: Mapping[str, Decimal] = field(default_factory=dict)
    """Gross per currency."""

    @property
    def is_set_up(self) -> bool:
        """Whether the wizard was finished."""
        return self.wizard_step == "done"

    @property
    def blocked(self) -> list[FeatureRow]:
        """The features that need a person."""
        return [row for row in self.features if row.blocked]

    @property
    def failed(self) -> list[FeatureRow]:
        """The features of which records were refused, or tried too often."""
        return [row for row in self.features if row.failed]

    @property
    def parked(self) -> int:
        """How many documents wait for a repair."""
        return sum(row.parked for row in self.features)

    @property
    def waiting(self) -> int:
        """How many records wait to be sent."""
        return sum(row.waiting for row in self.features)

    def feature(self, feature: Feature) -> FeatureRow | None:
        """One chosen feature."""
        return next((row for row in self.features if row.feature == feature), None)


@dataclass(frozen=True)
class Setup:
    """What the wizard has to show again."""

    shown: Mapping[str, Any]
    has_credentials: bool
    report: CheckReport | None
    checked_at: datetime | None


def installed(session: Session) -> dict[str, datetime]:
    """The installed connectors, each with the moment."""
    return dict(session.exec(select(Installation.connector, Installation.installed_at)).all())


def rail(session: Session) -> list[IntegrationRow]:
    """Every integration with its features' states, without counts: cheap enough for each page."""
    rows = session.exec(
        select(Integration).where(col(Integration.deleted_at).is_(None)).order_by(col(Integration.name))
    ).all()
    features = _features(session, [row.id for row in rows])
    return [_row(row, features.get(row.id, [])) for row in rows]


def overview(session: Session, since: datetime, only: str = "") -> list[IntegrationRow]:
    """Integrations with today's orders and what waits; five statements however many there are."""
    query = select(Integration).where(col(Integration.deleted_at).is_(None)).order_by(col(Integration.name))
    rows = session.exec(query.where(col(Integration.id) == only) if only else query).all()
    ids = [row.id for row in rows]
    features = _features(session, ids, counts=_counts(session, ids))
    orders: dict[str, int] = {}
    turnover: dict[str, dict[str, Decimal]] = {}
    for integration_id, currency, number, total in session.exec(
        select(Order.integration_id, Order.currency, func.count(), func.sum(Order.total))
        .where(col(Order.created_at) >= since, col(Order.integration_id).in_(ids))
        .group_by(col(Order.integration_id), col(Order.currency))
    ):
        orders[integration_id] = orders.get(integration_id, 0) + number
        turnover.setdefault(integration_id, {})[currency] = total
    return [_row(row, features.get(row.id, []), orders.get(row.id, 0), turnover.get(row.id, {})) for row in rows]


def find(session: Session, integration_id: str, since: datetime) -> IntegrationRow | None:
    """One integration with its counts; None when there is none or it was deleted."""
    return next(iter(overview(session, since, only=integration_id)), None)


def setup(session: Session, integration_id: str) -> Setup:
    """The wizard's stored input: what was entered (never secrets) and the last connection test."""
    row = session.get(Integration, integration_id)
    credential = session.get(Credential, integration_id)
    return Setup(
        shown=credential.shown if credential else {},
        has_credentials=credential is not None,
        report=_report(row.check_report) if row else None,
        checked_at=row.checked_at if row else None,
    )


def _report(stored: dict[str, Any]) -> CheckReport | None:
    """An older version's report that no longer reads counts as none: the test is run again."""
    try:
        return CheckReport.model_validate(stored) if stored else None
    except ValidationError:
        return None


def _row(
    row: Integration, features: list[FeatureRow], orders: int = 0, turnover: Mapping[str, Decimal] | None = None
) -> IntegrationRow:
    return IntegrationRow(
        id=row.id,
        connector=row.connector,
        name=row.name,
        mode=Mode(row.mode),
        wizard_step=row.wizard_step,
        created_at=row.created_at,
        features=features,
        orders_today=orders,
        turnover_today=turnover or {},
    )


def _counts(session: Session, ids: Sequence[str]) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Parked, waiting and failed records per integration and feature; both statements read partial indexes only."""
    counts: dict[tuple[str, str], tuple[int, int, int]] = {}
    for integration_id, feature, parked in session.exec(
        select(InboxDocument.integration_id, InboxDocument.feature, func.count())
        .where(col(InboxDocument.state) == "parked", col(InboxDocument.integration_id).in_(ids))
        .group_by(col(InboxDocument.integration_id), col(InboxDocument.feature))
    ):
        counts[integration_id, feature] = (parked, 0, 0)
    is_failed = case((col(Link.state) == "failed", 1), else_=0)
    for integration_id, kind, waiting, failed in session.exec(
        select(Link.integration_id, Link.kind, func.sum(1 - is_failed), func.sum(is_failed))
        .where(col(Link.dirty_at).is_not(None), col(Link.integration_id).in_(ids))
        .group_by(col(Link.integration_id), col(Link.kind))
    ):
        parked, _, _ = counts.get((integration_id, kind), (0, 0, 0))
        counts[integration_id, kind] = (parked, int(waiting), int(failed))
    return counts


def _features(
    session: Session, ids: Sequence[str], counts: Mapping[tuple[str, str], tuple[int, int, int]] | None = None
) -> dict[str, list[FeatureRow]]:
    # What comes in stands first: orders are why people look.
    order = {feature.value: (feature is not Feature.ORDERS, index) for index, feature in enumerate(Feature)}
    found: dict[str, list[FeatureRow]] = {}
    rows = session.exec(
        select(IntegrationFeature).where(
            col(IntegrationFeature.integration_id).in_(ids), col(IntegrationFeature.is_chosen)
        )
    ).all()
    for row in sorted(rows, key=lambda row: order[row.feature]):
        parked, waiting, failed = (counts or {}).get((row.integration_id, row.feature), (0, 0, 0))
        found.setdefault(row.integration_id, []).append(
            FeatureRow(
                feature=Feature(row.feature),
                is_active=row.is_active,
                is_paused=row.paused_at is not None,
                paused_note=row.paused_note,
                paused_by=row.paused_by,
                paused_at=row.paused_at,
                blocked=Failure.model_validate(row.blocked) if row.blocked else None,
                blocked_at=row.blocked_at,
                deferred_since=row.deferred_since,
                last_run_at=row.last_run_at,
                last_outcome=row.last_outcome,
                last_success_at=row.last_success_at,
                parked=parked,
                waiting=waiting,
                failed=failed,
            )
        )
    return found
