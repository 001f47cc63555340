"""Listing the shop's products for pairing and the initial import: page by page, or by a bulk operation where there are many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from canonical.catalogue import ListedArticle, ListingPage
from canonical.failure import Failure, FailureError
from connectors.shopify import bulk_file, variants
from connectors.shopify.bulk_file import Part
from connectors.shopify.graph import Document, Graph, gid, mapping, next_page, nodes, number_of, user_errors
from connectors.shopify.listing import listed

BULK_FROM = 500
"""Products from which a bulk operation is quicker than pages of five."""
FIRST_LOOK, NEXT_LOOK = 5.0, 15.0
ENDED_BADLY = frozenset({"CANCELED", "CANCELING", "EXPIRED", "FAILED"})

_FIELDS = """
id title descriptionHtml vendor productType status tags isGiftCard hasOnlyDefaultVariant
seo { title description }
options(first: 3) { name optionValues { name } }
number: metafield(namespace: "connect", key: "number") { value }
unit: metafield(namespace: "connect", key: "unit") { value }
"""
_VARIANT_FIELDS = """
id sku barcode price compareAtPrice taxable inventoryQuantity inventoryPolicy
selectedOptions { name value }
inventoryItem { id tracked harmonizedSystemCode countryCodeOfOrigin measurement { weight { value unit } } }
"""
_MEDIA_FIELDS = "id alt preview { image { url } }"

COUNT = Document("query Count { productsCount(limit: null) { count } shop { currencyCode taxesIncluded } }", cost=2)
LIST_PRODUCTS = Document(
    f"""
