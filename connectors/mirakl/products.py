"""Products by file (P41): handed over now, integrated by the marketplace when it likes, read back per product."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from canonical.catalogue import ArticleContent, Structure
from canonical.failure import Failure
from canonical.push import Outcome, PushAnswer, PushResult
from connectors.answers import RefusedError
from connectors.mirakl.api import Api, object_of
from connectors.mirakl.imports import import_id
from connectors.mirakl.lanes import MINUTE
from connectors.mirakl.product_file import operator_table, own_table
from connectors.mirakl.reports import all_refused, reasons_in, results_of
from connectors.mirakl.settings import MiraklArticleSettings, ProductFormat
from connectors.mirakl.sources import not_live
from connectors.mirakl.tables import CSV, form, read_table
from connectors.mirakl.tickets import Entry, Ticket
from connectors.one_by_one import rejected

OPERATION = "P41"
GOING = ("TRANSFORMATION_WAITING", "TRANSFORMATION_RUNNING", "WAITING", "RUNNING")
AT_OPERATOR = "SENT"
"""The operator integrates the products in his own time, hours or days."""
ASK_OPERATOR_EVERY = 15 * MINUTE


def send(api: Api, settings: MiraklArticleSettings, articles: Sequence[ArticleContent]) -> PushAnswer:
    """Hand over one file. Parents are no products of a marketplace, and products cannot be deleted: both are skipped."""
    entries = tuple(_entry(settings, article) for article in articles)
    fit = [article for entry, article in zip(entries, articles, strict=True) if not entry.known]
    if not fit:
        return PushAnswer(results=tuple(entry.known for entry in entries if entry.known))
    is_operator = settings.product_format is ProductFormat.OPERATOR
    table, _ = operator_table(settings, fit) if is_operator else own_table(fit)
    fields = {"operator_format": "true" if is_operator else "false"}
    answer = api.post(OPERATION, "/products/imports", form(fields, [("file", "products.csv", CSV, table)]))
    begun_at = datetime.now(UTC).isoformat(timespec="seconds")
    ticket = Ticket(OPERATION, import_id(answer), entries, begun_at)
    return PushAnswer(ticket=str(ticket), ask_again_after=MINUTE)


def _entry(settings: MiraklArticleSettings, article: ArticleContent) -> Entry:
    failure = unfit(settings, article)
    known = rejected(article, failure) if failure else None
    if known is None and (article.structure is Structure.PARENT or article.is_deleted):
        known = PushResult(key=article.key, outcome=Outcome.SKIPPED)
    return Entry(article.key, article.sku.strip(), known)


def unfit(settings: MiraklArticleSettings, article: ArticleContent) -> Failure | None:
    """Why a product cannot be in a file: the checks that need no taxonomy; those that do are made before, by the ERP."""
    if not article.sku.strip():
        return Failure.of("SKU_MISSING", name=article.words.name or article.key)
    if article.structure is Structure.PARENT or article.is_deleted:
        return None
    if settings.product_format is ProductFormat.OWN:
        return None
    if not article.channel_category:
        return Failure.of("CATEGORY_UNMAPPED", sku=article.sku, category=article.category)
    values: dict[str, str] = {}
    for attribute in article.channel_attributes:
        if not attribute.name.strip() or values.get(attribute.name, attribute.value) != attribute.value:
            return Failure.of("FIELD_INVALID", field=attribute.name, record=article.sku, reason="≠")
        values[attribute.name] = attribute.value
    return None


def check(api: Api, settings: MiraklArticleSettings, ticket: Ticket) -> PushAnswer:
    """Ask for an import's outcome (P42) and read its reports; a ticket in the answer means: not yet."""
    try:
        status = object_of(api.get("P42", f"/products/imports/{ticket.import_id}"))
    except RefusedError as error:
        if error.answer.status != 404:
            raise
        return all_refused(ticket.entries, f"{OPERATION} {ticket.import_id}: HTTP 404")
    state = str(status.get("import_status") or "")
    if state == AT_OPERATOR:
        return PushAnswer(ticket=str(ticket), ask_again_after=ASK_OPERATOR_EVERY)
    if state == "COMPLETE":
        return _outcome(api, settings, ticket, status)
    if state in GOING:
        return PushAnswer(ticket=str(ticket), ask_again_after=MINUTE)
    if state in ("FAILED", "TRANSFORMATION_FAILED", "CANCELLED"):
        return all_refused(ticket.entries, str(status.get("reason_status") or state))
    # A state that came new: it says nothing of the products yet.
    return PushAnswer(ticket=str(ticket), ask_again_after=ASK_OPERATOR_EVERY)


def _outcome(api: Api, settings: MiraklArticleSettings, ticket: Ticket, status: Mapping[str, Any]) -> PushAnswer:
    skus = {entry.sku for entry in ticket.sent}
    column = settings.sku_attribute if settings.product_format is ProductFormat.OPERATOR else ""
    path = f"/products/imports/{ticket.import_id}"
    reasons: dict[str, str] = {}
    refs: dict[str, str] = {}
    if status.get("has_transformation_error_report"):
        body = api.get("P47", f"{path}/transformation_error_report").body
        reasons |= reasons_in(body, skus, column)
    if status.get("has_error_report"):
        reasons |= reasons_in(api.get("P44", f"{path}/error_report").body, skus, column)
    if status.get("has_new_product_report"):
        refs = _product_refs(api.get("P45", f"{path}/new_product_report").body, skus, column)
    if settings.catalog_manager:
        reasons = {**not_live(api, ticket, skus), **reasons}
    return results_of(ticket.entries, reasons, lines_in_error=_in_error(status), refs=refs)


def _in_error(status: Mapping[str, Any]) -> int:
    """How many products were refused, by transformation and by integration."""
    details = status.get("integration_details")
    counts = [status.get("transform_lines_in_error")]
    if isinstance(details, dict):
        names = ("invalid_products", "rejected_products", "products_with_wrong_identifiers")
        counts += [details.get(name) for name in (*names, "products_with_synchronization_issues")]
    return sum(count for count in counts if isinstance(count, int))


def _product_refs(body: bytes, skus: set[str], sku_column: str) -> dict[str, str]:
    """The marketplace's own number of new products, where the report of added products has such a column."""
    found: dict[str, str] = {}
    for row in read_table(body):
        named = {name.lower(): value for name, value in row.items()}
        sku = next(
            (
                named[column]
                for column in (sku_column.lower(), "shop_sku", "shop-sku", "sku")
                if named.get(column) in skus
            ),
            "",
        )
        number = named.get("product-sku") or named.get("product_sku") or named.get("mirakl-product-id")
        if sku and number:
            found[sku] = number
    return found
