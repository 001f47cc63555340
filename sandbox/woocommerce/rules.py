"""Which sentences of the vendor's specification this sandbox enforces; a test sends a wrong request for each one.

`basis` says where the sentence comes from: recorded from a real shop, read in its code, or assumed (stricter than is known,
so that a connector's mistake does not pass unseen).
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
    Rule("no_key", "A call without a key is refused.", "401 woocommerce_rest_cannot_view", "recorded"),
    Rule("basic_needs_tls", "Plain HTTP: Basic is ignored.", "401 woocommerce_rest_cannot_view", "recorded"),
    Rule("unknown_key", "An unknown key is nobody.", "401 woocommerce_rest_cannot_view", "recorded"),
    Rule(
        "wrong_secret",
        "HTTPS: HTTP Basic, user = ck, password = cs.",
        "401 woocommerce_rest_authentication_error, 'Consumer secret is invalid.'",
        "recorded",
    ),
    Rule(
        "oauth_signature",
        "Plain HTTP: OAuth 1.0a one-legged needed, HMAC-SHA1 or HMAC-SHA256, key = cs&.",
        "401 woocommerce_rest_authentication_error, 'Invalid signature - provided signature does not match.'",
        "recorded",
    ),
    Rule("oauth_timestamp", "Timestamp window 15 min.", "401, 'Invalid timestamp.'", "code"),
    Rule("oauth_nonce", "Nonce single use.", "401, 'Invalid nonce - nonce has already been used.'", "code"),
    Rule(
        "read_only_key",
        "Read-only key on write: 401 (not 403).",
        "401 woocommerce_rest_authentication_error, 'The API key provided does not have write permissions.'",
        "recorded",
    ),
    Rule("no_route", "rest_no_route 404: permalinks off or plugin inactive.", "404 rest_no_route", "recorded"),
    Rule("per_page", "per_page ≤ 100, else 400.", "400 rest_invalid_param, rest_out_of_bounds", "recorded"),
    Rule("bad_date", "Dates are ISO 8601.", "400 rest_invalid_param, rest_invalid_date", "recorded"),
    Rule("unknown_status_filter", "status is a list of known names.", "400 rest_not_in_enum on status[0]", "recorded"),
    Rule("unknown_status_write", "An order's status is one of the known names.", "400 rest_not_in_enum", "recorded"),
    Rule("unknown_order", "An unknown order is not found.", "404 woocommerce_rest_shop_order_invalid_id", "recorded"),
    Rule(
        "unknown_order_write",
        "An unknown order cannot be changed.",
        "400 woocommerce_rest_shop_order_invalid_id",
        "code",
    ),
    Rule("wrong_type", "stock_quantity is an integer.", "400 rest_invalid_param, rest_invalid_type", "recorded"),
    Rule("price_is_text", "Prices are strings.", "400 rest_invalid_param, rest_invalid_type", "code"),
    Rule("price_is_number", "A price is a decimal number.", "400 rest_invalid_param", "assumed"),
    Rule(
        "batch_size",
        "Batch: create+update+delete ≤ 100 together, else 413.",
        "413 woocommerce_rest_request_entity_too_large",
        "recorded",
    ),
    Rule(
        "batch_item",
        "A batch is 200 even if items fail: each failed one is {id, error} in place.",
        "200 with woocommerce_rest_product_invalid_id in the item",
        "recorded",
    ),
    Rule("batch_item_type", "A batch's items are typed too.", "200 with rest_invalid_param in the item", "assumed"),
    Rule(
        "stock_unmanaged",
        "stock_quantity: manage_stock must be true.",
        "the level is not kept, the answer shows null",
        "recorded",
    ),
    Rule(
        "wrong_parent", "A variation is changed under its own product.", "400 …product_variation_invalid_id", "assumed"
    ),
    Rule("duplicate_sku", "Unique SKU (duplicate → 400).", "400 product_invalid_sku with resource_id", "recorded"),
    Rule(
        "free_text_line",
        "Orders cannot hold free-text lines: POST without product_id/sku → 400.",
        "400 woocommerce_rest_required_product_reference",
        "recorded",
    ),
    Rule("note_text", "A note has a text.", "400 rest_missing_callback_param", "code"),
    Rule("fulfillments_off", "The feature fulfillments is off by default.", "404 rest_no_route", "recorded"),
    Rule("fulfillment_items", "A fulfillment names items and pieces of the order.", "400 fulfillment_error", "assumed"),
    Rule(
        "refund_too_high",
        "Refund too high: HTTP 500, data is the number 500.",
        "500 woocommerce_rest_cannot_create_order_refund",
        "recorded",
    ),
    Rule(
        "refund_by_gateway",
        "api_refund defaults to true = calls the payment gateway.",
        "500 for payment methods that cannot refund by themselves",
        "code",
    ),
    Rule("webhook_topic", "Webhook topics are resource × event, or action.", "400 …invalid_topic", "code"),
    Rule("duplicate_gtin", "GTINs are unique.", "400 product_invalid_global_unique_id with resource_id", "code"),
    Rule("unknown_category", "A product's categories exist.", "400 woocommerce_rest_term_invalid", "assumed"),
    Rule("unknown_attribute", "A product's attributes exist.", "400 woocommerce_rest_taxonomy_invalid", "assumed"),
    Rule("unknown_image", "Pictures by id exist.", "400 woocommerce_product_invalid_image_id", "code"),
    Rule("bad_image", "Pictures by address can be fetched.", "400 woocommerce_product_image_upload_error", "code"),
    Rule("duplicate_term", "A term's name is free under its parent.", "400 term_exists with resource_id", "code"),
    Rule("unknown_parent", "A category's parent exists.", "400 woocommerce_rest_term_invalid", "code"),
    Rule("duplicate_attribute", "An attribute's slug is free.", "400 woocommerce_rest_cannot_create", "code"),
    Rule("no_trash_for_terms", "Terms have no trash.", "501 woocommerce_rest_trash_not_supported", "code"),
    Rule("no_trash_for_variations", "Variations have no trash.", "501 woocommerce_rest_trash_not_supported", "code"),
    Rule("no_trash_for_webhooks", "Webhooks have no trash.", "501 woocommerce_rest_trash_not_supported", "code"),
    Rule("bad_json", "A JSON body must be JSON.", "400 rest_invalid_json", "code"),
)
