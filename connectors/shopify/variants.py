"""The one form of a reference to an article, and looking variants up by SKU."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from canonical.failure import Failure
from connectors.shopify.graph import Document, Graph, mapping, nodes, number_of, quoted

_REF = re.compile(r"(?P<product>\d+)(/(?P<variant>\d+)(/(?P<item>\d+))?)?")
SKUS = 60
"""Article numbers of one look-up: a search text may not grow without end, and each may be there more than once."""

FIND_VARIANTS = Document(
    """
query FindVariants($first: Int!, $query: String!) {
  productVariants(first: $first, query: $query) {
    nodes { id sku product { id hasOnlyDefaultVariant } inventoryItem { id tracked } }
  }
}
""",
    cost=360,
)


@dataclass(frozen=True)
class Ref:
    """`product/variant/item` in the shop's numbers; a parent has only the first, an old link perhaps only two."""

    product: str
    variant: str = ""
    item: str = ""

    @classmethod
    def parse(cls, text: str) -> "Ref | None":
        """Read the text form; None for anything else."""
        found = _REF.fullmatch(text)
        return cls(**{name: value or "" for name, value in found.groupdict().items()}) if found else None

    def __str__(self) -> str:
        return "/".join(filter(None, (self.product, self.variant, self.item)))


@dataclass(frozen=True)
class Variant:
    """A variant as the shop has it."""

    ref: Ref
    sku: str
    is_tracked: bool = True
    is_alone: bool = False
    """It is its product: a simple article."""


@dataclass(frozen=True)
class Found:
    """What a look-up brought: each number's variant, or why there is none."""

    variants: dict[str, Variant]
    failures: dict[str, Failure]


def _variant(row: object) -> Variant | None:
    node = mapping(row)
    item, product = mapping(node.get("inventoryItem")), mapping(node.get("product"))
    ref = Ref(number_of(product.get("id")), number_of(node.get("id")), number_of(item.get("id")))
    if not ref.product or not ref.variant:
        return None
    is_alone = product.get("hasOnlyDefaultVariant") is True
    return Variant(ref, str(node.get("sku") or "").strip(), item.get("tracked") is not False, is_alone)


def find(graph: Graph, skus: Iterable[str]) -> Found:
    """Look variants up by SKU; a number that is there twice cannot be told apart and is refused."""
    wanted = list(dict.fromkeys(sku.strip() for sku in skus))
    asked = [sku for sku in wanted if sku]
    hits: dict[str, list[Variant]] = {}
    for start in range(0, len(asked), SKUS):
        query = " OR ".join(f"sku:{quoted(sku)}" for sku in asked[start : start + SKUS])
        reply = graph.run(FIND_VARIANTS, {"first": SKUS * 2, "query": query})
        for variant in map(_variant, nodes(reply.data.get("productVariants"))):
            if variant is not None:
                hits.setdefault(variant.sku, []).append(variant)
    found = {sku: hits[sku][0] for sku in asked if len(hits.get(sku, ())) == 1}
    twice = {sku: Failure.of("SKU_TWICE", sku=sku) for sku in asked if len(hits.get(sku, ())) > 1}
    missing = {sku: Failure.of("NOT_IN_SHOP", sku=sku) for sku in wanted if sku not in found and sku not in twice}
    return Found(found, twice | missing)


def resolve(graph: Graph, wanted: Sequence[tuple[str, str, str]], *, needs_item: bool) -> Found:
    """Find the variants of records (key, SKU, ref): by a ref as it stands, else by SKU. Both results are by key."""
    known: dict[str, Variant] = {}
    unknown: list[tuple[str, str]] = []
    for key, sku, text in wanted:
        ref = Ref.parse(text)
        if ref is not None and ref.variant and (ref.item or not needs_item):
            known[key] = Variant(ref, sku)
        else:
            unknown.append((key, sku))
    found = find(graph, (sku for _, sku in unknown)) if unknown else Found({}, {})
    failures: dict[str, Failure] = {}
    for key, sku in unknown:
        variant = found.variants.get(sku.strip())
        if variant is None:
            failures[key] = found.failures[sku.strip()]
        else:
            known[key] = replace(variant, sku=sku)
    return Found(known, failures)
