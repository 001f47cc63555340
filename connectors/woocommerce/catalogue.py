"""Listing the shop's products in the order of their ids, each parent with its variations, so that none is skipped."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from canonical.catalogue import ListedArticle, ListingPage
from connectors.answers import Answer
from connectors.transport import Calls, Params
from connectors.woocommerce.answers import Row, rows_of
from connectors.woocommerce.listing import KINDS, Listing
from connectors.woocommerce.products import PAGE, Place, all_rows, find, find_by_ref, variations_path

LONGEST_FETCH = 30.0
FIELDS = (
    "id,parent_id,type,sku,name,status,permalink,description,short_description,regular_price,sale_price,on_sale,tax_status,"
    "tax_class,manage_stock,stock_quantity,weight,dimensions,global_unique_id,categories,tags,images,image,attributes"
)


@dataclass(frozen=True)
class _At:
    """Where to go on: how many products lie behind, and the last one's id; text form `120|4711`."""

    offset: int = 0
    last: int = 0

    @classmethod
    def parse(cls, text: str) -> "_At":
        """Read the text form; empty begins."""
        offset, _, last = text.partition("|")
        return cls(int(offset or 0), int(last or 0))

    def __str__(self) -> str:
        return f"{self.offset}|{self.last}"


def fetch(calls: Calls, listing: Listing, cursor: str, limit: int) -> ListingPage:
    """Fetch up to about `limit` articles, or what thirty seconds allow; raises `FailureError`."""
    at = _At.parse(cursor)
    deadline = time.monotonic() + LONGEST_FETCH
    articles: list[ListedArticle] = []
    size = min(PAGE, limit + 1)
    while True:
        start, rows, answer = _page(calls, at, size)
        total = _total(answer)
        for index, row in enumerate(rows):
            if row["id"] > at.last:
                articles += _with_variations(calls, listing, row)
                at = _At(start + index + 1, int(row["id"]))
                if len(articles) >= limit or time.monotonic() > deadline:
                    return ListingPage(articles=tuple(articles), cursor=str(at), more=True, total=total)
        at = _At(start + len(rows), at.last)
        if len(rows) < size:
            return ListingPage(articles=tuple(articles), cursor=str(at), more=False, total=total)


def _page(calls: Calls, at: _At, size: int) -> tuple[int, list[Row], Answer]:
    """The page that holds the product after the last one.

    It begins with the last one: if that is not there, products before it were deleted meanwhile, the rest has moved up,
    and the page before is read as well.
    """
    start = max(0, at.offset - 1)
    while True:
        params: Params = {"orderby": "id", "order": "asc", "per_page": size, "offset": start, "_fields": FIELDS}
        answer = calls.get("/products", params)
        rows = [row for row in rows_of(answer) if isinstance(row, dict) and isinstance(row.get("id"), int)]
        if start == 0 or (rows and rows[0]["id"] <= at.last):
            return start, rows, answer
        start = max(0, start - size)


def _total(answer: Answer) -> int | None:
    """How many products there are; variations are not counted."""
    stated = answer.headers.get("x-wp-total", "")
    return int(stated) if stated.isdecimal() else None


def fetch_by_sku(calls: Calls, listing: Listing, skus: Sequence[str]) -> ListingPage:
    """Fetch single articles; a variation comes with its parent and all its siblings. Raises `FailureError`."""
    found = find(calls, skus, FIELDS).rows.values()
    heads = {int(row["id"]): row for row in found if not row.get("parent_id")}
    missing = {int(row["parent_id"]) for row in found if row.get("parent_id")} - heads.keys()
    heads |= {
        int(row["id"]): row for row in find_by_ref(calls, [Place(str(each)) for each in missing], FIELDS).values()
    }
    articles = [article for _, row in sorted(heads.items()) for article in _with_variations(calls, listing, row)]
    return ListingPage(articles=tuple(articles), cursor="", more=False)


def _with_variations(calls: Calls, listing: Listing, row: Row) -> Iterator[ListedArticle]:
    """A product, and behind it its variations."""
    if row.get("type") not in KINDS:
        return
    yield listing.product(row)
    if row.get("type") == "variable":
        params = {"orderby": "id", "order": "asc", "_fields": FIELDS}
        for variation in all_rows(calls, variations_path(row["id"]), params):
            yield listing.variation(variation, row)
