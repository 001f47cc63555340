"""Number ranges: the next number of a kind, reserved or only looked at."""

from __future__ import annotations

from sandbox.shopware6 import errors
from sandbox.shopware6.api import Answer, Call

STARTS = {"order": 0, "customer": 10_000, "product": 10_000}
DOCUMENT_START = 1000


def reserve_number(call: Call) -> Answer:
    """`GET /_action/number-range/reserve/{type}/{salesChannelId}`; `preview=1` counts nothing up."""
    call.rights.require_all(["number_range:read"])
    kind, channel = call.words[3], call.words[4]
    is_document = kind.startswith("document_") and kind[9:] in document_types(call)
    if (kind not in STARTS and not is_document) or channel not in call.shop.store.tables["sales_channel"]:
        detail = f'No number range found for type "{kind}" and sales channel "{channel}"'
        raise errors.refusal(400, "FRAMEWORK__NO_CONFIGURATION", detail, type=kind)
    is_preview = call.query.get("preview", "") not in {"", "0", "false"}
    counted = call.shop.number(kind) + 1 if is_preview else call.shop.next_number(kind)
    return Answer({"number": str(counted + (DOCUMENT_START if is_document else STARTS[kind]))})


def document_types(call: Call) -> dict[str, str]:
    """Document types by technical name: their ids."""
    return {row["technicalName"]: row["id"] for row in call.shop.store.tables["document_type"].values()}
