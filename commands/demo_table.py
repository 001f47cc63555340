"""What `connect demo` shows in the end: shop and ERP side by side, compared record by record."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

import connectors
from canonical.feature import Feature
from commands.story import StorySummary
from sandbox.shop import Ledger, SimulatedShop


class OwnSummary(BaseModel):
    """What the first shop's integration shows, which is set up in every detail; totals are gross, in the orders' currency."""

    connector: str
    orders_in_shop: int
    orders_in_erp: int
    duplicates: int
    parked: int
    total_shop: Decimal
    total_erp: Decimal
    stock_updates_confirmed: int
    shipments_confirmed: int
    story: StorySummary | None = None
    """Orders of every kind, followed to their end; left out when the demo was played on this data before."""

    @property
    def ok(self) -> bool:
        """Whether everything adds up."""
        return (
            self.orders_in_shop == self.orders_in_erp > 0
            and self.total_shop == self.total_erp
            and not self.duplicates
            and not self.parked
            and self.stock_updates_confirmed > 0
            and self.shipments_confirmed > 0
            and (self.story is None or self.story.ok)
        )


class Pair(BaseModel):
    """Something as the shop and as the ERP has it: how many, and whether they are the same record by record."""

    shop: int
    erp: int
    equal: bool

    def __str__(self) -> str:
        return f"{self.shop} = {self.erp}" if self.equal else f"{self.shop} ≠ {self.erp}"


class ShopSummary(BaseModel):
    """What one shop of the demo shows; None where the system has no such feature."""

    connector: str
    orders: Pair | None = None
    articles: Pair | None = None
    stock: Pair | None = None
    prices: Pair | None = None
    tracking: Pair | None = None
    documents: Pair | None = None

    @property
    def ok(self) -> bool:
        """Whether shop and ERP are equal in everything that is exchanged."""
        pairs = [self.orders, self.articles, self.stock, self.prices, self.tracking, self.documents]
        there = [pair for pair in pairs if pair is not None]
        return bool(there) and all(pair.equal and pair.shop > 0 for pair in there)


class Levelled(BaseModel):
    """A sale in one shop, and after how many seconds each other one was offered less."""

    sold_in: str
    seconds: dict[str, float]


class Summary(BaseModel):
    """What the whole demo shows."""

    integrations: list[OwnSummary]
    """The one that is set up in every detail."""
    shops: list[ShopSummary]
    levelled: Levelled

    @property
    def ok(self) -> bool:
        """Whether everything adds up in every shop."""
        return all(each.ok for each in self.integrations) and all(shop.ok for shop in self.shops)


@dataclass
class Comparison:
    """One shop beside its integration."""

    shop: SimulatedShop
    id: str
    features: tuple[Feature, ...]
    sessions: sessionmaker[Session]

    def summary(self) -> ShopSummary:
        """Compare shop and ERP record by record."""
        ledger = self.shop.ledger()
        found: dict[str, Pair] = {}
        if Feature.ORDERS in self.features:
            found["orders"] = self._orders(ledger)
        for feature, name, compare in (
            (Feature.ARTICLES, "articles", _same_name),
            (Feature.STOCK, "stock", _same_level),
            (Feature.PRICES, "prices", _same_price),
        ):
            if feature in self.features:
                found[name] = self._records(feature, ledger, compare)
        if connectors.spec_of(self.shop.key).imports_catalogue and not self.features:
            found["articles"] = self._imported(ledger)
        if Feature.SHIPMENTS in self.features:
            found["tracking"] = self._tracking(ledger)
        if Feature.DOCUMENTS in self.features:
            found["documents"] = self._documents(ledger)
        return ShopSummary(connector=self.shop.key, **found)

    def _orders(self, ledger: Ledger) -> Pair:
        booked = self.booked()
        meant = {ref: facts.total for ref, facts in ledger.orders.items() if facts.is_importable or ref in booked}
        return Pair(shop=len(meant), erp=len(booked), equal=meant == booked)

    def _records(self, feature: Feature, ledger: Ledger, same: Callable[[Ledger, Any], bool]) -> Pair:
        with self.sessions() as session:
            rows = session.execute(
                text(
                    "SELECT l.record, l.sent_value, a.name, (SELECT p.amount FROM price p WHERE p.article_id = a.id"
                    " AND p.customer_group_id IS NULL AND p.customer_id IS NULL AND p.from_quantity = 1 LIMIT 1) AS amount"
                    " FROM link l JOIN article a ON a.id = l.record_id WHERE l.integration_id = :id AND l.kind = :kind"
                    " AND l.state = 'sent' AND l.dirty_at IS NULL AND a.kind <> 'matrix'"
                ),
                {"id": self.id, "kind": feature.value},
            ).all()
            failed = session.execute(
                text("SELECT count(*) FROM link WHERE integration_id = :id AND kind = :kind AND state = 'failed'"),
                {"id": self.id, "kind": feature.value},
            ).scalar_one()
        agreeing = sum(1 for row in rows if same(ledger, row))
        return Pair(shop=agreeing, erp=len(rows), equal=agreeing == len(rows) and not failed)

    def _imported(self, ledger: Ledger) -> Pair:
        with self.sessions() as session:
            rows = session.execute(
                text(
                    "SELECT i.sku, a.name FROM import_item i JOIN article a ON a.id = i.article_id"
                    " WHERE i.integration_id = :id AND i.sku <> '' AND i.structure <> 'parent'"
                ),
                {"id": self.id},
            ).all()
        names = {row.sku: row.name for row in rows}
        return Pair(shop=len(ledger.articles), erp=len(names), equal=dict(ledger.articles).items() <= names.items())

    def _tracking(self, ledger: Ledger) -> Pair:
        with self.sessions() as session:
            rows = session.execute(
                text(
                    "SELECT o.external_id, p.tracking_number FROM link l JOIN shipment s ON s.id = l.record_id AND s.number = l.record"
                    " JOIN sales_order o ON o.id = s.order_id JOIN parcel p ON p.shipment_id = s.id"
                    " WHERE l.integration_id = :id AND l.kind = 'shipments' AND l.state = 'sent' AND p.tracking_number <> ''"
                ),
                {"id": self.id},
            ).all()
        there = sum(1 for row in rows if row.tracking_number in " ".join(ledger.orders[row.external_id].tracking))
        return Pair(shop=there, erp=len(rows), equal=there == len(rows))

    def _documents(self, ledger: Ledger) -> Pair:
        sent = self._number(
            "SELECT count(*) FROM link WHERE integration_id = :id AND kind = 'documents' AND state = 'sent'"
        )
        there = sum(len(facts.documents) for facts in ledger.orders.values())
        return Pair(shop=there, erp=sent, equal=there == sent)

    def booked(self) -> dict[str, Decimal]:
        """The orders of the ERP: the channel's id and total."""
        with self.sessions() as session:
            rows = session.execute(
                text(
                    "SELECT external_id, channel_total FROM sales_order WHERE integration_id = :id AND fulfilled_by = 'merchant'"
                ),
                {"id": self.id},
            )
            return {row.external_id: row.channel_total for row in rows}

    def _number(self, query: str) -> Any:
        with self.sessions() as session:
            return session.execute(text(query), {"id": self.id}).scalar_one()


def table(summary: Summary) -> str:
    """Shop and ERP side by side, a line per connector."""
    names = ("orders", "articles", "stock", "prices", "tracking", "documents")
    lines = ["{:12}".format("shop = ERP") + "".join(f"{name:>14}" for name in names)]
    for shop in summary.shops:
        cells = (getattr(shop, name) for name in names)
        lines.append(f"{shop.connector:12}" + "".join(f"{'–' if cell is None else str(cell):>14}" for cell in cells))
    times = ", ".join(f"{key} after {seconds} s" for key, seconds in summary.levelled.seconds.items())
    return "\n".join([*lines, f"A sale in {summary.levelled.sold_in} lowered what the others offer: {times}."])


def _same_name(ledger: Ledger, row: Any) -> bool:
    return bool(ledger.articles.get(row.record) == row.name)


def _same_level(ledger: Ledger, row: Any) -> bool:
    # Of several locations each is shown behind their sum.
    return str(ledger.stock.get(row.record)) == str(row.sent_value).split(" ", 1)[0]


def _same_price(ledger: Ledger, row: Any) -> bool:
    return row.amount is not None and bool(ledger.prices.get(row.record) == row.amount.quantize(Decimal("0.01")))
