"""The customer of an order: matched, created, or the default one; never merged by name alone (D§2.5.6, D§10.1)."""

from collections.abc import Sequence

from canonical.failure import Finding, Severity
from canonical.order import Address, ChannelOrder
from canonical.settings import CustomerMode, MatchCriterion, NoMatch, OrderSettings
from erp.rules.model import CustomerInfo, DraftCustomer, MasterData, ProjectInfo
from erp.rules.texts import clip

ANONYMOUS_DOMAINS = (
    "marketplace.amazon.",
    "members.ebay.",
    "notification.mirakl.net",
    "kaufland-marktplatz.de",
    "kaufland-online.de",
    "mail.otto.market",
)
"""Marketplaces give each order an address of its own: it says nothing about the person."""

CRITERIA = (MatchCriterion.CUSTOMER_NUMBER, MatchCriterion.EMAIL, MatchCriterion.NAME_AND_ADDRESS)
"""The order of the tests is fixed."""


def email_key(email: str) -> str:
    """Make the key that e-mail addresses are compared by; empty where it does not stand for a person."""
    key = email.strip().casefold()
    domain = key.rpartition("@")[2]
    if "@" not in key or domain.startswith(ANONYMOUS_DOMAINS):
        return ""
    return clip(key, 200)


def name_key(address: Address) -> str:
    """Make the key that name and address are compared by together; empty unless both are given."""
    name = address.company or address.name
    parts = (name, address.street, address.postcode, address.city, address.country)
    if not (name.strip() and address.street.strip() and address.city.strip()):
        return ""
    return clip("|".join(_plain(part) for part in parts), 500)


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("strasse", "str").replace("str.", "str").split())


def choose_customer(
    order: ChannelOrder, settings: OrderSettings, project: ProjectInfo | None, master: MasterData, found: list[Finding]
) -> DraftCustomer | None:
    """Choose the order's customer by the mode for accounts or guests; an unnamed buyer at the counter is the POS customer."""
    if order.is_pos and order.is_guest and order.billing.is_empty:
        return _chosen(settings.pos_customer, "POS customer", master, found)
    mode = settings.guest_mode if order.is_guest else settings.customer_mode
    if mode is CustomerMode.DEFAULT_CUSTOMER:
        return _chosen(settings.default_customer, "default customer", master, found)
    if mode is CustomerMode.CREATE:
        return new_customer(order)
    criteria = tuple(criterion for criterion in CRITERIA if criterion in settings.match_criteria)
    customer = new_customer(order, criteria, in_project=settings.match_in_project)
    scope = project.id if project is not None and settings.match_in_project else None
    existing = find_customer(customer, order.customer_ref, scope, master)
    if existing is not None:
        return _known(existing, found)
    if settings.no_match is NoMatch.CREATE:
        return customer
    if settings.no_match is NoMatch.DEFAULT_CUSTOMER:
        return _chosen(settings.default_customer, "default customer", master, found)
    found.append(Finding.of("CUSTOMER_NOT_FOUND", waits_for=("settings",)))
    return None


def find_customer(customer: DraftCustomer, number: str, scope: int | None, master: MasterData) -> CustomerInfo | None:
    """Find the customer that the criteria mean, the oldest first; `scope` is the project to stay within."""
    for criterion in customer.match:
        candidates: Sequence[CustomerInfo] = ()
        if criterion is MatchCriterion.CUSTOMER_NUMBER:
            by_number = master.customers_by_number.get(number) if number else None
            candidates = (by_number,) if by_number is not None else ()
        elif criterion is MatchCriterion.EMAIL:
            candidates = master.customers_by_email.get(customer.email_key, ()) if customer.email_key else ()
        elif customer.name_key:
            candidates = master.customers_by_name.get(customer.name_key, ())
        for candidate in candidates:
            if scope is None or candidate.project_id == scope:
                return candidate
    return None


def new_customer(
    order: ChannelOrder, match: tuple[MatchCriterion, ...] = (), *, in_project: bool = False
) -> DraftCustomer:
    """Draft a customer from the billing address."""
    billing = order.billing
    return DraftCustomer(
        match=match,
        match_in_project=in_project,
        name=clip(billing.name, 200),
        company=clip(billing.company, 200),
        email=clip(billing.email.strip(), 200),
        phone=clip(billing.phone, 60),
        street=clip(f"{billing.street}, {billing.street2}" if billing.street2 else billing.street, 200),
        postcode=clip(billing.postcode, 20),
        city=clip(billing.city, 120),
        country=billing.country[:2],
        vat_id=clip(billing.vat_id, 40),
        language=order.language[:5],
        is_guest=order.is_guest,
        email_key=email_key(billing.email),
        name_key=name_key(billing),
    )


def _chosen(number: str, what: str, master: MasterData, found: list[Finding]) -> DraftCustomer | None:
    """Take the customer that the settings name."""
    if not number:
        found.append(Finding.of("VALUE_EMPTY_NO_DEFAULT", what=what, waits_for=("settings",)))
        return None
    customer = master.customers_by_number.get(number)
    if customer is None:
        keys = (f"customer:{number}", "settings")
        found.append(Finding.of("MASTER_DATA_MISSING", what="customer", value=number, waits_for=keys))
        return None
    return _known(customer, found)


def _known(customer: CustomerInfo, found: list[Finding]) -> DraftCustomer:
    """Take a customer that exists; the orders of a locked one wait for a person."""
    if customer.is_locked:
        reason = customer.lock_reason or "–"
        found.append(Finding.of("CUSTOMER_LOCKED", severity=Severity.WARNING, number=customer.number, reason=reason))
    return DraftCustomer(id=customer.id, number=customer.number)
