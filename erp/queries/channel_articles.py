"""A channel's articles: what was identified for the initial import, and the pairing worksheet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, or_
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from canonical.lifecycle import ScanPurpose
from erp.queries.paging import PAGE, Page, cut, number_key
from erp.tables import Article, ImportItem, Listing, Scan

_PIECE = 5000
STATES = ("conflict", "proposed", "open", "paired", "confirmed", "ignored")
"""The states of listings in the order of the worksheet."""


@dataclass(frozen=True)
class ItemQuery:
    """What the list of the initial import is narrowed to; `after` is the last key seen."""

    q: str = ""
    state: str = ""
    structure: str = ""
    after: str = ""


@dataclass(frozen=True)
class ListingQuery:
    """What the worksheet is narrowed to; `confidence` is the least one in percent, `after` state and id of the last row."""

    q: str = ""
    state: str = ""
    confidence: str = ""
    after: str = ""


@dataclass(frozen=True)
class ListingRow:
    """A listing with the article that is proposed or confirmed for it."""

    id: int
    ref: str
    sku: str
    ean: str
    name: str
    structure: str
    price: Decimal | None
    currency: str
    url: str
    is_active: bool
    how: str
    confidence: Decimal
    state: str
    conflict: str
    article: str
    article_name: str
    article_ean: str


def scan(session: Session, integration_id: str, purpose: ScanPurpose) -> Scan | None:
    """How far reading or importing is."""
    return session.get(Scan, (integration_id, purpose.value))


def items(session: Session, integration_id: str, wanted: ItemQuery, size: int = PAGE) -> Page[ImportItem]:
    """A page of identified articles, in the order in which the shop gave them."""
    query = select(ImportItem).where(col(ImportItem.integration_id) == integration_id)
    if wanted.state:
        query = query.where(col(ImportItem.state) == wanted.state)
    if wanted.structure:
        query = query.where(col(ImportItem.structure) == wanted.structure)
    if wanted.q:
        query = query.where(_starts(wanted.q, col(ImportItem.sku), col(ImportItem.name)))
    after = number_key(wanted.after)
    if after is not None:
        query = query.where(col(ImportItem.id) > after)
    found = session.exec(query.order_by(col(ImportItem.id)).limit(size + 1)).all()
    return cut(found, lambda row: row.id, size)


def _starts(text: str, sku: Any, name: Any) -> ColumnElement[bool]:
    return or_(sku.startswith(text, autoescape=True), name.icontains(text, autoescape=True))


def listing_counts(session: Session, integration_id: str) -> dict[str, int]:
    """How many listings are in which state."""
    query = (
        select(Listing.state, func.count())
        .where(col(Listing.integration_id) == integration_id)
        .group_by(col(Listing.state))
    )
    return dict(session.exec(query).all())


def listings(session: Session, integration_id: str, wanted: ListingQuery, size: int = PAGE) -> Page[ListingRow]:
    """A page of the worksheet: first what needs a person, then what is paired; a piece of each state by its index."""
    state, _, last = wanted.after.partition(".")
    after = number_key(last)
    rows: list[ListingRow] = []
    for group in STATES[STATES.index(state) if after is not None and state in STATES else 0 :]:
        if wanted.state not in ("", group):
            continue
        query = _rows(integration_id).where(col(Listing.state) == group, *_conditions(wanted))
        if after is not None and group == state:
            query = query.where(col(Listing.id) > after)
        found = session.execute(query.order_by(col(Listing.id)).limit(size + 1 - len(rows)))
        rows += [ListingRow(*row) for row in found]
        if len(rows) > size:
            break
    return cut(rows, lambda row: f"{row.state}.{row.id}", size)


def matching_ids(session: Session, integration_id: str, wanted: ListingQuery) -> list[int]:
    """All listings that match the filter: "all N that match"."""
    query = select(Listing.id).outerjoin(Article, col(Article.id) == col(Listing.article_id))
    query = query.where(col(Listing.integration_id) == integration_id, *_conditions(wanted))
    return [id for id in session.exec(query) if id is not None]


def export(session: Session, integration_id: str) -> Iterator[Sequence[str]]:
    """The whole worksheet as lines for a CSV file that can be taken in again."""
    yield ("ref", "sku", "ean", "name", "article", "article_name", "how", "confidence", "state")
    query = _rows(integration_id).order_by(col(Listing.id))
    for row in session.execute(query, execution_options={"yield_per": _PIECE}):
        each = ListingRow(*row)
        yield (
            each.ref, each.sku, each.ean, each.name, each.article, each.article_name, each.how, str(each.confidence), each.state,
        )  # fmt: skip


def _conditions(wanted: ListingQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state:
        found.append(col(Listing.state) == wanted.state)
    if wanted.q:
        found.append(
            or_(_starts(wanted.q, col(Listing.sku), col(Listing.name)), col(Article.number).startswith(wanted.q, autoescape=True))
        )  # fmt: skip
    if wanted.confidence.isdecimal():
        found.append(col(Listing.confidence) >= Decimal(wanted.confidence) / 100)
    return found


def _rows(integration_id: str) -> Any:
    return (
        columns(
            col(Listing.id), col(Listing.ref), col(Listing.sku), col(Listing.ean), col(Listing.name), col(Listing.structure),
            col(Listing.price), col(Listing.currency), col(Listing.url), col(Listing.is_active), col(Listing.how),
            col(Listing.confidence), col(Listing.state), col(Listing.conflict), func.coalesce(Article.number, ""),
            func.coalesce(Article.name, ""), func.coalesce(Article.ean, ""),
        )
        .outerjoin(Article, col(Article.id) == col(Listing.article_id))
        .where(col(Listing.integration_id) == integration_id)
    )  # fmt: skip
