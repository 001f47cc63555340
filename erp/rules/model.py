"""What the rules of the order import read and what they decide: plain frozen data, no session, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from canonical.article import ArticleKind
from canonical.failure import Finding
from canonical.settings import AdvancedSettings, MappingKind, MatchCriterion, OrderSettings
from erp.rules.amounts import LineAmounts

ERP_CURRENCY = "EUR"


class Outcome(StrEnum):
    """What becomes of a document."""

    IMPORT = "import"
    SKIP = "skip"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What is the same for all documents of a page."""

    settings: OrderSettings
    advanced: AdvancedSettings
    settings_revision: int
    now: datetime
    start_at: datetime | None
    by_hand: bool


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """A project, as far as an order asks it."""

    id: int
    code: str
    reserves_stock: bool = True
    always_postage_line: bool = False
    autoship_allowed: bool = True
    language: str = "de"


@dataclass(frozen=True, slots=True)
class PaymentInfo:
    """A payment method of ours."""

    id: int
    code: str
    is_cash: bool = False
    expire_days: int | None = None


@dataclass(frozen=True, slots=True)
class ShippingInfo:
    """A shipping method of ours."""

    id: int
    code: str
    is_pickup: bool = False


@dataclass(frozen=True, slots=True)
class TermInfo:
    """A delivery term."""

    id: int
    code: str


@dataclass(frozen=True, slots=True)
class ArticleInfo:
    """An article, as far as an order asks it; locked and deleted ones are not usable."""

    id: int
    number: str
    name: str = ""
    description: str = ""
    tax_category: str = "normal"
    is_stock_article: bool = True
    is_postage: bool = False
    is_discount: bool = False
    allows_decimals: bool = False
    is_usable: bool = True
    kind: str = ArticleKind.SIMPLE
    is_gift_card: bool = False


@dataclass(frozen=True, slots=True)
class CustomerInfo:
    """A customer that an order may belong to."""

    id: int
    number: str
    project_id: int | None
    is_locked: bool = False
    lock_reason: str = ""


@dataclass(frozen=True, slots=True)
class BookedLine:
    """An article line as it was booked, to notice later changes."""

    ref: str
    quantity: Decimal
    net: Decimal
    tax: Decimal
    refs: tuple[str, ...] = ()
    """All of the channel's items, where several became this line."""
    id: int = 0
    gone: Decimal = Decimal(0)
    """What was cancelled here or came back since: a channel that is told says that much less."""


@dataclass(frozen=True, slots=True)
class BookedOrder:
    """An order that was imported before, as far as a newer version of its document is compared with it."""

    id: int
    channel_total: Decimal
    refunded: Decimal
    """What the channel's sum of refunds is made of: its own ones, and ours that were paid out through it."""
    billing: Mapping[str, Any]
    delivery: Mapping[str, Any]
    is_cancelled: bool
    is_shipped: bool
    lines: frozenset[BookedLine]
    total: Decimal = Decimal(0)
    payment_state: str = "open"
    paid_out: Decimal = Decimal(0)
    """The part of `refunded` that we paid out: a document that was fetched before does not hold it yet."""
    refunding: Decimal = Decimal(0)
    """Refunds of ours on their way: the channel may have them before its answer is settled."""
    amounts: tuple[LineAmounts, ...] = ()
    """All lines as they were booked, to say what the channel's total is without what is gone."""

    def explains_refund(self, total: Decimal) -> bool:
        """Whether a channel's sum of refunds holds nothing but what is known here (D§10.5, loops)."""
        return self.refunded - self.paid_out <= total <= self.refunded + self.refunding


@dataclass(frozen=True, slots=True)
class OssInfo:
    """Since when EU consumers are taxed in their country, and where an own warehouse makes that domestic (D§10.4)."""

    applies_from: date | None = None
    registrations: frozenset[str] = frozenset()
    """Countries in which an own warehouse stands and we have a VAT id."""


