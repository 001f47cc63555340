"""What a credit note gives back of an invoice: parts of the invoice's own lines, never more than was invoiced; pure."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal

from canonical.document import DocumentContent, DocumentLine
from canonical.failure import Failure, FailureError
from erp.rules.amounts import Amounts, LineAmounts, taken
from erp.tables import OrderLine

NOTHING = Decimal(0)


def with_heads(
    lines: Sequence[OrderLine], quantities: Mapping[int, Decimal], before: Mapping[int, Decimal]
) -> dict[int, Decimal]:
    """Add the priced line of a bundle once all its components have come back; the components themselves cost nothing."""
    wanted = dict(quantities)
    heads = {line.parent_id for line in lines if line.id in quantities and line.kind == "component"}
    for head in lines:
        if head.id is None or head.id not in heads:
            continue
        parts = [line for line in lines if line.parent_id == head.id and line.kind == "component"]
        whole = min((part.returned * head.quantity / part.quantity for part in parts), default=NOTHING)
        complete = whole.to_integral_value(ROUND_FLOOR) - before.get(head.id, NOTHING)
        if complete > 0:
            wanted[head.id] = wanted.get(head.id, NOTHING) + complete
    return wanted


def credited_before(credit_notes: Sequence[DocumentContent]) -> dict[int, Decimal]:
    """Add up what credit notes of an invoice took already, by order line."""
    before: dict[int, Decimal] = {}
    for note in credit_notes:
        for line in note.lines:
            before[line.line_id] = before.get(line.line_id, NOTHING) + line.quantity
    return before


def credited_lines(
    invoice: DocumentContent, quantities: Mapping[int, Decimal], before: Mapping[int, Decimal], *, postage: bool
) -> tuple[DocumentLine, ...]:
    """Take quantities by order line out of an invoice, with the discounts' shares and, where asked, its postage.

    Raises `FailureError` CREDIT_EXCEEDED when a line has not so much left, or was not invoiced.
    """
    wanted = dict(quantities)
    for line in invoice.lines:
        left = line.quantity - before.get(line.line_id, NOTHING)
        if postage and line.kind == "shipping" and left > 0:
            wanted[line.line_id] = left
    invoiced = {line.line_id: line for line in invoice.lines}
    for line_id, quantity in wanted.items():
        known = invoiced.get(line_id)
        left = known.quantity - before.get(line_id, NOTHING) if known else NOTHING
        if quantity > left:
            title = known.title if known else str(line_id)
            raise FailureError(Failure.of("CREDIT_EXCEEDED", line=title, quantity=quantity.normalize(), left=left))
    parts = taken([_amounts(line) for line in invoice.lines], wanted, before)
    return tuple(
        line.model_copy(update={"quantity": part.quantity, "net": part.net, "tax": part.tax, "gross": part.gross})
        for line in invoice.lines
        if (part := parts.get(line.line_id)) is not None and part.quantity
    )


def _amounts(line: DocumentLine) -> LineAmounts:
    booked = Amounts(line.quantity, line.net, line.tax, line.gross)
    return LineAmounts(line.line_id, line.kind, line.tax_rate, booked)
