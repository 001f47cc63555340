"""The decision about one document: every rule in its turn, all problems collected, one draft at the end (D§4.2)."""

from dataclasses import dataclass, replace

from canonical.failure import Finding, Severity
from canonical.money import ZERO
from canonical.order import ChannelOrder
from canonical.settings import CommentTarget, OrderSettings
from erp.rules.address import check_addresses, delivery_of, snapshot
from erp.rules.autoship import check_autoship, holds_of
from erp.rules.bundles import explode
from erp.rules.changes import findings_after_import
from erp.rules.charges import fee_lines, shipping_lines
from erp.rules.customer import choose_customer
from erp.rules.discounts import check_discounts, discount_lines
from erp.rules.gate import check_shape, gate, is_settled_at_once, leaves_later, pending
from erp.rules.lines import article_lines, check_gift_cards, find_articles, needs_transport
from erp.rules.merge import merge_pieces
from erp.rules.methods import Unknown, resolve_payment, resolve_shipping, resolve_term, shipping_value
from erp.rules.model import (
    ArticleInfo,
    Decision,
    DraftCustomer,
    DraftLine,
    MasterData,
    OrderDraft,
    Outcome,
    PaymentInfo,
    ProjectInfo,
    RuleContext,
    ShippingInfo,
    TermInfo,
)
from erp.rules.order_life import payment_state
from erp.rules.own_tax import with_own_tax
from erp.rules.payments import draft_payments, expiry, main_method, sums_of
from erp.rules.project import resolve_project
from erp.rules.sold import Sold, as_sold
from erp.rules.taxes import (
    Treatment,
    check_export,
    check_line_taxes,
    check_missing,
    check_rates,
    check_tax_free,
    treat,
    turnover_tax,
)
from erp.rules.texts import clip
from erp.rules.totals import add_up, check_totals
from erp.rules.vat_ids import check_vat_id, vat_id_of


def decide(order: ChannelOrder, context: RuleContext, master: MasterData) -> Decision:
    """Decide one document: import with a draft, skip, or reject with everything that is wrong with it.

    Pure: the preview, the import and a replay of a stored document call this very function.
    """
    booked = master.already_imported.get(order.external_id)
    if booked is not None:
        return Decision(Outcome.SKIP, findings_after_import(order, booked, context.settings))
    reason = gate(order, context)
    if reason is not None:
        return Decision(Outcome.SKIP, (reason,))
    if (waits := pending(order)) is not None:
        return Decision(Outcome.REJECT, (waits,))
    found: list[Finding] = []
    unknown: Unknown = []
    project = resolve_project(order, context.settings, master, found, unknown)
    sold = as_sold(order, context.settings, project)
    if order.lines and not sold.order.lines:
        return Decision(Outcome.SKIP, (Finding.of("REFUNDED_BEFORE_IMPORT"),))
    check_shape(order, context, found)
    check_line_taxes(order, found)
    parts = _gather(sold, project, context, master, found=found, unknown=unknown)
    if any(finding.severity is Severity.REJECT for finding in found):
        return Decision(Outcome.REJECT, tuple(found), None, tuple(unknown))
    return Decision(Outcome.IMPORT, tuple(found), _draft(sold, context, master, parts, found))


@dataclass(slots=True)
class _Parts:
    """What the rules made of an order's parts; project and customer are only missing where a finding rejects."""

    project: ProjectInfo | None
    customer: DraftCustomer | None
    payment: PaymentInfo | None
    shipping: ShippingInfo | None
    term: TermInfo | None
    lines: list[DraftLine]
    is_fixed: bool
    treatment: Treatment
    vat_id: str


def _gather(
    sold: Sold,
    project: ProjectInfo | None,
    context: RuleContext,
    master: MasterData,
    *,
    found: list[Finding],
    unknown: Unknown,
) -> _Parts:
    """Apply the rules one after the other; none stops the next, so that all problems are named at once."""
    settings, order = context.settings, sold.order
    check_addresses(order, settings, found, unknown)
    customer = choose_customer(order, settings, project, master, found)
    articles = find_articles(sold, context.advanced, master, found)
    order = with_own_tax(order, articles, settings, master, found)
    sold = replace(sold, order=order)
    payment = resolve_payment(order, settings, master, found, unknown)
    has_goods = not is_settled_at_once(order) and needs_transport(articles)
    shipping = resolve_shipping(order, settings, master, found, unknown, payment=payment, has_goods=has_goods)
    term = resolve_term(settings, master, found)
    check_gift_cards(order, articles, found)
    lines = _goods(sold, articles, settings, master, found)
    lines += _other_lines(order, settings, project, master, found, goods=lines)
    check_discounts(lines, found)
    sums = add_up(order)
    verdict = check_totals(order, sums, settings, found)
    if verdict.rounding is not None:
        lines.append(verdict.rounding)
    vat_id = vat_id_of(order)
    tax = turnover_tax(order, sums.tax)
    treatment = treat(order, settings, master, vat_id, is_taxed=tax != 0)
    exempt = settings.exempt_if_tax_missing
    check_missing(order, articles, treatment.kind, found, exempt_if_tax_missing=exempt)
    check_rates(lines, treatment, master, found)
    if has_goods:
        check_export(order, treatment.kind, found)
    check_tax_free(order, articles, treatment, found, total=sums.total, tax=tax, exempt_if_tax_missing=exempt)
    check_vat_id(treatment.kind, vat_id, treatment.country, found)
    check_autoship(sold, settings, master, payment, found, kind=treatment.kind, vat_id=vat_id)
    return _Parts(project, customer, payment, shipping, term, lines, verdict.is_fixed, treatment, vat_id)


