"""Executing a validated operation fast: what graphql-core decides for every value anew is decided once per document here.

A list of orders has thousands of fields per page, for each of which the library's executor looks up type, resolver and
arguments. A plan does so once and keeps it with the document; coercion of variables and arguments stays the library's.
Documents with `@skip`, `@include` or introspection are left to the library's executor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.values import get_argument_values, get_variable_values
from graphql.language.visitor import BREAK

from sandbox.shopify.schema import Call, Resolver, resolver_of, type_name_of
from sandbox.shopify.store import Json

Path = tuple[Any, ...]
Complete = Callable[["Run", Any, Path], Any]


class NullBubble(Exception):
    """A field that must not be null is null; its error is noted already and the parent becomes null."""


@dataclass(slots=True)
class Run:
    """One execution: its call, the coerced variables, the errors so far."""

    call: Call
    variables: Any
    errors: list[GraphQLError] = field(default_factory=list)


@dataclass(slots=True)
class FieldPlan:
    """One field of a selection, ready to be resolved and completed; without `complete` its value is a leaf."""

    key: str
    name: str
    resolve: Resolver | None
    arguments: Json | None
    """None where they depend on variables."""
    definition: Any
    node: FieldNode
    complete: Complete | None
    is_required: bool


class Plan:
    """One operation of a document, with the selections of the types met so far."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        self._schema, self._operation = schema, operation
        self._fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        self._selections: dict[tuple[str, tuple[int, ...]], list[FieldPlan]] = {}
        is_query = operation.operation.value == "query"
        root = schema.query_type if is_query else schema.mutation_type
        assert root is not None
        self._root: GraphQLObjectType = root

    def execute(self, call: Call, variables: Json) -> ExecutionResult:
        """Data and errors as the library's executor gives them."""
        values = get_variable_values(self._schema, self._operation.variable_definitions or (), variables)
        if isinstance(values, list):
            return ExecutionResult(data=None, errors=values)
        run = Run(call, values)
        try:
            data = self._object(run, self._root, (self._operation.selection_set,), {}, ())
        except NullBubble:
            data = None
        return ExecutionResult(data=data, errors=run.errors or None)

    def _object(
        self, run: Run, type_: GraphQLObjectType, sets: tuple[SelectionSetNode, ...], source: Any, path: Path
    ) -> Json:
        key = (type_.name, tuple(map(id, sets)))
        fields = self._selections.get(key)
        if fields is None:
            fields = self._selections[key] = self._planned(type_, sets)
        found: Json = {}
        for plan in fields:
            if plan.resolve is None:
                value = source.get(plan.name) if plan.name != "__typename" else type_.name
                if plan.complete is None and (value is not None or not plan.is_required):
                    found[plan.key] = value
                    continue
            found[plan.key] = _field(run, plan, source, (*path, plan.key))
        return found

    def _planned(self, type_: GraphQLObjectType, sets: tuple[SelectionSetNode, ...]) -> list[FieldPlan]:
        grouped: dict[str, list[FieldNode]] = {}
        for selections in sets:
            self._collect(type_, selections, grouped)
        return [self._field_plan(type_, key, nodes) for key, nodes in grouped.items()]

    def _collect(
        self, type_: GraphQLObjectType, selections: SelectionSetNode, into: dict[str, list[FieldNode]]
    ) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                into.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
                continue
            if isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                condition, inner = fragment.type_condition, fragment.selection_set
            else:
                assert isinstance(node, InlineFragmentNode)
                condition, inner = node.type_condition, node.selection_set  # type: ignore[assignment]
            if condition is None or self._applies(condition.name.value, type_):
                self._collect(type_, inner, into)

    def _applies(self, name: str, type_: GraphQLObjectType) -> bool:
        if name == type_.name:
            return True
        wanted = self._schema.type_map[name]
        is_abstract = isinstance(wanted, GraphQLInterfaceType | GraphQLUnionType)
        return is_abstract and self._schema.is_sub_type(wanted, type_)  # type: ignore[arg-type]

    def _field_plan(self, type_: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> FieldPlan:
        node = nodes[0]
        if node.name.value == "__typename":
            return FieldPlan(key, "__typename", None, {}, None, node, None, False)
        definition = type_.fields[node.name.value]
        is_fixed = not any(_has_variable(a.value) for a in node.arguments or ())
        arguments = get_argument_values(definition, node) if is_fixed else None
        sets = tuple(n.selection_set for n in nodes if n.selection_set is not None)
        kind, is_required = definition.type, isinstance(definition.type, GraphQLNonNull)
        return FieldPlan(
            key,
            node.name.value,
            resolver_of(type_.name, node.name.value),
            arguments,
            definition,
            node,
            self._completer(kind, sets) if sets or _is_list(kind) else None,
            is_required,
        )

    def _completer(self, kind: Any, sets: tuple[SelectionSetNode, ...]) -> Complete | None:
        """How a value of a type becomes a part of the answer; None where it is one already."""
        if isinstance(kind, GraphQLNonNull):
            return self._completer(kind.of_type, sets)
        if isinstance(kind, GraphQLList):
            return _list_of(self._completer(kind.of_type, sets), is_required=isinstance(kind.of_type, GraphQLNonNull))
        if isinstance(kind, GraphQLObjectType):
            return lambda run, value, path: self._object(run, kind, sets, value, path)
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            return lambda run, value, path: self._object(
                run,
                self._schema.type_map[type_name_of(value)],  # type: ignore[arg-type]
                sets,
                value,
                path,
            )
        return None


def _field(run: Run, plan: FieldPlan, source: Any, path: Path) -> Any:
    """A field's value in the answer; an error makes it null, or its parent where it must not be."""
    try:
        if plan.resolve is None:
            value = source.get(plan.name)
        else:
            arguments = plan.arguments
            if arguments is None:
                arguments = get_argument_values(plan.definition, plan.node, run.variables)
            value = plan.resolve(run.call, source, arguments)
        if value is None:
            if plan.is_required:
                raise GraphQLError(f"Cannot return null for non-nullable field {plan.name}.")
            return None
        return value if plan.complete is None else plan.complete(run, value, path)
    except NullBubble:
        if plan.is_required:
            raise
        return None
    except Exception as error:  # noqa: BLE001 - whatever a resolver raises becomes an error of the answer
        run.errors.append(_located(error, plan.node, path))
        if plan.is_required:
            raise NullBubble from None
        return None


def _list_of(complete: Complete | None, *, is_required: bool) -> Complete | None:
    if complete is None:
        return None

    def completed(run: Run, value: Any, path: Path) -> list[Any]:
        found: list[Any] = []
        for number, item in enumerate(value):
            if item is None:
                if is_required:
                    raise GraphQLError("Cannot return null for a non-nullable item.")
                found.append(None)
            else:
                found.append(complete(run, item, (*path, number)))
        return found

    return completed


def _located(error: Exception, node: FieldNode, path: Path) -> GraphQLError:
    if isinstance(error, GraphQLError):
        return GraphQLError(error.message, [node], path=list(path), extensions=error.extensions)
    return GraphQLError(str(error), [node], path=list(path), original_error=error)


def _is_list(kind: Any) -> bool:
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)


def _has_variable(value: Any) -> bool:
    if isinstance(value, VariableNode):
        return True
    inner = getattr(value, "values", None) or [f.value for f in getattr(value, "fields", None) or ()]
    return any(_has_variable(item) for item in inner)


class _Unusual(Visitor):
    """Notices what a plan does not do."""

    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_directive(self, node: Any, *_: Any) -> Any:
        """Conditional fields depend on the variables of each run."""
        if node.name.value in {"skip", "include"}:
            self.found = True
            return BREAK
        return None

    def enter_field(self, node: Any, *_: Any) -> Any:
        """Introspection is the library's."""
        if node.name.value in {"__schema", "__type"}:
            self.found = True
            return BREAK
        return None


def is_plain(document: DocumentNode) -> bool:
    """Whether a plan can execute the document."""
    unusual = _Unusual()
    visit(document, unusual)
    return not unusual.found
