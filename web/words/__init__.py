"""The words that pages use for stored values, and the state that each of them means; one module per area holds the words."""

from collections.abc import Mapping

from web.words import channels, exchange, orders, store

WORDS: Mapping[str, Mapping[str, str]] = {**channels.WORDS, **exchange.WORDS, **orders.WORDS, **store.WORDS}
"""Every kind of value with its English words, which are translated where they are shown."""

_STATES: Mapping[str, Mapping[str, str]] = {
    "partner": {"ok": "done", "failing": "failed", "inactive": "skipped", "new": "none"},
    "partner_file": {
        "new": "running", "written": "done", "taken": "running", "done": "done", "partial": "parked", "bad": "failed",
    },
    "partner_order": {"waiting": "none", "handed_over": "running", "shipped": "done", "withdrawn": "skipped"},
    "document": {"new": "running", "booked": "done", "skipped": "skipped", "parked": "parked", "ignored": "skipped"},
    "link": {"never": "none", "waiting": "running", "sent": "done", "failed": "failed"},
    "run": {
        "running": "running", "done": "done", "completed": "done", "idle": "skipped", "continued_as_new": "done",
        "deferred": "parked", "blocked": "failed", "failed": "failed", "lost": "failed", "terminated": "failed",
        "timed_out": "failed", "canceled": "skipped",
    },
    "event": {"ok": "done", "pending": "running", "skipped": "skipped", "error": "failed", "info": "none"},
    "check_state": {"ok": "done", "failed": "failed", "skipped": "skipped", "running": "running"},
    "queue": {"ready": "done", "payment": "parked", "stock": "parked", "provider": "running", "person": "failed"},
    "light": {"green": "done", "amber": "parked", "red": "failed"},
    "label": {"wanted": "running", "requested": "running", "ready": "done", "failed": "failed"},
    "document_file": {"pending": "running", "ready": "done", "failed": "failed", "erased": "skipped"},
    "mail": {"pending": "running", "sending": "running", "sent": "done", "failed": "failed", "dropped": "skipped"},
    "print_job": {"pending": "running", "printed": "done", "failed": "failed"},
    "payment_state": {"open": "none", "paid": "done", "partial": "parked", "refunded": "skipped"},
    "refund": {"open": "none", "released": "running", "executed": "done", "failed": "failed"},
    "return": {"announced": "none", "received": "parked", "settled": "done", "cancelled": "skipped"},
    "fulfilment": {
        "open": "none", "packed": "running", "partial": "parked", "partly": "parked", "shipped": "done",
        "returned": "skipped", "hold": "parked", "cancelled": "skipped",
    },
    "checklist_state": {"ready": "done", "open": "none", "missing": "failed", "wrong": "parked"},
    "stocktake": {"open": "running", "posted": "done", "cancelled": "skipped"},
    "scan": {
        "idle": "none", "reading": "running", "read": "done", "importing": "running", "finished": "done", "failed": "failed",
    },
    "import_item": {
        "proposed": "none", "queued": "running", "imported": "done", "unchanged": "skipped", "failed": "failed",
    },
    "listing": {
        "open": "none", "proposed": "parked", "conflict": "failed", "paired": "done", "confirmed": "done", "ignored": "skipped",
    },
    "mode": {"development": "none", "migration": "parked", "productive": "done", "deleted": "skipped"},
}  # fmt: skip

_ICONS: Mapping[str, str] = {
    "articles": "fa-tag",
    "categories": "fa-sitemap",
    "stock": "fa-boxes-stacked",
    "prices": "fa-euro-sign",
    "orders": "fa-cart-shopping",
    "shipments": "fa-truck",
    "documents": "fa-file-invoice",
    "refunds": "fa-rotate-left",
}


def word(kind: str, value: str) -> str:
    """The English word for a stored value, to be translated; a value that nobody named is made readable."""
    return WORDS[kind].get(value) or value.replace("_", " ").replace("-", " ")


def state(kind: str, value: str) -> str:
    """Which of the six states a stored value means: done, running, skipped, parked, failed or none."""
    return _STATES[kind].get(value, "none")


def icon(feature: str) -> str:
    """The icon of a feature."""
    return _ICONS.get(feature, "fa-circle")
