"""What can be chosen in the shop: the option lists of settings ("reload options", D§2)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from canonical.channel import ChannelChoice
from connectors.shopify.graph import Document, Graph, mapping, next_page, nodes, number_of
from connectors.shopify.metafields import DEFINITIONS
from connectors.shopify.prices import CATALOGS

LOCATIONS = Document(
    """
query Locations($first: Int!, $after: String) {
  locations(first: $first, after: $after, sortKey: ID) { nodes { id name } pageInfo { hasNextPage endCursor } }
}
""",
    cost=100,
)
PUBLICATIONS = Document(
    """
query Publications($first: Int!, $after: String) {
  publications(first: $first, after: $after) {
    nodes { id catalog { title } channels(first: 1) { nodes { name } } }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    cost=300,
)
COLLECTIONS = Document(
    """
query Collections($first: Int!, $after: String) {
  collections(first: $first, after: $after, sortKey: TITLE) {
    nodes { id title ruleSet { appliedDisjunctively } }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    cost=200,
)
TAXONOMY = Document(
    """
query Taxonomy($first: Int!, $after: String) {
  taxonomy {
    categories(first: $first, after: $after) {
      nodes { id fullName isArchived }
      pageInfo { hasNextPage endCursor }
    }
  }
}
""",
    cost=251,
)

KINDS = ("locations", "publications", "collections", "catalogs", "metafields", "taxonomy")
Choices = list[ChannelChoice]


def list_choices(graph: Graph, kind: str) -> Sequence[ChannelChoice]:
    """Fetch one list in the shop's order; raises `FailureError`, and `KeyError` for a kind that is not declared."""
    return _LISTS[kind](graph)


def _all(graph: Graph, document: Document, name: str, *, first: int = 100, **variables: object) -> list[dict[str, Any]]:
    """All pages of a list."""
    rows: list[dict[str, Any]] = []
    after = ""
    while True:
        connection = graph.run(document, {"first": first, "after": after or None, **variables}).data.get(name)
        if name == "taxonomy":
            connection = mapping(connection).get("categories")
        rows += nodes(connection)
        after = next_page(connection)
        if not after:
            return rows


def _choice(value: object, label: object) -> ChannelChoice:
    return ChannelChoice(value=str(value), label=str(label or value))


def _locations(graph: Graph) -> Choices:
    return [_choice(number_of(row["id"]), row.get("name")) for row in _all(graph, LOCATIONS, "locations")]


def _publications(graph: Graph) -> Choices:
    """The sales channels; one of an app without a channel has only its catalogue's title."""
    found = []
    for row in _all(graph, PUBLICATIONS, "publications"):
        channel = next(iter(nodes(row.get("channels"))), {})
        name = channel.get("name") or mapping(row.get("catalog")).get("title")
        found.append(_choice(number_of(row["id"]), name))
    return found


def _collections(graph: Graph) -> Choices:
    """Only manual ones: an automatic collection takes no products."""
    rows = [row for row in _all(graph, COLLECTIONS, "collections") if not row.get("ruleSet")]
    return [_choice(number_of(row["id"]), row.get("title")) for row in rows]


def _catalogs(graph: Graph) -> Choices:
    """By title, because a group's prices go to the catalogue of the group's name."""
    return [_choice(row["title"], row["title"]) for row in _all(graph, CATALOGS, "catalogs") if row.get("title")]


def _metafields(graph: Graph) -> Choices:
    found: dict[str, ChannelChoice] = {}
    for owner in ("PRODUCT", "PRODUCTVARIANT"):
        for row in _all(graph, DEFINITIONS, "metafieldDefinitions", owner=owner):
            key = f"{row.get('namespace')}.{row.get('key')}"
            found[key] = _choice(key, f"{row.get('name')} ({key})")
    return list(found.values())


def _taxonomy(graph: Graph) -> Choices:
    rows = [row for row in _all(graph, TAXONOMY, "taxonomy", first=250) if not row.get("isArchived")]
    return [_choice(row["id"], row.get("fullName")) for row in rows]


_LISTS: Mapping[str, Callable[[Graph], Choices]] = {
    "locations": _locations,
    "publications": _publications,
    "collections": _collections,
    "catalogs": _catalogs,
    "metafields": _metafields,
    "taxonomy": _taxonomy,
}
