"""Orders, settings and a small ERP for the tests of the order import."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, select

from canonical.money import ZERO, tax_of_net
from canonical.order import (
    Address,
    ChannelOrder,
    ChannelState,
    Charge,
    Discount,
    OrderLine,
    Payment,
    StatedTax,
    StatedTotals,
)
from canonical.runs import Counts
from canonical.settings import AdvancedSettings, OrderSettings
from erp.order_import import ImportContext, ReadDocument, import_documents
from erp.rules import Decision, MasterData, RuleContext, decide, sample_master_data
from erp.rules.model import ArticleInfo, PaymentInfo, ProjectInfo, ShippingInfo, TermInfo
from erp.tables import (
    Article,
    Customer,
    DeliveryTerm,
    InboxDocument,
    Integration,
    JournalEvent,
    Order,
    PaymentMethod,
    Project,
    ShippingMethod,
    TaxRate,
)
from erp.tables import OrderLine as BookedLine
from erp.tables import Payment as BookedPayment

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANNA = Address(
    first_name="Anna",
    last_name="Weiß",
    street="Hauptstr. 1",
    postcode="20095",
    city="Hamburg",
    country="DE",
    email="anna@example.org",
)
D = Decimal


def line(
    sku: str = "A-1", net: str = "10.00", rate: str | None = "19", quantity: str = "1", ref: str = "", **values: Any
) -> OrderLine:
    """A line whose tax fits its rate, at full price unless a discount is given."""
    tax = tax_of_net(D(net), D(rate or 0))
    given = {"title": f"Article {sku}", "tax": tax, "tax_rate": None if rate is None else D(rate)} | values
    return OrderLine(ref=ref or f"l-{sku}", sku=sku, quantity=D(quantity), net=D(net), **given)


def discounted(sku: str, net: str, rate: str, off: str, **values: Any) -> OrderLine:
    """A line of which `off` net is taken off; both taxes fit."""
    tax, after = tax_of_net(D(net), D(rate)), tax_of_net(D(net) - D(off), D(rate))
    return line(sku, net, rate, discount_net=D(off), discount_tax=tax - after, **values)


def charge(net: str, rate: str = "19", title: str = "DHL", method: str = "flat_rate", ref: str = "s1") -> Charge:
    """A shipping or fee amount whose tax fits."""
    return Charge(ref=ref, title=title, method=method, net=D(net), tax=tax_of_net(D(net), D(rate)), tax_rate=D(rate))


def order(*lines: OrderLine, **values: Any) -> ChannelOrder:
    """An order whose stated sums are what its lines give."""
    given = {
        "external_id": "100",
        "number": values.get("external_id", "100"),
        "state": ChannelState.OPEN,
        "channel_state": "processing",
        "ordered_at": NOW - timedelta(hours=2),
        "modified_at": NOW - timedelta(hours=1),
        "currency": "EUR",
        "prices_include_tax": True,
        "billing": ANNA,
        "delivery": ANNA,
        "payment": Payment(method="paypal", paid_at=NOW - timedelta(hours=2)),
        "lines": lines or (line(),),
        "shipping": (charge("4.12"),),
    }
    draft = ChannelOrder(**({"stated": NOTHING} | given | values))
    return draft if "stated" in values else draft.model_copy(update={"stated": stated(draft)})


def stated(of: ChannelOrder) -> StatedTotals:
    """What an honest channel states."""
    return StatedTotals(
        total=of.computed_total,
        total_tax=of.computed_tax,
        shipping_net=sum((item.net for item in of.shipping), ZERO),
        discount_net=sum((item.discount_net for item in of.lines), ZERO),
        discount_tax=sum((item.discount_tax for item in of.lines), ZERO),
        taxes=tuple(StatedTax(rate=rate, tax=tax) for rate, tax in of.computed_taxes().items()),
    )


def stating(of: ChannelOrder, **values: Any) -> ChannelOrder:
    """The same order with other stated sums."""
    return of.model_copy(update={"stated": of.stated.model_copy(update=values)})


def code(name: str, net: str = "1.00", tax: str = "0.19") -> Discount:
    """A voucher."""
    return Discount(code=name, net=D(net), tax=D(tax))


NOTHING = StatedTotals(total=ZERO, total_tax=ZERO, shipping_net=ZERO, discount_net=ZERO, discount_tax=ZERO)


def world(*orders: ChannelOrder) -> tuple[MasterData, OrderSettings]:
    """The sample master data, with more to choose from."""
    master, settings = sample_master_data(orders)
    more = {
        "EXEMPT": ArticleInfo(901, "EXEMPT", "Deposit", tax_category="exempt"),
        "METRE": ArticleInfo(902, "METRE", "Cloth", allows_decimals=True),
        "FILE": ArticleInfo(903, "FILE", "E-book", is_stock_article=False),
        "PORTO2": ArticleInfo(904, "PORTO2", "Other postage", is_postage=True, is_stock_article=False),
        "RABATT2": ArticleInfo(905, "RABATT2", "Other discount", is_discount=True, is_stock_article=False),
        "ZUSCHLAG2": ArticleInfo(906, "ZUSCHLAG2", "Other surcharge", is_stock_article=False),
    }
    articles = {
        sku: replace(article, name=f"ERP name of {sku}", description=f"About {sku}") if sku in SOLD else article
        for sku, article in (dict(master.articles_by_sku) | more).items()
    }
    return (
        replace(
            master,
            projects=dict(master.projects) | {"B2B": ProjectInfo(2, "B2B")},
            payment_methods=dict(master.payment_methods) | {"cash": PaymentInfo(90, "cash", is_cash=True)},
            shipping_methods=dict(master.shipping_methods) | {"express": ShippingInfo(90, "express")},
            delivery_terms={"DAP": TermInfo(1, "DAP")},
            articles_by_sku=articles,
        ),
        settings,
    )


SOLD = ("A-1", "A-2")


def context(settings: OrderSettings, advanced: AdvancedSettings | None = None, **values: Any) -> RuleContext:
    """What is the same for all documents."""
    given: dict[str, Any] = {"settings_revision": 7, "now": NOW, "start_at": None, "by_hand": False}
    return RuleContext(settings=settings, advanced=advanced or AdvancedSettings(), **(given | values))


def judge(of: ChannelOrder, **changes: Any) -> Decision:
    """Decide an order in the sample world, with some settings changed."""
    master, settings = world(of)
    return decide(of, context(settings.model_copy(update=changes)), master)


def codes(decision: Decision) -> list[str]:
    """The codes of the findings."""
    return [finding.code for finding in decision.findings]


class Importer:
    """A database with the sample world's master data, and the import on it."""

    def __init__(self, session: Session, *orders: ChannelOrder, integration: str = "shop-1") -> None:
        self.session = session
        self.integration = integration
        master, self.settings = world(*(orders or (order(),)))
        self.advanced = AdvancedSettings()
        session.add(Integration(id=integration, connector="woocommerce", name="Shop 1"))
        for project in master.projects.values():
            session.add(Project(id=project.id, code=project.code, name=project.code))
        for payment in master.payment_methods.values():
            session.add(PaymentMethod(id=payment.id, code=payment.code, name=payment.code, is_cash=payment.is_cash))
        for shipping in master.shipping_methods.values():
            session.add(
                ShippingMethod(id=shipping.id, code=shipping.code, name=shipping.code, is_pickup=shipping.is_pickup)
            )
        for term in master.delivery_terms.values():
            session.add(DeliveryTerm(id=term.id, code=term.code, name=term.code))
        for country, rates in master.tax_rates.items():
            for rate in rates:
                session.add(TaxRate(country=country, kind=str(rate), rate=rate))
        for article in master.articles_by_sku.values():
            self.add_article(article)
        session.flush()
        session.execute(text("SELECT setval(pg_get_serial_sequence('article', 'id'), 10000)"))
        session.commit()

    def add_article(self, article: ArticleInfo) -> None:
        """Store an article under its id."""
        self.session.add(
            Article(
                id=article.id,
                number=article.number,
                name=article.name,
                description=article.description,
                tax_category=article.tax_category,
                is_stock_article=article.is_stock_article,
                is_postage=article.is_postage,
                is_discount=article.is_discount,
                is_surcharge=article.number.startswith("ZUSCHLAG"),
                allows_decimals=article.allows_decimals,
                is_locked=not article.is_usable,
                kind=article.kind,
            )
        )

    def context(self, **changes: Any) -> ImportContext:
        """The import's context, with some settings changed."""
        return ImportContext(
            integration_id=self.integration,
            settings=self.settings.model_copy(update=changes),
            settings_revision=7,
            advanced=self.advanced,
            now=NOW,
            start_at=None,
            run_id="run-1",
        )

    def received(self, *orders: ChannelOrder, by_hand: bool = False) -> list[ReadDocument]:
        """Put orders into the inbox, as new or as newer versions."""
        return [self._receive(of.external_id, of, by_hand) for of in orders]

    def _receive(self, external_id: str, of: ChannelOrder, by_hand: bool) -> ReadDocument:
        row = self.inbox(external_id)
        if row is None:
            row = InboxDocument(
                integration_id=self.integration,
                feature="orders",
                external_id=external_id,
                digest=b"d",
                key_id="k1",
                body=b"b",
            )
        row.state, row.attempts = "new", 0
        self.session.add(row)
        self.session.commit()
        return ReadDocument(row.id or 0, external_id, of.number, by_hand, of, None)

    def run(self, *orders: ChannelOrder, by_hand: bool = False, **changes: Any) -> Counts:
        """Receive and import orders, and commit."""
        documents = self.received(*orders, by_hand=by_hand)
        counts = import_documents(self.session, self.context(**changes), documents)
        self.session.commit()
        return counts

    def inbox(self, external_id: str) -> InboxDocument | None:
        """The inbox row of an order, fresh."""
        query = select(InboxDocument).where(InboxDocument.external_id == external_id)
        return self.session.exec(query.execution_options(populate_existing=True)).one_or_none()

    def booked(self, external_id: str = "100") -> Order | None:
        """The booked order, fresh."""
        query = select(Order).where(Order.external_id == external_id)
        return self.session.exec(query.execution_options(populate_existing=True)).one_or_none()

    def lines(self, external_id: str = "100") -> Sequence[BookedLine]:
        """The booked order's lines."""
        found = self.booked(external_id)
        assert found is not None
        query = select(BookedLine).where(BookedLine.order_id == found.id).order_by(BookedLine.position)
        return self.session.exec(query).all()

    def payments(self, external_id: str = "100") -> Sequence[BookedPayment]:
        """The money of the booked order, as it was booked."""
        found = self.booked(external_id)
        assert found is not None
        query = select(BookedPayment).where(BookedPayment.order_id == found.id).order_by(BookedPayment.id)
        return self.session.exec(query).all()

    def articles(self) -> Sequence[Article]:
        """All articles."""
        return self.session.exec(select(Article)).all()

    def code_of(self, name: str, id: int | None) -> str | None:
        """The code of a master-data row."""
        tables = {
            "project": Project,
            "payment_method": PaymentMethod,
            "shipping_method": ShippingMethod,
            "delivery_term": DeliveryTerm,
        }
        found: Any = self.session.get(tables[name], id) if id else None
        return found.code if found else None

    def customers(self) -> Sequence[Customer]:
        """All customers, the oldest first."""
        return self.session.exec(select(Customer).order_by(Customer.id)).all()

    def events(self, external_id: str = "100") -> list[tuple[str, str]]:
        """What the journal says about an order: event and code."""
        query = select(JournalEvent).where(JournalEvent.record == external_id).order_by(JournalEvent.id)
        return [(row.event, row.code) for row in self.session.exec(query)]
