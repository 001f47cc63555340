"""Taxes: how an order is taxed, whether each line's tax fits its rate and the country, and what is missing (D§10.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from canonical.failure import Finding, Severity
from canonical.money import HUNDRED, ZERO, tax_of_net, unit_of
from canonical.order import ChannelOrder, ChargeKind, LineKind, OrderLine
from canonical.settings import OrderSettings
from erp.rules.address import delivery_of
from erp.rules.model import ArticleInfo, DraftLine, MasterData
from erp.rules.oss import is_taxed_at_origin
from erp.rules.places import EU, NORTHERN_IRELAND, place_of
from erp.rules.vat_ids import vat_country

TAXED = frozenset({"domestic", "eu", "eu_origin"})
"""The kinds under which our own invoice has VAT."""

UNTAXED_FEES = frozenset({ChargeKind.TIP, ChargeKind.DEPOSIT, ChargeKind.MARKETPLACE_TAX})
"""Fees that need no rate; a tip or a deposit that states one keeps it."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """How an order is taxed; booked with it and never changed by a later threshold, rate or registration."""

    kind: str
    """domestic, eu, eu_origin, export, reverse_charge or marketplace."""
    country: str
    """Whose rates apply."""
    instead: str = ""
    """In the EU: the other of origin and destination, whose rates a shop may have charged by mistake."""
    is_territory: bool = False


def turnover_tax(order: ChannelOrder, tax: Decimal) -> Decimal:
    """Take the tax that the marketplace collects and pays itself (UK GST) out of an order's tax."""
    return tax - sum((fee.tax for fee in order.fees if fee.kind is ChargeKind.MARKETPLACE_TAX), ZERO)


def treat(
    order: ChannelOrder, settings: OrderSettings, master: MasterData, vat_id: str, *, is_taxed: bool
) -> Treatment:
    """Decide by where the goods go to (never by the billing address), from where, and who buys.

    An own warehouse with a VAT id in the country of delivery makes it domestic there. A VAT id of the country the goods
    leave from frees nothing.
    """
    address = delivery_of(order)
    place, origin = place_of(address), settings.warehouse_country
    if order.is_tax_owed_by_channel:
        return Treatment("marketplace", place.country)
    if place.is_territory:
        return Treatment("export", place.country, is_territory=True)
    if origin in (place.country, address.country) or place.country in master.oss.registrations:
        return Treatment("domestic", place.country)
    if not place.is_in_eu or (origin not in EU and origin != NORTHERN_IRELAND):
        return Treatment("export", place.country)
    if vat_id and not is_taxed and vat_country(vat_id, place.country) != origin:
        return Treatment("reverse_charge", place.country)
    if is_taxed_at_origin(order.ordered_at, master.oss, tax_at_origin=settings.tax_at_origin):
        return Treatment("eu_origin", origin, instead=place.country)
    return Treatment("eu", place.country, instead=origin)


def check_export(order: ChannelOrder, kind: str, found: list[Finding]) -> None:
    """Note a parcel abroad without a phone number, which carriers ask for at customs (D§10.1)."""
    if kind == "export" and not (delivery_of(order).phone.strip() or order.billing.phone.strip()):
        found.append(Finding.of("PHONE_MISSING"))


# --- does the tax fit its rate ----------------------------------------------------------------------------------------


def check_line_taxes(order: ChannelOrder, found: list[Finding]) -> None:
    """Find lines and charges whose tax does not fit their rate, before and after discount.

    Net and tax are each rounded by the channel, so a line's tax may be off by one unit of the currency at most; a
    line that bears several taxes, and a charge that adds up several amounts, by one unit each.
    """
    unit = HUNDRED * unit_of(order.currency)
    for line in order.lines:
        off = unit * line.tax_parts
        _check(line.title, line.net, line.tax, line.tax_rate, found, unit=off)
        if line.discount_net or line.discount_tax:
            net, tax = line.net - line.discount_net, line.tax - line.discount_tax
            _check(f"{line.title} (−)", net, tax, line.tax_rate, found, unit=off)
    for charge in order.shipping + order.fees:
        if charge.kind is ChargeKind.MARKETPLACE_TAX:
            continue  # a tax by itself, on an amount that it does not name
        _check(charge.title, charge.net, charge.tax, charge.tax_rate, found, unit=unit * charge.parts)


