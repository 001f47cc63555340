"""Validate exchanges with a Shopify shop against the vendor's schema: the query, its variables, and the answer field by field.

`DEVIATIONS` lists where real answers are known to differ from the schema; nothing else is let pass.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from graphql import (
    REMOVE,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    build_schema,
    parse,
    validate,
    visit,
)
from graphql.execution.values import get_argument_values, get_variable_values

from sandbox.shop import Exchange

Json = dict[str, Any]
FILE = "admin-2026-10.schema.graphql"
GRAPHQL = re.compile(r"^/admin/api/[^/]+/graphql\.json$")
DESCRIPTION = re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"""', re.DOTALL)
MAX_ITEMS = 250
DEVIATIONS = {
    "DateTime": "the schema says ISO 8601; answers are whole seconds in UTC (README: Z)",
    "Money": "MoneyV2.amount has no trailing zeros, plain Money two digits; both are decimal numbers",
}
# The mutations whose description demands `@idempotent` (README, Idempotency).
IDEMPOTENT = re.compile(
    r"^(inventory(SetQuantities|AdjustQuantities|MoveQuantities|SetOnHandQuantities|Activate)|refundCreate"
    r"|location(Activate|Deactivate)|inventoryTransfer\w*|inventoryShipment\w*)$"
)


@cache
def specification() -> GraphQLSchema:
    """The vendor's schema, read once; its descriptions are left out because parsing them takes most of the time."""
    folder = Path(os.environ.get("CONNECT_SHARED", Path(__file__).parents[3] / "shared"))
    text = (folder / "specs" / "shopify" / FILE).read_text(encoding="utf-8")
    return build_schema(DESCRIPTION.sub("", text), assume_valid=True, no_location=True)


def described() -> set[str]:
    """The root fields of all queries and mutations."""
    query, mutation = specification().query_type, specification().mutation_type
    assert query is not None and mutation is not None
    return {*query.fields, *mutation.fields}


def operation(exchange: Exchange) -> str:
    """What an exchange does: the root fields of its query, or the address of the token endpoint."""
    if not GRAPHQL.match(exchange.path):
        return exchange.path.removeprefix("/admin/")
    document, _ = _request(exchange)
    if document is None:
        return "invalid"
    nodes = _operation(document).selection_set.selections
    return "+".join(sorted({node.name.value for node in nodes if isinstance(node, FieldNode)}))


def violations(exchange: Exchange) -> list[str]:
    """Where a request or its answer breaks the vendor's specification; empty if nowhere."""
    if not GRAPHQL.match(exchange.path):
        return list(_oauth(exchange))
    document, problems = _request(exchange)
    answer = _json(exchange.answer)
    if document is None or problems:
        return problems
    if exchange.status != 200:
        return [] if isinstance(answer, dict) and "errors" in answer else ["answer: an error without `errors`"]
    if not isinstance(answer, dict):
        return ["answer: no JSON object"]
    return list(_answer(visit(document, _Excluded(_json(exchange.body).get("variables") or {})), answer))


class _Excluded(Visitor):
    """Takes out what a request's variables exclude by `@include` and `@skip`: it is not in the answer."""

    def __init__(self, variables: Json) -> None:
        super().__init__()
        self._variables = variables

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        """Keep or remove one field."""
        for directive in node.directives or ():
            condition = {argument.name.value: argument.value for argument in directive.arguments or ()}.get("if")
            is_met = self._variables.get(condition.name.value) if isinstance(condition, VariableNode) else True
            if is_met is (directive.name.value == "skip"):
                return REMOVE
        return None


# --- requests ---------------------------------------------------------------------------------------------------------------