@dataclass(frozen=True, slots=True)
class MasterData:
    """The ERP's side of a page: whatever the rules look up, loaded in sets beforehand."""

    projects: Mapping[str, ProjectInfo] = field(default_factory=dict)
    payment_methods: Mapping[str, PaymentInfo] = field(default_factory=dict)
    shipping_methods: Mapping[str, ShippingInfo] = field(default_factory=dict)
    delivery_terms: Mapping[str, TermInfo] = field(default_factory=dict)
    articles_by_sku: Mapping[str, ArticleInfo] = field(default_factory=dict)
    """By our own number; also the postage, discount and surcharge article."""
    articles_by_foreign_number: Mapping[str, ArticleInfo] = field(default_factory=dict)
    """By the active foreign number of this integration with the chosen label."""
    tax_rates: Mapping[str, frozenset[Decimal]] = field(default_factory=dict)
    category_rates: Mapping[tuple[str, str], tuple[tuple[datetime | None, Decimal], ...]] = field(default_factory=dict)
    """By country and tax category: since when, and the rate."""
    article_rates: Mapping[tuple[int, str], Decimal] = field(default_factory=dict)
    """By article id and country: the rate that one article has against the country's table."""
    oss: OssInfo = OssInfo()
    exchange_rates: Mapping[str, Decimal] = field(default_factory=dict)
    exchange_rates_since: Mapping[str, datetime] = field(default_factory=dict)
    """From when a currency's rate is, where that is known."""
    customers_by_number: Mapping[str, CustomerInfo] = field(default_factory=dict)
    customers_by_email: Mapping[str, tuple[CustomerInfo, ...]] = field(default_factory=dict)
    customers_by_name: Mapping[str, tuple[CustomerInfo, ...]] = field(default_factory=dict)
    already_imported: Mapping[str, BookedOrder] = field(default_factory=dict)
    duplicates: Mapping[str, str] = field(default_factory=dict)
    """By external id: the other order with the same number, total and day (D§10.6)."""
    components: Mapping[int, tuple[tuple[ArticleInfo, Decimal], ...]] = field(default_factory=dict)
    """What one piece of a JIT article is made of, by the article's id: article and quantity."""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line of the order to be booked; `net` + `tax` = `gross`."""

    kind: str
    article: ArticleInfo | None
    line_ref: str
    title: str
    description: str
    quantity: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    tax_rate: Decimal
    properties: tuple[tuple[str, str], ...] = ()
    parent: int | None = None
    """The line that this one belongs to, as an index into the draft's lines."""
    line_refs: tuple[str, ...] = ()
    """All of the channel's items, where several became this line."""


@dataclass(frozen=True, slots=True)
class DraftPayment:
    """Money that the channel says has come in, or has gone back already; `amount` is positive, in the order's currency."""

    kind: str
    """payment, gift_card or refund."""
    amount: Decimal
    method: PaymentInfo | None
    reference: str
    """Unique within the order and kind."""
    at: datetime


@dataclass(frozen=True, slots=True)
class DraftCustomer:
    """The order's customer: one that exists (`id`), or one to be created unless `match` finds it meanwhile."""

    id: int | None = None
    number: str = ""
    match: tuple[MatchCriterion, ...] = ()
    """By what an order of the same page may already have created it; empty: always a new one."""
    match_in_project: bool = False
    name: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    vat_id: str = ""
    language: str = ""
    is_guest: bool = False
    email_key: str = ""
    name_key: str = ""


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """The order to be booked, with everything that booking needs."""

    external_id: str
    external_number: str
    project: ProjectInfo
    customer: DraftCustomer
    ordered_at: datetime
    clerk: str
    language: str
    currency: str
    exchange_rate: Decimal | None
    exchange_rate_at: datetime | None
    prices_include_tax: bool
    total: Decimal
    total_tax: Decimal
    channel_total: Decimal
    is_total_fixed: bool
    refunded: Decimal
    payment_method: PaymentInfo | None
    payment_value: str
    transaction_id: str
    paid_at: datetime | None
    payment_state: str
    shipping_method: ShippingInfo | None
    shipping_value: str
    delivery_term: TermInfo | None
    fast_lane: bool
    billing: dict[str, str]
    delivery: dict[str, str]
    vat_id: str
    vat_id_trusted: bool
    tax_kind: str
    tax_country: str
    free_text: str
    internal_label: str
    autoship: bool
    autoship_documents: str
    holds: tuple[str, ...]
    settings_revision: int
    reserves_stock: bool
    lines: tuple[DraftLine, ...]
    fulfilled_by: str = "merchant"
    is_pos: bool = False
    is_b2b: bool = False
    payments: tuple[DraftPayment, ...] = ()
    expires_at: datetime | None = None
    """When an order that is still unpaid is cancelled by itself."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules decided about one document; a draft exactly when it is imported."""

    outcome: Outcome
    findings: tuple[Finding, ...]
    draft: OrderDraft | None = None
    unknown_values: tuple[tuple[MappingKind, str], ...] = ()
