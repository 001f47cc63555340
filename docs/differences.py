"""Where our feature matrix differs from the published one (D§9.1) on purpose, each with its reason."""

from canonical.capability import Capability

DIFFERENCES: dict[tuple[str, Capability], tuple[bool, str]] = {
    ("woocommerce", Capability.REFUNDS): (
        True,
        "The shop's interface allows it and merchants ask for it: an executed refund of the ERP is paid out there.",
    ),
}
"""By connector and row: whether we have it, and why that differs."""
