"""Taxes: does each line's tax fit its rate, which country's rates apply, and is a missing tax explained (D§10.4)."""

from collections.abc import Sequence
from decimal import Decimal

from canonical.failure import Finding, Severity
from canonical.money import CENT, HUNDRED, tax_of_net
from canonical.order import ChannelOrder
from canonical.settings import OrderSettings
from erp.rules.model import ArticleInfo, DraftLine, MasterData

EU = frozenset(
    ["AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"]
)  # fmt: skip
"""Where intra-community supply and the One Stop Shop apply."""

ROUNDING = CENT
"""Net and tax are each rounded to the cent by the channel, so a line's tax may be off by one cent at most."""


def check_line_taxes(order: ChannelOrder, found: list[Finding]) -> None:
    """Find lines and charges whose tax does not fit their rate, before and after discount."""
    for line in order.lines:
        _check(line.title, line.net, line.tax, line.tax_rate, found)
        if line.discount_net or line.discount_tax:
            net, tax = line.net - line.discount_net, line.tax - line.discount_tax
            _check(f"{line.title} (−)", net, tax, line.tax_rate, found)
    for charge in order.shipping + order.fees:
        _check(charge.title, charge.net, charge.tax, charge.tax_rate, found)


def _check(where: str, net: Decimal, tax: Decimal, rate: Decimal | None, found: list[Finding]) -> None:
    if rate is None:
        if tax:
            found.append(Finding.of("TAX_MISSING", line=where[:120]))
    elif abs(tax * HUNDRED - net * rate) > HUNDRED * ROUNDING:
        found.append(Finding.of("TAX_MISMATCH", where=where[:120], stated=tax, computed=tax_of_net(net, rate)))


def vat_id_of(order: ChannelOrder) -> str:
    """Read the buyer's VAT id; only with one is an order business to business (D§10.1)."""
    return (order.billing.vat_id or order.delivery.vat_id).strip()


def tax_kind(country: str, warehouse_country: str, vat_id: str, *, is_taxed: bool) -> str:
    """Decide by the country of delivery: domestic, eu, export, or reverse_charge for an untaxed business in the EU."""
    if country == warehouse_country:
        return "domestic"
    if country in EU and warehouse_country in EU:
        return "reverse_charge" if vat_id and not is_taxed else "eu"
    return "export"


def tax_country(kind: str, country: str, settings: OrderSettings) -> str:
    """Decide whose rates apply: the country of delivery, or for small sellers the warehouse's (D§10.4)."""
    return settings.warehouse_country if kind == "eu" and settings.tax_at_origin else country


def check_rates(lines: Sequence[DraftLine], country: str, master: MasterData, found: list[Finding]) -> None:
    """Find rates that the tax country does not know; zero is known everywhere."""
    known = master.tax_rates.get(country, frozenset())
    rates = {line.tax_rate for line in lines}
    for rate in sorted(rate for rate in rates if rate and rate not in known):
        found.append(
            Finding.of("TAX_RATE_UNKNOWN", severity=Severity.WARNING, rate=f"{rate.normalize():f}", country=country)
        )


def check_tax_free(
    articles: Sequence[ArticleInfo | None],
    found: list[Finding],
    *,
    kind: str,
    country: str,
    total: Decimal,
    tax: Decimal,
) -> None:
    """Find an order without any tax that neither country, VAT id nor exempt articles explain."""
    if tax or not total or kind in ("export", "reverse_charge"):
        return
    if not all(article is not None and article.tax_category == "exempt" for article in articles):
        found.append(Finding.of("TAX_FREE_UNEXPLAINED", severity=Severity.WARNING, country=country))
