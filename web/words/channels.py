"""Words for a channel's articles: reading, initial import, pairing."""

from collections.abc import Mapping

from web.i18n import N_

WORDS: Mapping[str, Mapping[str, str]] = {
    "scan": {
        "idle": N_("not begun"),
        "reading": N_("being read"),
        "read": N_("read"),
        "importing": N_("being taken over"),
        "finished": N_("taken over"),
        "failed": N_("stopped"),
    },
    "import_item": {
        "proposed": N_("identified"),
        "queued": N_("queued"),
        "imported": N_("taken over"),
        "unchanged": N_("here already"),
        "failed": N_("failed"),
    },
    "listing": {
        "open": N_("no counterpart"),
        "proposed": N_("proposed"),
        "conflict": N_("conflict"),
        "paired": N_("paired by number"),
        "confirmed": N_("confirmed"),
        "ignored": N_("left out"),
    },
    "pairing_how": {
        "foreign_number": N_("foreign number"),
        "sku": N_("article number"),
        "ean": N_("EAN"),
        "name": N_("similar name"),
        "hand": N_("by hand"),
    },
    "structure": {"simple": N_("simple"), "parent": N_("matrix"), "variant": N_("variant")},
}
"""Every kind of value with its English words, which are translated where they are shown."""
