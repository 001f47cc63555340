"""Words for a channel's articles: reading, initial import, pairing."""

from collections.abc import Mapping

from web.i18n import N_

WORDS: Mapping[str, Mapping[str, str]] = {
    "scan": {
        "idle": N_("not begun"),
        "reading": N_("being read"),
        "read": N_("read in"),
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
    "source": {
        "field": N_("Field of the article"),
        "property": N_("Property"),
        "custom_field": N_("Custom field"),
        "constant": N_("Fixed value"),
    },
    "article_source": {
        "number": N_("Article number"),
        "sku": N_("SKU"),
        "name": N_("Name"),
        "short_text": N_("Short text"),
        "description": N_("Description"),
        "manufacturer": N_("Manufacturer"),
        "manufacturer_number": N_("Manufacturer's number"),
        "ean": N_("EAN"),
        "unit": N_("Unit"),
        "weight": N_("Weight"),
        "length": N_("Length"),
        "width": N_("Width"),
        "height": N_("Height"),
        "customs_number": N_("Customs number"),
        "origin_country": N_("Country of origin"),
        "delivery_time": N_("Delivery time"),
        "category": N_("Article category"),
        "parent": N_("Number of the matrix article"),
        "image_1": N_("Image 1"),
        "image_2": N_("Image 2"),
        "image_3": N_("Image 3"),
        "image_4": N_("Image 4"),
        "image_5": N_("Image 5"),
    },
    "attribute_kind": {
        "text": N_("text"),
        "number": N_("number"),
        "date": N_("date"),
        "boolean": N_("yes or no"),
        "media": N_("image or file"),
        "list": N_("one of a list"),
        "multi_list": N_("several of a list"),
    },
    "channel_task": {"incident": N_("Incident")},
    "structure": {"simple": N_("simple"), "parent": N_("matrix"), "variant": N_("variant")},
}
"""Every kind of value with its English words, which are translated where they are shown."""
