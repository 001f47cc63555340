"""The preparation checklist (Checkliste Shop-Anbindung, D§4.1): what each integration's orders need, and whether it is there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from canonical.settings import CustomerMode, NoMatch, OrderSettings
from erp import tables
from erp.tables import (
    Article,
    ArticleText,
    Customer,
    DeliveryTerm,
    PaymentMethod,
    Project,
    ShippingMethod,
    TaxRate,
    Warehouse,
)


class Item(StrEnum):
    """The rows of the checklist; the value is also the name of the item in the readiness report."""

    PROJECT = "project"
    ISSUER = "issuer"
    POSTAGE_ARTICLE = "postage_article"
    DISCOUNT_ARTICLE = "discount_article"
    SURCHARGE_ARTICLE = "surcharge_article"
    PAYMENT_METHODS = "payment_mapping"
    SHIPPING_METHODS = "shipping_mapping"
    DELIVERY_TERM = "delivery_term"
    DEFAULT_CUSTOMER = "default_customer"
    POS_CUSTOMER = "pos_customer"
    WAREHOUSE = "warehouse"
    TAX_RATES = "tax_rates"
    TRANSLATIONS = "translations"


class State(StrEnum):
    """What the checklist says of one item."""

    READY = "ready"
    OPEN = "open"
    """Not there and not needed, or only advised."""
    MISSING = "missing"
    WRONG = "wrong"
    """There, but not as orders need it: a flag is missing, or it is locked."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of one integration; `value` is what its settings name."""

    item: Item
    state: State
    value: str = ""
    is_needed: bool = True

    @property
    def is_ready(self) -> bool:
        """Whether orders can rely on it."""
        return self.state is State.READY


SETTINGS: Mapping[Item, str] = {
    Item.PROJECT: "default_project",
    Item.POSTAGE_ARTICLE: "shipping_article",
    Item.DISCOUNT_ARTICLE: "discount_article",
    Item.SURCHARGE_ARTICLE: "surcharge_article",
    Item.DELIVERY_TERM: "delivery_term",
    Item.DEFAULT_CUSTOMER: "default_customer",
    Item.POS_CUSTOMER: "pos_customer",
}
"""The setting of the order import that names each item."""


