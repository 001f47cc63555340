"""The One Stop Shop: from which day EU consumers are taxed in their own country (D§10.4); `erp/oss.py` keeps the counter."""

from datetime import UTC, datetime

from erp.rules.model import OssInfo


def is_taxed_at_origin(ordered_at: datetime, oss: OssInfo, *, tax_at_origin: bool) -> bool:
    """Whether a small seller's order still has the warehouse country's tax: below the threshold, so before it was crossed.

    The day of the order decides, in UTC; the order keeps the answer, whatever happens to the threshold later.
    """
    return tax_at_origin and (oss.applies_from is None or ordered_at.astimezone(UTC).date() < oss.applies_from)