def _check(
    where: str, net: Decimal, tax: Decimal, rate: Decimal | None, found: list[Finding], *, unit: Decimal
) -> None:
    if rate is None:
        if tax:
            found.append(Finding.of("TAX_MISSING", line=where[:120]))
    elif abs(tax * HUNDRED - net * rate) > unit:
        found.append(Finding.of("TAX_MISMATCH", where=where[:120], stated=tax, computed=tax_of_net(net, rate)))


def check_missing(
    order: ChannelOrder,
    articles: Sequence[ArticleInfo | None],
    kind: str,
    found: list[Finding],
    *,
    exempt_if_tax_missing: bool,
) -> None:
    """Find amounts for which the channel states neither tax nor rate where our invoice would have VAT."""
    if kind not in TAXED or exempt_if_tax_missing:
        return
    for line, article in zip(order.lines, articles, strict=True):
        if article is None and order.is_tax_left_to_seller:
            continue  # the unknown article is what is wrong: its tax comes with it
        if line.tax_rate is None and line.net and not line.tax and not _is_exempt(line, article):
            found.append(Finding.of("TAX_MISSING", line=line.title[:120]))
    for charge in order.shipping + order.fees:
        if charge.tax_rate is None and charge.net > 0 and not charge.tax and charge.kind not in UNTAXED_FEES:
            found.append(Finding.of("TAX_MISSING", line=charge.title[:120]))


def _is_exempt(line: OrderLine, article: ArticleInfo | None) -> bool:
    return line.kind is LineKind.GIFT_CARD or (article is not None and article.tax_category == "exempt")


# --- does the rate fit the country ------------------------------------------------------------------------------------


def check_rates(lines: Sequence[DraftLine], treatment: Treatment, master: MasterData, found: list[Finding]) -> None:
    """Find rates that do not belong to the country, or to the article there; zero is known everywhere."""
    country = treatment.country
    known = frozenset() if treatment.is_territory else master.tax_rates.get(country, frozenset())
    if treatment.kind in TAXED and master.article_rates:
        lines = _without_own_rates(lines, country, master, found)
    rates = {line.tax_rate for line in lines} - known
    for rate in sorted(rate for rate in rates if rate):
        found.append(_odd_rate(rate, treatment, master))


def _without_own_rates(
    lines: Sequence[DraftLine], country: str, master: MasterData, found: list[Finding]
) -> list[DraftLine]:
    """Compare the articles that have a rate of their own in the country, and leave the other lines for its table."""
    rest = []
    for line in lines:
        article, rate = line.article, line.tax_rate
        own = master.article_rates.get((article.id, country)) if article else None
        if article is None or own is None:
            rest.append(line)
        elif rate and rate != own:
            found.append(
                Finding.of(
                    "ARTICLE_RATE_MISMATCH",
                    severity=Severity.WARNING,
                    sku=article.number,
                    rate=_percent(rate),
                    expected=_percent(own),
                    country=country,
                )
            )
    return rest


def _odd_rate(rate: Decimal, treatment: Treatment, master: MasterData) -> Finding:
    """Say what is odd about a rate: known to nobody, or charged by the wrong one of origin and destination."""
    country, percent = treatment.country, _percent(rate)
    if treatment.instead and rate in master.tax_rates.get(treatment.instead, frozenset()):
        code = "OSS_RATE_MISMATCH" if treatment.kind == "eu" else "ORIGIN_RATE_MISMATCH"
        return Finding.of(code, severity=Severity.WARNING, rate=percent, charged=treatment.instead, country=country)
    return Finding.of("TAX_RATE_UNKNOWN", severity=Severity.WARNING, rate=percent, country=country)


def _percent(rate: Decimal) -> str:
    return f"{rate.normalize():f}"


def check_tax_free(
    order: ChannelOrder,
    articles: Sequence[ArticleInfo | None],
    treatment: Treatment,
    found: list[Finding],
    *,
    total: Decimal,
    tax: Decimal,
    exempt_if_tax_missing: bool,
) -> None:
    """Find an order whose tax and kind contradict each other.

    Untaxed, and neither country, VAT id, exempt articles nor the setting explain it; or taxed, though the marketplace
    owes the tax and our invoice has none.
    """
    if treatment.kind == "marketplace" and tax:
        found.append(Finding.of("MARKETPLACE_TAX_STATED", severity=Severity.WARNING, tax=tax))
    if tax or treatment.kind not in TAXED or not total:
        return
    for line, article in zip(order.lines, articles, strict=True):
        is_chosen = exempt_if_tax_missing and line.tax_rate is None
        if not is_chosen and not _is_exempt(line, article):
            found.append(Finding.of("TAX_FREE_UNEXPLAINED", severity=Severity.WARNING, country=treatment.country))
            return
