"""Foreign numbers of all articles: the page's list, the reports of files, and the exports that can be imported again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, text
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from erp.article_import import LONG_FORM, MOST_PER_LINE
from erp.queries.paging import PAGE, Page, cut, number_key
from erp.tables import Article, ForeignNumber, Integration, NumberImport, RefusedNumber

_PIECE = 5000


@dataclass(frozen=True)
class NumberQuery:
    """What the list is narrowed to; `after` is the last key seen, `active` is yes, no or empty."""

    q: str = ""
    integration: str = ""
    label: str = ""
    active: str = ""
    after: str = ""


@dataclass(frozen=True)
class NumberRow:
    """One foreign number with its article and its integration."""

    id: int
    article: str
    name: str
    integration: str
    label: str
    number: str
    is_active: bool
    is_scannable: bool


def foreign_numbers(session: Session, wanted: NumberQuery, size: int = PAGE) -> Page[NumberRow]:
    """A page of foreign numbers in the order in which they were stored; the text is the beginning of either number."""
    query = _rows().where(*_conditions(wanted)).order_by(col(ForeignNumber.id))
    found = session.execute(query.limit(size + 1)).all()
    return cut([NumberRow(*row) for row in found], lambda row: row.id, size)


def _conditions(wanted: NumberQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.integration:
        found.append(col(ForeignNumber.integration_id) == wanted.integration)
    if wanted.label:
        found.append(col(ForeignNumber.label) == wanted.label)
    if wanted.active in ("yes", "no"):
        found.append(col(ForeignNumber.is_active).is_(wanted.active == "yes"))
    if wanted.q:
        starts = (
            column.startswith(wanted.q, autoescape=True) for column in (col(ForeignNumber.number), col(Article.number))
        )
        found.append(or_(*starts))
    after = number_key(wanted.after)
    if after is not None:
        found.append(col(ForeignNumber.id) > after)
    return found


def of_article(session: Session, article_id: int) -> list[NumberRow]:
    """All foreign numbers of one article, by shop and label."""
    query = _rows().where(col(ForeignNumber.article_id) == article_id)
    order = col(Integration.name), col(ForeignNumber.label), col(ForeignNumber.id)
    return [NumberRow(*row) for row in session.execute(query.order_by(*order))]


def _rows() -> Any:
    return (
        columns(
            col(ForeignNumber.id),
            col(Article.number),
            col(Article.name),
            col(Integration.name),
            col(ForeignNumber.label),
            col(ForeignNumber.number),
            col(ForeignNumber.is_active),
            col(ForeignNumber.is_scannable),
        )
        .join(Article, col(Article.id) == col(ForeignNumber.article_id))
        .join(Integration, col(Integration.id) == col(ForeignNumber.integration_id))
    )


def labels(session: Session) -> list[str]:
    """The labels that are in use, for the filter and as suggestions."""
    query = text("SELECT DISTINCT label FROM foreign_number ORDER BY label LIMIT 100")
    return list(session.execute(query).scalars())


def imports(session: Session) -> Sequence[NumberImport]:
    """The files that were taken in, newest first."""
    return session.exec(select(NumberImport).order_by(col(NumberImport.id).desc())).all()


def refused(session: Session, import_id: int, after: str = "", size: int = PAGE) -> Page[RefusedNumber]:
    """A page of a file's refused entries, in the order of the file."""
    query = select(RefusedNumber).where(col(RefusedNumber.import_id) == import_id)
    key = number_key(after)
    if key is not None:
        query = query.where(col(RefusedNumber.id) > key)
    found = session.exec(query.order_by(col(RefusedNumber.id)).limit(size + 1)).all()
    return cut(found, lambda row: row.id, size)


def all_refused(session: Session, import_id: int) -> Iterator[RefusedNumber]:
    """All of a file's refused entries as a stream, however many there are."""
    query = select(RefusedNumber).where(col(RefusedNumber.import_id) == import_id).order_by(col(RefusedNumber.id))
    yield from session.exec(query.execution_options(yield_per=_PIECE))


def export_long(session: Session) -> Iterator[Sequence[str]]:
    """All foreign numbers, one per line, in the long form of the import; a stream."""
    yield [names[0] for names in LONG_FORM.values()]
    query = text(
        "SELECT a.number, f.integration_id, f.label, f.number, f.is_scannable, f.is_active FROM foreign_number f"
        " JOIN article a ON a.id = f.article_id ORDER BY f.id"
    )
    for row in session.execute(query, execution_options={"yield_per": _PIECE}):
        yield (*row[:4], str(int(row[4])), str(int(row[5])))


def export_wide(session: Session) -> Iterator[Sequence[str]]:
    """The active foreign numbers, up to forty per shop in a line, in the wide form; an article with more has more lines."""
    counts = text(
        "SELECT integration_id, max(n) FROM (SELECT integration_id, count(*) AS n FROM foreign_number WHERE is_active"
        " GROUP BY article_id, integration_id) AS counted GROUP BY 1 ORDER BY 1"
    )
    widths = {shop: min(most, MOST_PER_LINE) for shop, most in session.execute(counts)}
    header = [
        f"{column}{n}_{shop}"
        for shop, width in widths.items()
        for n in range(1, width + 1)
        for column in ("fremdnummer", "fremdnummerbezeichnung")
    ]
    yield ["nummer", *header]
    query = text(
        "SELECT a.number, f.shops, f.cells FROM (SELECT article_id, array_agg(integration_id ORDER BY id) AS shops,"
        " array_agg(ARRAY[number, label] ORDER BY id) AS cells FROM foreign_number WHERE is_active GROUP BY article_id) AS f"
        " JOIN article a ON a.id = f.article_id ORDER BY a.number"
    )
    for number, shops, cells in session.execute(query, execution_options={"yield_per": _PIECE}):
        yield from _lines(number, list(zip(shops, cells, strict=True)), widths)


def _lines(number: str, entries: Sequence[tuple[str, list[str]]], widths: dict[str, int]) -> Iterator[list[str]]:
    rest = {shop: [cell for owner, cell in entries if owner == shop] for shop in widths}
    while any(rest.values()):
        line = [number]
        for shop, width in widths.items():
            taken, rest[shop] = rest[shop][:width], rest[shop][width:]
            line += [text for cell in taken for text in cell] + ["", ""] * (width - len(taken))
        yield line
