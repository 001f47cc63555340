"""The category tree (Artikelbaum): created, renamed, moved and deleted; and which articles are in which categories."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, func, text
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp.article_lookup import find_article, note
from erp.bulk import insert_rows
from erp.links import mark_dirty
from erp.push_categories import mark_categories
from erp.tables import ArticleCategory, Category


class CategoryForm(BaseModel):
    """A category as a person enters it; without a parent it is at the top, positions order siblings."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=200)
    parent_id: int | None = None
    position: int = Field(default=0, ge=0, le=1_000_000)


def create_category(session: Session, form: CategoryForm) -> int:
    """Create a category, mark it as to be sent, and return its id; raises `FailureError` CATEGORY_TAKEN, RECORD_GONE."""
    _take_turns(session)
    if form.parent_id is not None:
        _get(session, form.parent_id)
    _refuse_twin(session, form.name, form.parent_id)
    category = Category(**form.model_dump())
    session.add(category)
    session.flush()
    mark_categories(session, [category.id or 0])
    return category.id or 0


def change_category(session: Session, category_id: int, form: CategoryForm) -> None:
    """Rename, move or reorder a category, and mark it as to be sent; what is in it moves along, and is marked, too.

    Raises `FailureError` CATEGORY_TAKEN, CATEGORY_CYCLE, RECORD_GONE.
    """
    _take_turns(session)
    category = _get(session, category_id)
    if form.parent_id is not None:
        _get(session, form.parent_id)
        if form.parent_id in _below(session, category_id):
            raise FailureError(Failure.of("CATEGORY_CYCLE", name=category.name))
    _refuse_twin(session, form.name, form.parent_id, category_id)
    is_elsewhere = (category.name, category.parent_id) != (form.name, form.parent_id)
    category.name, category.parent_id, category.position = form.name, form.parent_id, form.position
    session.add(category)
    session.flush()
    mark_categories(session, [category_id])
    if is_elsewhere:
        _mark_articles(session, _below(session, category_id))


def delete_category(session: Session, category_id: int, *, moves_up: bool) -> None:
    """Delete a category that is empty, or move its content into the category above first.

    At the top, categories move up to the top and articles leave the tree. Raises `FailureError` CATEGORY_NOT_EMPTY,
    CATEGORY_TAKEN when a name is there already where the content moves, RECORD_GONE.
    """
    _take_turns(session)
    category = _get(session, category_id)
    children = session.exec(select(Category).where(col(Category.parent_id) == category_id)).all()
    inside = select(func.count()).select_from(ArticleCategory).where(col(ArticleCategory.category_id) == category_id)
    articles = session.exec(inside).one()
    if (children or articles) and not moves_up:
        inside_it = Failure.of("CATEGORY_NOT_EMPTY", name=category.name, articles=articles, children=len(children))
        raise FailureError(inside_it)
    for child in children:
        _refuse_twin(session, child.name, category.parent_id, category_id)
    _move_up(session, category)
    session.delete(category)
    session.flush()
    mark_dirty(session, "categories", {category_id})
    mark_categories(session, [child.id or 0 for child in children])


def _move_up(session: Session, category: Category) -> None:
    ids = {"id": category.id, "parent": category.parent_id}
    if category.parent_id is not None:
        session.execute(
            text(
                "INSERT INTO article_category (article_id, category_id) SELECT article_id, :parent FROM article_category"
                " WHERE category_id = :id ON CONFLICT DO NOTHING"
            ),
            ids,
        )
    moved = session.execute(
        text("DELETE FROM article_category WHERE category_id = :id RETURNING article_id"), {"id": category.id}
    )
    mark_dirty(session, "articles", set(moved.scalars()))
    # A child may have the name of the category itself, which is gone at the end of this transaction.
    session.execute(text("UPDATE category SET name = '' WHERE id = :id"), {"id": category.id})
    session.execute(text("UPDATE category SET parent_id = :parent WHERE parent_id = :id"), ids)


def store_categories(session: Session, article_number: str, category_ids: Sequence[int], by: str) -> None:
    """Put an article into exactly these categories, and mark it as to be sent.

    Raises `FailureError` RECORD_GONE for a category that does not exist, ARTICLE_UNKNOWN.
    """
    article = find_article(session, article_number, lock=True)
    wanted = sorted(set(category_ids))
    found = session.exec(select(Category.id).where(col(Category.id).in_(wanted)).with_for_update(read=True)).all()
    if len(found) < len(wanted):
        raise FailureError(Failure.of("RECORD_GONE"))
    session.execute(delete(ArticleCategory).where(col(ArticleCategory.article_id) == article.id))
    insert_rows(session, ArticleCategory, [{"article_id": article.id, "category_id": one} for one in wanted])
    mark_dirty(session, "articles", {article.id or 0})
    note(session, "categories_stored", article_number, by)


def _mark_articles(session: Session, category_ids: set[int]) -> None:
    """Channels without categories of their own get the names from the root with each article."""
    query = select(ArticleCategory.article_id).where(col(ArticleCategory.category_id).in_(category_ids))
    mark_dirty(session, "articles", set(session.exec(query)))


def _take_turns(session: Session) -> None:
    """Changes of the tree take turns: two moves that cross each other could make a circle that neither sees."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('category'))"))


def _get(session: Session, category_id: int) -> Category:
    category = session.get(Category, category_id)
    if category is None:
        raise FailureError(Failure.of("RECORD_GONE"))
    return category


def _below(session: Session, category_id: int) -> set[int]:
    """The category and everything under it."""
    rows = session.execute(
        text(
            "WITH RECURSIVE below AS (SELECT CAST(:id AS int) AS id UNION"
            " SELECT c.id FROM category c JOIN below ON c.parent_id = below.id) SELECT id FROM below"
        ),
        {"id": category_id},
    )
    return set(rows.scalars())


def _refuse_twin(session: Session, name: str, parent_id: int | None, *but: int) -> None:
    query = select(Category.id).where(
        col(Category.name) == name,
        col(Category.parent_id).is_not_distinct_from(parent_id),
        col(Category.id).not_in(but),
    )
    if session.exec(query).first() is not None:
        raise FailureError(Failure.of("CATEGORY_TAKEN", name=name))
