"""Foreign numbers one by one and from files: good lines are taken, every other one is in the report with its reason."""

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlmodel import Session, select

from canonical.failure import FailureError
from erp.article_import import KEPT_REPORTS, ImportResult, import_numbers
from erp.csv_files import escape, open_csv, write_csv
from erp.foreign_numbers import add_foreign_number, delete_foreign_numbers, switch_foreign_numbers
from erp.queries.foreign_numbers import NumberQuery, export_long, export_wide, foreign_numbers, refused
from erp.tables import ForeignNumber, InboxDocument, Integration, JournalEvent, Link, NumberImport, RefusedNumber


def take(session: Session, content: str | bytes) -> ImportResult:
    data = content.encode() if isinstance(content, str) else content
    return import_numbers(session, io.BytesIO(data), "numbers.csv", "jo")


def stored(session: Session) -> set[tuple[str, str, str]]:
    session.expire_all()
    rows = session.exec(select(ForeignNumber))
    return {(row.integration_id, row.label, row.number) for row in rows if row.is_active}


def reasons(session: Session) -> list[tuple[int, str, str, str]]:
    rows = session.exec(select(RefusedNumber).order_by(RefusedNumber.id))  # type: ignore[arg-type]
    return [(row.line, row.article, row.code, row.value) for row in rows]


@pytest.fixture
def articles(session: Session, shop: Any) -> None:
    shop.add(Integration(id="shop-2", connector="woocommerce", name="Shop 2"))
    shop.listed("A-1")
    shop.article("A-2")
    shop.article("GONE", is_deleted=True)


def test_a_number_needs_a_label_a_number_and_a_shop(session: Session, articles: None) -> None:
    for integration, label, number, code in (
        ("shop-1", " ", "1", "FOREIGN_LABEL_EMPTY"),
        ("shop-1", "SKU", " ", "FOREIGN_NUMBER_EMPTY"),
        ("shop-1", "x" * 61, "1", "TEXT_TOO_LONG"),
        ("shop-1", "SKU", "x" * 121, "TEXT_TOO_LONG"),
        ("shop-9", "SKU", "1", "SHOP_UNKNOWN"),
    ):
        with pytest.raises(FailureError, match=code):
            add_foreign_number(session, "A-1", integration, label, number, "jo")
    assert stored(session) == set()


def test_numbers_are_switched_and_deleted_and_the_stock_is_sent_anew(session: Session, articles: None) -> None:
    add_foreign_number(session, "A-1", "shop-1", "SKU", "77", "jo", is_scannable=True)
    row = session.exec(select(ForeignNumber)).one()
    assert row.is_scannable
    for change in (
        lambda: switch_foreign_numbers(session, [row.id or 0], "jo", active=False),
        lambda: switch_foreign_numbers(session, [row.id or 0], "jo", active=True),
        lambda: delete_foreign_numbers(session, [row.id or 0], "jo"),
    ):
        session.execute(text("UPDATE link SET dirty_at = NULL"))
        assert change() == 1
        session.expire_all()
        assert session.exec(select(Link.dirty_at)).one() is not None
    assert switch_foreign_numbers(session, [99], "jo", active=True) == 0
    assert stored(session) == set()


def test_a_number_that_is_switched_on_releases_what_waits_for_it(session: Session, shop: Any, articles: None) -> None:
    add_foreign_number(session, "A-1", "shop-1", "SKU", "77", "jo")
    (number_id,) = session.exec(select(ForeignNumber.id))
    switch_foreign_numbers(session, [number_id or 0], "jo", active=False)
    waiting = _parked(shop, "article:77")
    switch_foreign_numbers(session, [number_id or 0], "jo", active=True)
    session.refresh(waiting)
    assert waiting.state == "new"


def _parked(shop: Any, key: str, integration: str = "shop-1") -> InboxDocument:
    document: InboxDocument = shop.add(
        InboxDocument(
            integration_id=integration, feature="orders", external_id=key, digest=b"", key_id="k1", body=b"",
            state="parked", waits_for=[key],
        )
    )  # fmt: skip
    return document


def test_many_numbers_of_an_article_come_in_one_line(session: Session, articles: None) -> None:
    columns = ";".join(f"fremdnummer{n}_SHOP-1;Fremdnummerbezeichnung{n}_shop-1" for n in range(1, 41))
    cells = ";".join(f"n{n};SKU" for n in range(1, 41))
    result = take(session, f"Nummer;{columns}\nA-1;{cells}\nA-2;x1;SKU\n\nA-2;;\n")
    assert (result.lines, result.taken, result.refused, result.integrations) == (3, 41, 0, ("shop-1",))
    assert {("shop-1", "SKU", "n40"), ("shop-1", "SKU", "x1")} <= stored(session)


