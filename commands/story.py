"""The order story of `connect demo`: one order of every kind, each followed to its end, with documents that are checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.article import ArticleKind
from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.order import (
    Address,
    ChannelOrder,
    ChannelState,
    Fulfiller,
    OrderLine,
    Payment,
    StatedTotals,
)
from canonical.runs import AUTO_SHIP, PAPERWORK
from canonical.settings import AdvancedSettings, OrderSettings
from documents import validation
from erp.articles import ArticleForm, create_article
from erp.cancellation import cancel_order
from erp.components import ComponentForm, store_components
from erp.feature_settings import load_settings
from erp.numbers import draw
from erp.order_import import ImportContext, ReadDocument, import_documents
from erp.oss import set_threshold
from erp.returns import ReceivedLine, announce_return, receive_return, returnable, settle_return
from erp.stock import Movement, Reason, post_movements
from erp.tables import Article, InboxDocument, Order, Project, ShippingMethod
from workflows import ids

if TYPE_CHECKING:
    from commands.demo import Demo

SET = "SET-MORGEN"
HEAVY = "AMBOSS"
TEA = "STORY-TEE"
CUP = "STORY-TASSE"
BY = "demo"
PAPERS_WITHIN = 240
"""Seconds for the files of all orders, which are made oldest first; a tenth of it on a machine of its own."""
GOODS: Mapping[str, tuple[str, str, str]] = {
    HEAVY: ("Amboss 18 kg", "79.00", "18"),
    TEA: ("Kräutertee Morgen", "7.90", "0.2"),
    CUP: ("Tasse Morgen", "12.90", "0.4"),
}
"""Number, name, gross price in EUR and weight in kilogrammes of what the story sells."""
ISSUER = {
    "name": "Nordlicht Handel GmbH", "street": "Hafenstraße 1", "postcode": "20457", "city": "Hamburg", "country": "DE",
    "vat_id": "DE136695976", "email": "rechnung@nordlicht.example", "phone": "+49 40 123456",
    "iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "bank": "Beispielbank", "register_entry": "HRB 12345, Hamburg",
    "managing_directors": "Ada Beispiel",
}  # fmt: skip


class StorySummary(BaseModel):
    """Which order of the story came to its end as it should, and how many documents are valid."""

    orders: dict[str, bool]
    documents: int
    """PDFs of the story's orders."""
    e_invoices_valid: int
    """Those whose XML passes schema and rules of EN 16931."""

    @property
    def ok(self) -> bool:
        """Whether every order came to its end."""
        return all(self.orders.values()) and self.documents > 0 and self.e_invoices_valid > 0


