"""Which sentences of the vendor's specification this sandbox enforces; a test sends a wrong request for each one.

`basis` says where the sentence comes from: `schema` its descriptions and types, `docs` the vendor's documentation as noted with
the specification, `live` recordings, or `assumed` (stricter than is known, so that a connector's mistake does not pass unseen).
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
    Rule("no_token", "Every call carries X-Shopify-Access-Token.", "401 [API] Invalid API key or access token", "docs"),
    Rule("bearer", "Authorization: Bearer is not the header.", "401", "docs"),
    Rule("expired_token", "Client-credentials tokens end after 24 hours.", "401", "docs"),
    Rule("missing_scope", "A field needs the scopes of its type.", "ACCESS_DENIED with requiredAccess", "schema"),
    Rule("missing_write_scope", "A mutation needs its write scope.", "ACCESS_DENIED with requiredAccess", "schema"),
    Rule("unknown_field", "Queries are validated against the schema.", "errors without data", "schema"),
    Rule("wrong_variable", "Variables are coerced to their types.", "errors without data", "schema"),
    Rule("no_query", "A body holds a query.", "400 Required parameter missing or invalid", "assumed"),
    Rule("throttled", "Too few points: THROTTLED at HTTP 200.", "THROTTLED, actualQueryCost null", "docs"),
    Rule("max_cost", "One query may cost at most 1000 points.", "MAX_COST_EXCEEDED", "docs"),
    Rule("page_size", "first and last are at most 250.", "INVALID_FIELD_ARGUMENTS", "docs"),
    Rule("no_page_size", "A connection needs first or last.", "BAD_REQUEST", "live"),
    Rule("bad_cursor", "A cursor belongs to the order of its list.", "INVALID_FIELD_ARGUMENTS", "assumed"),
    Rule("old_orders", "Without read_all_orders only 60 days are seen.", "not in lists, null by id", "schema"),
    Rule("no_idempotency_key", "Some mutations need @idempotent.", "BAD_REQUEST, no data", "schema"),
    Rule("key_reused", "A key belongs to its variables.", "IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "schema"),
    Rule("stale_level", "changeFromQuantity is compared.", "CHANGE_FROM_QUANTITY_STALE", "schema"),
    Rule("no_comparison", "changeFromQuantity must be sent, if only null.", "INVALID_FIELD_ARGUMENTS", "schema"),
    Rule("inactive_level", "An item must be active at the location.", "INVALID_LOCATION", "docs"),
    Rule("unknown_item", "Inventory items must exist.", "INVALID_INVENTORY_ITEM", "schema"),
    Rule("too_many_levels", "At most 250 quantities.", "MAX_INPUT_SIZE_EXCEEDED", "docs"),
    Rule("bad_reason", "The reason is one of a list.", "INVALID_REASON", "schema"),
    Rule("bad_quantity_name", "Only available and on_hand are set.", "INVALID_NAME", "schema"),
    Rule("activate_twice", "An active item's level is set otherwise.", "userErrors", "assumed"),
    Rule("ship_twice", "A closed fulfilment order ships nothing more.", "userErrors", "assumed"),
    Rule("ship_too_much", "No more pieces than remain.", "userErrors", "assumed"),
    Rule("ship_two_orders", "One fulfilment: one order and location.", "userErrors", "schema"),
    Rule("ship_cancelled", "A cancelled order ships nothing.", "userErrors", "assumed"),
    Rule("cancel_shipped", "Shipped orders are not cancelled.", "orderCancelUserErrors INVALID", "schema"),
    Rule("cancel_twice", "An order is cancelled once.", "orderCancelUserErrors INVALID", "assumed"),
    Rule("cancel_with_return", "Nor with returns in progress.", "orderCancelUserErrors INVALID", "schema"),
    Rule("refund_too_much", "A payment gives back what it brought.", "userErrors", "schema"),
    Rule("refund_pieces", "No more pieces than were bought.", "userErrors", "assumed"),
    Rule("return_unshipped", "Only shipped pieces come back.", "NOT_FOUND", "schema"),
    Rule("approve_open", "Only a requested return is approved.", "INVALID_STATE", "assumed"),
    Rule("unknown_variant", "Variants belong to the product.", "PRODUCT_VARIANT_DOES_NOT_EXIST", "schema"),
    Rule("negative_price", "Prices are not negative.", "GREATER_THAN_OR_EQUAL_TO", "schema"),
    Rule("same_options", "Variants differ in their options.", "VARIANT_ALREADY_EXISTS", "schema"),
    Rule(
        "levels_on_update", "Updating variants sets no levels.", "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE", "schema"
    ),
    Rule("options_missing", "productSet: variants come with options.", "PRODUCT_OPTIONS_INPUT_MISSING", "schema"),
    Rule("handle_taken", "Handles are unique.", "HANDLE_NOT_UNIQUE", "schema"),
    Rule("unknown_product", "Products must exist.", "PRODUCT_DOES_NOT_EXIST", "schema"),
    Rule("bad_metafield", "Metafield values fit their type.", "INVALID_VALUE", "schema"),
    Rule("many_metafields", "At most 25 metafields per call.", "LESS_THAN_OR_EQUAL_TO", "schema"),
    Rule("stale_metafield", "compareDigest is compared.", "STALE_OBJECT", "schema"),
    Rule("stale_digest", "Translations name the original's digest.", "INVALID_TRANSLATABLE_CONTENT", "schema"),
    Rule("unknown_locale", "Locales are the shop's.", "INVALID_LOCALE_FOR_SHOP", "schema"),
    Rule("wrong_currency", "Fixed prices are in the list's currency.", "PRICE_LIST_CURRENCY_MISMATCH", "schema"),
    Rule(
        "break_without_price",
        "Price breaks need a fixed price.",
        "PRICE_LIST_PRICE_NOT_FOUND, all or nothing",
        "schema",
    ),
    Rule("break_currency", "Price breaks are in the list's currency.", "CURRENCY_MISMATCH", "schema"),
    Rule("break_twice", "A variant's breaks differ in quantity.", "DUPLICATE_INPUT_FOR_VARIANT_AND_MIN", "schema"),
    Rule("break_off_rule", "Breaks are multiples of the increment.", "MIN_NOT_A_MULTIPLE_OF_…_INCREMENT", "schema"),
    Rule("break_is_there", "A break is deleted before it is set anew.", "FAILED_TO_SAVE", "assumed"),
    Rule("many_breaks", "Breaks per variant are limited, here to ten.", "LIMIT_EXCEEDED", "assumed"),
    Rule("uneven_rule", "A minimum is a multiple of the increment.", "MINIMUM_NOT_A_MULTIPLE_OF_INCREMENT", "schema"),
    Rule("unfixed_price", "Only fixed prices are deleted.", "PRICE_DELETE_PRICE_NOT_FIXED", "schema"),
    Rule("unknown_list", "Price lists must exist.", "PRICE_LIST_NOT_FOUND", "schema"),
    Rule("hook_twice", "One subscription per topic and address.", "userErrors", "live"),
    Rule("bulk_without_connection", "Bulk queries have a connection.", "INVALID", "schema"),
    Rule("sixth_bulk", "Five bulk queries at once.", "LIMIT_REACHED", "docs"),
    Rule("unknown_publication", "Publications must exist.", "userErrors", "assumed"),
)