query ListProducts($first: Int!, $query: String!, $variants: Int!) {{
  shop {{ currencyCode taxesIncluded }}
  products(first: $first, query: $query, sortKey: ID) {{
    nodes {{
      {_FIELDS}
      media(first: 10, query: "media_type:IMAGE") {{ nodes {{ {_MEDIA_FIELDS} }} }}
      variants(first: $variants) {{ nodes {{ {_VARIANT_FIELDS} }} pageInfo {{ hasNextPage endCursor }} }}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
""",
    cost=751,
)
LIST_VARIANTS = Document(
    f"""
query ListVariants($id: ID!, $after: String!) {{
  product(id: $id) {{
    variants(first: 100, after: $after) {{ nodes {{ {_VARIANT_FIELDS} }} pageInfo {{ hasNextPage endCursor }} }}
  }}
}}
""",
    cost=501,
)
BULK_QUERY = f"""
{{
  products(sortKey: ID) {{
    edges {{ node {{
      {_FIELDS}
      media(query: "media_type:IMAGE") {{ edges {{ node {{ __typename {_MEDIA_FIELDS} }} }} }}
      variants {{ edges {{ node {{ __typename {_VARIANT_FIELDS} }} }} }}
    }} }}
  }}
}}
"""
START_BULK = Document(
    """
mutation StartBulk($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: true) {
    bulkOperation { id status }
    userErrors { field message code }
  }
}
""",
    cost=13,
)
BULK_STATE = Document(
    """
query BulkState($id: ID!) {
  bulkOperation(id: $id) { id status errorCode url rootObjectCount }
  shop { currencyCode taxesIncluded }
}
""",
    cost=2,
)
PRODUCTS, VARIANTS = 5, 22
Download = Callable[[str, int, int], Part]
"""Fetches a part of a bulk operation's file: its address, the first byte, and how many."""


@dataclass
class Catalogue:
    """The products of one shop; `download` fetches from the file of a bulk operation."""

    graph: Graph
    download: Download

    def page(self, cursor: str, limit: int) -> ListingPage:
        """Fetch from the cursor on: "" begins, `id|<product>` goes on after one, `bulk|<operation>|<byte>` in a file."""
        kind, _, rest = cursor.partition("|")
        if kind == "bulk":
            operation, _, start = rest.partition("|")
            return self._bulk(operation, int(start or 0), limit)
        if kind == "id":
            return self._paged(int(rest), limit, None)
        count = int(mapping(self.graph.run(COUNT).data.get("productsCount")).get("count") or 0)
        return self._start(count) if count >= BULK_FROM else self._paged(0, limit, count)

    def by_sku(self, skus: Sequence[str]) -> ListingPage:
        """Single articles, each product with all of its variants, once."""
        found = variants.find(self.graph, skus)
        products = list(dict.fromkeys(each.ref.product for each in found.variants.values()))
        articles: list[ListedArticle] = []
        for start in range(0, len(products), PRODUCTS):
            query = " OR ".join(f"id:{number}" for number in products[start : start + PRODUCTS])
            articles += self._products(query)[0]
        return ListingPage(articles=tuple(articles), cursor="", more=False)

    def _paged(self, after: int, limit: int, total: int | None) -> ListingPage:
        """Pages by id, so that a product that changes meanwhile moves nothing."""
        articles: list[ListedArticle] = []
        while True:
            more, last, is_full = self._products(f"id:>{after}")
            articles += more
            after = max(last, after)
            if not is_full or len(articles) >= limit:
                return ListingPage(articles=tuple(articles), cursor=f"id|{after}", more=is_full, total=total)

    def _products(self, query: str) -> tuple[list[ListedArticle], int, bool]:
        reply = self.graph.run(LIST_PRODUCTS, {"first": PRODUCTS, "query": query, "variants": VARIANTS})
        connection = mapping(reply.data.get("products"))
        found: list[ListedArticle] = []
        last = 0
        for row in nodes(connection):
            rows = nodes(row.get("variants"))
            after = next_page(row.get("variants"))
            while after:
                more = self.graph.run(LIST_VARIANTS, {"id": row["id"], "after": after}).part("product").get("variants")
                rows += nodes(more)
                after = next_page(more)
            last = max(last, int(number_of(row.get("id")) or 0))
            found += listed(row, rows, nodes(row.get("media")), reply.part("shop"))
        return found, last, mapping(connection.get("pageInfo")).get("hasNextPage") is True

    # --- bulk ---------------------------------------------------------------------------------------------------------

    def _start(self, count: int) -> ListingPage:
        payload = self.graph.run(START_BULK, {"query": BULK_QUERY}).part("bulkOperationRunQuery")
        errors = user_errors(payload)
        operation = number_of(mapping(payload.get("bulkOperation")).get("id"))
        if any(error.code in ("OPERATION_IN_PROGRESS", "LIMIT_REACHED") for error in errors):
            return ListingPage(articles=(), cursor="", more=True, total=count, ask_again_after=60)
        if errors or not operation:
            reason = errors[0].message or errors[0].code if errors else "bulkOperationRunQuery"
            raise FailureError(Failure.of("REQUEST_REFUSED", host=self.graph.host, reason=reason))
        return ListingPage(
            articles=(), cursor=f"bulk|{operation}|0", more=True, total=count, ask_again_after=FIRST_LOOK
        )

    def _bulk(self, operation: str, start: int, limit: int) -> ListingPage:
        """Look whether the file is ready, then go on in it; each page reads only its own part of the file."""
        reply = self.graph.run(BULK_STATE, {"id": gid("BulkOperation", operation)})
        state = reply.part("bulkOperation")
        if not state or state.get("status") in ENDED_BADLY:
            # The file is gone or was never made: begin again.
            if state and state.get("errorCode") == "ACCESS_DENIED":
                raise FailureError(Failure.of("SCOPE_MISSING", scopes="read_products"))
            return ListingPage(articles=(), cursor="", more=True, ask_again_after=NEXT_LOOK)
        if state.get("status") != "COMPLETED":
            cursor = f"bulk|{operation}|{start}"
            return ListingPage(articles=(), cursor=cursor, more=True, ask_again_after=NEXT_LOOK)
        url, more = str(state.get("url") or ""), False
        articles: list[ListedArticle] = []
        for row, end in bulk_file.products(partial(self.download, url), start) if url else ():
            if len(articles) >= limit:
                more = True
                break
            articles += listed(row, row["variants"], row["media"], reply.part("shop"))
            start = end
        total = int(state.get("rootObjectCount") or 0)
        return ListingPage(articles=tuple(articles), cursor=f"bulk|{operation}|{start}", more=more, total=total)