@dataclass
class Story:
    """The orders of the story by name, with their ids in the shop."""

    demo: "Demo"
    placed: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Give the ERP what the story sells, an issuer for its documents, parcels of at most 20 kg, and OSS at once."""
        with self.demo.sessions.begin() as session:
            for number, (name, price, weight) in GOODS.items():
                _ensure_article(session, number, name, price, weight)
                post_movements(session, [Movement(number, "HAUPT", Decimal(200), Reason.OPENING, "story")])
            _ensure_set(session)
            session.exec(select(Project).where(col(Project.code) == "SHOP")).one().issuer = ISSUER
            for method in session.exec(select(ShippingMethod).where(col(ShippingMethod.code) == "dhl")):
                method.max_parcel_weight = Decimal(20)
            set_threshold(session, Decimal("1.00"), datetime.now(UTC).date(), BY)
        shop = self.demo.shop
        for number, (name, price, _) in {**GOODS, SET: ("Set Guten Morgen", "24.90", "")}.items():
            if number not in shop.skus:
                shop.add_product(number, name, price, manage_stock=True, stock_quantity=100)

    def place(self) -> None:
        """Buy in the shop, one order of every kind that a web shop has."""
        shop = self.demo.shop
        orders = {
            "two parcels": shop.place_order([(HEAVY, 2)], buyer("DE"), payment_method="stripe"),
            "prepaid": shop.place_order([(TEA, 1)], buyer("DE"), payment_method="bacs"),
            "bundle": shop.place_order([(SET, 2)], buyer("DE"), payment_method="stripe"),
            "reverse charge to Austria": shop.place_order(
                [(CUP, 12)], buyer("AT", company="Kaffeehaus GmbH"), payment_method="stripe", vat_id="ATU13585627"
            ),
            "OSS to France": shop.place_order([(CUP, 1)], buyer("FR"), payment_method="stripe"),
            "over the counter": shop.place_order(
                [(TEA, 3)], buyer("DE"), payment_method="stripe", shipping_methods=["local_pickup"], created_via="pos"
            ),
            "cancelled": shop.place_order([(CUP, 5)], buyer("DE"), payment_method="bacs"),
            "returned": shop.place_order([(TEA, 2), (CUP, 1)], buyer("DE"), payment_method="stripe"),
        }
        self.placed = {name: str(order["id"]) for name, order in orders.items()}

    async def play(self) -> StorySummary:
        """Follow every order to its end; raises `StoryError` when one does not get there in time."""
        demo = self.demo
        self._deliver_by_marketplace()
        await self._house(AUTO_SHIP)
        await demo.until(lambda: self._state("returned") == "shipped", "the story's orders were not shipped")
        self._cancel()
        self._return()
        self._pay()
        await demo.run(Feature.ORDERS)
        await self._house(AUTO_SHIP)
        await demo.until(lambda: self._state("prepaid") == "shipped", "the prepaid order was not shipped")
        await self._house(PAPERWORK)
        await demo.until(self._papers_are_ready, "the documents were not ready in time", PAPERS_WITHIN)
        return self.summary()

    async def _house(self, task: str) -> None:
        await self.demo.lifecycle.client.get_schedule_handle(ids.house(task)).trigger()

    # --- the acts ---------------------------------------------------------------------------------------------------

    def _deliver_by_marketplace(self) -> None:
        """An order that a marketplace delivers itself: what its connector will bring, through the same import."""
        with self.demo.sessions.begin() as session:
            key = draw(session, None, "fba", 1)[0]
            order = marketplace_order(key)
            row = InboxDocument(
                integration_id=self.demo.integration_id, feature="orders", external_id=key, number=key, digest=b"", key_id="k1",
                body=b"",
            )  # fmt: skip
            session.add(row)
            session.flush()
            settings, revision = load_settings(session, self.demo.integration_id, Feature.ORDERS, OrderSettings)
            settings = settings.model_copy(update={"default_payment": "card", "default_shipping": "dhl"})
            context = ImportContext(
                integration_id=self.demo.integration_id, settings=settings, settings_revision=revision,
                advanced=AdvancedSettings(), now=datetime.now(UTC), start_at=None, run_id="",
            )  # fmt: skip
            import_documents(session, context, [ReadDocument(row.id or 0, key, key, False, order, None)])
        self.placed["delivered by the marketplace"] = key

    def _cancel(self) -> None:
        with self.demo.sessions.begin() as session:
            cancel_order(session, self._order(session, "cancelled").id or 0, BY, "Kunde möchte nicht mehr")

    def _return(self) -> None:
        with self.demo.sessions.begin() as session:
            order_id = self._order(session, "returned").id or 0
            line_id = next(iter(returnable(session, order_id)))
            found = announce_return(session, order_id, {line_id: Decimal(1)}, "gefällt nicht", BY)
            back = ReceivedLine(quantity=Decimal(1), warehouse="HAUPT", condition="unbenutzt")
            receive_return(session, found.id or 0, {line_id: back}, BY)
            settle_return(session, found.id or 0, BY)

    def _pay(self) -> None:
        """The buyer's transfer arrives, and the shop says so."""
        self.demo.shop.pay(int(self.placed["prepaid"]))

    # --- what came of it --------------------------------------------------------------------------------------------

    def _order(self, session: Session, name: str) -> Order:
        query = select(Order).where(
            col(Order.integration_id) == self.demo.integration_id, col(Order.external_id) == self.placed[name]
        )
        return session.exec(query.execution_options(populate_existing=True)).one()

    def _state(self, name: str) -> str:
        with self.demo.sessions() as session:
            return self._order(session, name).fulfilment_state

    def _papers_are_ready(self) -> bool:
        query = (
            "SELECT count(*) FROM document d JOIN sales_order o ON o.id = d.order_id LEFT JOIN document_file f ON f.document_id = d.id"
            " WHERE o.external_id = ANY(:keys) AND f.state IS DISTINCT FROM 'ready'"
        )
        return not self._ask(query)

    def _ask(self, query: str, **given: object) -> Any:
        with self.demo.sessions() as session:
            return session.execute(text(query), {"keys": list(self.placed.values()), **given}).scalar_one()

    def summary(self) -> StorySummary:
        """Look at every order, and at every document that came of them."""
        with self.demo.sessions() as session:
            orders = {name: self._is_right(session, name, check) for name, check in CHECKS.items()}
            papers = session.execute(
                text(
                    "SELECT f.pdf, f.xml FROM document d JOIN document_file f ON f.document_id = d.id"
                    " JOIN sales_order o ON o.id = d.order_id WHERE o.external_id = ANY(:keys)"
                ),
                {"keys": list(self.placed.values())},
            ).all()
        return StorySummary(
            orders=orders,
            documents=sum(1 for pdf, _ in papers if pdf and bytes(pdf).startswith(b"%PDF")),
            e_invoices_valid=sum(1 for _, xml in papers if xml and _is_valid(bytes(xml))),
        )

    def _is_right(self, session: Session, name: str, check: str) -> bool:
        whole = check if name == "cancelled" else f"{_INVOICED} AND {check}"
        query = text(f"SELECT count(*) FROM sales_order o WHERE o.external_id = :key AND {whole}")  # noqa: S608 - constants
        return bool(session.execute(query, {"key": self.placed[name]}).scalar_one())


