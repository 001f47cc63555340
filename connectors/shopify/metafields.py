"""Custom fields and properties as metafields: only those that the merchant has defined in the shop, in their own types."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from canonical.catalogue import ArticleContent, DataType, NamedValue
from canonical.failure import Failure, FailureError
from canonical.settings import FieldMode
from connectors.shopify.graph import Document, Graph, UserError, next_page, nodes, user_errors
from connectors.shopify.settings import ShopifyArticleSettings

AT_ONCE = 25
"""Metafields of one call."""
NAMESPACE = "connect"
UNIT = "unit"

DEFINITIONS = Document(
    """
query Definitions($first: Int!, $after: String, $owner: MetafieldOwnerType!) {
  metafieldDefinitions(first: $first, after: $after, ownerType: $owner) {
    nodes { id name namespace key type { name } }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    cost=200,
)
SET_METAFIELDS = Document(
    """
mutation SetMetafields($metafields: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $metafields) {
    metafields { id }
    userErrors { field message code }
  }
}
""",
    cost=13,
)
DELETE_METAFIELDS = Document(
    """
mutation DeleteMetafields($metafields: [MetafieldIdentifierInput!]!) {
  metafieldsDelete(metafields: $metafields) {
    deletedMetafields { key }
    userErrors { field message }
  }
}
""",
    cost=13,
)


@dataclass(frozen=True)
class Definition:
    """A metafield that the merchant has defined."""

    name: str
    namespace: str
    key: str
    type: str


@dataclass
class Metafields:
    """The metafields of one shop; definitions are fetched once per kind of owner."""

    graph: Graph
    settings: ShopifyArticleSettings
    _definitions: dict[str, list[Definition]] = field(default_factory=dict, init=False)

    def send(self, article: ArticleContent, owner_id: str, owner: str) -> None:
        """Set what has a value and delete what is empty, of the fields that we send; raises `FailureError` FIELD_INVALID."""
        filled: list[dict[str, Any]] = []
        emptied: list[dict[str, Any]] = []
        for value, definition in self._named(article, owner):
            place = {"ownerId": owner_id, "namespace": definition.namespace, "key": definition.key}
            if value.value.strip():
                filled.append(place | {"type": definition.type, "value": typed(article.sku, value, definition.type)})
            else:
                emptied.append(place)
        if DataType.MASTER_DATA in article.sends and article.unit and owner == "PRODUCT":
            filled.append(
                {"ownerId": owner_id, "namespace": NAMESPACE, "key": UNIT}
                | {"type": "single_line_text_field", "value": article.unit}
            )
        for start in range(0, len(filled), AT_ONCE):
            batch = filled[start : start + AT_ONCE]
            errors = user_errors(self.graph.run(SET_METAFIELDS, {"metafields": batch}).part("metafieldsSet"))
            if errors:
                raise FailureError(_refused(article, errors[0], batch))
        for start in range(0, len(emptied), AT_ONCE):
            batch = emptied[start : start + AT_ONCE]
            errors = user_errors(self.graph.run(DELETE_METAFIELDS, {"metafields": batch}).part("metafieldsDelete"))
            if errors:
                raise FailureError(_refused(article, errors[0], batch))

    def _named(self, article: ArticleContent, owner: str) -> Iterable[tuple[NamedValue, Definition]]:
        """The fields that we send, each with its counterpart; what has none is not the shop's concern."""
        sets = (
            (
                DataType.CUSTOM_FIELDS,
                article.custom_fields,
                self.settings.custom_field_mode,
                self.settings.custom_field_map,
            ),
            (DataType.PROPERTIES, article.properties, self.settings.property_mode, self.settings.property_map),
        )
        for data_type, values, mode, table in sets:
            if data_type in article.sends:
                for value in values:
                    definition = self._definition(value.name, owner, mode, table)
                    if definition is not None:
                        yield value, definition

    def _definition(self, name: str, owner: str, mode: FieldMode, table: Mapping[str, str]) -> Definition | None:
        known = self._known(owner)
        if mode is FieldMode.TABLE:
            wanted = table.get(name, "")
            return next((each for each in known if f"{each.namespace}.{each.key}" == wanted), None)
        plain, slug = name.strip().casefold(), re.sub(r"\W+", "_", name.strip().casefold())
        fitting = (each for each in known if plain == each.name.casefold() or slug == each.key.casefold())
        return next(fitting, None)

    def _known(self, owner: str) -> list[Definition]:
        if owner not in self._definitions:
            found: list[Definition] = []
            after = ""
            while True:
                variables = {"first": 100, "after": after or None, "owner": owner}
                connection = self.graph.run(DEFINITIONS, variables).data.get("metafieldDefinitions")
                for row in nodes(connection):
                    kind = row["type"]["name"] if isinstance(row.get("type"), dict) else ""
                    found.append(Definition(str(row.get("name")), str(row.get("namespace")), str(row.get("key")), kind))
                after = next_page(connection)
                if not after:
                    break
            self._definitions[owner] = [each for each in found if each.namespace != NAMESPACE]
        return self._definitions[owner]


def _refused(article: ArticleContent, error: UserError, batch: list[dict[str, Any]]) -> Failure:
    named = batch[error.index] if error.index is not None and error.index < len(batch) else {}
    shown = ".".join(filter(None, (named.get("namespace"), named.get("key")))) or "metafields"
    return Failure.of("FIELD_INVALID", field=shown, record=article.sku, reason=error.message or error.code)


def typed(sku: str, value: NamedValue, kind: str) -> str:
    """A value in the text form of the metafield's type; raises `FailureError` FIELD_INVALID where it cannot be one."""
    text = value.value.strip()
    try:
        match kind:
            case "number_integer":
                number = Decimal(text.replace(",", "."))
                if number != int(number):
                    raise ValueError(kind)
                return str(int(number))
            case "number_decimal":
                return f"{Decimal(text.replace(',', '.')):f}"
            case "boolean":
                return {"1": "true", "true": "true", "ja": "true", "yes": "true"}.get(text.casefold(), "false")
            case "date":
                return date.fromisoformat(text).isoformat()
            case "single_line_text_field":
                return " ".join(text.split())
            case _ if kind.startswith("list."):
                parts = [typed(sku, NamedValue(name=value.name, value=part), kind[5:]) for part in _parts(text)]
                return orjson.dumps(parts).decode()
            case _:
                return text
    except (InvalidOperation, ValueError, OverflowError) as error:
        failure = Failure.of("FIELD_INVALID", field=value.name, record=sku, reason=kind)
        raise FailureError(failure) from error


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;|\n]", text) if part.strip()]
