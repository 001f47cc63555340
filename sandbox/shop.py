"""What demo, conformance suite and measurements ask of every simulated shop, and how a shop tells what is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from starlette.types import ASGIApp

from sandbox.effects import Effect, RequestLog
from sandbox.faults import Faults

Json = dict[str, Any]


@dataclass(frozen=True)
class Exchange:
    """One request with its answer as they went over the wire, for validation against the vendor's specification."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    answer_headers: Mapping[str, str]
    answer: bytes


@dataclass(frozen=True)
class OrderFacts:
    """An order as the shop has it; `total` is gross, in the order's currency."""

    total: Decimal
    currency: str = "EUR"
    is_importable: bool = True
    """Whether its state is one that merchants import."""
    is_shipped: bool = False
    is_cancelled: bool = False
    is_acknowledged: bool = False
    """Accepted or in progress, where the vendor has that."""
    tracking: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    """The numbers or file names of documents handed over."""
    refunded: Decimal = Decimal(0)


@dataclass(frozen=True)
class Ledger:
    """What is in a shop at this moment, in the same words for every system. Prices are gross; levels whole pieces."""

    orders: Mapping[str, OrderFacts] = field(default_factory=dict)
    """By the id under which the API knows an order."""
    stock: Mapping[str, int] = field(default_factory=dict)
    """By SKU; where a shop has locations, their sum."""
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    articles: Mapping[str, str] = field(default_factory=dict)
    """Names by SKU; variants under their own SKU."""
    categories: tuple[tuple[str, ...], ...] = ()
    """Paths of names from the root."""


class SimulatedShop(Protocol):
    """A simulated shop or marketplace, safe to use from several threads."""

    key: ClassVar[str]
    """The connector's key."""
    base_url: str
    requests: RequestLog
    effects: list[Effect]
    """What accepted writes changed; kinds in the words of `Effect`."""
    faults: Faults
    traffic: list[Exchange] | None
    """Set to a list to record every exchange; None records nothing."""

    def application(self) -> ASGIApp:
        """The ASGI application."""
        ...

    def close(self) -> None:
        """Release files and threads."""
        ...

    def credentials(self, *, read_only: bool = False) -> Json:
        """What a person pastes into the wizard for this shop, by the field names of the connector's form."""
        ...

    def revoke(self) -> None:
        """The shop's owner takes the credentials away, tokens included."""
        ...

    def seed(self, *, articles: int, orders: int, seed: int = 1) -> None:
        """Fill with lifelike articles (variants included in the count) and importable orders, the same for the same seed."""
        ...

    def catalogue(self) -> list[Json]:
        """The articles for an ERP that is to have the same ones: sku, name, kind (simple, matrix, variant), parent_sku,
        tax_class (standard, reduced, zero), price (gross text), stock; parents before their variants."""
        ...

    def add_article(self, sku: str, name: str, price: str, *, stock: int = 0, ean: str = "") -> None:
        """Somebody adds a simple article with a gross price."""
        ...

    def buy(self, lines: Sequence[tuple[str, int]], *, at: datetime | None = None) -> str:
        """Somebody buys; returns the id under which the API knows the order, which is importable at once."""
        ...

    def touch(self, order: str, at: datetime) -> None:
        """Somebody changes an order in the shop at a moment: its comment then says "geändert"."""
        ...

    def ledger(self) -> Ledger:
        """What is in the shop now."""
        ...