def _request(exchange: Exchange) -> tuple[DocumentNode | None, list[str]]:
    content = _json(exchange.body)
    if not isinstance(content, dict) or not isinstance(content.get("query"), str):
        return None, ["request: no query"]
    if "x-shopify-access-token" not in {name.lower() for name in exchange.headers}:
        return None, ["request: no X-Shopify-Access-Token"]
    document, problems = _validated(content["query"])
    if document is None or problems:
        return document, list(problems)
    node = _operation(document)
    values = get_variable_values(specification(), node.variable_definitions or (), content.get("variables") or {})
    if isinstance(values, list):
        return document, [f"request: {error.message}" for error in values]
    return document, list(_usage(node, values))


@cache
def _validated(text: str) -> tuple[DocumentNode | None, tuple[str, ...]]:
    try:
        document = parse(text)
    except GraphQLError as error:
        return None, (f"request: {error.message}",)
    return document, tuple(f"request: {error.message}" for error in validate(specification(), document))


def _usage(node: OperationDefinitionNode, values: Any) -> Iterator[str]:
    """Rules that the schema's types do not hold: keys, sizes, and what must be sent although it may be null."""
    is_mutation = node.operation.value == "mutation"
    root = specification().mutation_type if is_mutation else specification().query_type
    assert root is not None
    for field in node.selection_set.selections:
        if not isinstance(field, FieldNode) or field.name.value not in root.fields:
            continue
        name = field.name.value
        if IDEMPOTENT.match(name) and not any(d.name.value == "idempotent" for d in field.directives or ()):
            yield f"request: {name} without @idempotent"
        arguments = get_argument_values(root.fields[name], field, values)
        for path, value in _walk(name, arguments):
            if isinstance(value, list) and len(value) > MAX_ITEMS and "variants" not in path:
                yield f"request: {path} has more than {MAX_ITEMS} items"
            if path.endswith((".first", ".last")) and isinstance(value, int) and value > MAX_ITEMS:
                yield f"request: {path} is more than {MAX_ITEMS}"
        if name == "inventorySetQuantities":
            for row in arguments["input"]["quantities"]:
                if "changeFromQuantity" not in row:
                    yield "request: inventorySetQuantities without changeFromQuantity"