def test_every_refused_line_is_named_with_its_reason_and_the_good_ones_are_taken(
    session: Session, articles: None
) -> None:
    add_foreign_number(session, "A-2", "shop-1", "SKU", "taken", "jo")
    result = take(
        session,
        "number;shop;label;foreign_number;scannable;active\n"
        "A-1;shop-1;SKU;good;1;\n"
        "NOPE;shop-1;SKU;1;;\n"
        "GONE;shop-1;SKU;2;;\n"
        "A-1;shop-9;SKU;3;;\n"
        "A-1;shop-1;SKU;taken;;\n"
        "A-2;shop-1;SKU;good;;\n"
        "A-1;shop-1;;4;;\n"
        "A-1;shop-1;SKU;;;\n"
        f"A-1;shop-1;SKU;{'x' * 121};;\n"
        "A-1;shop-1;SKU;5;maybe;\n"
        "A-1;shop-1;SKU;6;;;;rest\n"
        "A-1;shop-2;SKU;good;;nein\n",
    )
    assert (result.taken, result.refused) == (2, 10)
    assert stored(session) == {("shop-1", "SKU", "taken"), ("shop-1", "SKU", "good")}
    assert reasons(session) == [
        (3, "NOPE", "ARTICLE_UNKNOWN", "NOPE"),
        (4, "GONE", "ARTICLE_UNKNOWN", "GONE"),
        (5, "A-1", "SHOP_UNKNOWN", "shop-9"),
        (6, "A-1", "FOREIGN_NUMBER_TAKEN", "taken"),
        (7, "A-2", "TWICE_IN_FILE", "good"),
        (8, "A-1", "FOREIGN_LABEL_EMPTY", "4"),
        (9, "A-1", "FOREIGN_NUMBER_EMPTY", ""),
        (10, "A-1", "TEXT_TOO_LONG", "x" * 60),
        (11, "A-1", "YES_OR_NO", "maybe"),
        (12, "A-1", "CSV_CELLS", "8"),
    ]


def test_a_refused_line_does_not_take_the_number_from_a_good_one_further_down(session: Session, articles: None) -> None:
    result = take(session, "nummer;shop;bezeichnung;fremdnummer\nNOPE;shop-1;SKU;7\nA-1;shop-1;SKU;7\n")
    assert (result.taken, result.refused) == (1, 1)
    assert stored(session) == {("shop-1", "SKU", "7")}


def test_the_same_file_again_changes_nothing_and_wakes_what_was_switched_off(session: Session, articles: None) -> None:
    lines = "nummer;shop;bezeichnung;fremdnummer;barcodescanner\nA-1;shop-1;SKU;7;ja\n"
    take(session, lines)
    session.execute(text("UPDATE link SET dirty_at = NULL"))
    again = take(session, lines)
    session.expire_all()
    assert (again.taken, again.integrations) == (1, ())
    assert session.exec(select(Link.dirty_at)).one() is None
    session.execute(text("UPDATE foreign_number SET is_active = false"))
    wide = take(session, "nummer;fremdnummer1_shop-1;fremdnummerbezeichnung1_shop-1\nA-1;7;SKU\n")
    row = session.exec(select(ForeignNumber)).one()
    session.refresh(row)
    assert (wide.integrations, row.is_active, row.is_scannable) == (("shop-1",), True, True)
    assert session.exec(select(Link.dirty_at)).one() is not None


def test_a_file_releases_the_documents_that_wait_for_its_numbers(session: Session, shop: Any, articles: None) -> None:
    mine, other = _parked(shop, "article:7"), _parked(shop, "article:7", "shop-2")
    take(session, "nummer;shop;bezeichnung;fremdnummer\nA-1;shop-1;SKU;7\n")
    session.refresh(mine)
    session.refresh(other)
    assert (mine.state, other.state) == ("new", "parked")
    told = session.exec(select(JournalEvent.integration_id).where(JournalEvent.event == "numbers_imported")).all()
    assert told == ["shop-1"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "foo;bar",
        "nummer",
        "nummer;shop;bezeichnung",
        "nummer;shop;bezeichnung;fremdnummer;preis",
        "nummer;nummer;fremdnummer1_shop-1;fremdnummerbezeichnung1_shop-1",
        "nummer;fremdnummer1_shop-1",
        "nummer;fremdnummer1_shop-1;fremdnummerbezeichnung1_shop-1;fremdnummer1_shop-1",
        "nummer;fremdnummer41_shop-1;fremdnummerbezeichnung41_shop-1",
        "fremdnummer1_shop-1;fremdnummerbezeichnung1_shop-1",
    ],
)
def test_wrong_columns_are_one_error_that_names_found_and_expected(
    session: Session, articles: None, header: str
) -> None:
    with pytest.raises(FailureError) as caught:
        take(session, f"{header}\nA-1;a;b;c\n")
    failure = caught.value.failure
    assert failure.code == "CSV_COLUMNS"
    assert header.replace(";", "; ") in failure.text("de")
    assert "fremdnummerbezeichnung1_SHOPID" in failure.text("en")
    assert session.exec(select(NumberImport)).all() == []


