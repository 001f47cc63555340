"""The initial import (D§1.6): a shop's articles are identified, shown with a status each, and taken over, parents first.

Stock, suppliers and purchase prices are not imported. An article whose number is here already is left as it is: the ERP is the
master from the first day. A page of articles is booked as one set; if the set fails it is halved down to the culprit.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import func, text, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from canonical.article import ArticleKind
from canonical.catalogue import ListedArticle, Structure
from canonical.failure import Failure
from canonical.lifecycle import ScanPurpose
from canonical.settings import ImportSettings
from erp import import_rows, journal, scans
from erp.bulk import insert_rows
from erp.import_rows import Known, Planned
from erp.releases import release_all
from erp.tables import Article, ArticleImage, CustomerGroup, ImportItem

DONE = ("imported", "unchanged")
# Statistics know nothing of a table that is just being filled: without this, every page would read all articles that are
# here to find its few hundred numbers, and the import would become slower with each page.
_BY_INDEX = text("SET LOCAL enable_seqscan = off")


@dataclass(frozen=True)
class Step:
    """What one step of the import did; `left` tells that more is queued."""

    imported: int = 0
    failed: int = 0
    left: bool = False


def settings_of(session: Session, integration_id: str) -> ImportSettings:
    """The settings of the import, defaults where nobody chose."""
    return ImportSettings.model_validate(scans.scan_of(session, integration_id, ScanPurpose.IMPORT).settings)


def store_page(session: Session, integration_id: str, articles: Sequence[ListedArticle]) -> None:
    """Store a page of identified articles: new ones as proposed, changed ones again, what was imported stays imported.

    Idempotent by (integration, the channel's id) and content.
    """
    rows = [_row(integration_id, article) for article in {each.content.ref: each for each in articles}.values()]
    insert_rows(
        session,
        ImportItem,
        rows,
        ending=(
            "ON CONFLICT (integration_id, ref) DO UPDATE SET parent_ref = excluded.parent_ref, sku = excluded.sku,"
            " name = excluded.name, structure = excluded.structure, content = excluded.content, digest = excluded.digest,"
            " changed_at = now(), code = excluded.code, params = excluded.params,"
            " state = CASE WHEN import_item.state IN ('imported', 'unchanged') THEN import_item.state ELSE excluded.state END"
            " WHERE import_item.digest <> excluded.digest OR import_item.state = 'failed'"
        ),
    )


def _row(integration_id: str, article: ListedArticle) -> dict[str, Any]:
    content = article.content
    body = article.model_dump(mode="json", exclude_defaults=True)
    failure = _missing_sku(article)
    return {
        "integration_id": integration_id,
        "ref": content.ref,
        "parent_ref": content.parent_ref,
        "sku": content.sku.strip()[:200],
        "name": content.words.name[:500],
        "structure": content.structure.value,
        "state": "failed" if failure else "proposed",
        "code": failure.code if failure else "",
        "params": dict(failure.params) if failure else {},
        "content": body,
        "digest": hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest(),
    }


def _missing_sku(article: ListedArticle) -> Failure | None:
    """A parent may come without a number: it gets one with the word Container in it."""
    if article.content.sku.strip() or article.content.structure is Structure.PARENT:
        return None
    return Failure.of("SKU_MISSING", name=article.content.words.name)


def queue(session: Session, integration_id: str, skus: Sequence[str]) -> int:
    """Queue what is to be imported: all that is proposed or failed, or the articles of these numbers with their family."""
    wanted = text(
        "UPDATE import_item SET state = 'queued', code = '', params = '{}', changed_at = now()"
        " WHERE integration_id = :id AND state IN ('proposed', 'failed') AND (structure = 'parent' OR sku <> '')"
        " AND (:every OR sku = ANY(:skus) OR ref IN (SELECT parent_ref FROM import_item WHERE integration_id = :id"
        " AND sku = ANY(:skus) AND parent_ref <> '') OR parent_ref IN (SELECT ref FROM import_item"
        " WHERE integration_id = :id AND sku = ANY(:skus) AND structure = 'parent'))"
        " RETURNING id"
    )
    found = session.execute(wanted, {"id": integration_id, "every": not skus, "skus": list(skus)}).all()
    return len(found)


def import_page(session: Session, integration_id: str, limit: int) -> Step:
    """Take over the next queued articles, parents before variants; each item says what became of it.

    Safe to repeat: an item that was taken over is not queued any more, and a number that is here is not created twice.
    """
    settings = settings_of(session, integration_id)
    session.execute(_BY_INDEX)
    items = _next(session, integration_id, limit)
    if not items:
        return Step()
    articles = [ListedArticle.model_validate(item.content) for item in items]
    known = _known(session, integration_id, articles)
    plans = [import_rows.plan(article, settings, known) for article in articles]
    outcomes: dict[int, Failure | None] = {}
    good: list[tuple[ImportItem, Planned]] = []
    for item, plan in zip(items, plans, strict=True):
        if isinstance(plan, Failure):
            outcomes[item.id or 0] = plan
        else:
            good.append((item, plan))
    created = _book_halving(session, good, outcomes)
    imported = _settle(session, items, outcomes, created)
    left = bool(_next(session, integration_id, 1))
    return Step(imported=imported, failed=len(items) - imported, left=left)


def _next(session: Session, integration_id: str, limit: int) -> Sequence[ImportItem]:
    """Parents first; a variant's turn comes when no parent is queued any more."""
    query = queued(integration_id).limit(limit).with_for_update(skip_locked=True)
    found = session.exec(query.execution_options(populate_existing=True)).all()
    if found and found[0].structure != Structure.VARIANT.value:
        return [item for item in found if item.structure != Structure.VARIANT.value]
    return found


def queued(integration_id: str) -> SelectOfScalar[ImportItem]:
    """What is queued, in the order in which it is taken over.

    `parent`, `simple` and `variant` stand in the order of the alphabet, so an index gives each page without sorting.
    """
    return (
        select(ImportItem)
        .where(col(ImportItem.integration_id) == integration_id, col(ImportItem.state) == "queued")
        .order_by(col(ImportItem.structure), col(ImportItem.id))
    )


def _known(session: Session, integration_id: str, articles: Sequence[ListedArticle]) -> Known:
    """What is here already of these articles: their numbers, their parents, the groups; three statements."""
    numbers = {number for article in articles for number in import_rows.numbers_of(article)}
    here = session.exec(
        select(Article.number, Article.id, Article.kind).where(col(Article.number).in_(sorted(numbers)))
    ).all()
    parent_refs = sorted({a.content.parent_ref for a in articles if a.content.parent_ref})
    parents = session.exec(
        select(ImportItem.ref, ImportItem.article_id, ImportItem.state).where(
            col(ImportItem.integration_id) == integration_id, col(ImportItem.ref).in_(parent_refs)
        )
    ).all()
    groups = session.exec(select(CustomerGroup.name, CustomerGroup.id)).all()
    twice = session.execute(
        text(
            "SELECT sku FROM import_item WHERE integration_id = :id AND sku = ANY(:numbers) GROUP BY sku HAVING count(*) > 1"
        ),
        {"id": integration_id, "numbers": sorted(numbers)},
    ).scalars()
    return Known(
        articles={number: (id or 0, ArticleKind(kind)) for number, id, kind in here},
        parents={ref: article_id for ref, article_id, state in parents if article_id and state in DONE},
        groups={name: id or 0 for name, id in groups},
        twice=frozenset(twice),
    )


def _book_halving(
    session: Session, good: Sequence[tuple[ImportItem, Planned]], outcomes: dict[int, Failure | None]
) -> dict[int, int]:
    """Book the set; on a failure of the database halve it, so that one bad article hurts nobody."""
    if not good:
        return {}
    try:
        with session.begin_nested():
            return import_rows.book(session, [(item.id or 0, plan) for item, plan in good])
    except (IntegrityError, DataError) as error:
        if len(good) == 1:
            item, _ = good[0]
            state = getattr(error.orig, "sqlstate", "") or ""
            outcomes[item.id or 0] = Failure.of("ITEM_REFUSED", record=item.sku or item.ref, reason=f"SQL {state}")
            return {}
    middle = len(good) // 2
    return _book_halving(session, good[:middle], outcomes) | _book_halving(session, good[middle:], outcomes)


def _settle(
    session: Session, items: Sequence[ImportItem], outcomes: Mapping[int, Failure | None], created: Mapping[int, int]
) -> int:
    imported = 0
    for item in items:
        failure = outcomes.get(item.id or 0)
        if failure is not None:
            item.state, item.code, item.params = "failed", failure.code, dict(failure.params)
        else:
            content = ListedArticle.model_validate(item.content).content
            is_new = created[item.id or 0] > 0
            item.state, item.code, item.params = "imported" if is_new else "unchanged", "", {}
            item.article_id = abs(created[item.id or 0])
            item.images_left = len(content.images) if is_new else 0
            imported += 1
        session.add(item)
    session.flush()
    release_all(session, [(f"article:{item.sku}", None) for item in items if item.state == "imported"])
    return imported


def finish(session: Session, integration_id: str, by: str) -> dict[str, int]:
    """Say how the import ended, and tell the journal."""
    counted = counts(session, integration_id)
    params = {"imported": counted.get("imported", 0), "failed": counted.get("failed", 0)}
    event = journal.event(integration_id, "", "taken_over", hop="lifecycle", status="info", params=params, actor=by)
    journal.write(session, [event])
    return counted


def counts(session: Session, integration_id: str) -> dict[str, int]:
    """How many items are in which state."""
    query = (
        select(ImportItem.state, func.count())
        .where(col(ImportItem.integration_id) == integration_id)
        .group_by(col(ImportItem.state))
    )
    return dict(session.exec(query).all())


class WantedImage(NamedTuple):
    """An image of an imported article that is known by its address only."""

    image_id: int
    item_id: int
    number: str
    url: str


def images_to_fetch(session: Session, integration_id: str, limit: int) -> list[WantedImage]:
    """Images that were not fetched yet."""
    rows = session.execute(
        text(
            "SELECT m.id, i.id, a.number, m.url FROM import_item i JOIN article a ON a.id = i.article_id"
            " JOIN article_image m ON m.article_id = a.id AND m.content IS NULL AND m.media_type = ''"
            " WHERE i.integration_id = :id AND i.images_left > 0 AND i.state = 'imported' ORDER BY i.id, m.position LIMIT :limit"
        ),
        {"id": integration_id, "limit": limit},
    )
    return [WantedImage(*row) for row in rows]


def store_image(session: Session, image: WantedImage, content: bytes | None, media_type: str) -> None:
    """Keep an image's bytes; one that could not be had keeps its address and is not asked for again."""
    values: dict[str, Any] = {"media_type": media_type if content else "unreachable"}
    if content:
        values |= {"content": content, "digest": hashlib.sha256(content).hexdigest()}
    session.execute(update(ArticleImage).where(col(ArticleImage.id) == image.image_id).values(**values))
    left: dict[str, Any] = {"images_left": func.greatest(ImportItem.images_left - 1, 0)}
    if not content:
        left |= {"code": "IMAGE_UNREACHABLE", "params": {"sku": image.number, "url": image.url}}
    session.execute(update(ImportItem).where(col(ImportItem.id) == image.item_id).values(**left))
