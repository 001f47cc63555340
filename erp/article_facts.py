"""What the articles of a batch are made of, loaded in a fixed number of statements for any number of articles."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import func, or_, text
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from canonical.catalogue import CategoryPlace, DataType, OptionAxis
from canonical.settings import ArticleSettings
from erp.foreign_numbers import channel_numbers
from erp.push_context import PushContext
from erp.tables import Article, ArticleImage, ArticleProperty, ArticleText, Component

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Row:
    """An article with what one integration says of it."""

    article: Article
    is_listed: bool
    is_hidden: bool
    is_closeout: bool
    parent: str = ""
    """The number of a variant's matrix article."""
    parent_is_listed: bool = False
    parent_ref: str = ""


@dataclass(frozen=True, slots=True)
class ArticleFacts:
    """All that is known of a batch of articles, by article id; what is not chosen to be sent was not loaded."""

    rows: Mapping[int, Row]
    texts: Mapping[int, Sequence[ArticleText]]
    images: Mapping[int, Sequence[ArticleImage]]
    properties: Mapping[int, Sequence[ArticleProperty]]
    axes: Mapping[int, Sequence[OptionAxis]]
    """By the matrix article's id."""
    categories: Mapping[int, Sequence[CategoryPlace]]
    cross_selling: Mapping[int, Sequence[int]]
    components: Mapping[int, Sequence[tuple[int, Decimal]]]
    skus: Mapping[int, str]
    """The channel's numbers, also of parents, components and articles shown beside."""


def load_facts(session: Session, context: PushContext[ArticleSettings], article_ids: Sequence[int]) -> ArticleFacts:
    """Load what `data_types` asks for, and the categories, by which a marketplace's own one is found."""
    sends, integration_id = context.settings.data_types, context.integration_id
    rows = _rows(session, integration_id, article_ids)
    ids = [article_id for article_id, row in rows.items() if not row.article.is_deleted]
    parents = {row.article.parent_id for row in rows.values() if row.article.parent_id is not None}
    cross = _cross_selling(session, integration_id, ids) if DataType.CROSS_SELLING in sends else {}
    parts = _components(session, ids) if DataType.MASTER_DATA in sends else {}
    named = {*rows, *parents, *(other for each in cross.values() for other in each)}
    named |= {part for each in parts.values() for part, _ in each}
    has_properties = bool(sends & {DataType.PROPERTIES, DataType.VARIANTS})
    return ArticleFacts(
        rows=rows,
        texts=_texts(session, context, ids) if sends & {DataType.MASTER_DATA, DataType.TRANSLATIONS} else {},
        images=_images(session, ids) if DataType.IMAGES in sends else {},
        properties=_properties(session, ids) if has_properties else {},
        axes=_axes(session, sorted({*ids, *parents})) if DataType.VARIANTS in sends else {},
        categories=_categories(session, integration_id, ids),
        cross_selling=cross,
        components=parts,
        skus=channel_numbers(session, integration_id, context.advanced, sorted(named)),
    )


_ROWS = text(
    """
    SELECT a.id, e.article_id IS NOT NULL, coalesce(s.is_inactive, a.is_inactive) OR a.is_locked,
        coalesce(s.remaining_stock_only, a.remaining_stock_only), coalesce(p.number, ''), pe.article_id IS NOT NULL,
        coalesce(pl.external_ref, '')
    FROM article a
    LEFT JOIN article_list_entry e ON e.integration_id = :integration AND e.article_id = a.id AND e.removed_at IS NULL
    LEFT JOIN article_option s ON s.integration_id = :integration AND s.article_id = a.id
    LEFT JOIN article p ON p.id = a.parent_id
    LEFT JOIN article_list_entry pe ON pe.integration_id = :integration AND pe.article_id = p.id AND pe.removed_at IS NULL
    LEFT JOIN link pl ON pl.integration_id = :integration AND pl.kind = 'articles' AND pl.record = p.number
    WHERE a.id = ANY(:ids)
    """
)


def _rows(session: Session, integration_id: str, ids: Sequence[int]) -> dict[int, Row]:
    query = select(Article).where(col(Article.id) == func.any(list(ids)))
    articles = {article.id: article for article in session.exec(query.execution_options(populate_existing=True))}
    said = session.execute(_ROWS, {"integration": integration_id, "ids": list(ids)})
    return {row[0]: Row(articles[row[0]], *row[1:]) for row in said}


def _by_article(rows: Sequence[tuple[int, Value]]) -> dict[int, list[Value]]:
    found: dict[int, list[Value]] = defaultdict(list)
    for article_id, value in rows:
        found[article_id].append(value)
    return found


