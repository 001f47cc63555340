"""Error reports of imports, read back per record: columns differ by operation and by instance, so they are found, not known."""

from collections.abc import Collection, Mapping, Sequence

from canonical.failure import Failure
from canonical.push import Outcome, PushAnswer, PushResult
from connectors.mirakl.tables import read_table
from connectors.mirakl.tickets import Entry

SKU_COLUMNS = (
    "offer-sku",
    "sku",
    "shop_sku",
    "shop-sku",
    "shopsku",
    "product-sku",
    "product_sku",
    "provider-unique-identifier",
)
"""Where the seller's number stands, in the reports that name their columns as the vendor does."""

SHOWN = 200


def reasons_in(body: bytes, skus: Collection[str], sku_column: str = "") -> dict[str, str]:
    """Why records were refused, by their number in the file; a report that names none of them gives nothing.

    The reason is what the columns of errors say. STO03 and PRI03 promise only their first two columns: line and reason.
    """
    wanted = set(skus)
    found: dict[str, str] = {}
    for row in read_table(body):
        sku = _sku(row, wanted, sku_column)
        if sku:
            reason = _reason(row)
            found[sku] = f"{found[sku]}; {reason}" if sku in found else reason
    return {sku: reason[:SHOWN] for sku, reason in found.items()}


def _sku(row: Mapping[str, str], wanted: set[str], sku_column: str) -> str:
    """The record that a row is about: by the column of numbers, else by any field that is one of our numbers."""
    named = {name.lower(): value for name, value in row.items()}
    for column in (sku_column.lower(), *SKU_COLUMNS):
        if named.get(column) in wanted:
            return named[column]
    return next((value for value in list(row.values())[2:] if value in wanted), "")


def _reason(row: Mapping[str, str]) -> str:
    """The texts of the columns of errors, without the line number; else the second column, where the reason is promised."""
    texts = [
        value
        for name, value in row.items()
        if value and "error" in name.lower() and "line" not in name.lower() and not value.isdecimal()
    ]
    second = list(row.values())[1:2]
    return "; ".join(dict.fromkeys(texts or second)) or "?"


def results_of(
    entries: Sequence[Entry],
    reasons: Mapping[str, str],
    *,
    lines_in_error: int,
    refs: Mapping[str, str] | None = None,
    absent: Collection[str] = (),
) -> PushAnswer:
    """One result per record: refused with the report's reason, or because it is absent there; else accepted.

    If lines are in error and the report names none of our records, nothing tells which: then none counts as accepted.
    """
    is_unreadable = lines_in_error > 0 and not reasons
    return PushAnswer(
        results=tuple(
            entry.known
            if entry.known is not None
            else refused(entry, reasons.get(entry.sku) or f"{lines_in_error} ?", is_absent=entry.sku in absent)
            if is_unreadable or entry.sku in reasons
            else PushResult(key=entry.key, outcome=Outcome.ACCEPTED, ref=(refs or {}).get(entry.sku, entry.sku))
            for entry in entries
        )
    )


def refused(entry: Entry, reason: str, *, is_absent: bool = False) -> PushResult:
    """The result of a record that the import did not take."""
    failure = Failure.of("ITEM_REFUSED", record=entry.sku, reason=reason)
    if is_absent:
        failure = Failure.of("NOT_IN_SHOP", sku=entry.sku)
    return PushResult(key=entry.key, outcome=Outcome.REJECTED, failure=failure)


def all_refused(entries: Sequence[Entry], reason: str) -> PushAnswer:
    """The results of an import that failed as a whole."""
    return PushAnswer(results=tuple(entry.known or refused(entry, reason) for entry in entries))
