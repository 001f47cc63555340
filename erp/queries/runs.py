"""Runs of features with their counts; what Temporal knows of them is asked there."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from erp.tables import Run


def by_id(session: Session, run_ids: Sequence[str]) -> dict[str, Run]:
    """The rows of some runs by Temporal's run id."""
    return {row.id: row for row in session.exec(select(Run).where(col(Run.id).in_(run_ids)))}


def of_integration(session: Session, integration_id: str, most: int = 10) -> list[Run]:
    """An integration's newest runs."""
    return list(
        session.exec(
            select(Run)
            .where(col(Run.integration_id) == integration_id)
            .order_by(col(Run.started_at).desc())
            .limit(most)
        )
    )


def stored(session: Session, integration_ids: Sequence[str], most: int = 50) -> list[Run]:
    """Newest runs of some integrations, a piece of each by its index, for when Temporal cannot be asked."""
    found: list[Run] = []
    for integration_id in integration_ids:
        query = select(Run).where(col(Run.integration_id) == integration_id)
        found += session.exec(query.order_by(col(Run.started_at).desc()).limit(most)).all()
    return sorted(found, key=lambda run: run.started_at, reverse=True)[:most]