def _texts(session: Session, context: PushContext[ArticleSettings], ids: Sequence[int]) -> dict[int, list[ArticleText]]:
    shop = col(ArticleText.integration_id)
    query = select(ArticleText).where(
        col(ArticleText.article_id) == func.any(list(ids)),
        col(ArticleText.language).in_({context.settings.language, *context.settings.translation_languages}),
        or_(shop.is_(None), shop == context.integration_id),
    )
    return _by_article([(row.article_id, row) for row in session.exec(query)])


def _images(session: Session, ids: Sequence[int]) -> dict[int, list[ArticleImage]]:
    """Without their bytes: a channel fetches those itself."""
    query = (
        select(ArticleImage)
        .where(col(ArticleImage.article_id) == func.any(list(ids)))
        .order_by(col(ArticleImage.article_id), col(ArticleImage.position), col(ArticleImage.id))
        .options(defer(col(ArticleImage.content)))  # type: ignore[arg-type]
    )
    return _by_article([(row.article_id, row) for row in session.exec(query)])


def _properties(session: Session, ids: Sequence[int]) -> dict[int, list[ArticleProperty]]:
    query = (
        select(ArticleProperty)
        .where(col(ArticleProperty.article_id) == func.any(list(ids)))
        .order_by(col(ArticleProperty.article_id), col(ArticleProperty.position), col(ArticleProperty.id))
    )
    return _by_article([(row.article_id, row) for row in session.exec(query)])


# All variants count, listed or not: a list that grows by a variant must not change its parent.
_AXES = text(
    """
    SELECT parent_id, name, array_agg(value ORDER BY first) FROM (
        SELECT v.parent_id, p.name, p.value, min(p.position) AS position, min(v.id) AS first
        FROM article v JOIN article_property p ON p.article_id = v.id AND p.is_option
        WHERE v.parent_id = ANY(:ids) AND NOT v.is_deleted GROUP BY 1, 2, 3) AS given
    GROUP BY parent_id, name ORDER BY parent_id, min(position), min(first), name
    """
)


def _axes(session: Session, ids: Sequence[int]) -> dict[int, list[OptionAxis]]:
    rows = session.execute(_AXES, {"ids": list(ids)})
    return _by_article([(parent_id, OptionAxis(name=name, values=tuple(values))) for parent_id, name, values in rows])


_CATEGORIES = text(
    """
    WITH RECURSIVE meant AS (
        SELECT article_id, category_id FROM article_category WHERE article_id = ANY(:ids)),
    up AS (
        SELECT c.id AS leaf, c.parent_id, c.name, 0 AS height FROM category c
        WHERE c.id IN (SELECT category_id FROM meant)
        UNION ALL
        SELECT up.leaf, c.parent_id, c.name, up.height + 1 FROM up JOIN category c ON c.id = up.parent_id),
    paths AS (SELECT leaf, array_agg(name ORDER BY height DESC) AS path FROM up GROUP BY leaf)
    SELECT m.article_id, m.category_id, p.path, coalesce(l.external_ref, '')
    FROM meant m JOIN paths p ON p.leaf = m.category_id
    LEFT JOIN link l ON l.integration_id = :integration AND l.kind = 'categories' AND l.record_id = m.category_id
    ORDER BY m.article_id, p.path
    """
)


def _categories(session: Session, integration_id: str, ids: Sequence[int]) -> dict[int, list[CategoryPlace]]:
    rows = session.execute(_CATEGORIES, {"ids": list(ids), "integration": integration_id})
    return _by_article(
        [
            (article_id, CategoryPlace(key=str(category_id), path=tuple(path), ref=ref))
            for article_id, category_id, path, ref in rows
        ]
    )


_CROSS = text(
    """
    SELECT c.article_id, c.other_id FROM cross_selling c
    JOIN article_list_entry e ON e.integration_id = :integration AND e.article_id = c.other_id AND e.removed_at IS NULL
    WHERE c.article_id = ANY(:ids) ORDER BY c.article_id, c.position, c.other_id
    """
)


def _cross_selling(session: Session, integration_id: str, ids: Sequence[int]) -> dict[int, list[int]]:
    """Only articles that are listed, too: the channel knows no others."""
    rows = session.execute(_CROSS, {"ids": list(ids), "integration": integration_id})
    return _by_article([(article_id, other_id) for article_id, other_id in rows])


def _components(session: Session, ids: Sequence[int]) -> dict[int, list[tuple[int, Decimal]]]:
    query = (
        select(Component)
        .where(col(Component.article_id) == func.any(list(ids)))
        .order_by(col(Component.article_id), col(Component.position))
    )
    return _by_article([(row.article_id, (row.component_id, row.quantity)) for row in session.exec(query)])
