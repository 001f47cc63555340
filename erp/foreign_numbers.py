"""Foreign numbers: the numbers by which channels know articles (D§3.3), one by one; `erp/article_import.py` takes files."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from canonical.settings import AdvancedSettings
from erp import journal
from erp.article_lookup import find_article
from erp.links import mark_numbers_dirty
from erp.releases import release_all, release_waiting
from erp.tables import Article, ForeignNumber, Integration

LONGEST_LABEL, LONGEST_NUMBER = 60, 120


def add_foreign_number(  # noqa: PLR0917 - a foreign number is just these values
    session: Session,
    article_number: str,
    integration_id: str,
    label: str,
    number: str,
    by: str,
    *,
    is_scannable: bool | None = None,
) -> None:
    """Give an article the number by which a channel knows it, and release the documents that wait for that number.

    The label counts exactly and is required, even for the only number (D§3.3). What channels know of the article is
    marked as to be sent under the new number. Storing the same again makes it active again and changes nothing more. Raises `FailureError`
    FOREIGN_NUMBER_TAKEN, FOREIGN_LABEL_EMPTY, FOREIGN_NUMBER_EMPTY, TEXT_TOO_LONG, ARTICLE_UNKNOWN, SHOP_UNKNOWN.
    """
    label, number = label.strip(), number.strip()
    _refuse_bad(session, integration_id, label, number)
    article = find_article(session, article_number)
    given = {} if is_scannable is None else {"is_scannable": is_scannable}
    stored = (
        insert(ForeignNumber)
        .values(
            article_id=article.id, integration_id=integration_id, label=label, number=number, is_active=True, **given
        )
        .on_conflict_do_update(
            index_elements=["integration_id", "label", "number"],
            set_={"is_active": True, **given},
            where=col(ForeignNumber.article_id) == article.id,
        )
        .returning(col(ForeignNumber.id))
    )
    if session.execute(stored).first() is None:
        raise FailureError(Failure.of("FOREIGN_NUMBER_TAKEN", number=number))
    mark_numbers_dirty(session, {article.id or 0})
    params = {"value": number, "target": article_number}
    journal.write(session, [_event(integration_id, "mapped", article_number, params, by)])
    release_waiting(session, f"article:{number}", integration_id)


def _refuse_bad(session: Session, integration_id: str, label: str, number: str) -> None:
    if not label:
        raise FailureError(Failure.of("FOREIGN_LABEL_EMPTY"))
    if not number:
        raise FailureError(Failure.of("FOREIGN_NUMBER_EMPTY"))
    for value, most in ((label, LONGEST_LABEL), (number, LONGEST_NUMBER)):
        if len(value) > most:
            raise FailureError(Failure.of("TEXT_TOO_LONG", value=value[:most]))
    shop = select(Integration.id).where(col(Integration.id) == integration_id, col(Integration.deleted_at).is_(None))
    if session.exec(shop).first() is None:
        raise FailureError(Failure.of("SHOP_UNKNOWN", shop=integration_id))


def switch_foreign_numbers(session: Session, ids: Sequence[int], by: str, *, active: bool) -> int:
    """Activate or deactivate foreign numbers, and mark their articles as to be sent; returns how many changed."""
    changed = session.execute(
        update(ForeignNumber)
        .where(col(ForeignNumber.id) == func.any(list(ids)), col(ForeignNumber.is_active) != active)
        .values(is_active=active)
        .returning(*_CHANGED)
    ).all()
    _settle(session, changed, by)
    if active:
        release_all(session, [(f"article:{row.number}", row.integration_id) for row in changed])
    return len(changed)


def delete_foreign_numbers(session: Session, ids: Sequence[int], by: str) -> int:
    """Delete foreign numbers, and mark their articles as to be sent; returns how many were there."""
    gone = session.execute(
        delete(ForeignNumber).where(col(ForeignNumber.id) == func.any(list(ids))).returning(*_CHANGED)
    ).all()
    _settle(session, gone, by)
    return len(gone)


_CHANGED = (col(ForeignNumber.article_id), col(ForeignNumber.integration_id), col(ForeignNumber.number))


def _settle(session: Session, rows: Sequence[Any], by: str) -> None:
    """Mark what channels know by these numbers, and write one event per number under its article's number."""
    mark_numbers_dirty(session, {row.article_id for row in rows})
    ids = list({row.article_id for row in rows})
    numbers = dict(session.exec(select(Article.id, Article.number).where(col(Article.id) == func.any(ids))).all())
    journal.write(
        session,
        [
            _event(row.integration_id, "number_changed", numbers[row.article_id], {"value": row.number}, by)
            for row in rows
        ],
    )


def _event(integration_id: str, event: str, record: str, params: dict[str, str], by: str) -> dict[str, Any]:
    return journal.event(
        integration_id, "articles", event, hop="lifecycle", status="info", record=record, params=params, actor=by
    )


def channel_numbers(
    session: Session, integration_id: str, advanced: AdvancedSettings, article_ids: Sequence[int]
) -> dict[int, str]:
    """Say by which number a channel knows articles: the active foreign number with exactly the chosen label, else our own.

    Two statements for any number of articles; the oldest of several foreign numbers counts.
    """
    own = select(Article.id, Article.number).where(col(Article.id) == func.any(list(article_ids)))
    known = {article_id: number for article_id, number in session.exec(own) if article_id is not None}
    if not advanced.foreign_numbers:
        return known
    foreign = (
        select(ForeignNumber.article_id, ForeignNumber.number)
        .where(
            col(ForeignNumber.integration_id) == integration_id,
            col(ForeignNumber.label) == advanced.foreign_number_label,
            col(ForeignNumber.is_active),
            col(ForeignNumber.article_id) == func.any(list(article_ids)),
        )
        .order_by(col(ForeignNumber.id).desc())
    )
    return known | dict(session.exec(foreign).all())
