"""Which sentences of the vendor's specification this sandbox enforces; a test sends a wrong request for each one.

`basis` says where the sentence comes from: the vendor's files, or assumed (stricter than is known, so that a connector's
mistake does not pass unseen). The body of a refusal is assumed everywhere, see `errors.py`.
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """One enforced sentence: its name, the sentence, how the sandbox enforces it, and what it rests on."""

    id: str
    sentence: str
    enforced: str
    basis: str


RULES = (
    Rule("no_key", "Every call needs the shop's key.", "401", "spec"),
    Rule("bearer", "The key goes bare into Authorization.", "401", "spec"),
    Rule("other_shop", "shop_id chooses among the user's own shops.", "403", "assumed"),
    Rule("unknown_operation", "Only the files' paths exist.", "404", "spec"),
    Rule("wrong_method", "Only the files' methods exist.", "405", "assumed"),
    Rule("page_size", "max is at most 100.", "400", "spec"),
    Rule("too_many_ids", "order_ids takes at most 100 ids.", "400", "spec"),
    Rule("unknown_state_filter", "order_state_codes takes the enumerated states.", "400", "spec"),
    Rule("bad_date", "Dates are ISO 8601 with a zone.", "400", "spec"),
    Rule("bad_token", "page_token comes from an answer.", "400", "spec"),
    Rule("bad_json", "A JSON body must be JSON.", "400", "assumed"),
    Rule("no_json", "Bodies are application/json.", "415", "spec"),
    Rule("unknown_order", "The requested order does not exist.", "404 ORDER_NOT_FOUND", "spec"),
    Rule("accept_twice", "OR21 in WAITING_ACCEPTANCE only.", "400 ORDER_INVALID_STATE", "spec"),
    Rule(
        "accept_incomplete",
        "Every line must be in the body.",
        "400 ORDER_LINE_ACCEPTANCE_DECISION_MISSING",
        "spec",
    ),
    Rule("accept_duplicate", "No line twice.", "400 ORDER_LINE_DUPLICATE_ID", "spec"),
    Rule("accept_foreign_line", "Lines of the order only.", "400 ORDER_LINE_NOT_FOUND", "spec"),
    Rule("accept_null", "No null element.", "400 ORDER_LINE_NULL_ELEMENT", "spec"),
    Rule("accept_untyped", "accepted is a boolean.", "400 VALIDATION_ERROR", "spec"),
    Rule("ship_twice", "OR24 in SHIPPING only.", "400 ORDER_INVALID_STATE", "spec"),
    Rule("ship_unaccepted", "OR24 in SHIPPING only.", "400 ORDER_INVALID_STATE", "spec"),
    Rule("unknown_carrier", "carrier_code is registered.", "400", "spec"),
    Rule("no_tracking_number", "A registered carrier needs a number.", "400", "spec"),
    Rule("no_carrier_name", "An unregistered carrier needs its name.", "400", "spec"),
    Rule("cancel_shipped", "What was shipped cannot be cancelled.", "400 ORDER_INVALID_STATE", "assumed"),
    Rule("cancel_lines_shipped", "What was shipped cannot be cancelled.", "400 ORDER_INVALID_STATE", "assumed"),
    Rule("cancel_reason", "A cancelation has a reason of its type.", "400", "spec"),
    Rule("refund_too_high", "No more than what is left of the line.", "400", "assumed"),
    Rule("refund_reason", "A refund has a reason of its type that shops may use.", "400", "spec"),
    Rule("refund_unknown_line", "Lines exist.", "404 ORDER_LINE_NOT_FOUND", "spec"),
    Rule("refund_unpaid", "Only what was paid is refunded.", "400 ORDER_INVALID_STATE", "assumed"),
    Rule("too_many_references", "OR04: 100 orders per call.", "400", "spec"),
    Rule("no_documents", "OR74 needs files and order_documents.", "400", "spec"),
    Rule("no_multi_shipment", "Shipments only where the operator allows them.", "403", "assumed"),
    Rule("no_file", "Imports need the part file.", "400", "spec"),
    Rule("import_no_form", "Imports are multipart/form-data.", "415", "spec"),
    Rule("import_mode", "OF01 has an import_mode.", "400", "spec"),
    Rule(
        "offer_fields",
        "OF24 needs shop_sku, price, product_id, product_id_type, state_code, update_delete.",
        "400",
        "spec",
    ),
    Rule("unknown_import", "Imports exist.", "404", "assumed"),
    Rule("unknown_values_list", "Lists of values exist.", "404", "assumed"),
    Rule("unknown_reason_type", "reason_type is enumerated.", "400", "spec"),
)
