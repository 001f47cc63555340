"""The pairing worksheet as a file: lines with an article number confirm that pair; every refused line is reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from sqlalchemy import text
from sqlmodel import Session

from canonical.failure import Failure, FailureError
from erp import pairing
from erp.csv_files import open_csv

PIECE = 2000
COLUMNS = {"ref": "ref", "sku": "sku", "article": "article", "artikel": "article", "artikelnummer": "article"}
"""The columns that are read, in both languages; the listing is found by `ref`, else by `sku`."""

Line = tuple[int, str, str, str]
"""Number of the line, the channel's id, SKU, article number."""


@dataclass(frozen=True)
class Taken:
    """What came of a file: confirmed pairs, and lines that were refused with the reason."""

    count: int
    refused: tuple[tuple[int, Failure], ...]


def take_in(session: Session, integration_id: str, file: BinaryIO, by: str) -> Taken:
    """Take a worksheet in; lines without an article number are passed over, good lines stand whatever others lack.

    Any size: read as a stream, looked up in pieces. Raises `FailureError` CSV_ENCODING, CSV_BROKEN, and CSV_COLUMNS where the
    article number or both ref and SKU are missing.
    """
    csv = open_csv(file)
    places = {
        COLUMNS[name.strip().lower()]: at for at, name in enumerate(csv.header) if name.strip().lower() in COLUMNS
    }
    if "article" not in places or not ({"ref", "sku"} & places.keys()):
        raise FailureError(Failure.of("CSV_COLUMNS", found=", ".join(csv.header)[:200], expected="ref;sku;article"))
    lines = (_line(number, cells, places) for number, cells in csv.rows)
    wanted = (line for line in lines if line[3])
    count, refused = 0, []
    while piece := list(islice(wanted, PIECE)):
        done, failed = _take_piece(session, integration_id, piece, by)
        count += done
        refused += failed
    return Taken(count, tuple(sorted(refused, key=lambda each: each[0])))


def _line(number: int, cells: Sequence[str], places: dict[str, int]) -> Line:
    def cell(name: str) -> str:
        at = places.get(name)
        return cells[at] if at is not None and at < len(cells) else ""

    return number, cell("ref"), cell("sku"), cell("article")


def _take_piece(
    session: Session, integration_id: str, piece: Sequence[Line], by: str
) -> tuple[int, list[tuple[int, Failure]]]:
    """Two look-ups and one confirmation per piece."""
    values = {"id": integration_id, "refs": [line[1] for line in piece], "skus": [line[2] for line in piece]}
    found = session.execute(
        text(
            "SELECT l.id, l.ref, l.sku, CASE WHEN l.state = 'confirmed' THEN a.number ELSE '' END AS confirmed FROM listing l"
            " LEFT JOIN article a ON a.id = l.article_id"
            " WHERE l.integration_id = :id AND (l.ref = ANY(:refs) OR l.sku <> '' AND l.sku = ANY(:skus))"
        ),
        values,
    ).all()
    by_ref, by_sku = {row.ref: row for row in found}, {row.sku: row for row in found}
    articles = session.execute(
        text("SELECT number, id FROM article WHERE number = ANY(:numbers) AND NOT is_deleted"),
        {"numbers": [line[3] for line in piece]},
    ).all()
    numbers = {row.number: row.id for row in articles}
    refused: list[tuple[int, Failure]] = []
    chosen: dict[int, tuple[int, int]] = {}
    for number, ref, sku, article in piece:
        listing = by_ref.get(ref) or by_sku.get(sku)
        if listing is None:
            refused.append((number, Failure.of("NOT_IN_SHOP", sku=sku or ref)))
        elif article not in numbers:
            refused.append((number, Failure.of("ARTICLE_UNKNOWN", sku=article)))
        elif listing.confirmed not in ("", article):
            refused.append((number, Failure.of("NUMBER_TAKEN_HERE", number=listing.sku, article=listing.confirmed)))
        else:
            chosen[listing.id] = (number, numbers[article])
    session.execute(
        text(
            "UPDATE listing l SET article_id = g.article, how = CASE WHEN l.article_id = g.article THEN l.how ELSE 'hand' END,"
            " confidence = CASE WHEN l.article_id = g.article THEN l.confidence ELSE 1 END, conflict = '',"
            " state = CASE WHEN l.article_id = g.article THEN l.state ELSE 'proposed' END"
            " FROM unnest(CAST(:listings AS bigint[]), CAST(:articles AS bigint[])) AS g(id, article) WHERE l.id = g.id"
        ),
        {"listings": list(chosen), "articles": [article for _, article in chosen.values()]},
    )
    session.expire_all()
    done = pairing.confirm(session, integration_id, list(chosen), by)
    refused += [(chosen[listing][0], failure) for listing, failure in done.refused]
    return done.count, refused
