"""Finding an article by its number, and writing into its history: what all services around articles share."""

from typing import Any

from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp import journal
from erp.tables import Article


def find_article(session: Session, number: str, *, lock: bool = False) -> Article:
    """Find an article that is not deleted; with `lock` its row stays locked until the transaction ends.

    Raises `FailureError` ARTICLE_UNKNOWN.
    """
    query = select(Article).where(col(Article.number) == number, ~col(Article.is_deleted))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.exec(query).first()
    if found is None:
        raise FailureError(Failure.of("ARTICLE_UNKNOWN", sku=number))
    return found


def note(session: Session, event: str, number: str, by: str, **params: Any) -> None:
    """Write an event into an article's history; it belongs to no integration."""
    said = {key: str(value) for key, value in params.items()}
    journal.write(
        session,
        [journal.event("", "articles", event, hop="lifecycle", status="info", record=number, params=said, actor=by)],
    )
