"""What an article's page shows beside the article itself: texts, prices, components, properties, images, shops, categories."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import and_, func, text
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from erp.tables import (
    Article,
    ArticleCategory,
    ArticleImage,
    ArticleOption,
    ArticleProperty,
    ArticleText,
    Component,
    Customer,
    CustomerGroup,
    Integration,
    Price,
)


@dataclass(frozen=True)
class PriceRow:
    """A price with the names of its source; `customer` is the customer's number."""

    price: Price
    group: str
    customer: str
    customer_name: str


@dataclass(frozen=True)
class ComponentRow:
    """An entry of a bill of materials, or an article that has this one in its bill."""

    number: str
    name: str
    quantity: Decimal


@dataclass(frozen=True)
class ImageRow:
    """An image without its bytes; `size` is 0 for one at an address."""

    id: int
    title: str
    url: str
    media_type: str
    size: int


@dataclass(frozen=True)
class CategoryRow:
    """A node of the category tree in the order of a table of contents."""

    id: int
    parent_id: int | None
    name: str
    position: int
    depth: int
    path: str
    articles: int


def texts(session: Session, article_id: int) -> Sequence[ArticleText]:
    """An article's texts by language, those for all shops first."""
    query = select(ArticleText).where(col(ArticleText.article_id) == article_id)
    order = col(ArticleText.language), col(ArticleText.integration_id).nulls_first()
    return session.exec(query.order_by(*order)).all()


def prices(session: Session, article_id: int) -> list[PriceRow]:
    """An article's prices: the standard ones first, then groups and customers, each as a scale."""
    query = (
        select(Price, CustomerGroup.name, Customer.number, Customer.name)
        .outerjoin(CustomerGroup, col(CustomerGroup.id) == col(Price.customer_group_id))
        .outerjoin(Customer, col(Customer.id) == col(Price.customer_id))
        .where(col(Price.article_id) == article_id)
        .order_by(
            col(Price.customer_id).nulls_first(),
            col(CustomerGroup.name).nulls_first(),
            col(Price.currency),
            col(Price.from_quantity),
            col(Price.valid_from).nulls_first(),
        )
    )
    found = session.exec(query).all()
    return [PriceRow(price, group or "", number or "", name or "") for price, group, number, name in found]


def groups(session: Session) -> list[str]:
    """The names of the customer groups."""
    return list(session.exec(select(CustomerGroup.name).order_by(col(CustomerGroup.name))))


def components(session: Session, article_id: int) -> list[ComponentRow]:
    """What an article is made of."""
    query = (
        columns(col(Article.number), col(Article.name), col(Component.quantity))
        .join(Component, col(Component.component_id) == col(Article.id))
        .where(col(Component.article_id) == article_id)
        .order_by(col(Component.position), col(Article.number))
    )
    return [ComponentRow(*row) for row in session.execute(query)]


def used_in(session: Session, article_id: int) -> list[ComponentRow]:
    """Which bills of materials need an article."""
    query = (
        columns(col(Article.number), col(Article.name), col(Component.quantity))
        .join(Component, col(Component.article_id) == col(Article.id))
        .where(col(Component.component_id) == article_id, ~col(Article.is_deleted))
        .order_by(col(Article.number))
        .limit(100)
    )
    return [ComponentRow(*row) for row in session.execute(query)]


def properties(session: Session, article_id: int) -> Sequence[ArticleProperty]:
    """An article's properties in their order."""
    query = select(ArticleProperty).where(col(ArticleProperty.article_id) == article_id)
    return session.exec(query.order_by(col(ArticleProperty.position), col(ArticleProperty.id))).all()


def images(session: Session, article_id: int) -> list[ImageRow]:
    """An article's images in their order, without their bytes."""
    query = (
        columns(
            col(ArticleImage.id),
            col(ArticleImage.title),
            col(ArticleImage.url),
            col(ArticleImage.media_type),
            func.coalesce(func.length(ArticleImage.content), 0),
        )
        .where(col(ArticleImage.article_id) == article_id)
        .order_by(col(ArticleImage.position), col(ArticleImage.id))
    )
    return [ImageRow(*row) for row in session.execute(query)]


def image(session: Session, image_id: int) -> tuple[str, bytes] | None:
    """An image's media type and bytes; nothing for one at an address."""
    found = session.get(ArticleImage, image_id)
    return None if found is None or found.content is None else (found.media_type, found.content)


def options(session: Session, article_id: int) -> list[tuple[Integration, ArticleOption | None]]:
    """All integrations with the article's options there."""
    mine = and_(col(ArticleOption.integration_id) == col(Integration.id), col(ArticleOption.article_id) == article_id)
    query = select(Integration, ArticleOption).outerjoin(ArticleOption, mine)
    found = session.exec(query.where(col(Integration.deleted_at).is_(None)).order_by(col(Integration.name)))
    return [(row[0], row[1]) for row in found]


def chosen_categories(session: Session, article_id: int) -> set[int]:
    """The categories that an article is in."""
    query = select(ArticleCategory.category_id).where(col(ArticleCategory.article_id) == article_id)
    return set(session.exec(query))


_TREE = text("""
    WITH RECURSIVE tree AS (
        SELECT id, parent_id, name, position, 0 AS depth, name::text AS path, ARRAY[lpad(position::text, 8, '0') || lower(name)] AS place
        FROM category WHERE parent_id IS NULL
        UNION ALL
        SELECT c.id, c.parent_id, c.name, c.position, depth + 1, path || ' › ' || c.name, place || (lpad(c.position::text, 8, '0') || lower(c.name))
        FROM category c JOIN tree ON c.parent_id = tree.id),
    counts AS (SELECT category_id, count(*) AS articles FROM article_category GROUP BY 1)
    SELECT id, parent_id, name, position, depth, path, coalesce(articles, 0) FROM tree
    LEFT JOIN counts ON category_id = id ORDER BY place
""")


def categories(session: Session) -> list[CategoryRow]:
    """The category tree from top to bottom, siblings by position and name."""
    return [CategoryRow(*row) for row in session.execute(_TREE)]
