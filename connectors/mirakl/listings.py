"""The shop's offers (OF21), for the pairing worksheet."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from canonical.catalogue import ArticleContent, DataType, ListedArticle, ListingPage, PriceTier, Words
from canonical.failure import FailureError
from connectors.answers import Answer, not_json
from connectors.mirakl.api import Api, object_of, rows_in

PAGE = 100
EAN_TYPES = ("EAN", "GTIN", "UPC", "ISBN")


def fetch(api: Api, cursor: str, limit: int) -> ListingPage:
    """Fetch one page from an offset on; the cursor is `offset|total`.

    Offers are sorted by title, so new ones only move rows back, and these come twice. Where some have gone (`total` shrinks),
    the offset goes back as far.
    """
    offset, _, known = (cursor or "0").partition("|")
    size = max(1, min(PAGE, limit))
    answer = api.get("OF21", "/offers", {"sort": "productTitle", "max": size, "offset": offset})
    rows, total = rows_in(answer, "offers"), _total(answer)
    gone = max(0, int(known) - total) if known else 0
    reached = max(0, int(offset) + len(rows) - gone)
    return ListingPage(
        articles=_articles(rows), cursor=f"{reached}|{total}", more=bool(rows) and reached < total, total=total
    )


def fetch_by_sku(api: Api, skus: Sequence[str]) -> ListingPage:
    """Fetch single offers; one call for each, because the filter takes one number."""
    found: list[ListedArticle] = []
    for sku in dict.fromkeys(sku.strip() for sku in skus if sku.strip()):
        rows = rows_in(api.get("OF21", "/offers", {"sku": sku, "max": PAGE}), "offers")
        found += [article for article in _articles(rows) if article.content.sku == sku]
    return ListingPage(articles=tuple(found), cursor="", more=False)


def _total(answer: Answer) -> int:
    total = object_of(answer).get("total_count")
    if not isinstance(total, int):
        raise FailureError(not_json(answer))
    return total


def _articles(rows: Sequence[Mapping[str, Any]]) -> tuple[ListedArticle, ...]:
    return tuple(_article(row) for row in rows)


def _article(row: Mapping[str, Any]) -> ListedArticle:
    content = ArticleContent(
        key="",
        sku=_text(row, "shop_sku"),
        ref=_text(row, "shop_sku"),
        sends=frozenset({DataType.MASTER_DATA}),
        words=Words(language="", name=_text(row, "product_title"), description=_text(row, "product_description")),
        manufacturer=_text(row, "product_brand"),
        ean=_ean(row),
        is_active=row.get("active") is not False,
        channel_category=_text(row, "category_code"),
    )
    price = _decimal(row.get("price"))
    currency = _text(row, "currency_iso_code") or "EUR"
    return ListedArticle(
        content=content,
        prices=(PriceTier(amount=price, currency=currency),) if price is not None else (),
        quantity=_decimal(row.get("quantity")),
    )


def _ean(row: Mapping[str, Any]) -> str:
    references = [entry for entry in row.get("product_references") or [] if isinstance(entry, dict)]
    by_type = {_text(entry, "reference_type").upper(): _text(entry, "reference") for entry in references}
    return next((by_type[kind] for kind in EAN_TYPES if by_type.get(kind)), "")


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return (
        str(value).replace("\x00", "").strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    )


def _decimal(value: object) -> Decimal | None:
    try:
        return Decimal(str(value)) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except InvalidOperation:
        return None
