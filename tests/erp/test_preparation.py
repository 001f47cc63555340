"""The master data that orders need, created with sound defaults."""

import threading
from decimal import Decimal

from sqlalchemy import Engine, text
from sqlmodel import Session, select

from erp import numbers
from erp.preparation import VAT, ensure_defaults
from erp.tables import Article, NumberRange, PaymentMethod, Project, ShippingMethod, TaxRate


def test_defaults_fill_an_empty_erp(session: Session) -> None:
    assert len(ensure_defaults(session).created) > 80


def test_preparing_twice_creates_nothing_and_leaves_what_is_there(session: Session) -> None:
    ensure_defaults(session)
    session.execute(text("UPDATE project SET name = 'Mine'"))
    assert ensure_defaults(session).created == ()
    assert session.exec(select(Project.name)).one() == "Mine"


def test_the_special_articles_carry_their_flags_and_no_stock(session: Session) -> None:
    ensure_defaults(session)
    rows = {article.number: article for article in session.exec(select(Article))}
    flags = {number: (a.is_postage, a.is_discount, a.is_surcharge) for number, a in rows.items()}
    assert flags == {
        "PORTO": (True, False, False),
        "RABATT": (False, True, False),
        "ZUSCHLAG": (False, False, True),
    }
    assert not any(article.is_stock_article or article.syncs_stock for article in rows.values())


def test_invoice_and_cash_on_delivery_ship_unpaid_and_only_cash_is_cash(session: Session) -> None:
    ensure_defaults(session)
    methods = {method.code: method for method in session.exec(select(PaymentMethod))}
    assert {code for code, method in methods.items() if method.ships_unpaid} == {"cod", "invoice"}
    assert {code for code, method in methods.items() if method.is_cash} == {"cash"}
    shipping = {method.code: method for method in session.exec(select(ShippingMethod))}
    assert {code for code, method in shipping.items() if method.is_pickup} == {"pickup"}
    assert "{number}" in shipping["dhl"].tracking_url


def test_every_eu_country_has_a_normal_rate_and_switzerland_none(session: Session) -> None:
    ensure_defaults(session)
    rates = {(rate.country, rate.kind, rate.rate) for rate in session.exec(select(TaxRate))}
    assert {country for country, kind, _ in rates if kind == "normal"} == set(VAT)
    assert len(VAT) == 28  # the 27, and Northern Ireland
    assert {("DE", "normal", Decimal(19)), ("DE", "reduced", Decimal(7)), ("FR", "reduced", Decimal("5.5"))} <= rates
    assert not {country for country, _, _ in rates} - set(VAT)


def test_numbers_are_drawn_from_the_prepared_ranges(session: Session) -> None:
    ensure_defaults(session)
    project_id = session.exec(select(Project.id)).one()
    drawn = {kind: numbers.draw(session, project_id, kind, 1) for kind in ("order", "delivery_note", "parcel")}
    assert len({number for (number,) in drawn.values()}) == 3
    assert numbers.draw(session, None, "customer", 2) == [f"KD{numbers.FIRST}", f"KD{numbers.FIRST + 1}"]
    assert len(session.exec(select(NumberRange)).all()) == len(numbers.PREFIXES)


def test_two_who_prepare_at_once_make_one_of_each(engine: Engine, session: Session) -> None:
    def prepare() -> None:
        with Session(engine) as own:
            ensure_defaults(own)
            own.commit()

    threads = [threading.Thread(target=prepare) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(session.exec(select(NumberRange)).all()) == len(numbers.PREFIXES)
    assert len(session.exec(select(Project)).all()) == 1
