"""What a person types or scans in the warehouse becomes an article: its number, its EAN, or a number marked as scannable."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session

from canonical.failure import Failure, FailureError
from erp.bulk import storable

_FOUND = text(
    """
    WITH given AS (SELECT unnest(CAST(:codes AS text[])) AS code),
    named AS (
        SELECT g.code, a.id, 1 AS rank FROM given g JOIN article a ON a.number = g.code
        UNION SELECT g.code, a.id, 2 FROM given g JOIN article a ON a.ean = g.code AND a.is_stock_article
        UNION SELECT g.code, f.article_id, 3 FROM given g
            JOIN foreign_number f ON f.number = g.code AND f.is_active AND f.is_scannable),
    best AS (SELECT n.code, n.id, n.rank, min(n.rank) OVER (PARTITION BY n.code) AS lowest FROM named n
        JOIN article a ON a.id = n.id AND NOT a.is_deleted)
    SELECT b.code, min(a.id), min(a.number), min(a.name), bool_and(a.is_stock_article), bool_and(a.allows_decimals)
    FROM best b JOIN article a ON a.id = b.id WHERE b.rank = b.lowest GROUP BY b.code HAVING count(*) = 1
    """
)


@dataclass(frozen=True, slots=True)
class ScannedArticle:
    """An article as the warehouse knows it."""

    id: int
    number: str
    name: str
    is_stock_article: bool
    allows_decimals: bool


def scan(session: Session, codes: Sequence[str]) -> dict[str, ScannedArticle]:
    """Find articles by what was typed or scanned, in one statement; the number goes before the EAN, that before others.

    What several articles share, such as an EAN given twice, finds none: a guess would move the wrong goods.
    """
    rows = session.execute(_FOUND, {"codes": storable(set(codes))})
    return {row[0]: ScannedArticle(*row[1:]) for row in rows}


def refusal(code: str, found: ScannedArticle | None, quantity: Decimal) -> Failure | None:
    """Say why such a quantity of such an article cannot lie in a warehouse; None where it can. Pure."""
    if found is None:
        return Failure.of("ARTICLE_UNKNOWN", sku=code)
    if not found.is_stock_article:
        return Failure.of("NO_STOCK_ARTICLE", sku=found.number)
    if not found.allows_decimals and quantity != quantity.to_integral_value():
        return Failure.of("WHOLE_PIECES_ONLY", sku=found.number, quantity=quantity)
    return None


def stock_article(session: Session, code: str, quantity: Decimal) -> ScannedArticle:
    """Find one stock article; raises `FailureError` ARTICLE_UNKNOWN, NO_STOCK_ARTICLE or WHOLE_PIECES_ONLY."""
    found = scan(session, [code]).get(code)
    failure = refusal(code, found, quantity)
    if failure is not None:
        raise FailureError(failure)
    assert found is not None
    return found
