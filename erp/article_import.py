"""Foreign numbers from CSV files (D§3.3): up to forty per article in a line, or one per line; a million lines in a stream.

The lines go into a temporary table as they are read, are checked there as a set, and the good ones are taken.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp import journal
from erp.csv_files import CsvFile, open_csv
from erp.foreign_numbers import LONGEST_LABEL, LONGEST_NUMBER
from erp.links import mark_numbers_dirty
from erp.releases import release_all
from erp.tables import Integration, NumberImport

MOST_PER_LINE = 40
KEPT_REPORTS = 20
NUMBER = ("nummer", "number")
LONG_FORM: Mapping[str, tuple[str, ...]] = {
    "number": NUMBER,
    "shop": ("shop",),
    "label": ("bezeichnung", "label"),
    "foreign": ("fremdnummer", "foreign_number"),
    "scannable": ("barcodescanner", "scannable"),
    "active": ("aktiv", "active"),
}
"""The columns of the long form in German and English; the last two may be missing."""
OPTIONAL = frozenset({"scannable", "active"})
EXPECTED = (
    "nummer; fremdnummer1_SHOPID; fremdnummerbezeichnung1_SHOPID; … (1–40) / nummer; shop; bezeichnung; fremdnummer; "
    "barcodescanner; aktiv"
)
_WIDE = re.compile(r"(fremdnummer|fremdnummerbezeichnung)([1-9]|[123][0-9]|40)_(.+)", re.IGNORECASE)
_FLAGS = {"1": True, "ja": True, "yes": True, "true": True, "0": False, "nein": False, "no": False, "false": False}
_LONGEST = 200
"""What a report keeps of a cell."""


@dataclass(frozen=True)
class ImportResult:
    """What came of a file: entries taken and refused, and the integrations whose numbers changed."""

    import_id: int
    lines: int
    taken: int
    refused: int
    integrations: tuple[str, ...]


@dataclass(frozen=True)
class _Columns:
    """Where the cells of one foreign number are; `shop` is fixed by the header in the wide form."""

    foreign: int
    label: int
    shop: str = ""
    shop_at: int | None = None
    scannable: int | None = None
    active: int | None = None


_STAGE = """
    CREATE TEMPORARY TABLE staged_number (line int, slot smallint, article text, shop text, label text, number text,
        scannable bool, active bool, code text, value text) ON COMMIT DROP
"""
# The table is locked only now, not while the file is read: nobody takes a number between the check and the insert.
_CHECK = """
    LOCK TABLE foreign_number IN SHARE ROW EXCLUSIVE MODE;
    CREATE TEMPORARY TABLE checked_number ON COMMIT DROP AS
    SELECT *, CASE WHEN code = '' AND row_number() OVER (
        PARTITION BY code = '', shop, label, number ORDER BY line, slot) > 1 THEN 'TWICE_IN_FILE' ELSE code END AS verdict
    FROM (
        SELECT s.line, s.slot, s.article, s.shop, s.label, s.number, s.scannable, s.active, s.value,
            a.id AS article_id, f.id AS known_id,
            CASE WHEN s.code <> '' THEN s.code WHEN a.id IS NULL THEN 'ARTICLE_UNKNOWN' WHEN i.id IS NULL THEN 'SHOP_UNKNOWN'
                WHEN f.article_id <> a.id THEN 'FOREIGN_NUMBER_TAKEN' ELSE '' END AS code
        FROM staged_number s
        LEFT JOIN article a ON a.number = s.article AND NOT a.is_deleted
        LEFT JOIN integration i ON i.id = s.shop AND i.deleted_at IS NULL
        LEFT JOIN foreign_number f ON f.integration_id = s.shop AND f.label = s.label AND f.number = s.number
    ) AS found