def _walk(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(f"{path}.{name}", inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(f"{path}[]", inner)


# --- answers ----------------------------------------------------------------------------------------------------------------


def _answer(document: DocumentNode, answer: Json) -> Iterator[str]:
    if unknown := set(answer) - {"data", "errors", "extensions"}:
        yield f"answer: unknown members {sorted(unknown)}"
    for error in answer.get("errors", ()):
        if not isinstance(error.get("message"), str):
            yield "answer: an error without message"
    if "data" not in answer:
        if not answer.get("errors"):
            yield "answer: neither data nor errors"
        return
    cost = answer.get("extensions", {}).get("cost", {})
    for name in ("requestedQueryCost", "actualQueryCost", "throttleStatus"):
        if name not in cost:
            yield f"answer: extensions.cost.{name} is missing"
    if answer["data"] is None:
        if not answer.get("errors"):
            yield "answer: data is null without errors"
        return
    node = _operation(document)
    is_mutation = node.operation.value == "mutation"
    root = specification().mutation_type if is_mutation else specification().query_type
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    yield from _object(answer["data"], root, [node.selection_set], fragments, "data")


def _object(
    value: Any,
    type_: Any,
    sets: list[SelectionSetNode],
    fragments: dict[str, FragmentDefinitionNode],
    path: str,
) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: no object"
        return
    if not isinstance(type_, GraphQLObjectType):
        type_ = _concrete(type_, value, sets, fragments)
    grouped: dict[str, list[FieldNode]] = {}
    for selections in sets:
        _collect(type_, selections, fragments, grouped)
    for key, nodes in grouped.items():
        where = f"{path}.{key}"
        if key not in value:
            yield f"{where}: missing"
            continue
        name = nodes[0].name.value
        if name == "__typename":
            continue
        inner = [node.selection_set for node in nodes if node.selection_set is not None]
        yield from _value(value[key], type_.fields[name].type, inner, fragments, where)
    for key in value.keys() - grouped.keys():
        yield f"{path}.{key}: was not asked for"


def _concrete(type_: Any, value: Json, sets: list[SelectionSetNode], fragments: Any) -> Any:
    """The type of a value of an interface or union: by `__typename`, its id, or the fields it has."""
    kind = value.get("__typename") or str(value.get("id", "")).removeprefix("gid://shopify/").split("/")[0]
    possible = {t.name: t for t in specification().get_possible_types(type_)}
    if kind in possible:
        return possible[kind]
    for candidate in possible.values():
        grouped: dict[str, list[FieldNode]] = {}
        for selections in sets:
            _collect(candidate, selections, fragments, grouped)
        if grouped.keys() == value.keys():
            return candidate
    return next(iter(possible.values()))


def _collect(type_: Any, selections: SelectionSetNode, fragments: Any, into: dict[str, list[FieldNode]]) -> None:
    for node in selections.selections:
        if isinstance(node, FieldNode):
            into.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            continue
        inner: Any = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
        assert isinstance(node, FragmentSpreadNode | InlineFragmentNode)
        condition = inner.type_condition.name.value if inner.type_condition else type_.name
        wanted: Any = specification().type_map[condition]
        if condition == type_.name or (
            not isinstance(wanted, GraphQLObjectType) and specification().is_sub_type(wanted, type_)
        ):
            _collect(type_, inner.selection_set, fragments, into)


def _value(value: Any, kind: Any, sets: Any, fragments: Any, path: str) -> Iterator[str]:
    if isinstance(kind, GraphQLNonNull):
        if value is None:
            yield f"{path}: null although {kind}"
            return
        kind = kind.of_type
    if value is None:
        return
    if isinstance(kind, GraphQLList):
        if not isinstance(value, list):
            yield f"{path}: no list"
            return
        for number, item in enumerate(value):
            yield from _value(item, kind.of_type, sets, fragments, f"{path}[{number}]")
    elif sets:
        yield from _object(value, kind, sets, fragments, path)
    elif isinstance(kind, GraphQLEnumType):
        if value not in kind.values:
            yield f"{path}: {value!r} is no {kind.name}"
    elif not _is_scalar(kind.name, value):
        yield f"{path}: {value!r} is no {kind.name}"


def _is_scalar(name: str, value: Any) -> bool:
    if name == "Int":
        return type(value) is int
    if name == "Float":
        return type(value) in {int, float}
    if name == "Boolean":
        return type(value) is bool
    if name == "JSON":
        return True
    if not isinstance(value, str):
        return False
    if name in {"Money", "Decimal"}:
        return _is_decimal(value)
    if name == "UnsignedInt64":
        return value.isdigit()
    if name == "DateTime":
        return _is_moment(value)
    return bool(value) or name != "ID"


def _is_decimal(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


# --- OAuth ------------------------------------------------------------------------------------------------------------------


def _oauth(exchange: Exchange) -> Iterator[str]:
    if exchange.path == "/admin/oauth/authorize":
        sent = dict(parse_qsl(exchange.query))
        yield from (f"request: no {name}" for name in ("client_id", "redirect_uri", "state") if name not in sent)
        return
    if exchange.path != "/admin/oauth/access_token":
        yield f"request: unknown address {exchange.path}"
        return
    content = _json(exchange.body)
    form = content if isinstance(content, dict) else dict(parse_qsl(exchange.body.decode()))
    yield from (f"request: no {name}" for name in ("client_id", "client_secret") if name not in form)
    if not {"grant_type", "code"} & form.keys():
        yield "request: neither grant_type nor code"
    answer = _json(exchange.answer)
    if not isinstance(answer, dict):
        yield "answer: no JSON object"
    elif exchange.status == 200:
        yield from (f"answer: no {name}" for name in ("access_token", "scope") if name not in answer)
    elif "error" not in answer:
        yield "answer: no error"


def _operation(document: DocumentNode) -> OperationDefinitionNode:
    return next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
