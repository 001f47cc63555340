"""Option lists fetched from channels: what settings with `channel_options` offer ("reload options", D§2)."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete
from sqlmodel import Session, col, select

from canonical.channel import ChannelChoice
from erp.tables import ChannelOption


def store_options(session: Session, integration_id: str, kind: str, choices: Sequence[ChannelChoice]) -> None:
    """Replace one list; the newest answer of the channel is the truth, a choice that was stored stays in the settings."""
    session.execute(
        delete(ChannelOption).where(
            col(ChannelOption.integration_id) == integration_id, col(ChannelOption.kind) == kind
        )
    )
    unique = {choice.value: choice.label for choice in choices}
    session.add_all(
        ChannelOption(
            integration_id=integration_id, kind=kind, value=value[:200], label=(label or value)[:300], position=position
        )
        for position, (value, label) in enumerate(unique.items())
    )
    session.flush()


def options(session: Session, integration_id: str) -> Mapping[str, Sequence[ChannelChoice]]:
    """All lists of an integration in the channel's order."""
    rows = session.exec(
        select(ChannelOption)
        .where(col(ChannelOption.integration_id) == integration_id)
        .order_by(col(ChannelOption.kind), col(ChannelOption.position))
    )
    found: dict[str, list[ChannelChoice]] = {}
    for row in rows:
        found.setdefault(row.kind, []).append(ChannelChoice(value=row.value, label=row.label))
    return found