_INVOICED = (
    "EXISTS (SELECT FROM document d WHERE d.order_id = o.id AND d.kind = 'invoice' AND d.total = o.channel_total)"
)
"""Holds for every order but the cancelled one: an invoice over exactly what the shop sold."""
CHECKS: Mapping[str, str] = {
    "two parcels": (
        "(SELECT count(*) FROM parcel p JOIN shipment s ON s.id = p.shipment_id WHERE s.order_id = o.id) = 2"
    ),
    "prepaid": "o.payment_state = 'paid' AND o.fulfilment_state = 'shipped' AND o.paid = o.total",
    "bundle": (
        "(SELECT count(*) FROM sales_order_line l WHERE l.order_id = o.id AND l.kind = 'component'"
        " AND l.shipped = l.quantity AND l.gross = 0) = 2"
    ),
    "reverse charge to Austria": "o.tax_kind = 'reverse_charge' AND o.total_tax = 0 AND o.is_b2b",
    "OSS to France": (
        "o.tax_kind = 'eu' AND o.tax_country = 'FR' AND EXISTS"
        " (SELECT FROM sales_order_line l WHERE l.order_id = o.id AND l.tax_rate = 20)"
    ),
    "delivered by the marketplace": (
        "o.fulfilled_by = 'channel' AND NOT EXISTS (SELECT FROM shipment s WHERE s.order_id = o.id)"
    ),
    "over the counter": (
        "o.is_pos AND NOT EXISTS (SELECT FROM parcel p JOIN shipment s ON s.id = p.shipment_id WHERE s.order_id = o.id)"
    ),
    "cancelled": "o.is_cancelled AND NOT EXISTS (SELECT FROM document d WHERE d.order_id = o.id AND d.kind = 'invoice')",
    "returned": (
        "EXISTS (SELECT FROM document d WHERE d.order_id = o.id AND d.kind = 'credit_note')"
        " AND EXISTS (SELECT FROM payment p WHERE p.order_id = o.id AND p.kind = 'refund')"
    ),
}
"""What else must be true of each order in the end."""


def _is_valid(xml: bytes) -> bool:
    try:
        validation.check(xml)
    except FailureError:
        return False
    return True


def _ensure_article(session: Session, number: str, name: str, price: str, weight: str) -> None:
    if session.exec(select(Article.id).where(col(Article.number) == number)).first() is None:
        form = {"number": number, "name": name, "price_gross": price, "weight": weight}
        create_article(session, ArticleForm.model_validate(form), BY)


def _ensure_set(session: Session) -> None:
    if session.exec(select(Article.id).where(col(Article.number) == SET)).first() is not None:
        return
    form = {
        "number": SET, "name": "Set Guten Morgen", "kind": ArticleKind.JIT, "is_stock_article": False, "price_gross": "24.90",
    }  # fmt: skip
    create_article(session, ArticleForm.model_validate(form), BY)
    parts = [ComponentForm(number=TEA, quantity=Decimal(2)), ComponentForm(number=CUP, quantity=Decimal(1))]
    store_components(session, SET, parts, BY)


def buyer(country: str, company: str = "") -> dict[str, str]:
    """Make up a buyer of a country."""
    places = {"DE": ("20099", "Hamburg"), "AT": ("1010", "Wien"), "FR": ("69001", "Lyon")}
    postcode, city = places[country]
    return {
        "first_name": "Toni", "last_name": f"Muster {country}", "company": company, "address_1": "Ring 7", "address_2": "",
        "city": city, "state": "", "postcode": postcode, "country": country, "email": f"toni.{country.lower()}@example.org",
        "phone": "+49 171 1234567",
    }  # fmt: skip


def marketplace_order(key: str) -> ChannelOrder:
    """Make up an order that a marketplace sold and delivered itself: one cup, with German tax."""
    gross, now = Decimal(GOODS[CUP][1]), datetime.now(UTC).replace(microsecond=0)
    net = (gross / Decimal("1.19")).quantize(Decimal("0.01"))
    address = Address(
        first_name="Toni", last_name="Muster", street="Ring 7", postcode="20099", city="Hamburg", country="DE",
        email=f"{key.lower()}@marketplace.amazon.de",
    )  # fmt: skip
    line = OrderLine(
        ref="1", sku=CUP, title="Tasse Morgen", quantity=Decimal(1), net=net, tax=gross - net, tax_rate=Decimal(19)
    )
    return ChannelOrder(
        external_id=key, number=key, state=ChannelState.OPEN, channel_state="processing", sales_channel="de_FBA", ordered_at=now,
        modified_at=now, currency="EUR", prices_include_tax=True, billing=address, delivery=address,
        payment=Payment(method="", paid_at=now), lines=(line,), fulfilled_by=Fulfiller.CHANNEL,
        stated=StatedTotals(
            total=gross, total_tax=gross - net, shipping_net=Decimal(0), discount_net=Decimal(0), discount_tax=Decimal(0)
        ),
    )  # fmt: skip
