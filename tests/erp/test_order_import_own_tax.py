"""An order of a marketplace that states no tax, booked: at the rates of the master data, and known again afterwards."""

from decimal import Decimal as D

from sqlmodel import Session, select

from canonical.order import OrderLine
from erp.tables import OrderChange, TaxRate
from tests.erp.order_kit import ANNA, Importer, line, order


def left(gross: str = "11.90") -> list[OrderLine]:
    return [line("A-1", gross, None), line("A-2", "10.70", None)]


def test_it_is_booked_at_the_rates_of_the_master_data_and_a_later_version_is_no_change(session: Session) -> None:
    of = order(*left(), shipping=(), is_tax_left_to_seller=True)
    importer = Importer(session, of)
    reduced = next(article for article in importer.articles() if article.number == "A-2")
    reduced.tax_category = "reduced"
    session.add(reduced)
    session.add_all(
        [TaxRate(country="DE", kind="normal", rate=D(19)), TaxRate(country="DE", kind="reduced", rate=D(7))]
    )
    importer.run(of)
    booked = importer.booked()
    assert booked is not None and (booked.total, booked.total_tax) == (D("22.60"), D("2.60"))
    assert [(row.net, row.tax, row.tax_rate) for row in importer.lines()] == [(10, D("1.90"), 19), (10, D("0.70"), 7)]
    importer.run(of, by_hand=True)
    assert session.exec(select(OrderChange)).all() == []
    moved = ANNA.model_copy(update={"street": "Nebenstr. 2"})
    importer.run(of.model_copy(update={"delivery": moved}), by_hand=True)
    assert [change.parts for change in session.exec(select(OrderChange))] == [["delivery"]]
    importer.run(order(*left("12.90"), shipping=(), is_tax_left_to_seller=True), by_hand=True)
    assert [change.parts for change in session.exec(select(OrderChange))][1:] == [["amount", "lines"]]