"""
_TAKE = """
    CREATE TEMPORARY TABLE changed_number (article_id bigint, integration_id text, number text) ON COMMIT DROP;
    WITH changed AS (
        UPDATE foreign_number f
        SET is_active = coalesce(c.active, true), is_scannable = coalesce(c.scannable, f.is_scannable)
        FROM checked_number c
        WHERE f.id = c.known_id AND c.verdict = '' AND (f.is_active, f.is_scannable)
            IS DISTINCT FROM (coalesce(c.active, true), coalesce(c.scannable, f.is_scannable))
        RETURNING f.article_id, f.integration_id, f.number)
    INSERT INTO changed_number SELECT * FROM changed;
    WITH added AS (
        INSERT INTO foreign_number (article_id, integration_id, label, number, is_active, is_scannable)
        SELECT article_id, shop, label, number, coalesce(active, true), coalesce(scannable, false)
        FROM checked_number WHERE verdict = '' AND known_id IS NULL ORDER BY line, slot
        RETURNING article_id, integration_id, number)
    INSERT INTO changed_number SELECT * FROM added
"""
_REFUSE = """
    INSERT INTO refused_number (import_id, line, article, shop, number, code, value)
    SELECT :import_id, line, article, shop, left(number, 200), verdict, CASE
        WHEN value <> '' THEN value WHEN verdict = 'ARTICLE_UNKNOWN' THEN article WHEN verdict = 'SHOP_UNKNOWN' THEN shop
        ELSE number END
    FROM checked_number WHERE verdict <> '' ORDER BY line, slot
"""
_WAITED_FOR = """
    SELECT DISTINCT key, d.integration_id FROM inbox_document d CROSS JOIN unnest(d.waits_for) AS key
    JOIN changed_number c ON key = 'article:' || c.number AND c.integration_id = d.integration_id
    WHERE d.state = 'parked'