def _goods(
    sold: Sold,
    articles: list[ArticleInfo | None],
    settings: OrderSettings,
    master: MasterData,
    found: list[Finding],
) -> list[DraftLine]:
    lines = article_lines(sold, articles, settings, found)
    if settings.merge_lines:
        lines = merge_pieces(lines)
    return explode(sold.order, lines, master, found)


def _other_lines(
    order: ChannelOrder,
    settings: OrderSettings,
    project: ProjectInfo | None,
    master: MasterData,
    found: list[Finding],
    *,
    goods: list[DraftLine],
) -> list[DraftLine]:
    always = project is not None and project.always_postage_line
    discounts = discount_lines(order, settings.discount_article, master, found)
    discounted = goods + discounts
    shipping = shipping_lines(order, settings, discounted, always=always, master=master, found=found)
    return discounts + shipping + fee_lines(order, settings, discounted, master, found)


def _draft(
    sold: Sold, context: RuleContext, master: MasterData, parts: _Parts, found: list[Finding]
) -> OrderDraft | None:
    """Put the draft together; what the channel stated is kept as the document has it."""
    if parts.project is None or parts.customer is None:
        return None
    order = sold.order
    settings = context.settings
    is_stopped = any(finding.severity is Severity.WARNING for finding in found)
    total = sum((line.gross for line in parts.lines), ZERO)
    shipping = parts.shipping
    payments = draft_payments(order, total + sold.taken_out, parts.payment, settings, master)
    state = payment_state(total, *sums_of(payments))
    return OrderDraft(
        external_id=order.external_id,
        external_number=clip(order.number, 120),
        project=parts.project,
        customer=parts.customer,
        ordered_at=order.ordered_at,
        clerk=settings.clerk_name,
        language=order.language[:5],
        currency=order.currency,
        exchange_rate=master.exchange_rates.get(order.currency),
        exchange_rate_at=master.exchange_rates_since.get(order.currency),
        prices_include_tax=order.prices_include_tax and not settings.calc_net,
        total=total,
        total_tax=sum((line.tax for line in parts.lines), ZERO),
        channel_total=sold.document.stated.total,
        is_total_fixed=parts.is_fixed,
        refunded=order.refunded,
        payment_method=parts.payment,
        payment_value=clip(main_method(order)),
        transaction_id=clip(order.payment.transaction_id),
        paid_at=order.payment.paid_at,
        payment_state=state,
        shipping_method=shipping,
        shipping_value=clip(shipping_value(order)),
        delivery_term=parts.term,
        fast_lane=shipping is not None and shipping.code in settings.fast_lane_shipping,
        billing=snapshot(order.billing),
        delivery=snapshot(delivery_of(order)),
        vat_id=clip(parts.vat_id, 40),
        vat_id_trusted=bool(parts.vat_id) and settings.vat_id_trusted,
        tax_kind=parts.treatment.kind,
        tax_country=parts.treatment.country,
        free_text=clip(order.comment) if settings.comment_target is CommentTarget.FREE_TEXT else "",
        internal_label=clip(order.comment) if settings.comment_target is CommentTarget.INTERNAL_LABEL else "",
        autoship=parts.project.autoship_allowed and not is_stopped,
        autoship_documents=settings.autoship_documents.value,
        holds=holds_of(found),
        settings_revision=context.settings_revision,
        reserves_stock=parts.project.reserves_stock and leaves_later(order),
        lines=tuple(parts.lines),
        fulfilled_by=order.fulfilled_by.value,
        is_pos=order.is_pos,
        is_b2b=bool(parts.vat_id),
        payments=payments,
        expires_at=expiry(parts.payment, context.now, is_paid=state == "paid"),
    )
