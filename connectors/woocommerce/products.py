"""Where a product is in the shop: its ref, its paths, and finding it by number or by id."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connectors.answers import RefusedError
from connectors.transport import Calls, Params
from connectors.woocommerce.answers import INVALID_ID, Row, error_of, row_of, rows_of

PAGE = 100
LONGEST_QUERY = 1_500
"""Characters of article numbers in one look-up: servers refuse addresses of more than a few thousand."""
_REF = re.compile(r"\d+(/\d+)?")


@dataclass(frozen=True)
class Place:
    """A product by its ref: `product_id`, or `parent_id/variation_id`."""

    ref: str

    @classmethod
    def known(cls, ref: str) -> "Place | None":
        """Read a stored ref; None if it is not one of ours."""
        return cls(ref) if _REF.fullmatch(ref) else None

    @classmethod
    def of(cls, row: Row) -> "Place":
        """The place of a product as the shop shows it."""
        parent = row.get("parent_id")
        return cls(f"{parent}/{row['id']}" if parent else str(row["id"]))

    @property
    def parent(self) -> str:
        """The id of the parent; empty for a product that is no variation."""
        parent, slash, _ = self.ref.partition("/")
        return parent if slash else ""

    @property
    def batch(self) -> str:
        """Variations are only accepted at their parent."""
        return variations_path(self.parent) + "/batch" if self.parent else "/products/batch"

    @property
    def id(self) -> int:
        """The product or variation."""
        return int(self.ref.rpartition("/")[2])


@dataclass
class Found:
    """Products by their number, and the numbers that several have."""

    rows: dict[str, Row] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)

    def get(self, sku: str) -> Row | None:
        """The product with this number."""
        return self.rows.get(sku.strip())


def variations_path(parent: str | int) -> str:
    """The path of a product's variations."""
    return f"/products/{parent}/variations"


def find(calls: Calls, skus: Iterable[str], fields: str) -> Found:
    """Look article numbers up, many in one call; the shop's search by number also finds variations.

    `fields` must name id, sku, type and parent_id.
    """
    found = Found()
    for query in _queries(skus):
        wanted = set(query.split(","))
        for row in rows_of(calls.get("/products", {"sku": query, "per_page": PAGE, "_fields": fields})):
            if isinstance(row, dict) and row.get("id") and row.get("sku") in wanted:
                sku = row["sku"]
                if sku in found.rows and found.rows[sku]["id"] != row["id"]:
                    found.twice.add(sku)
                found.rows[sku] = row
    return found


def _queries(skus: Iterable[str]) -> list[str]:
    """Join article numbers to queries of bearable length; the comma separates, so a number with one cannot be asked for."""
    queries: list[list[str]] = [[]]
    for sku in dict.fromkeys(sku.strip() for sku in skus):
        if not sku or "," in sku:
            continue
        if len(queries[-1]) == PAGE or sum(len(other) + 1 for other in queries[-1]) + len(sku) > LONGEST_QUERY:
            queries.append([])
        queries[-1].append(sku)
    return [",".join(query) for query in queries if query]


def find_by_ref(calls: Calls, places: Sequence[Place], fields: str) -> dict[str, Row]:
    """Fetch products by refs stored earlier; what the shop no longer has is left out."""
    groups: dict[str, list[Place]] = {}
    for place in dict.fromkeys(places):
        groups.setdefault(place.parent, []).append(place)
    found: dict[str, Row] = {}
    for parent, group in groups.items():
        path = variations_path(parent) if parent else "/products"
        for start in range(0, len(group), PAGE):
            include = ",".join(str(place.id) for place in group[start : start + PAGE])
            for row in _rows_at(calls, path, {"include": include, "per_page": PAGE, "_fields": fields}):
                if isinstance(row, dict) and row.get("id"):
                    found[f"{parent}/{row['id']}" if parent else str(row["id"])] = row
    return found


def _rows_at(calls: Calls, path: str, params: Params) -> list[Row]:
    """The rows of a list; none where the shop no longer has the parent whose list it is."""
    try:
        return rows_of(calls.get(path, params))
    except RefusedError as error:
        if error.answer.status == 404 and error_of(error.answer)[0].endswith(INVALID_ID):
            return []
        raise


def fetch_one(calls: Calls, product_id: int, fields: str) -> Row | None:
    """Fetch one product or variation by its id, also one in the trash; None if there is none."""
    try:
        return row_of(calls.get(f"/products/{product_id}", {"_fields": fields}))
    except RefusedError as error:
        if error.answer.status == 404 and error_of(error.answer)[0].endswith(INVALID_ID):
            return None
        raise


def all_rows(calls: Calls, path: str, params: Params) -> list[Row]:
    """All pages of a list that hardly changes while it is read."""
    found: list[Row] = []
    page = 1
    while True:
        rows = rows_of(calls.get(path, {**params, "per_page": PAGE, "page": page}))
        found += [row for row in rows if isinstance(row, dict) and row.get("id")]
        if len(rows) < PAGE:
            return found
        page += 1
