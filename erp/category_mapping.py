"""Mapping our categories, properties and values to a marketplace's (Kategorienmapping): stored, suggested, applied, measured."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, SQLModel, col, select

from canonical import taxonomy
from canonical.catalogue import ArticleContent
from canonical.failure import Failure, FailureError
from canonical.taxonomy import Requirement, Taxonomy
from erp import links, tables
from erp.bulk import insert_rows
from erp.marketplace_content import FIELDS, Given, Source, Tables, checked, fill
from erp.similarity import words_of

ALIKE = 88
"""Percent from which a suggestion of the same meaning is made."""


def store_taxonomy(session: Session, integration_id: str, found: Taxonomy) -> None:
    """Replace what was fetched of the marketplace's categories, attributes and values; our mappings stay."""
    for model in (tables.TaxonomyNode, tables.TaxonomyAttribute, tables.TaxonomyValue):
        session.execute(delete(model).where(col(model.integration_id) == integration_id))
    own = {"integration_id": integration_id}
    nodes = {node.code: node for node in found.nodes}
    _insert(session, tables.TaxonomyNode, [own | node.model_dump() for node in nodes.values()])
    attributes = {(each.category_code, each.code): each for each in found.attributes}
    rows = [own | each.model_dump(mode="json") | {"position": place} for place, each in enumerate(attributes.values())]
    _insert(session, tables.TaxonomyAttribute, rows)
    values = {(each.list_code, each.code): each for each in found.values}
    _insert(session, tables.TaxonomyValue, [own | each.model_dump() for each in values.values()])
    _mark(session, integration_id)


def _insert(session: Session, model: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), 5000):
        insert_rows(session, model, rows[start : start + 5000])


def _mark(session: Session, integration_id: str) -> None:
    """What the mappings say changed: all articles of the integration are looked at again, unchanged ones are not sent."""
    links.mark_integration_dirty(session, integration_id, ["articles"])


def map_category(session: Session, integration_id: str, category_id: int, code: str, by: str) -> None:
    """Map one of our categories, or undo it with an empty code; raises `FailureError` RECORD_GONE for an unknown code."""
    model = tables.CategoryMapping
    if not code:
        session.execute(
            delete(model).where(col(model.integration_id) == integration_id, col(model.category_id) == category_id)
        )
    else:
        if session.get(tables.TaxonomyNode, (integration_id, code)) is None:
            raise FailureError(Failure.of("RECORD_GONE"))
        values = {"code": code, "mapped_by": by}
        session.execute(
            insert(model)
            .values(integration_id=integration_id, category_id=category_id, **values)
            .on_conflict_do_update(index_elements=["integration_id", "category_id"], set_=values)
        )
    _mark(session, integration_id)


def map_attribute(  # noqa: PLR0917 - a row's columns and who writes it
    session: Session, integration_id: str, category_code: str, attribute_code: str, given: Given | None, by: str
) -> None:
    """Say where an attribute gets its value from, for one category or (empty code) for all; None undoes it."""
    model = tables.AttributeMapping
    key = {"integration_id": integration_id, "category_code": category_code, "attribute_code": attribute_code}
    if given is None or (not given.value and given.source is not Source.CONSTANT):
        session.execute(
            delete(model).where(
                col(model.integration_id) == integration_id,
                col(model.category_code) == category_code,
                col(model.attribute_code) == attribute_code,
            )
        )
    else:
        values = {"source": given.source.value, "value": given.value[:300], "mapped_by": by}
        session.execute(
            insert(model).values(**key, **values).on_conflict_do_update(index_elements=list(key), set_=values)
        )
    _mark(session, integration_id)


def map_value(session: Session, integration_id: str, list_code: str, own_value: str, code: str) -> None:
    """Say which permitted value one of ours is; an empty code opens it again."""
    model = tables.ValueMapping
    key = {"integration_id": integration_id, "list_code": list_code, "own_value": own_value[:300]}
    session.execute(
        insert(model).values(**key, code=code).on_conflict_do_update(index_elements=list(key), set_={"code": code})
    )
    _mark(session, integration_id)


def has_taxonomy(session: Session, integration_id: str) -> bool:
    """Whether the marketplace's categories were fetched: only then is mapping done here (else in its own assistant)."""
    query = select(tables.TaxonomyNode.code).where(col(tables.TaxonomyNode.integration_id) == integration_id)
    return session.exec(query.limit(1)).first() is not None


