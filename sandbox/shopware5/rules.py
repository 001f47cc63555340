"""Which sentences of the vendor's documentation this sandbox enforces; a test sends a wrong request for each one.

`basis` says where the sentence comes from: `docs`, `code`, or `assumed` (the refusal is known, its exact words are not).
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
    Rule("no_login", "A call needs a login.", "401 with a Digest and a Basic challenge", "code"),
    Rule("wrong_key", "A wrong API key is nobody's.", "401 JSON, success false", "docs"),
    Rule("old_nonce", "A nonce lives an hour.", "401 with a new one", "code"),
    Rule("other_uri", "A digest is good for one address.", "401", "code"),
    Rule("revoked", "A user whose key was taken away is nobody.", "401", "docs"),
    Rule("privilege", "Rights are checked per resource.", "403", "assumed"),
    Rule("no_resource", "Unknown addresses are not found.", "404, 'Resource not found'", "code"),
    Rule("no_taxes", "There is no resource for taxes.", "404, 'Resource not found'", "docs"),
    Rule("no_list_of_variants", "Variants are read one by one.", "404, 'Resource not found'", "docs"),
    Rule("unknown_id", "An unknown id is not found.", "404, 'Article by id 99 not found'", "code"),
    Rule("unknown_number", "A number needs useNumberAsId and an article.", "404, 'Article by number …'", "code"),
    Rule("bad_json", "A body must be JSON.", "400, 'Invalid method or invalid json string.'", "code"),
    Rule("unknown_property", "Filters name properties of the model.", "500, 'Error message: …'", "assumed"),
    Rule("html_errors", "With throwExceptions on, errors are HTML.", "500 text/html", "docs"),
)
