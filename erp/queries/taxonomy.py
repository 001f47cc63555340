"""The category mapping page: our tree with what is mapped, a marketplace category's attributes, values that wait."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from canonical.taxonomy import TaxonomyAttribute
from erp.marketplace_content import Given, Tables, attributes_of, given_for

MOST = 500


@dataclass(frozen=True)
class CategoryRow:
    """One of our categories with the marketplace's that its articles are in; `inherited` where a parent is mapped."""

    id: int
    name: str
    depth: int
    articles: int
    code: str
    label: str
    inherited: str


@dataclass(frozen=True)
class AttributeRow:
    """An attribute of a marketplace category with its mapping."""

    attribute: TaxonomyAttribute
    given: Given | None
    is_own: bool
    """Mapped for this category itself, not for all or an ancestor."""


@dataclass(frozen=True)
class ValueRow:
    """One of our values and which permitted one it is; empty: nobody mapped it."""

    own_value: str
    code: str


_TREE = text(
    """
    WITH RECURSIVE tree AS (
        SELECT id, name, 0 AS depth, ARRAY[lpad(position::text, 7, '0') || name || id] AS place, ''::text AS above
        FROM category WHERE parent_id IS NULL
        UNION ALL
        SELECT c.id, c.name, t.depth + 1, t.place || (lpad(c.position::text, 7, '0') || c.name || c.id),
            coalesce((SELECT n.label::text FROM category_mapping m JOIN taxonomy_node n ON n.integration_id = m.integration_id
                      AND n.code = m.code WHERE m.integration_id = :id AND m.category_id = t.id), t.above)
        FROM category c JOIN tree t ON c.parent_id = t.id)
    SELECT t.id, t.name, t.depth, (SELECT count(*) FROM article_category a JOIN article_list_entry e
            ON e.article_id = a.article_id AND e.integration_id = :id AND e.removed_at IS NULL WHERE a.category_id = t.id),
        coalesce(m.code, ''), coalesce(n.label, m.code, ''), CASE WHEN m.code IS NULL THEN t.above ELSE '' END
    FROM tree t LEFT JOIN category_mapping m ON m.integration_id = :id AND m.category_id = t.id
    LEFT JOIN taxonomy_node n ON n.integration_id = :id AND n.code = m.code
    ORDER BY t.place LIMIT :most
    """
)


def categories(session: Session, integration_id: str) -> list[CategoryRow]:
    """Our category tree in the order of a table of contents."""
    return [CategoryRow(*row) for row in session.execute(_TREE, {"id": integration_id, "most": MOST * 4})]


@dataclass(frozen=True)
class NodeRow:
    """A category of the marketplace with the labels from the root."""

    code: str
    path: str
    is_leaf: bool


_NODES = text(
    """
    WITH RECURSIVE up AS (
        SELECT code, label::text AS path, parent_code, is_leaf, 0 AS height FROM taxonomy_node WHERE integration_id = :id
            AND (:q = '' OR label ILIKE :like OR code = :q)
        UNION ALL
        SELECT up.code, n.label || ' › ' || up.path, n.parent_code, up.is_leaf, up.height + 1
        FROM up JOIN taxonomy_node n ON n.integration_id = :id AND n.code = up.parent_code WHERE up.height < 12)
    SELECT DISTINCT ON (code) code, path, is_leaf FROM up ORDER BY code, height DESC LIMIT :most
    """
)


def nodes(session: Session, integration_id: str, q: str = "", most: int = MOST) -> list[NodeRow]:
    """The marketplace's categories, narrowed by a part of their label."""
    like = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = session.execute(_NODES, {"id": integration_id, "q": q, "like": like, "most": most})
    return sorted((NodeRow(*row) for row in rows), key=lambda row: row.path)


def attribute_rows(code: str, found: Tables) -> list[AttributeRow]:
    """A category's attributes, the most wanted first."""
    order = {"required": 0, "recommended": 1, "optional": 2}
    rows = [
        AttributeRow(each, given_for(code, each.code, found), (code, each.code) in found.givens)
        for each in attributes_of(code, found)
    ]
    return sorted(rows, key=lambda row: order[row.attribute.requirement.value])


def value_rows(session: Session, integration_id: str, list_code: str) -> list[ValueRow]:
    """Our values of a list, those that wait first."""
    rows = session.execute(
        text(
            "SELECT own_value, code FROM value_mapping WHERE integration_id = :id AND list_code = :list"
            " ORDER BY code <> '', own_value LIMIT :most"
        ),
        {"id": integration_id, "list": list_code, "most": MOST},
    )
    return [ValueRow(*row) for row in rows]


def open_values(session: Session, integration_id: str) -> int:
    """How many of our values nobody mapped."""
    query = text("SELECT count(*) FROM value_mapping WHERE integration_id = :id AND code = ''")
    return int(session.execute(query, {"id": integration_id}).scalar_one())


def names(session: Session) -> tuple[Sequence[str], Sequence[str]]:
    """The names of properties and custom fields that articles have, for the choice of a source."""
    properties = session.execute(text("SELECT DISTINCT name FROM article_property ORDER BY name LIMIT 300")).scalars()
    fields = session.execute(
        text("SELECT DISTINCT key FROM article, jsonb_object_keys(custom_fields) AS key ORDER BY key LIMIT 300")
    ).scalars()
    return list(properties), list(fields)
