"""Which sentences of the vendor's specification this sandbox enforces; a test sends a wrong request for each one.

`basis` says where the sentence comes from: `spec` (the files and examples of the vendor), `code` (the vendor's source), or
`assumed` (the refusal is certain or prudent, its exact body is not known).
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
    Rule("wrong_secret", "A wrong secret gets no token.", "401 code 4, 'Client authentication failed'", "code"),
    Rule("wrong_grant", "Only known grants are served.", "400 code 2", "code"),
    Rule("no_client_id", "A client names itself.", "400 code 3", "code"),
    Rule("too_many_tries", "10 wrong tries: 10 s pause, 15: 30 s, 20: 60 s.", "429 for the same client", "code"),
    Rule("no_token", "A call needs a bearer token.", "401 code 9, 'Missing \"Authorization\" header'", "code"),
    Rule("unknown_token", "A made-up token is nobody's.", "401 code 9", "code"),
    Rule("expired_token", "Life of a token: `expires_in` seconds, no refresh token.", "401 code 9", "spec"),
    Rule("revoked", "A deleted integration is refused, its tokens too.", "401 code 9", "code"),
    Rule("no_read_right", "Reading needs `{entity}:read`.", "403 FRAMEWORK__MISSING_PRIVILEGE_ERROR", "code"),
    Rule("no_association_right", "An association needs the right of its entity.", "403, names that right", "code"),
    Rule("no_write_right", "Writing needs create, update or delete of each entity touched.", "403, names them", "code"),
    Rule("no_transition_right", "A transition needs `{entity}:update`.", "403", "assumed"),
    Rule("no_document_right", "Creating a document needs `document:create`.", "403", "assumed"),
    Rule("no_number_right", "A number range needs `number_range:read`.", "403", "code"),
    Rule("no_route", "An unknown address is not found.", "404, 'No route found for …'", "code"),
    Rule("wrong_method", "A known address, another method.", "405", "code"),
    Rule("bad_json", "A JSON body must be JSON.", "400", "code"),
    Rule("json_api", "Without `Accept: application/json` the answer is JSON:API.", "another shape", "spec"),
    Rule("limit", "`limit` ≤ 500.", "400 FRAMEWORK__QUERY_LIMIT_EXCEEDED", "code"),
    Rule("bad_limit", "`limit` is a positive integer.", "400 FRAMEWORK__INVALID_LIMIT_QUERY", "code"),
    Rule("bad_page", "`page` is a positive integer.", "400 FRAMEWORK__INVALID_PAGE_QUERY", "code"),
    Rule("unknown_filter_field", "Filters name fields of the entity.", "400 FRAMEWORK__UNMAPPED_FIELD", "code"),
    Rule("unknown_sort_field", "Sortings name fields of the entity.", "400 FRAMEWORK__UNMAPPED_FIELD", "code"),
    Rule("unknown_filter_type", "Filters are of known types.", "400 FRAMEWORK__INVALID_FILTER_QUERY", "code"),
    Rule("filter_value", "A filter has a value.", "400 FRAMEWORK__INVALID_FILTER_QUERY", "code"),
    Rule("unknown_association", "Associations are nested by name.", "400 FRAMEWORK__ASSOCIATION_NOT_FOUND", "code"),
    Rule("dotted_association", "A dotted name is no association.", "400 FRAMEWORK__ASSOCIATION_NOT_FOUND", "code"),
    Rule("bad_ids", "`ids` are ids.", "400 FRAMEWORK__INVALID_API_CRITERIA_IDS", "code"),
    Rule("count_mode_word", "`total-count-mode` is 0, 1 or 2; a word counts as 0.", "the total of this page", "code"),
    Rule("unknown_id", "An unknown id is not found.", "404 FRAMEWORK__RESOURCE_NOT_FOUND", "code"),
    Rule("bad_id", "Ids are 32 hex characters, lower case.", "400 FRAMEWORK__INVALID_UUID", "code"),
    Rule("blank", "Required fields are given.", "400 c1051bb4…, pointer /0/taxId", "spec"),
    Rule("wrong_type", "Values have their type.", "400, 'This value should be of type int.'", "spec"),
    Rule("price_default_currency", "Prices include the shop's own currency.", "400, pointer /0/price", "code"),
    Rule("price_net", "Prices hold gross and net.", "400, pointer /0/price/0/net", "spec"),
    Rule("write_protected", "Fields of the shop are not written.", "403, pointer", "assumed"),
    Rule("state_by_patch", "States change by transitions only.", "400, pointer /0/stateId", "code"),
    Rule("foreign_key", "References lead somewhere.", "500 SQLSTATE[23000] 1452", "code"),
    Rule("duplicate_number", "`productNumber` is unique.", "400 CONTENT__DUPLICATE_PRODUCT_NUMBER", "code"),
    Rule("duplicate_visibility", "A product is shown in a channel once.", "500 SQLSTATE[23000] 1062", "code"),
    Rule("create_existing", "POST makes new rows only.", "400 FRAMEWORK__WRITE_TYPE_INTEND_ERROR", "code"),
    Rule("update_missing", "PATCH changes existing rows only.", "400 FRAMEWORK__WRITE_TYPE_INTEND_ERROR", "code"),
    Rule("delete_used", "What is in use is not deleted.", "409 FRAMEWORK__DELETE_RESTRICTED", "spec"),
    Rule("unknown_language", "`sw-language-id` exists.", "412 FRAMEWORK__LANGUAGE_NOT_FOUND", "code"),
    Rule("sync_operation", "An operation has action and entity.", "400 FRAMEWORK__INVALID_SYNC_OPERATION", "code"),
    Rule("sync_entity", "An operation names a known entity.", "404 FRAMEWORK__DEFINITION_NOT_FOUND", "code"),
    Rule("sync_pointer", "A failing row is named: /operation/row/field; nothing is kept.", "400 with pointer", "spec"),
    Rule("sync_criteria", "Deleting by criteria: mapping entities only.", "400 API_INVALID_SYNC_CRITERIA_…", "code"),
    Rule("illegal_transition", "Only installed transitions.", "400 SYSTEM__ILLEGAL_STATE_TRANSITION", "code"),
    Rule("complete_open", "open → completed directly is not possible.", "400 SYSTEM__ILLEGAL_STATE_TRANSITION", "spec"),
    Rule("transition_unknown", "A transition needs a row.", "400 SYSTEM__STATE_MACHINE_INVALID_ENTITY_ID", "code"),
    Rule("document_type", "Documents are of known types.", "400 DOCUMENT__INVALID_RENDERER_TYPE", "code"),
    Rule("document_number", "A document number is used once.", "200, errors: DOCUMENT__NUMBER_ALREADY_EXISTS", "code"),
    Rule("document_order", "A document needs its order.", "200, errors: DOCUMENT__ORDER_NOT_FOUND", "code"),
    Rule("storno_first", "A storno needs an invoice.", "200, errors: DOCUMENT__GENERATION_ERROR", "code"),
    Rule("upload_dynamic", "Only static documents take a file.", "400 DOCUMENT__GENERATION_ERROR", "spec"),
    Rule("upload_twice", "A document has one file.", "400 DOCUMENT__GENERATION_ERROR", "spec"),
    Rule("upload_extension", "pdf, html, xml.", "400 DOCUMENT__FILE_EXTENSION_NOT_SUPPORTED", "code"),
    Rule("deep_link", "A download knows the deep link.", "404 DOCUMENT__DOCUMENT_NOT_FOUND", "code"),
    Rule("media_unknown", "A file needs its media row.", "404 CONTENT__MEDIA_NOT_FOUND", "code"),
    Rule("media_extension", "An upload names its extension.", "400 CONTENT__MEDIA_MISSING_FILE_EXTENSION", "code"),
    Rule("media_url", "An address to fetch is http or https.", "400 CONTENT__MEDIA_ILLEGAL_URL", "code"),
    Rule("media_name", "File names are unique.", "409 CONTENT__MEDIA_DUPLICATED_FILE_NAME", "code"),
    Rule("number_range", "Number ranges are known.", "400 FRAMEWORK__NO_CONFIGURATION", "assumed"),
)
