"""What is sent to a channel about categories: the nodes of the tree, parents first (D§2.2)."""

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.catalogue import CategoryNode
from canonical.settings import CategorySettings
from erp.push_context import PushContext
from erp.tables import Category, Link

WHOLE_TREE = 100_000
"""Links looked at together: a node can only be put behind its parent when both are seen."""


def links_of(session: Session, integration_id: str, records: Sequence[str]) -> list[int]:
    """Find the category links that a person means by ids or exact names."""
    wanted = list(records)
    named = select(col(Category.id)).where(col(Category.name).in_(wanted))
    query = select(col(Link.id)).where(
        col(Link.integration_id) == integration_id,
        col(Link.kind) == "categories",
        col(Link.record).in_(wanted) | col(Link.record_id).in_(named),
    )
    return [link_id for link_id in session.exec(query) if link_id is not None]


_NODES = text(
    """
    WITH RECURSIVE tree AS (
        SELECT id, parent_id, name, position, 0 AS depth FROM category WHERE parent_id IS NULL
        UNION ALL
        SELECT c.id, c.parent_id, c.name, c.position, tree.depth + 1 FROM category c JOIN tree ON c.parent_id = tree.id)
    SELECT t.id, t.parent_id, t.name, t.position, coalesce(p.external_ref, '') AS parent_ref FROM tree t
    LEFT JOIN link p ON p.integration_id = :integration AND p.kind = 'categories' AND p.record_id = t.parent_id
    WHERE t.id = ANY(:ids) ORDER BY t.depth, t.parent_id, t.position, t.name
    """
)


def payloads(
    session: Session, context: PushContext[CategorySettings], links: Sequence[Link]
) -> dict[int, CategoryNode]:
    """Say per link id which node is sent now, parents before children; a link without an entry is not to be sent.

    A category that was deleted here is sent as deleted where the settings say so and the channel knows it. One statement.
    """
    by_record = {link.record_id: link for link in links if link.id is not None}
    found: dict[int, CategoryNode] = {}
    for node in session.execute(_NODES, {"integration": context.integration_id, "ids": list(by_record)}):
        link = by_record.pop(node.id)
        found[link.id or 0] = CategoryNode(
            key=link.record,
            ref=link.external_ref,
            name=node.name,
            parent_key="" if node.parent_id is None else str(node.parent_id),
            parent_ref=node.parent_ref,
            position=node.position,
        )
    if context.settings.auto_delete_categories:
        for link in by_record.values():
            if link.external_ref or link.sent_at is not None:
                found[link.id or 0] = CategoryNode(
                    key=link.record, ref=link.external_ref, name=link.sent_value, is_deleted=True
                )
    return found


def fingerprint(node: CategoryNode) -> str:
    """What tells that a node says something new; the channel's own ids do not."""
    if node.is_deleted:
        return "deleted"
    said: dict[str, Any] = node.model_dump(mode="json", exclude={"ref", "parent_ref"})
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def shown(node: CategoryNode) -> str:
    """A node in a few words for the journal: its name."""
    return node.name


# One statement for one integration or for all that send categories; existing links stay as they are unless told otherwise.
_LINK = """
    INSERT INTO link (integration_id, kind, record, record_id, external_ref, fingerprint, state, dirty_at, code, params,
                      attempts, sent_value)
    SELECT f.integration_id, 'categories', c.id::text, c.id, '', '', 'never', clock_timestamp(), '', '{{}}', 0, ''
    FROM category c CROSS JOIN integration_feature f
    WHERE f.feature = 'categories' AND f.is_chosen AND {meant}
    ORDER BY f.integration_id, c.id
    ON CONFLICT (integration_id, kind, record) DO {conflict}
"""
_LINK_ALL = text(_LINK.format(meant="f.integration_id = :integration", conflict="NOTHING"))
_MARK = text(
    _LINK.format(
        meant="c.id = ANY(:ids)",
        conflict="UPDATE SET dirty_at = clock_timestamp(), attempts = 0, next_try_at = NULL,"
        " state = CASE WHEN link.state = 'failed' THEN 'never' ELSE link.state END",
    )
)


def link_tree(session: Session, integration_id: str) -> None:
    """Give every category a link where the integration sends categories; those that have one are not touched."""
    session.execute(_LINK_ALL, {"integration": integration_id})


def mark_categories(session: Session, category_ids: Sequence[int]) -> None:
    """Mark categories as to be sent in every integration that sends categories; new ones get their link. One statement."""
    if category_ids:
        session.execute(_MARK, {"ids": list(category_ids)})


_ARTICLES = text(
    """
    WITH locked AS MATERIALIZED (
        SELECT l.id FROM link l WHERE l.integration_id = :integration AND l.kind = 'articles' AND l.record_id IN (
            SELECT article_id FROM article_category WHERE category_id = ANY(:ids)) ORDER BY l.id FOR NO KEY UPDATE)
    UPDATE link l SET dirty_at = clock_timestamp(), next_try_at = NULL, attempts = 0,
        state = CASE WHEN l.state = 'failed' THEN 'never' ELSE l.state END
    FROM locked WHERE l.id = locked.id
    """
)
_CHILDREN = text(
    """
    UPDATE link SET dirty_at = clock_timestamp(), state = 'never', attempts = 0, next_try_at = NULL
    FROM category c WHERE c.parent_id = ANY(:ids) AND link.record_id = c.id AND link.kind = 'categories'
      AND link.integration_id = :integration AND link.state = 'failed' AND link.code = 'CATEGORY_NOT_EXPORTED'
    """
)


def release_content(session: Session, integration_id: str, category_ids: Sequence[int]) -> None:
    """Mark what is in categories that the channel knows from now on: articles, and nodes that waited for their parent."""
    given = {"ids": list(category_ids), "integration": integration_id}
    session.execute(_ARTICLES, given)
    session.execute(_CHILDREN, given)
