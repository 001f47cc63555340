"""The sandbox's schema against the vendor's: every name and type exists there, so what is valid here is valid there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    execute,
    get_operation_ast,
    parse,
)

from sandbox.shopify import ShopifyShop
from sandbox.shopify.app import Operation
from sandbox.shopify.money import Bag
from sandbox.shopify.schema import Call, executable_schema
from sandbox.shopify.scopes import FIELDS, TYPES
from tests.contract.shopify_spec import specification
from tests.sandbox.shopify.support import Json
from tests.sandbox.shopify.test_contract import ORDER, PRODUCT, READS

# Scopes named in other words in the vendor's file, with the reason.
OTHERWISE = {
    "Mutation.refundCreate": "the file leaves out `write_`",
    "Mutation.inventoryItemUpdate": "not in the file; as the item's other mutations",
    "Mutation.fulfillmentCancel": "not in the file; as the other mutations of fulfilments",
    "Mutation.orderClose": "not in the file in this form",
    "Mutation.bulkOperationRunQuery": "speaks of tokens, not scopes",
    "Catalog": "says `products or product_listings read access scope`",
}


@pytest.fixture(scope="module", autouse=True)
def _needs(shared: Path) -> None:
    """The vendor's schema lies in the shared folder."""


def test_every_type_field_argument_and_value_exists_in_the_vendors_schema() -> None:
    ours, theirs = executable_schema(), specification()
    wrong: list[str] = []
    for name, kind in ours.type_map.items():
        other = theirs.type_map.get(name)
        if type(other) is not type(kind):
            wrong.append(name)
        elif isinstance(kind, GraphQLEnumType) and isinstance(other, GraphQLEnumType):
            wrong += [f"{name}.{value}" for value in kind.values if value not in other.values]
        elif isinstance(kind, GraphQLUnionType) and isinstance(other, GraphQLUnionType):
            known = {member.name for member in other.types}
            wrong += [f"{name} = {member.name}" for member in kind.types if member.name not in known]
        elif isinstance(kind, GraphQLInputObjectType) and isinstance(other, GraphQLInputObjectType):
            wrong += [
                f"{name}.{f}"
                for f, x in kind.fields.items()
                if f not in other.fields or str(other.fields[f].type) != str(x.type)
            ]
            wrong += [
                f"{name}.{f} is required"
                for f, x in other.fields.items()
                if f not in kind.fields and str(x.type).endswith("!")
            ]
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__"):
            wrong += list(_fields(name, kind, other))
    assert wrong == []


def _fields(name: str, kind: GraphQLObjectType | GraphQLInterfaceType, other: object) -> list[str]:
    assert isinstance(other, GraphQLObjectType | GraphQLInterfaceType)
    wrong = [f"{name}: {i.name}" for i in kind.interfaces if i.name not in {x.name for x in other.interfaces}]
    for field, value in kind.fields.items():
        known = other.fields.get(field)
        if known is None or str(known.type) != str(value.type):
            wrong.append(f"{name}.{field}")
            continue
        wrong += [
            f"{name}.{field}({a})"
            for a, x in value.args.items()
            if a not in known.args or str(known.args[a].type) != str(x.type)
        ]
        wrong += [
            f"{name}.{field}({a}) is required"
            for a, x in known.args.items()
            if a not in value.args and str(x.type).endswith("!")
        ]
    return wrong


def test_scopes_are_those_of_the_vendors_file(shared: Path) -> None:
    file = shared / "specs" / "shopify" / "admin-2026-10.access.json"
    required = json.loads(file.read_text(encoding="utf-8"))["requiredAccess"]
    named = {
        key: set(re.findall(r"`((?:read|write)_\w+)` access", required.get(key, "").split("Also:")[0]))
        for key in (*TYPES, *FIELDS)
    }
    wrong = {
        key: (set(scopes), named[key])
        for key, scopes in (TYPES | FIELDS).items()
        if set(scopes) != named[key] and key not in OTHERWISE
    }
    assert wrong == {}


def plain(value: object) -> object:
    """An answer without the dates that differ between two runs."""
    return json.loads(json.dumps(value, default=str))


@pytest.mark.parametrize(
    "query",
    [
        f"{{ orders(first: 10) {{ nodes {{ ...O }} }} }} {ORDER}",
        f"{{ products(first: 5) {{ edges {{ cursor node {{ ...P }} }} }} }} {PRODUCT}",
        READS,
        '{ a: product(id: "gid://shopify/Product/1") { id } nodes(ids: ["gid://shopify/Nothing/1"]) { id } orders(first: 300) { nodes { id } } }',
        "{ collections(first: 2) { nodes { id } } translatableResources(first: 1, resourceType: MENU) { nodes { resourceId } } }",
    ],
    ids=["orders", "products", "shop", "errors", "error below the root"],
)
def test_a_plan_answers_as_the_librarys_executor_does(query: str) -> None:
    shop = ShopifyShop()
    shop.seed(articles=20, orders=15, seed=5)
    granted = shop.tokens.granted(shop.credentials()["token"]) or frozenset()
    document = parse(query)
    node = get_operation_ast(document)
    assert node is not None
    ours = Operation(document, node).execute(Call(shop, "", granted), {})
    theirs = execute(executable_schema(), document, context_value=Call(shop, "", granted))
    assert plain(ours.data) == plain(theirs.data)  # type: ignore[union-attr]
    shown = [[(e.path, e.extensions) for e in result.errors or ()] for result in (ours, theirs)]  # type: ignore[union-attr]
    assert shown[0] == shown[1]


def test_conditional_fields_and_introspection_are_answered(shop: ShopifyShop) -> None:
    granted = frozenset({"read_orders"})
    for query, variables in (
        ("query($b: Boolean!) { shop { name currencyCode @include(if: $b) } }", {"b": False}),
        ('{ __type(name: "Order") { name } }', {}),
    ):
        document = parse(query)
        node = get_operation_ast(document)
        assert node is not None
        result = Operation(document, node).execute(Call(shop, "", granted), variables)
        found: Json = dict(result.data or {})
        assert found in ({"shop": {"name": "Muster-Laden"}}, {"__type": {"name": "Order"}})


def test_bags_split_without_losing_a_cent() -> None:
    from decimal import Decimal

    whole = Bag(Decimal("10.00"), Decimal("9.44"), "EUR", "CHF")
    parts = [whole.pieces(0, 1, 3), whole.pieces(1, 1, 3), whole.pieces(2, 1, 3)]
    assert sum((p.shop for p in parts), Decimal(0)) == whole.shop
    assert sum((p.presentment for p in parts), Decimal(0)) == whole.presentment
