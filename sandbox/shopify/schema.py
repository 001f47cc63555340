"""The executable schema, built once per process, and documents parsed and validated once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    parse,
    validate,
)

from sandbox.shopify.scopes import required_for
from sandbox.shopify.store import Json, kind_of

if TYPE_CHECKING:
    from sandbox.shopify.shop import ShopifyShop

SDL = Path(__file__).with_name("schema.graphql")
CACHED_DOCUMENTS = 500


@dataclass(slots=True)
class Call:
    """One request while it is executed: whose it is and what it may see."""

    shop: ShopifyShop
    request_id: str
    granted: frozenset[str]
    warnings: list[Json] = field(default_factory=list)
    """What a search could not make sense of."""
    keys: dict[str, list[str]] = field(default_factory=dict)
    """The idempotency keys by mutation, in the order of the document."""

    def may(self, *scopes: str) -> bool:
        """Whether one of the scopes was granted."""
        return not self.granted.isdisjoint(scopes)


Resolver = Callable[[Call, Any, Json], Any]
"""Call, the parent's value and the arguments in; the field's value out."""

_lock = threading.Lock()
_schema: GraphQLSchema | None = None
_resolvers: dict[tuple[str, str], Resolver] = {}


def executable_schema() -> GraphQLSchema:
    """The schema with its resolvers; the first call builds it."""
    global _schema  # noqa: PLW0603 - building takes a while and the result is the same for every shop
    with _lock:
        if _schema is None:
            from sandbox.shopify.fields import RESOLVERS

            schema = build_schema(SDL.read_text(encoding="utf-8"), assume_valid=True)
            _bind(schema, RESOLVERS)
            _schema = schema
    return _schema


@dataclass(slots=True)
class Prepared:
    """A query's document, None where parsing or validating found errors; `kept` is what executing it found out once."""

    document: DocumentNode | None
    errors: Sequence[GraphQLError] = ()
    kept: dict[str | None, Any] = field(default_factory=dict)


@lru_cache(maxsize=CACHED_DOCUMENTS)
def validated(text: str) -> Prepared:
    """A query's document, parsed and validated once."""
    schema = executable_schema()
    try:
        document = parse(text)
    except GraphQLError as error:
        return Prepared(None, [error])
    errors = validate(schema, document)
    return Prepared(None, errors) if errors else Prepared(document)


def _bind(schema: GraphQLSchema, resolvers: dict[str, Resolver]) -> None:
    bound = set()
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for name, field_ in type_.fields.items():
                key = f"{type_.name}.{name}"
                found = resolvers.get(key) or resolvers.get(f"*.{name}")
                bound.add(key if key in resolvers else f"*.{name}")
                returned = get_named_type(field_.type).name
                scopes = required_for(type_.name, name, returned)
                if found or scopes:
                    _resolvers[type_.name, name] = _guarded(found, scopes, name)
                    field_.resolve = _with_info(_resolvers[type_.name, name])
                else:
                    field_.resolve = _plain(name)
        elif isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            type_.resolve_type = _type_of
    if unknown := set(resolvers) - bound:
        raise LookupError(f"resolvers for fields that the schema lacks: {sorted(unknown)}")


def _plain(name: str) -> Callable[..., Any]:
    return lambda source, _info: source.get(name)


def resolver_of(parent: str, name: str) -> Resolver | None:
    """A field's resolver with its check of access; None where the parent's document has the value."""
    return _resolvers.get((parent, name))


def _guarded(found: Resolver | None, scopes: tuple[frozenset[str], str] | None, name: str) -> Resolver:
    from sandbox.shopify.errors import access_denied

    read: Resolver = found or (lambda _call, source, _args: source.get(name))
    if scopes is None:
        return read
    needed, wording = scopes

    def resolve(call: Call, source: Any, args: Json) -> Any:
        if call.granted.isdisjoint(needed):
            raise access_denied(name, wording)
        return read(call, source, args)

    return resolve


def _with_info(resolver: Resolver) -> Callable[..., Any]:
    def resolve(source: Any, info: GraphQLResolveInfo[Call], **args: Any) -> Any:
        return resolver(info.context, source, args)

    return resolve


def _type_of(value: Any, _info: GraphQLResolveInfo[Call], _type: Any) -> str:
    return type_name_of(value)


def type_name_of(value: Json) -> str:
    """The type of a document of an interface or union."""
    return str(value.get("__typename") or kind_of(value["id"]))
