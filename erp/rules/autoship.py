"""Auto-ship: on, unless something asks a person to look first (D§4.2.14); holds name the reason until it is lifted."""

from canonical.failure import Finding, Severity
from canonical.order import ChannelOrder, ChannelState
from canonical.settings import OrderSettings
from erp.rules.gate import is_settled_at_once
from erp.rules.model import ERP_CURRENCY, MasterData, PaymentInfo
from erp.rules.payments import methods_of
from erp.rules.sold import Sold
from erp.rules.texts import clip

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
    "CUSTOMER_LOCKED": "customer_locked",
    "POST_NUMBER_MISSING": "post_number_missing",
    "GIFT_CARD_TAXED": "gift_card_taxed",
    "REFUND_MISMATCH": "partly_refunded",
    "DUPLICATE_SUSPECTED": "duplicate_suspected",
}
"""The warnings that hold an order until a person lifts it; the others only switch auto-ship off."""


def check_autoship(
    sold: Sold,
    settings: OrderSettings,
    master: MasterData,
    payment: PaymentInfo | None,
    found: list[Finding],
    *,
    kind: str,
    vat_id: str,
) -> None:
    """Find what stops auto-ship besides totals and tax."""
    warn, order = Severity.WARNING, sold.order
    if order.currency != ERP_CURRENCY and order.currency not in master.exchange_rates:
        found.append(Finding.of("CURRENCY_RATE_MISSING", severity=warn, currency=order.currency))
    _check_refund(sold, found)
    if kind == "reverse_charge" and not settings.vat_id_trusted and not any(f.code == "VAT_ID_INVALID" for f in found):
        found.append(Finding.of("VAT_ID_UNCHECKED", severity=warn, vat_id=vat_id[:40]))
    if order.state is ChannelState.SHIPPED and not is_settled_at_once(order):
        found.append(Finding.of("ALREADY_SHIPPED", severity=warn))
    if (other := master.duplicates.get(order.external_id)) is not None:
        found.append(Finding.of("DUPLICATE_SUSPECTED", severity=warn, other=other))
    if payment is not None and payment.code in settings.payments_without_autoship:
        found.append(Finding.of("PAYMENT_STOPS_AUTOSHIP", severity=warn, value=payment.code))
    if order.payments and len(methods := methods_of(order)) > 1:
        found.append(Finding.of("PAID_BY_SEVERAL", severity=warn, methods=clip(", ".join(methods), 200)))
    if settings.personalised_stops_autoship and (titles := _personalised(order)):
        found.append(Finding.of("PERSONALISED", severity=warn, titles=", ".join(titles)))
    if settings.comment_stops_autoship and order.comment.strip():
        found.append(Finding.of("COMMENT_STOPS_AUTOSHIP", severity=warn))


def _check_refund(sold: Sold, found: list[Finding]) -> None:
    """Find money that went back before the import and is not explained by what was taken out of the order."""
    order = sold.order
    if sold.removed:
        lines = "; ".join(f"{quantity.normalize():f} × {clip(title, 80)}" for title, quantity in sold.removed)
        found.append(Finding.of("LINES_REMOVED", lines=clip(lines, 500)))
    is_paid = order.payment.paid_at is not None or bool(order.payments)
    if sold.removed and order.refunded != sold.taken_out and (is_paid or order.refunded):
        amounts = {"removed": str(sold.taken_out), "refunded": str(order.refunded)}
        found.append(Finding(code="REFUND_MISMATCH", severity=Severity.WARNING, params=amounts))
    elif not sold.removed and 0 < order.refunded < order.stated.total:
        found.append(Finding.of("PARTIALLY_REFUNDED", severity=Severity.WARNING, amount=order.refunded))


def _personalised(order: ChannelOrder) -> list[str]:
    """Name the lines that carry the buyer's own words."""
    return [
        clip(line.title, 80) for line in order.lines if line.properties and any(p.is_personal for p in line.properties)
    ]


def holds_of(found: list[Finding]) -> tuple[str, ...]:
    """Name the holds that the findings mean."""
    return tuple(dict.fromkeys(HOLDS[finding.code] for finding in found if finding.code in HOLDS))
