"""Mapping tables with what still waits for them, and values that were seen before."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from canonical.settings import MappingKind
from erp.tables import InboxDocument, Mapping


@dataclass(frozen=True)
class MappingRow:
    """One row of a mapping table; open rows have no ERP value, and `waiting` documents are parked for them."""

    channel_value: str
    erp_value: str
    seen: int
    waiting: int

    @property
    def is_open(self) -> bool:
        """Whether a person must choose what the value means."""
        return not self.erp_value


def rows(session: Session, integration_id: str, kind: MappingKind) -> list[MappingRow]:
    """The table's rows, open ones first."""
    found = session.exec(
        select(Mapping)
        .where(col(Mapping.integration_id) == integration_id, col(Mapping.kind) == kind.value)
        .order_by(col(Mapping.erp_value) != "", col(Mapping.channel_value))
    ).all()
    waiting = _waiting(session, integration_id, kind, [row.channel_value for row in found if not row.erp_value])
    return [MappingRow(row.channel_value, row.erp_value, row.seen, waiting.get(row.channel_value, 0)) for row in found]


def suggestions(session: Session, kind: MappingKind) -> list[str]:
    """Channel values that any integration has seen, to be offered while typing."""
    return list(
        session.exec(
            select(Mapping.channel_value)
            .where(col(Mapping.kind) == kind.value)
            .group_by(col(Mapping.channel_value))
            .order_by(func.sum(Mapping.seen).desc())
            .limit(100)
        )
    )


def count_open(session: Session, integration_id: str) -> int:
    """How many values wait for a person."""
    return session.exec(
        select(func.count())
        .select_from(Mapping)
        .where(col(Mapping.integration_id) == integration_id, col(Mapping.erp_value) == "")
    ).one()


def _waiting(session: Session, integration_id: str, kind: MappingKind, values: Sequence[str]) -> dict[str, int]:
    """Parked documents per open value, from the keys they wait for."""
    if not values:
        return {}
    key = func.unnest(col(InboxDocument.waits_for)).label("key")
    parked = (
        select(key)
        .where(col(InboxDocument.integration_id) == integration_id, col(InboxDocument.state) == "parked")
        .subquery()
    )
    keys = {f"{kind.value}:{value}": value for value in values}
    counted = session.exec(
        select(parked.c.key, func.count()).where(parked.c.key.in_(list(keys))).group_by(parked.c.key)
    )
    return {keys[name]: number for name, number in counted}
