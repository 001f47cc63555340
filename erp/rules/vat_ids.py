"""VAT ids: whose they are, and whether one can be right at all; offline by format and check digits, no register is asked."""

from stdnum.eu import vat

from canonical.failure import Finding, Severity
from canonical.order import ChannelOrder
from erp.rules.places import EU, NORTHERN_IRELAND, TAXED_AS


def vat_id_of(order: ChannelOrder) -> str:
    """Read the buyer's VAT id; only with one is an order business to business (D§10.1)."""
    return (order.billing.vat_id or order.delivery.vat_id).strip()


def vat_country(vat_id: str, otherwise: str) -> str:
    """Say which country a VAT id is from: by its prefix, or where it has none, the country given."""
    prefix = vat_id[:2].upper()
    prefix = TAXED_AS.get(prefix, prefix)
    return prefix if prefix in EU or prefix == NORTHERN_IRELAND else otherwise


def is_well_formed(vat_id: str, otherwise: str) -> bool:
    """Whether a VAT id can be one of the EU's: length, characters and check digits of its country; the prefix may be missing."""
    return bool(vat.is_valid(vat_id)) or bool(vat.is_valid(vat_country(vat_id, otherwise) + vat_id))


def check_vat_id(kind: str, vat_id: str, country: str, found: list[Finding]) -> None:
    """Find a VAT id that cannot be right on an order that is untaxed because of it; a shop's trust does not mend it."""
    if kind == "reverse_charge" and not is_well_formed(vat_id, country):
        found.append(Finding.of("VAT_ID_INVALID", severity=Severity.WARNING, vat_id=vat_id[:40]))