"""


def import_numbers(session: Session, file: BinaryIO, file_name: str, by: str) -> ImportResult:
    """Take foreign numbers from a CSV file: the good entries are stored, the others are in the report with a code.

    A number that is known already becomes active again. Marks stock as to be sent, releases the documents that wait, writes
    one event per integration. Bounded memory: the file is read as a stream. Idempotent: the same file again changes nothing.
    Raises `FailureError` CSV_COLUMNS, CSV_ENCODING, CSV_BROKEN, SHOP_UNKNOWN (in the header): then nothing is taken.
    """
    csv = open_csv(file)
    known = session.exec(select(Integration.id).where(col(Integration.deleted_at).is_(None))).all()
    number_at, columns = _layout(csv.header, {shop.casefold(): shop for shop in known})
    lines = _stage(session, _entries(csv, number_at, columns))
    for statement in (*_CHECK.split(";"), *_TAKE.split(";")):
        session.execute(text(statement))
    counts = text(
        "SELECT count(*) FILTER (WHERE verdict = ''), count(*) FILTER (WHERE verdict <> '') FROM checked_number"
    )
    taken, refused = session.execute(counts).one()
    report = NumberImport(file_name=file_name[:200], lines=lines, taken=taken, refused=refused, actor=by)
    session.add(report)
    session.flush()
    session.execute(text(_REFUSE), {"import_id": report.id})
    session.execute(text("DELETE FROM number_import WHERE id <= :oldest"), {"oldest": (report.id or 0) - KEPT_REPORTS})
    integrations = _settle(session, taken, refused, by)
    return ImportResult(report.id or 0, lines, taken, refused, integrations)


def _settle(session: Session, taken: int, refused: int, by: str) -> tuple[str, ...]:
    changed = session.execute(text("SELECT DISTINCT article_id FROM changed_number")).scalars()
    mark_numbers_dirty(session, set(changed))
    release_all(session, [(row[0], row[1]) for row in session.execute(text(_WAITED_FOR))])
    touched = session.execute(text("SELECT DISTINCT integration_id FROM changed_number ORDER BY 1")).scalars().all()
    params = {"taken": taken, "refused": refused}
    journal.write(
        session,
        [
            journal.event(
                one, "articles", "numbers_imported", hop="lifecycle", status="info", params=params, actor=by
            )
            for one in touched
        ],
    )  # fmt: skip
    return tuple(touched)


def _stage(session: Session, entries: Iterator[tuple[Any, ...]]) -> int:
    """Copy the entries into the temporary table as they are read; returns the number of the last line."""
    for name in ("staged_number", "checked_number", "changed_number"):
        session.execute(text(f"DROP TABLE IF EXISTS pg_temp.{name}"))
    session.execute(text(_STAGE))
    cursor = session.connection().connection.cursor()
    line = 0
    with cursor.copy("COPY staged_number FROM STDIN") as copy:
        for entry in entries:
            line = entry[0]
            copy.write_row(entry)
    session.execute(text("ANALYZE staged_number"))
    return line


def _layout(header: Sequence[str], shops: Mapping[str, str]) -> tuple[int, list[_Columns]]:
    """Find the columns of either form; a header that is not exactly one of them is refused as a whole."""
    names = [name.casefold() for name in header]
    wrong = Failure.of("CSV_COLUMNS", found="; ".join(header)[:_LONGEST], expected=EXPECTED)
    if len(set(names)) < len(names):
        raise FailureError(wrong)
    places = {key: at for key, options in LONG_FORM.items() for at, name in enumerate(names) if name in options}
    if "number" not in places:
        raise FailureError(wrong)
    if len(places) == len(names) and set(LONG_FORM) - OPTIONAL <= set(places):
        one = _Columns(
            places["foreign"], places["label"], "", places["shop"], places.get("scannable"), places.get("active")
        )
        return places["number"], [one]
    columns = _wide(header, places["number"], shops)
    if columns is None:
        raise FailureError(wrong)
    return places["number"], columns


def _wide(header: Sequence[str], number_at: int, shops: Mapping[str, str]) -> list[_Columns] | None:
    found: dict[tuple[str, int], dict[str, int]] = {}
    for at, name in enumerate(header):
        if at == number_at:
            continue
        match = _WIDE.fullmatch(name)
        if match is None:
            return None
        shop = shops.get(match[3].casefold())
        if shop is None:
            raise FailureError(Failure.of("SHOP_UNKNOWN", shop=match[3][:_LONGEST]))
        found.setdefault((shop, int(match[2])), {})[match[1].casefold()] = at
    if not found or any(len(pair) < 2 for pair in found.values()):
        return None
    return [
        _Columns(pair["fremdnummer"], pair["fremdnummerbezeichnung"], shop) for (shop, _), pair in sorted(found.items())
    ]


def _entries(csv: CsvFile, number_at: int, columns: Sequence[_Columns]) -> Iterator[tuple[Any, ...]]:
    """One entry per foreign number of a line; the places of the wide form that are empty are none."""
    width = len(csv.header)
    for line, row in csv.rows:
        if len(row) > width and any(row[width:]):
            yield line, 0, row[number_at][:_LONGEST], "", "", "", None, None, "CSV_CELLS", str(len(row))
            continue
        cells = row + [""] * (width - len(row))
        for slot, one in enumerate(columns):
            if one.shop_at is not None or cells[one.foreign] or cells[one.label]:
                yield _entry(line, slot, cells[number_at], cells, one)


def _entry(line: int, slot: int, article: str, cells: Sequence[str], at: _Columns) -> tuple[Any, ...]:
    shop = at.shop if at.shop_at is None else cells[at.shop_at]
    label, number = cells[at.label], cells[at.foreign]
    scannable, active = (cells[place] if place is not None else "" for place in (at.scannable, at.active))
    code, value = "", ""
    if not label:
        code = "FOREIGN_LABEL_EMPTY"
    elif not number:
        code = "FOREIGN_NUMBER_EMPTY"
    elif len(label) > LONGEST_LABEL or len(number) > LONGEST_NUMBER:
        code, value = "TEXT_TOO_LONG", (label if len(label) > LONGEST_LABEL else number)[:LONGEST_LABEL]
    for flag in (scannable, active):
        if not code and flag and flag.casefold() not in _FLAGS:
            code, value = "YES_OR_NO", flag[:_LONGEST]
    return (
        line, slot, article[:_LONGEST], shop[:_LONGEST], label[:_LONGEST], number[:_LONGEST],
        _FLAGS.get(scannable.casefold()), _FLAGS.get(active.casefold()), code, value,
    )  # fmt: skip