def load_tables(session: Session, integration_id: str) -> Tables:
    """All mappings of an integration; eight statements, however many articles follow."""
    nodes = _all(session, tables.TaxonomyNode, integration_id)
    parents = {node.code: node.parent_code for node in nodes}
    attributes: dict[str, list[taxonomy.TaxonomyAttribute]] = {}
    for row in sorted(_all(session, tables.TaxonomyAttribute, integration_id), key=lambda each: each.position):
        attributes.setdefault(row.category_code, []).append(_attribute(row))
    permitted: dict[str, dict[str, str]] = {}
    for value in _all(session, tables.TaxonomyValue, integration_id):
        permitted.setdefault(value.list_code, {})[value.code] = value.label
    own = session.exec(select(tables.Category.id, tables.Category.parent_id)).all()
    return Tables(
        parents={id or 0: parent for id, parent in own},
        categories={row.category_id: row.code for row in _all(session, tables.CategoryMapping, integration_id)},
        lines={code: _line(code, parents) for code in parents},
        attributes=attributes,
        givens={
            (row.category_code, row.attribute_code): Given(Source(row.source), row.value)
            for row in _all(session, tables.AttributeMapping, integration_id)
        },
        values={
            (row.list_code, row.own_value): row.code
            for row in _all(session, tables.ValueMapping, integration_id)
            if row.code
        },
        permitted=permitted,
    )


def _all(session: Session, model: Any, integration_id: str) -> Sequence[Any]:
    found: Sequence[Any] = session.exec(select(model).where(col(model.integration_id) == integration_id)).all()
    return found


def _attribute(row: tables.TaxonomyAttribute) -> taxonomy.TaxonomyAttribute:
    return taxonomy.TaxonomyAttribute(
        code=row.code, label=row.label, category_code=row.category_code, kind=row.kind,
        requirement=Requirement(row.requirement), values_code=row.values_code, is_variant_axis=row.is_variant_axis,
        description=row.description,
    )  # fmt: skip


def _line(code: str, parents: Mapping[str, str]) -> list[str]:
    """A category and its ancestors; a circle in the marketplace's data ends at its beginning."""
    line: list[str] = []
    while code and code not in line:
        line.append(code)
        code = parents.get(code, "")
    return line


def apply(
    session: Session, integration_id: str, contents: Mapping[int, ArticleContent | Failure]
) -> dict[int, ArticleContent | Failure]:
    """Give articles the marketplace's category and attributes before they are sent, or say why they cannot be (checked file).

    Without fetched categories nothing is changed. Values of lists that nobody mapped are noted as open rows.
    """
    if not contents or not has_taxonomy(session, integration_id):
        return dict(contents)
    found = load_tables(session, integration_id)
    _note_open(session, integration_id, [each for each in contents.values() if isinstance(each, ArticleContent)], found)
    return {
        key: checked(each, found) if isinstance(each, ArticleContent) and not each.is_deleted else each
        for key, each in contents.items()
    }


def _note_open(session: Session, integration_id: str, contents: Sequence[ArticleContent], found: Tables) -> None:
    values = {
        (list_code, own[:300])
        for content in contents
        for list_code, _, own in fill(content, found).unmapped
        if list_code
    }
    rows = [{"integration_id": integration_id, "list_code": code, "own_value": own} for code, own in sorted(values)]
    insert_rows(session, tables.ValueMapping, rows, ending="ON CONFLICT DO NOTHING")


def completeness(contents: Sequence[ArticleContent], found: Tables) -> dict[str, Counter[str]]:
    """By marketplace category: articles in all, complete ones, and how many lack which attribute; "" is unmapped."""
    counted: dict[str, Counter[str]] = {}
    for content in contents:
        filled = fill(content, found)
        counts = counted.setdefault(filled.category, Counter())
        counts[""] += 1
        counts["ready"] += bool(filled.category) and not filled.missing
        for label in filled.missing:
            counts[f"missing:{label}"] += 1
    return counted


def suggest_sources(
    attributes: Sequence[taxonomy.TaxonomyAttribute], names: Mapping[Source, Sequence[str]]
) -> dict[str, Given]:
    """For each attribute a source of the same meaning, where one is clear: by code or label, never by guess."""
    offers = [(Source.FIELD, name) for name in FIELDS]
    offers += [(source, name) for source, each in names.items() for name in each]
    keys = [words_of(name.replace("_", " ")) for _, name in offers]
    found: dict[str, Given] = {}
    for attribute in attributes:
        for said in (attribute.label, attribute.code.replace("_", " ")):
            best = process.extractOne(words_of(said), keys, scorer=fuzz.ratio, score_cutoff=ALIKE)
            if best is not None:
                found[attribute.code] = Given(*offers[best[2]])
                break
    return found


def suggest_categories(session: Session, integration_id: str) -> dict[int, str]:
    """For each unmapped category of ours a leaf of the marketplace with the same name, where exactly one is clear."""
    leaves = session.execute(
        text("SELECT code, label FROM taxonomy_node WHERE integration_id = :id AND is_leaf ORDER BY code"),
        {"id": integration_id},
    ).all()
    keys = [words_of(row.label) for row in leaves]
    own = session.execute(
        text(
            "SELECT id, name FROM category c WHERE NOT EXISTS (SELECT FROM category_mapping m"
            " WHERE m.integration_id = :id AND m.category_id = c.id) ORDER BY id"
        ),
        {"id": integration_id},
    ).all()
    found: dict[int, str] = {}
    for row in own:
        best = process.extract(words_of(row.name), keys, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=2)
        if best and (len(best) == 1 or best[0][1] > best[1][1]):
            found[row.id] = leaves[best[0][2]].code
    return found
