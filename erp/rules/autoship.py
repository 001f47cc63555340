"""Auto-ship: on, unless something asks a person to look first (D§4.2.14); holds name the reason until it is lifted."""

from canonical.failure import Finding, Severity
from canonical.order import ChannelOrder, ChannelState
from canonical.settings import OrderSettings
from erp.rules.model import ERP_CURRENCY, MasterData, PaymentInfo

HOLDS = {
    "TOTAL_DIFFERENCE": "total_difference",
    "CURRENCY_RATE_MISSING": "exchange_rate",
    "PARTIALLY_REFUNDED": "partly_refunded",
    "VAT_ID_UNCHECKED": "vat_id_unchecked",
    "VAT_ID_INVALID": "vat_id_invalid",
    "TAX_FREE_UNEXPLAINED": "tax_free_unexplained",
    "TAX_RATE_UNKNOWN": "tax_rate_unknown",
    "OSS_RATE_MISMATCH": "tax_country",
    "ORIGIN_RATE_MISMATCH": "tax_country",
    "ARTICLE_RATE_MISMATCH": "tax_rate_unknown",
    "MARKETPLACE_TAX_STATED": "tax_country",
    "DISCOUNT_TOO_LARGE": "discount_too_large",
    "ALREADY_SHIPPED": "already_shipped",
}
"""The warnings that hold an order until a person lifts it; the others only switch auto-ship off."""


def check_autoship(
    order: ChannelOrder,
    settings: OrderSettings,
    master: MasterData,
    payment: PaymentInfo | None,
    found: list[Finding],
    *,
    kind: str,
    vat_id: str,
) -> None:
    """Find what stops auto-ship besides totals and tax."""
    warn = Severity.WARNING
    if order.currency != ERP_CURRENCY and order.currency not in master.exchange_rates:
        found.append(Finding.of("CURRENCY_RATE_MISSING", severity=warn, currency=order.currency))
    if 0 < order.refunded < order.stated.total:
        found.append(Finding.of("PARTIALLY_REFUNDED", severity=warn, amount=order.refunded))
    if kind == "reverse_charge" and not settings.vat_id_trusted and not any(f.code == "VAT_ID_INVALID" for f in found):
        found.append(Finding.of("VAT_ID_UNCHECKED", severity=warn, vat_id=vat_id[:40]))
    if order.state is ChannelState.SHIPPED:
        found.append(Finding.of("ALREADY_SHIPPED", severity=warn))
    if payment is not None and payment.code in settings.payments_without_autoship:
        found.append(Finding.of("PAYMENT_STOPS_AUTOSHIP", severity=warn, value=payment.code))
    if settings.comment_stops_autoship and order.comment.strip():
        found.append(Finding.of("COMMENT_STOPS_AUTOSHIP", severity=warn))


def holds_of(found: list[Finding]) -> tuple[str, ...]:
    """Name the holds that the findings mean."""
    return tuple(dict.fromkeys(HOLDS[finding.code] for finding in found if finding.code in HOLDS))