@dataclass(frozen=True)
class Facts:
    """What is there, as far as the settings name it; loaded for all integrations at once."""

    projects: Mapping[str, bool] = field(default_factory=dict)
    """By code, whether the issuer of its documents is known."""
    articles: Mapping[str, Article] = field(default_factory=dict)
    translated: frozenset[str] = frozenset()
    """Numbers of articles that have texts in another language."""
    terms: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    tax_countries: frozenset[str] = frozenset()
    has_warehouse: bool = False
    has_payment_methods: bool = False
    has_shipping_methods: bool = False
    open_mappings: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Values of an integration and kind that nobody has mapped."""
    mappings: Mapping[tuple[str, str], int] = field(default_factory=dict)


def load_facts(session: Session, settings: Mapping[str, OrderSettings]) -> Facts:
    """Load what the settings of these integrations name; a fixed number of statements."""
    named = {item: {getattr(one, name, "") for one in settings.values()} for item, name in SETTINGS.items()}
    numbers = named[Item.POSTAGE_ARTICLE] | named[Item.DISCOUNT_ARTICLE] | named[Item.SURCHARGE_ARTICLE]
    articles = {row.number: row for row in session.exec(select(Article).where(col(Article.number).in_(numbers)))}
    ids = {row.id: number for number, row in articles.items()}
    foreign = select(ArticleText.article_id).where(col(ArticleText.article_id).in_(ids), ArticleText.language != "de")
    customers = named[Item.DEFAULT_CUSTOMER] | named[Item.POS_CUSTOMER]
    return Facts(
        projects={code: bool(issuer) for code, issuer in session.exec(select(Project.code, Project.issuer))},
        articles=articles,
        translated=frozenset(ids[article_id] for article_id in session.exec(foreign)),
        terms=frozenset(session.exec(select(DeliveryTerm.code))),
        customers=frozenset(session.exec(select(Customer.number).where(col(Customer.number).in_(customers)))),
        tax_countries=frozenset(session.exec(select(TaxRate.country).distinct())),
        has_warehouse=session.exec(select(Warehouse.id).limit(1)).first() is not None,
        has_payment_methods=session.exec(select(PaymentMethod.id).limit(1)).first() is not None,
        has_shipping_methods=session.exec(select(ShippingMethod.id).limit(1)).first() is not None,
        open_mappings=_mappings(session, is_open=True),
        mappings=_mappings(session, is_open=False),
    )


def _mappings(session: Session, *, is_open: bool) -> dict[tuple[str, str], int]:
    table = tables.Mapping
    chosen = col(table.erp_value) == "" if is_open else col(table.erp_value) != ""
    query = (
        select(table.integration_id, table.kind, func.count()).where(chosen).group_by(table.integration_id, table.kind)
    )
    return {(integration_id, kind): count for integration_id, kind, count in session.exec(query)}


def judge(integration_id: str, settings: OrderSettings, facts: Facts) -> tuple[Entry, ...]:
    """Judge every item for one integration (D§4.1); pure."""
    return tuple(rule(integration_id, settings, facts) for rule in _RULES)


def _project(_: str, settings: OrderSettings, facts: Facts) -> Entry:
    code = settings.default_project
    return Entry(Item.PROJECT, State.READY if code in facts.projects else State.MISSING, code)


def _issuer(_: str, settings: OrderSettings, facts: Facts) -> Entry:
    known = facts.projects.get(settings.default_project, False)
    return Entry(Item.ISSUER, State.READY if known else State.OPEN, settings.default_project, is_needed=False)


def _article(item: Item, number: str, article: Article | None, *, flagged: bool, is_needed: bool) -> Entry:
    if not number:
        return Entry(item, State.MISSING if is_needed else State.OPEN, is_needed=is_needed)
    if article is None or article.is_deleted:
        return Entry(item, State.MISSING, number)
    is_sound = flagged and not article.is_stock_article and not article.is_locked
    return Entry(item, State.READY if is_sound else State.WRONG, number, is_needed)


def _postage(_: str, settings: OrderSettings, facts: Facts) -> Entry:
    number = settings.shipping_article
    found = facts.articles.get(number)
    return _article(Item.POSTAGE_ARTICLE, number, found, flagged=found is not None and found.is_postage, is_needed=True)


def _discount(_: str, settings: OrderSettings, facts: Facts) -> Entry:
    number = settings.discount_article
    found = facts.articles.get(number)
    return _article(
        Item.DISCOUNT_ARTICLE, number, found, flagged=found is not None and found.is_discount, is_needed=True
    )


def _surcharge(_: str, settings: OrderSettings, facts: Facts) -> Entry:
    number = settings.surcharge_article
    return _article(Item.SURCHARGE_ARTICLE, number, facts.articles.get(number), flagged=True, is_needed=bool(number))


def _mapped(item: Item, *, default: str, exists: bool, mapped: int, open_rows: int) -> Entry:
    """Whether every value that was seen has a counterpart, or there is a default."""
    if not exists:
        return Entry(item, State.MISSING)
    if default:
        return Entry(item, State.READY, default)
    return Entry(item, State.READY if mapped and not open_rows else State.MISSING, str(mapped) if mapped else "")


def _payment(integration_id: str, settings: OrderSettings, facts: Facts) -> Entry:
    key = (integration_id, "payment")
    return _mapped(
        Item.PAYMENT_METHODS,
        default=settings.default_payment,
        exists=facts.has_payment_methods,
        mapped=facts.mappings.get(key, 0),
        open_rows=facts.open_mappings.get(key, 0),
    )


def _shipping(integration_id: str, settings: OrderSettings, facts: Facts) -> Entry:
    key = (integration_id, "shipping")
    return _mapped(
        Item.SHIPPING_METHODS,
        default=settings.default_shipping,
        exists=facts.has_shipping_methods,
        mapped=facts.mappings.get(key, 0),
        open_rows=facts.open_mappings.get(key, 0),
    )


def _term(_: str, settings: OrderSettings, facts: Facts) -> Entry:
    code = settings.delivery_term
    if not code:
        return Entry(Item.DELIVERY_TERM, State.OPEN, is_needed=False)
    return Entry(Item.DELIVERY_TERM, State.READY if code in facts.terms else State.MISSING, code)


def _customer(item: Item, number: str, facts: Facts, *, is_needed: bool) -> Entry:
    if not number:
        return Entry(item, State.MISSING if is_needed else State.OPEN, is_needed=is_needed)
    return Entry(item, State.READY if number in facts.customers else State.MISSING, number)


def _default_customer(_: str, settings: OrderSettings, facts: Facts) -> Entry:
    is_needed = (
        CustomerMode.DEFAULT_CUSTOMER in (settings.customer_mode, settings.guest_mode)
        or settings.no_match is NoMatch.DEFAULT_CUSTOMER
    )
    return _customer(Item.DEFAULT_CUSTOMER, settings.default_customer, facts, is_needed=is_needed)


def _pos_customer(_: str, settings: OrderSettings, facts: Facts) -> Entry:
    return _customer(Item.POS_CUSTOMER, settings.pos_customer, facts, is_needed=False)


def _warehouse(_: str, settings: OrderSettings, facts: Facts) -> Entry:
    return Entry(Item.WAREHOUSE, State.READY if facts.has_warehouse else State.MISSING, settings.warehouse_country)


def _tax_rates(_: str, settings: OrderSettings, facts: Facts) -> Entry:
    country = settings.warehouse_country
    return Entry(Item.TAX_RATES, State.READY if country in facts.tax_countries else State.MISSING, country)


def _translations(_: str, settings: OrderSettings, facts: Facts) -> Entry:
    """Documents in other languages lack the names of postage and discount unless they are translated (D§4.1)."""
    numbers = [number for number in (settings.shipping_article, settings.discount_article) if number]
    are_there = bool(numbers) and all(number in facts.translated for number in numbers)
    return Entry(Item.TRANSLATIONS, State.READY if are_there else State.OPEN, ", ".join(numbers), is_needed=False)


_RULES: Sequence[Callable[[str, OrderSettings, Facts], Entry]] = (
    _project,
    _issuer,
    _postage,
    _discount,
    _surcharge,
    _payment,
    _shipping,
    _term,
    _default_customer,
    _pos_customer,
    _warehouse,
    _tax_rates,
    _translations,
)


def checklists(session: Session, settings: Mapping[str, OrderSettings]) -> dict[str, tuple[Entry, ...]]:
    """Judge all integrations, in a fixed number of statements."""
    facts = load_facts(session, settings)
    return {integration_id: judge(integration_id, one, facts) for integration_id, one in settings.items()}


def missing_values(entries: Sequence[Entry], defaults: Mapping[Item, str], settings: OrderSettings) -> dict[str, Any]:
    """Say which settings must name which defaults so that what is missing is there; nothing that works is replaced."""
    return {
        SETTINGS[entry.item]: defaults[entry.item]
        for entry in entries
        if entry.state in (State.MISSING, State.WRONG)
        and entry.item in defaults
        and entry.item in SETTINGS
        and SETTINGS[entry.item] in type(settings).model_fields
    }
