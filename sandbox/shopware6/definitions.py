"""Which entities the shop knows: their fields and associations, read from the two texts beside.

Notation of a field: `name:type` and flags. Types: `i` id, `s` text, `n` integer, `f` number, `b` truth, `d` moment, `l` list,
`o` object, `p` list of prices. Flags: `*` required, `!` written by the shop only, `~` translated.
Notation of an association: `name>entity.key` (many to one, key here), `name<entity.key` (one to many, key there),
`name=entity.key` (one to one, key there), `name%entity/mapping` (many to many).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sandbox.shopware6 import definitions_catalogue, definitions_orders

FIELD = re.compile(r"^(\w+):([isnfbdlop])([*!~]*)$")
ASSOCIATION = re.compile(r"^(\w+)([<>=%])(\w+)[./](\w+)$")
LIVE_VERSION = "0fa91ce3e96a4bc2be4bd9ce752c3425"
MAPPING_KEYS = {
    "product_category": ("product", "productId", "category", "categoryId"),
    "product_property": ("product", "productId", "property_group_option", "optionId"),
    "product_option": ("product", "productId", "property_group_option", "optionId"),
    "product_tag": ("product", "productId", "tag", "tagId"),
    "product_custom_field_set": ("product", "productId", "custom_field_set", "customFieldSetId"),
    "order_tag": ("order", "orderId", "tag", "tagId"),
    "category_tag": ("category", "categoryId", "tag", "tagId"),
    "customer_tag": ("customer", "customerId", "tag", "tagId"),
    "integration_role": ("integration", "integrationId", "acl_role", "aclRoleId"),
    "media_tag": ("media", "mediaId", "tag", "tagId"),
    "sales_channel_currency": ("sales_channel", "salesChannelId", "currency", "currencyId"),
    "sales_channel_language": ("sales_channel", "salesChannelId", "language", "languageId"),
    "sales_channel_country": ("sales_channel", "salesChannelId", "country", "countryId"),
    "sales_channel_payment_method": ("sales_channel", "salesChannelId", "payment_method", "paymentMethodId"),
    "sales_channel_shipping_method": ("sales_channel", "salesChannelId", "shipping_method", "shippingMethodId"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an entity."""

    name: str
    type: str
    is_required: bool = False
    is_read_only: bool = False
    is_translated: bool = False


@dataclass(frozen=True, slots=True)
class Association:
    """How an entity reaches another: `kind` is one of `>`, `<`, `=`, `%`; `key` the foreign key or the mapping's name."""

    name: str
    kind: str
    entity: str
    key: str

    @property
    def is_many(self) -> bool:
        """Whether it leads to a list."""
        return self.kind in "<%"


@dataclass(frozen=True)
class Entity:
    """An entity with its fields in the vendor's order."""

    name: str
    is_versioned: bool
    is_translated: bool
    fields: Mapping[str, Field]
    associations: Mapping[str, Association]

    @cached_property
    def path(self) -> str:
        """The entity in an address."""
        return self.name.replace("_", "-")

    @cached_property
    def translated_fields(self) -> tuple[str, ...]:
        """The names of the fields that every language has its own value of."""
        return tuple(field.name for field in self.fields.values() if field.is_translated)

    @cached_property
    def version_fields(self) -> tuple[str, ...]:
        """The names of the fields that hold the version of another row."""
        return tuple(name for name in self.fields if name.endswith("VersionId"))


def _parse(text: str) -> dict[str, Entity]:
    found: dict[str, Entity] = {}
    for block in re.split(r"\n(?=\w)", text.strip("\n")):
        head, _, body = block.partition("\n")
        name, *flags = head.split()
        fields: dict[str, Field] = {"id": Field("id", "i")}
        associations: dict[str, Association] = {}
        for word in body.split():
            if match := FIELD.match(word):
                fields[match[1]] = Field(match[1], match[2], "*" in match[3], "!" in match[3], "~" in match[3])
            elif match := ASSOCIATION.match(word):
                associations[match[1]] = Association(match[1], match[2], match[3], match[4])
            else:
                raise ValueError(f"not a field or association of {name}: {word}")
        fields |= {moment: Field(moment, "d", is_read_only=True) for moment in ("createdAt", "updatedAt")}
        found[name] = Entity(name, "versioned" in flags, "translated" in flags, fields, associations)
    return found


ENTITIES: Mapping[str, Entity] = {**_parse(definitions_orders.TEXT), **_parse(definitions_catalogue.TEXT)}
BY_PATH: Mapping[str, Entity] = {entity.path: entity for entity in ENTITIES.values()}
UNIQUE_NAMES = frozenset({("product", "productNumber"), ("custom_field", "name")})
INDEXED: frozenset[tuple[str, str]] = UNIQUE_NAMES | frozenset(
    (association.entity, association.key)
    for entity in ENTITIES.values()
    for association in entity.associations.values()
    if association.kind in "<="
)
INDEXED_OF: Mapping[str, tuple[str, ...]] = {
    name: tuple(sorted(key for entity, key in INDEXED if entity == name)) for name in ENTITIES
}