def test_a_shop_that_does_not_exist_in_the_header_refuses_the_file(session: Session, articles: None) -> None:
    with pytest.raises(FailureError, match="SHOP_UNKNOWN"):
        take(session, "nummer;fremdnummer1_nope;fremdnummerbezeichnung1_nope\nA-1;7;SKU\n")
    assert stored(session) == set()


def test_encodings_and_delimiters_are_found_out(session: Session, articles: None) -> None:
    for n, (delimiter, encoding) in enumerate([(";", "utf-8"), (",", "utf-8-sig"), ("\t", "cp1252"), (";", "cp1252")]):
        rows = [("nummer", "shop", "bezeichnung", "fremdnummer"), ("A-1", "shop-1", "Größe", f"ä{n}")]
        content = "\r\n".join(delimiter.join(row) for row in rows)
        assert take(session, content.encode(encoding)).taken == 1
    assert stored(session) == {("shop-1", "Größe", f"ä{n}") for n in range(4)}
    for bad in ("nummer;shop".encode("utf-16"), b"nummer;shop\n\x81\xff", b"nummer;shop\n\x00"):
        with pytest.raises(FailureError, match="CSV_ENCODING"):
            take(session, bad)


def test_a_quotation_mark_that_is_not_closed_refuses_the_file_and_names_the_line(
    session: Session, articles: None
) -> None:
    with pytest.raises(FailureError) as caught:
        take(session, 'nummer;shop;bezeichnung;fremdnummer\nA-1;shop-1;SKU;1\nA-1;shop-1;"SKU;2\nA-1;shop-1;SKU;3\n')
    assert caught.value.failure.params == {"line": "3"}
    session.rollback()
    assert stored(session) == set()


def test_the_number_of_statements_does_not_grow_with_the_file(session: Session, shop: Any, articles: None) -> None:
    def statements(lines: int, prefix: str) -> int:
        said: list[str] = []
        event.listen(session.get_bind(), "before_cursor_execute", note := lambda *a: said.append(a[2]))
        rows = "".join(f"A-1;shop-1;SKU;{prefix}{n}\n" for n in range(lines))
        assert take(session, "nummer;shop;bezeichnung;fremdnummer\n" + rows).taken == lines
        event.remove(session.get_bind(), "before_cursor_execute", note)
        return len(said)

    assert statements(5, "a") == statements(3000, "b")


def test_only_the_newest_reports_are_kept(session: Session, articles: None) -> None:
    for _ in range(KEPT_REPORTS + 2):
        take(session, "nummer;shop;bezeichnung;fremdnummer\nNOPE;shop-1;SKU;7\n")
    assert len(session.exec(select(NumberImport)).all()) == KEPT_REPORTS
    assert len(session.exec(select(RefusedNumber)).all()) == KEPT_REPORTS
    newest = max(session.exec(select(NumberImport.id)))  # type: ignore[type-var]
    assert [row.code for row in refused(session, newest or 0).rows] == ["ARTICLE_UNKNOWN"]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"])))
def test_a_cell_never_begins_like_a_formula_and_comes_back_as_it_was(cell: str) -> None:
    assert escape(cell)[:1] not in tuple("=+-@")
    content = b"".join(write_csv([("cell", "other"), (cell, "x")]))
    read = open_csv(io.BytesIO(content))
    assert read.header == ("cell", "other")
    assert [cells for _, cells in read.rows] == [[cell, "x"]]


@pytest.mark.parametrize("export", [export_long, export_wide])
def test_what_is_exported_can_be_imported_again(session: Session, articles: None, export: Any) -> None:
    for n in range(45):
        add_foreign_number(session, "A-1", "shop-1", "SKU", f"-{n}", "jo")
    add_foreign_number(session, "A-2", "shop-2", "=label", "7", "jo")
    before = stored(session)
    content = b"".join(write_csv(export(session)))
    session.execute(text("DELETE FROM foreign_number"))
    assert take(session, content).refused == 0
    assert stored(session) == before
    assert len(before) == 46


def test_the_list_is_filtered_and_continues_where_it_stopped(session: Session, articles: None) -> None:
    for n in range(5):
        add_foreign_number(session, "A-1", "shop-1", "SKU", f"n{n}", "jo")
    add_foreign_number(session, "A-2", "shop-2", "EAN", "x", "jo")
    first = foreign_numbers(session, NumberQuery(), size=4)
    rest = foreign_numbers(session, NumberQuery(after=first.next), size=4)
    assert [row.number for row in [*first.rows, *rest.rows]] == ["n0", "n1", "n2", "n3", "n4", "x"]
    assert rest.next == ""
    for wanted, numbers in (
        (NumberQuery(integration="shop-2"), ["x"]),
        (NumberQuery(label="EAN"), ["x"]),
        (NumberQuery(q="n3"), ["n3"]),
        (NumberQuery(q="A-2"), ["x"]),
        (NumberQuery(active="no"), []),
    ):
        assert [row.number for row in foreign_numbers(session, wanted).rows] == numbers
