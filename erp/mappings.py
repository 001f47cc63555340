"""Mapping tables: a channel's value on the left, ours on the right; unknown values wait there as open rows (D§10.4)."""

from collections import Counter

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from canonical.settings import MappingKind
from erp import journal
from erp.links import mark_integration_dirty
from erp.releases import release_waiting
from erp.tables import Mapping

FEATURE = "orders"
SENT_BY = {
    MappingKind.LOCATION: ("stock",),
    MappingKind.CURRENCY: ("prices", "articles"),
    MappingKind.CUSTOMER_GROUP: ("prices",),
    MappingKind.CATEGORY: ("articles",),
    MappingKind.CUSTOM_FIELD: ("articles",),
    MappingKind.PROPERTY: ("articles",),
}
"""What goes out by each table that has our value on its left."""


def mapping_tables(session: Session, integration_id: str) -> dict[MappingKind, dict[str, str]]:
    """Load what is mapped, per kind; open rows are left out."""
    tables: dict[MappingKind, dict[str, str]] = {kind: {} for kind in MappingKind}
    mapped = select(Mapping).where(col(Mapping.integration_id) == integration_id, col(Mapping.erp_value) != "")
    for row in session.exec(mapped.execution_options(populate_existing=True)):
        tables[MappingKind(row.kind)][row.channel_value] = row.erp_value
    return tables


def set_mapping(  # noqa: PLR0917 - a row's columns and who writes it
    session: Session, integration_id: str, kind: MappingKind, channel_value: str, erp_value: str, by: str
) -> int:
    """Map a channel's value, release the documents that waited for it, and return how many; writes `mapped`.

    An empty `erp_value` opens the row again and releases nothing.
    """
    values = {"integration_id": integration_id, "kind": kind.value, "channel_value": channel_value}
    session.execute(
        insert(Mapping)
        .values(**values, erp_value=erp_value, seen=0)
        .on_conflict_do_update(
            index_elements=["integration_id", "kind", "channel_value"], set_={"erp_value": erp_value}
        )
    )
    _note(session, integration_id, channel_value, erp_value, by)
    _mark(session, integration_id, kind)
    return release_waiting(session, f"{kind.value}:{channel_value}", integration_id) if erp_value else 0


def delete_mapping(session: Session, integration_id: str, kind: MappingKind, channel_value: str, by: str = "") -> None:
    """Remove a row; the value is unknown again when it comes next."""
    session.execute(
        delete(Mapping).where(
            col(Mapping.integration_id) == integration_id,
            col(Mapping.kind) == kind.value,
            col(Mapping.channel_value) == channel_value,
        )
    )
    _note(session, integration_id, channel_value, "", by)
    _mark(session, integration_id, kind)


def _mark(session: Session, integration_id: str, kind: MappingKind) -> None:
    """What is sent says something else now; carriers and reasons only tell of what happens from now on."""
    if kinds := SENT_BY.get(kind):
        mark_integration_dirty(session, integration_id, kinds)


def note_unknown(session: Session, integration_id: str, values: Counter[tuple[MappingKind, str]]) -> None:
    """Keep unknown values as open rows for the operator; a row that is there only counts on, mapped or not."""
    rows = [
        {"integration_id": integration_id, "kind": kind.value, "channel_value": value, "erp_value": "", "seen": times}
        for (kind, value), times in sorted(values.items())
        if "\x00" not in value
    ]
    if not rows:
        return
    statement = insert(Mapping).values(rows)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["integration_id", "kind", "channel_value"],
            set_={"seen": func.coalesce(col(Mapping.seen), 0) + statement.excluded.seen},
        )
    )


def _note(session: Session, integration_id: str, value: str, target: str, by: str) -> None:
    params = {"value": value, "target": target or "–"}
    journal.write(
        session,
        [journal.event(integration_id, FEATURE, "mapped", hop="lifecycle", status="info", params=params, actor=by)],
    )
