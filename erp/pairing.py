"""The pairing worksheet: a channel's listings against our articles, by number, EAN and name; confirming writes a foreign number.

A pair is never one of ids: what is written is the channel's SKU as a foreign number of the article, so that orders and pushes
find it by the rules of D§3.3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.catalogue import ListedArticle
from canonical.failure import Failure, FailureError
from canonical.settings import AdvancedSettings
from erp import journal
from erp.bulk import insert_rows
from erp.feature_settings import load_settings
from erp.links import mark_dirty, mark_stock_dirty
from erp.releases import release_all
from erp.similarity import Candidate, best_matches
from erp.tables import Article, Listing

CERTAIN, BY_EAN = Decimal(1), Decimal("0.950")
ENOUGH = 70
"""Percent of similarity below which a name proposes nothing: a wrong proposal costs more than none."""


def store_listings(session: Session, integration_id: str, round_: int, articles: Sequence[ListedArticle]) -> None:
    """Store a page of listings; a listing whose SKU changed is open again, what a person decided else stays.

    Idempotent by (integration, the channel's id); one statement.
    """
    rows = [_row(integration_id, round_, each) for each in {a.content.ref: a for a in articles}.values()]
    insert_rows(
        session,
        Listing,
        rows,
        ending=(
            "ON CONFLICT (integration_id, ref) DO UPDATE SET parent_ref = excluded.parent_ref, ean = excluded.ean,"
            " name = excluded.name, structure = excluded.structure, options = excluded.options, price = excluded.price,"
            " currency = excluded.currency, quantity = excluded.quantity, url = excluded.url,"
            " is_active = excluded.is_active, seen_at = now(), scan = excluded.scan,"
            " state = CASE WHEN listing.sku = excluded.sku THEN listing.state ELSE 'open' END,"
            " article_id = CASE WHEN listing.sku = excluded.sku THEN listing.article_id END, sku = excluded.sku"
        ),
    )


def _row(integration_id: str, round_: int, article: ListedArticle) -> dict[str, Any]:
    content = article.content
    price = next((price for price in article.prices if not price.group), None)
    return {
        "integration_id": integration_id,
        "ref": content.ref,
        "parent_ref": content.parent_ref,
        "sku": content.sku.strip()[:200],
        "ean": content.ean.replace(" ", "")[:40],
        "name": " ".join([content.words.name, *(option.value for option in content.options)]).strip()[:500],
        "structure": content.structure.value,
        "options": [[option.name, option.value] for option in content.options],
        "price": str(price.amount) if price else None,
        "currency": price.currency if price else "",
        "quantity": str(article.quantity) if article.quantity is not None else None,
        "url": article.url,
        "is_active": content.is_active,
        "scan": round_,
    }


def drop_unseen(session: Session, integration_id: str, round_: int) -> None:
    """Drop listings that the newest whole reading did not see: they are gone from the channel."""
    session.execute(
        text("DELETE FROM listing WHERE integration_id = :id AND scan <> :round"),
        {"id": integration_id, "round": round_},
    )


# Statistics know nothing of a table that was filled a moment ago: without this, joins would be planned for a handful of rows.
_PLAN_FOR_MANY, _PLAN_AS_EVER = (text(f"SET LOCAL enable_nestloop = {value}") for value in ("off", "on"))
# A choice by hand stands until it is confirmed or taken back, as long as its article is there.
_BY_HAND = "(l.how = 'hand' AND EXISTS (SELECT FROM article h WHERE h.id = l.article_id AND NOT h.is_deleted))"
# What nobody decided, with its exact match. An EAN that several listings or several articles have says nothing.
_EXACT = text(
    f"""
    CREATE TEMPORARY TABLE pairing_proposal ON COMMIT DROP AS
    SELECT l.id, l.sku, l.name, l.structure, coalesce(f.article_id, s.id, e.id) AS article_id,
        CASE WHEN f.article_id IS NOT NULL THEN 'foreign_number' WHEN s.id IS NOT NULL THEN 'sku'
            WHEN e.id IS NOT NULL THEN 'ean' ELSE '' END AS how,
        CASE WHEN coalesce(f.article_id, s.id) IS NOT NULL THEN 1 WHEN e.id IS NOT NULL THEN CAST(:by_ean AS numeric)
            ELSE 0 END AS confidence,
        CASE WHEN coalesce(f.article_id, s.id) IS NOT NULL THEN 'paired' WHEN e.id IS NOT NULL THEN 'proposed'
            ELSE 'open' END AS state,
        '' AS conflict
    FROM listing l
    LEFT JOIN (SELECT n.number, n.article_id FROM foreign_number n JOIN article a ON a.id = n.article_id AND NOT a.is_deleted
               WHERE n.integration_id = :id AND n.label = :label AND n.is_active AND :foreign) f
        ON f.number = l.sku AND l.sku <> ''
    LEFT JOIN article s ON s.number = l.sku AND l.sku <> '' AND NOT s.is_deleted
    LEFT JOIN (SELECT a.ean, a.id
               FROM (SELECT ean, min(id) AS id FROM article WHERE ean <> '' AND NOT is_deleted GROUP BY ean HAVING count(*) = 1) a
               JOIN (SELECT ean FROM listing WHERE integration_id = :id AND ean <> '' GROUP BY ean HAVING count(*) = 1) one
                   ON one.ean = a.ean) e
        ON e.ean = l.ean
    WHERE l.integration_id = :id AND l.state IN ('open', 'proposed', 'conflict', 'paired') AND NOT {_BY_HAND}
    """  # noqa: S608 - constants
)
# Everything that has an article after this: what is proposed, and what was decided.
_HELD = f"""
    (SELECT article_id FROM pairing_proposal WHERE article_id IS NOT NULL UNION ALL SELECT l.article_id FROM listing l
     WHERE l.integration_id = :id AND l.article_id IS NOT NULL
        AND (l.state NOT IN ('open', 'proposed', 'conflict', 'paired') OR {_BY_HAND}))
"""  # noqa: S608 - constants
_ARTICLES_LEFT = text(
    f"""
    SELECT a.id, a.name || coalesce(o.words, '') AS name,
        CASE a.kind WHEN 'matrix' THEN 'parent' WHEN 'variant' THEN 'variant' ELSE 'simple' END AS structure
    FROM article a
    LEFT JOIN (SELECT article_id, ' ' || string_agg(value, ' ' ORDER BY position) AS words FROM article_property
               WHERE is_option GROUP BY article_id) o ON o.article_id = a.id
    WHERE NOT a.is_deleted AND NOT a.is_postage AND NOT a.is_discount AND NOT a.is_surcharge
        AND NOT EXISTS (SELECT FROM {_HELD} held WHERE held.article_id = a.id)
    """  # noqa: S608 - constants
)
_CONFLICTS = text(
    f"""
    UPDATE pairing_proposal p SET state = 'conflict', conflict = CASE WHEN twice.article_id IS NOT NULL THEN 'PAIRED_TWICE'
        WHEN p.sku = '' THEN 'SKU_MISSING' ELSE 'STRUCTURE_DIFFERS' END
    FROM pairing_proposal me JOIN article a ON a.id = me.article_id
    LEFT JOIN (SELECT article_id FROM (SELECT article_id FROM pairing_proposal WHERE article_id IS NOT NULL
                   UNION ALL SELECT l.article_id FROM listing l WHERE l.integration_id = :id
                       AND (l.state = 'confirmed' OR l.state <> 'ignored' AND {_BY_HAND})) held
               GROUP BY article_id HAVING count(*) > 1) twice ON twice.article_id = me.article_id
    WHERE p.id = me.id AND (twice.article_id IS NOT NULL OR (p.sku = '' AND p.structure <> 'parent')
        OR (p.structure = 'parent') <> (a.kind = 'matrix') OR (p.structure = 'variant') <> (a.kind = 'variant'))
    """  # noqa: S608 - constants
)
# Each listing is written once, and only where something is another than before.
_WRITE = text(
    """
    UPDATE listing l SET article_id = p.article_id, how = p.how, confidence = p.confidence, state = p.state,
        conflict = p.conflict
    FROM pairing_proposal p WHERE p.id = l.id AND (l.article_id, l.how, l.confidence, l.state, l.conflict)
        IS DISTINCT FROM (p.article_id, p.how, p.confidence, p.state, p.conflict)
    """
)


def propose(session: Session, integration_id: str) -> None:
    """Find an article for every listing that nobody decided: by foreign number, SKU, EAN, then by similarity of the name.

    A choice by hand is a decision, confirmed or not. Exact matches are joins over the whole table; names are compared only with articles that share a rare word. Conflicts
    (one article for several listings, other structure, no SKU) are marked. Repeating it gives the same.
    """
    advanced, _ = load_settings(session, integration_id, None, AdvancedSettings)
    values = {
        "id": integration_id,
        "foreign": advanced.foreign_numbers,
        "label": advanced.foreign_number_label,
        "by_ean": BY_EAN,
    }
    session.execute(_PLAN_FOR_MANY)
    session.execute(_EXACT, values)
    _propose_by_name(session, integration_id)
    session.execute(_CONFLICTS, {"id": integration_id})
    session.execute(_WRITE)
    session.execute(text("DROP TABLE pairing_proposal"))
    session.execute(_PLAN_AS_EVER)
    session.flush()


def _propose_by_name(session: Session, integration_id: str) -> None:
    """Compare names of what is left with articles that no listing has; parents only with matrix articles, and so on."""
    listings = session.execute(
        text("SELECT id, name, structure FROM pairing_proposal WHERE article_id IS NULL AND name <> '' ORDER BY id")
    ).all()
    if not listings:
        return
    articles = session.execute(_ARTICLES_LEFT, {"id": integration_id}).all()
    found = best_matches(
        [Candidate(row[0], row[1], row[2]) for row in listings],
        [Candidate(row[0], row[1], row[2]) for row in articles],
        ENOUGH,
    )
    rows = [{"id": match.left, "article": match.right, "confidence": str(match.score)} for match in found]
    session.execute(
        text(
            "UPDATE pairing_proposal p SET article_id = g.article, how = 'name', confidence = g.confidence, state = 'proposed'"
            " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS g(id bigint, article bigint, confidence numeric)"
            " WHERE p.id = g.id"
        ),
        {"rows": orjson.dumps(rows).decode()},
    )


@dataclass(frozen=True)
class Confirmed:
    """What confirming did; refused listings keep their state and say why."""

    count: int
    refused: tuple[tuple[int, Failure], ...] = ()


def confirm(session: Session, integration_id: str, listing_ids: Sequence[int], by: str) -> Confirmed:
    """Confirm proposals: the channel's SKU becomes a foreign number of the article where it is not its number anyway.

    Documents that waited for the SKU are released, and what channels know of the articles is marked as to be sent. A listing
    without an article or SKU, whose SKU belongs to another article, or of another structure than its article, is refused
    alone, whoever chose the pair. Idempotent. Raises `FailureError` SETTINGS_INCOMPLETE while foreign numbers are off and one
    would have to be written.
    """
    query = (
        select(Listing)
        .where(col(Listing.integration_id) == integration_id, col(Listing.id).in_(list(listing_ids)))
        .order_by(col(Listing.id))
        .with_for_update()
    )
    listings = session.exec(query).all()
    articles = _articles(session, [row.article_id for row in listings if row.article_id])
    needed = [
        row for row in listings if row.sku and (found := articles.get(row.article_id)) and found.number != row.sku
    ]
    advanced, _ = load_settings(session, integration_id, None, AdvancedSettings)
    if needed and not (advanced.foreign_numbers and advanced.foreign_number_label):
        raise FailureError(Failure.of("SETTINGS_INCOMPLETE", fields="foreign_number_label"))
    label = advanced.foreign_number_label if advanced.foreign_numbers else ""
    taken = _taken(session, integration_id, label, [row.sku for row in listings])
    refused: list[tuple[int, Failure]] = []
    good: list[Listing] = []
    for row in listings:
        failure = _refusal(row, taken, articles)
        if failure is None:
            good.append(row)
        else:
            refused.append((row.id or 0, failure))
    _write_numbers(session, integration_id, label, [row for row in good if row in needed])
    for row in good:
        row.state, row.conflict = "confirmed", ""
        session.add(row)
    release_all(session, [(f"article:{row.sku}", integration_id) for row in good])
    if good:
        journal.write(
            session,
            [
                journal.event(
                    integration_id, "", "paired", hop="lifecycle", status="info", params={"count": len(good)}, actor=by
                )
            ],
        )
    session.flush()
    return Confirmed(len(good), tuple(refused))


class _Known(NamedTuple):
    """An article as a pair needs it."""

    id: int
    number: str
    structure: str


_STRUCTURES = {"matrix": "parent", "variant": "variant"}


def _articles(session: Session, article_ids: Sequence[int]) -> dict[int | None, _Known]:
    rows = session.exec(select(Article.id, Article.number, Article.kind).where(col(Article.id).in_(article_ids))).all()
    return {id: _Known(id or 0, number, _STRUCTURES.get(kind, "simple")) for id, number, kind in rows}


# The last row of a number counts: one that was switched off is another article's still, but says less than an article's own.
_OWNERS = text(
    """
    SELECT f.number, a.id, a.number AS article, CASE WHEN f.is_active THEN 2 ELSE 0 END AS rank
    FROM foreign_number f JOIN article a ON a.id = f.article_id
    WHERE f.integration_id = :id AND f.label = :label AND f.number = ANY(:skus)
    UNION ALL SELECT number, id, number, 1 FROM article WHERE number = ANY(:skus) AND NOT is_deleted ORDER BY rank
    """
)


def _taken(session: Session, integration_id: str, label: str, skus: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Whose the SKUs are already, by id and number: as foreign numbers of this integration, or as article numbers."""
    rows = session.execute(_OWNERS, {"id": integration_id, "label": label, "skus": list(skus)})
    return {row.number: (row.id, row.article) for row in rows}


def _refusal(
    row: Listing, taken: Mapping[str, tuple[int, str]], articles: Mapping[int | None, _Known]
) -> Failure | None:
    article = articles.get(row.article_id)
    if article is None:
        return Failure.of("ARTICLE_UNKNOWN", sku=row.sku)
    if not row.sku:
        return Failure.of("SKU_MISSING", name=row.name)
    if article.structure != row.structure:
        return Failure.of("STRUCTURE_DIFFERS", sku=article.number, here=article.structure, there=row.structure)
    owner, number = taken.get(row.sku, (article.id, ""))
    if owner != article.id:
        return Failure.of("NUMBER_TAKEN_HERE", number=row.sku, article=number)
    if row.conflict == "PAIRED_TWICE" and row.how != "hand":
        return Failure.of("PAIRED_TWICE", article=article.number)
    return None


def _write_numbers(session: Session, integration_id: str, label: str, rows: Sequence[Listing]) -> None:
    if not rows:
        return
    values = [{"article": row.article_id, "number": row.sku} for row in rows]
    session.execute(
        text(
            "INSERT INTO foreign_number (article_id, integration_id, label, number, is_active, is_scannable)"
            " SELECT g.article, :id, :label, g.number, true, false"
            " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS g(article bigint, number text)"
            " ON CONFLICT (integration_id, label, number) DO UPDATE SET is_active = true"
        ),
        {"id": integration_id, "label": label, "rows": orjson.dumps(values).decode()},
    )
    article_ids = [row.article_id for row in rows if row.article_id]
    mark_stock_dirty(session, article_ids)
    for kind in ("prices", "articles"):
        mark_dirty(session, kind, article_ids)


def choose(session: Session, integration_id: str, listing_id: int, article_number: str) -> None:
    """Choose a listing's article by hand; it is confirmed separately, and proposals leave it alone. Raises `FailureError` RECORD_GONE, ARTICLE_UNKNOWN."""
    row = session.exec(
        select(Listing).where(col(Listing.integration_id) == integration_id, col(Listing.id) == listing_id)
    ).one_or_none()
    if row is None:
        raise FailureError(Failure.of("RECORD_GONE"))
    article_id = session.exec(
        select(Article.id).where(col(Article.number) == article_number, ~col(Article.is_deleted))
    ).first()
    if article_id is None:
        raise FailureError(Failure.of("ARTICLE_UNKNOWN", sku=article_number))
    row.article_id, row.how, row.confidence, row.state, row.conflict = article_id, "hand", CERTAIN, "proposed", ""
    session.add(row)
    session.flush()


def ignore(session: Session, integration_id: str, listing_ids: Sequence[int], *, ignored: bool) -> int:
    """Leave listings out of the worksheet, or take them back in; returns how many."""
    change = text(
        "UPDATE listing SET state = :state, article_id = CASE WHEN :ignored THEN article_id END,"
        " how = CASE WHEN :ignored THEN how ELSE '' END, confidence = CASE WHEN :ignored THEN confidence ELSE 0 END,"
        " conflict = CASE WHEN :ignored THEN conflict ELSE '' END"
        " WHERE integration_id = :id AND id = ANY(:ids) AND state <> 'confirmed' RETURNING id"
    )
    values = {
        "id": integration_id,
        "ids": list(listing_ids),
        "ignored": ignored,
        "state": "ignored" if ignored else "open",
    }
    return len(session.execute(change, values).all())


def certain_enough(session: Session, integration_id: str, confidence: Decimal) -> list[int]:
    """The proposals of at least this confidence, without conflicts."""
    query = (
        select(Listing.id)
        .where(
            col(Listing.integration_id) == integration_id,
            col(Listing.state) == "proposed",
            col(Listing.confidence) >= confidence,
        )
        .order_by(col(Listing.id))
    )
    return [id for id in session.exec(query) if id is not None]
