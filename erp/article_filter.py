"""The article filter (D§3.1): which articles take part in an integration, compiled to one statement."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import sqlalchemy
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlmodel import Session, col, select

from canonical.article import ArticleKind
from canonical.codes import Language
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.runs import Built
from erp import journal, push_articles, push_categories, push_prices
from erp.prices import standard_gross
from erp.tables import Article, ArticleFilter, ArticleListEntry, ArticleOption, IntegrationFeature, Link

TEXT_FIELDS: Mapping[str, Any] = {
    "number": col(Article.number),
    "name": col(Article.name),
    "kind": col(Article.kind),
    "category": col(Article.category),
    "manufacturer": col(Article.manufacturer),
    "ean": col(Article.ean),
    "tax_category": col(Article.tax_category),
}
NUMBER_FIELDS: Mapping[str, Any] = {
    "price_gross": standard_gross(),
    "stock_correction": col(Article.stock_correction),
    "pseudo_stock": col(Article.pseudo_stock),
}
FIELDS: Mapping[str, Any] = {**TEXT_FIELDS, **NUMBER_FIELDS}

Operator = Literal["==", "!=", "<", ">", "IN", "NOT IN"]
Format = Literal["text", "number", "list"]

OPERATORS: Mapping[Format, tuple[Operator, ...]] = {
    "text": ("==", "!="),
    "number": ("==", "!=", "<", ">"),
    "list": ("IN", "NOT IN"),
}
"""Which operators a format knows (D§3.1)."""

PROBLEMS: Mapping[str, Mapping[Language, str]] = {
    "incomplete": {
        "de": "Regel {rule}: Feld, Operator, Wert und Format werden gebraucht",
        "en": "Rule {rule}: field, operator, value and format are needed",
    },
    "field_unknown": {"de": "Regel {rule}: das Feld „{value}“ gibt es nicht", "en": "Rule {rule}: no field '{value}'"},
    "operator_does_not_fit": {
        "de": "Regel {rule}: der Operator {value} passt nicht zum Format",
        "en": "Rule {rule}: the operator {value} does not fit the format",
    },
    "format_does_not_fit": {
        "de": "Regel {rule}: das Format {value} passt nicht zum Feld",
        "en": "Rule {rule}: the format {value} does not fit the field",
    },
    "value_is_no_number": {"de": "Regel {rule}: „{value}“ ist keine Zahl", "en": "Rule {rule}: '{value}' is no number"},
    "list_is_empty": {"de": "Regel {rule}: die Liste ist leer", "en": "Rule {rule}: the list is empty"},
}


class Rule(BaseModel):
    """One row of the filter; the format decides how the value is read, a list is separated by commas."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str
    operator: Operator
    value: str
    format: Format

    @property
    def values(self) -> list[str]:
        """The entries of a list, without blanks around them."""
        return [entry.strip() for entry in self.value.split(",") if entry.strip()]


class Problem(BaseModel):
    """What is wrong with a rule; rules count from one."""

    model_config = ConfigDict(frozen=True)

    rule: int
    code: str
    value: str = ""

    def text(self, language: Language) -> str:
        """Say it in one sentence."""
        return PROBLEMS[self.code][language].format(rule=self.rule, value=self.value)


def validate_rules(rules: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Name what is wrong with rules, all at once; pure."""
    return [problem for number, rule in enumerate(rules, 1) if (problem := _problem(number, rule))]


def _problem(number: int, raw: Mapping[str, Any]) -> Problem | None:
    try:
        rule = Rule.model_validate(raw)
    except ValidationError:
        return Problem(rule=number, code="incomplete")
    if rule.field not in FIELDS:
        return Problem(rule=number, code="field_unknown", value=rule.field)
    if rule.operator not in OPERATORS[rule.format]:
        return Problem(rule=number, code="operator_does_not_fit", value=rule.operator)
    is_number = rule.field in NUMBER_FIELDS
    if rule.format != "list" and is_number != (rule.format == "number"):
        return Problem(rule=number, code="format_does_not_fit", value=rule.format)
    if rule.format == "list" and not rule.values:
        return Problem(rule=number, code="list_is_empty")
    wrong = [value for value in _entries(rule) if is_number and not _is_number(value)]
    return Problem(rule=number, code="value_is_no_number", value=wrong[0]) if wrong else None


def _entries(rule: Rule) -> list[str]:
    return rule.values if rule.format == "list" else [rule.value]


def _is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def save_filter(session: Session, integration_id: str, rules: Sequence[Mapping[str, Any]], by: str) -> int:
    """Store rules as a new revision of the filter and return its number; `build_list` puts it into effect.

    Raises `FailureError` SETTINGS_INCOMPLETE naming the rules that cannot be read.
    """
    problems = validate_rules(rules)
    if problems:
        raise FailureError(
            Failure.of("SETTINGS_INCOMPLETE", fields="; ".join(problem.text("de") for problem in problems))
        )
    newest = _newest(session, integration_id)
    row = ArticleFilter(
        integration_id=integration_id,
        revision=newest.revision + 1 if newest else 1,
        rules=[dict(rule) for rule in rules],
        saved_by=by,
    )
    session.add(row)
    session.flush()
    return row.revision


def _newest(session: Session, integration_id: str) -> ArticleFilter | None:
    query = select(ArticleFilter).where(col(ArticleFilter.integration_id) == integration_id)
    return session.exec(query.order_by(col(ArticleFilter.revision).desc()).limit(1)).first()


def condition(rules: Sequence[Mapping[str, Any]]) -> ColumnElement[bool]:
    """Compile rules to one condition with bound values; no rules mean all articles. Deleted articles never match."""
    tests = [_test(Rule.model_validate(rule)) for rule in rules]
    return and_(true(), not_(col(Article.is_deleted)), *tests)


def _test(rule: Rule) -> ColumnElement[bool]:
    """An empty field differs from every value: `!=` and `NOT IN` match it."""
    column: ColumnElement[Any] = FIELDS[rule.field]
    values: list[Any] = list(_entries(rule))
    if rule.field in NUMBER_FIELDS:
        values = [Decimal(value) for value in values]
    tests: dict[Operator, ColumnElement[bool]] = {
        "==": column == values[0],
        "!=": column.is_distinct_from(values[0]),
        "<": column < values[0],
        ">": column > values[0],
        "IN": column.in_(values),
        "NOT IN": or_(column.is_(None), column.not_in(values)),
    }
    return tests[rule.operator]


def describe(rules: Sequence[Mapping[str, Any]]) -> str:
    """Show the condition that rules generate (D§3.1), in the words of the rules."""
    return " AND ".join(f"{rule['field']} {rule['operator']} {rule['value']}" for rule in rules)


def build_list(session: Session, integration_id: str, by: str) -> Built:
    """Evaluate the filter: articles that match take part, those that no longer do get no further updates.

    They stay in the shop (D§3.1: not a delisting). For each chosen feature that sends articles, those that are new get a
    link that is to be sent; a feature that was chosen later gets all of its links. Categories are linked, too. A handful of
    statements, however many articles; building again without a change changes nothing. Marks prices that began or ended
    with a day, and variants whose matrix article is listed now. Writes the journal and the filter's history.
    """
    newest = _newest(session, integration_id)
    if newest is None:
        save_filter(session, integration_id, (), by)
        newest = _newest(session, integration_id)
    rules = newest.rules if newest else []
    built = _evaluate(session, integration_id, condition(rules), removes=True)
    push_categories.link_tree(session, integration_id)
    push_prices.mark_dawned(session, integration_id)
    session.execute(
        update(ArticleFilter)
        .where(col(ArticleFilter.id) == (newest.id if newest else None))
        .values(matched=built.matched)
    )
    journal.write(
        session,
        [
            journal.event(
                integration_id,
                "",
                "filtered",
                hop="lifecycle",
                status="info",
                params={"matched": built.matched, "added": built.added, "removed": built.removed},
                actor=by,
            )
        ],
    )
    return built


def is_built(session: Session, integration_id: str) -> bool:
    """Whether the article list of an integration was built at least once."""
    query = select(ArticleFilter.id).where(
        col(ArticleFilter.integration_id) == integration_id, col(ArticleFilter.matched).is_not(None)
    )
    return session.exec(query.limit(1)).first() is not None


def apply_to(session: Session, integration_id: str, numbers: Sequence[str]) -> Built:
    """Test single articles against the stored filter and add those that qualify at once; removes none (D§3.1)."""
    newest = _newest(session, integration_id)
    wanted = and_(condition(newest.rules if newest else []), col(Article.number).in_(list(numbers)))
    return _evaluate(session, integration_id, wanted, removes=False)


def _evaluate(session: Session, integration_id: str, wanted: ColumnElement[bool], *, removes: bool) -> Built:
    in_shop = and_(
        col(ArticleOption.article_id) == col(Article.id), col(ArticleOption.integration_id) == integration_id
    )
    kinds = _chosen_kinds(session, integration_id)
    columns = [test.label(kind) for kind, test in kinds.items()]
    is_parent = col(Article.kind) == ArticleKind.MATRIX.value
    matching = (
        sqlalchemy.select(col(Article.id), col(Article.number), is_parent.label("is_parent"), *columns)
        .outerjoin(ArticleOption, in_shop)
        .where(wanted)
    )
    chosen = matching.cte("chosen")
    added = _added(integration_id, chosen).cte("added")
    removed = _removed(integration_id, chosen, removes).cte("removed")
    linked = [_links_of(integration_id, kind, chosen, added).cte(f"linked_{kind}") for kind in kinds]
    counts = [sqlalchemy.select(func.count()).select_from(part).scalar_subquery() for part in (chosen, added, removed)]
    row = session.execute(sqlalchemy.select(*counts).add_cte(*linked)).one()
    if Feature.ARTICLES.value in kinds and row[1]:
        push_articles.release_listed(session, integration_id)
    return Built(matched=row[0], added=row[1], removed=row[2])


def _chosen_kinds(session: Session, integration_id: str) -> dict[str, ColumnElement[bool]]:
    """The kinds of links that the chosen features ask for, each with the articles that have such a link.

    A matrix article has neither stock nor a price, and articles that stand for postage, discounts or surcharges are for
    orders only.
    """
    is_matrix = col(Article.kind) == ArticleKind.MATRIX.value
    is_goods = not_(or_(col(Article.is_postage), col(Article.is_discount), col(Article.is_surcharge)))
    tests: dict[str, ColumnElement[bool]] = {
        Feature.ARTICLES.value: is_goods,
        Feature.STOCK.value: and_(
            or_(col(Article.is_stock_article), col(Article.kind) == ArticleKind.JIT.value),
            func.coalesce(ArticleOption.syncs_stock, Article.syncs_stock),
            not_(is_matrix),
        ),
        Feature.PRICES.value: and_(is_goods, not_(is_matrix)),
    }
    query = select(IntegrationFeature.feature).where(
        col(IntegrationFeature.integration_id) == integration_id,
        col(IntegrationFeature.feature).in_(tests),
        col(IntegrationFeature.is_chosen),
    )
    return {kind: tests[kind] for kind in sorted(session.exec(query))}


def _added(integration_id: str, chosen: Any) -> Any:
    """Entries that are new, or come back; those that stay are not touched, so that a nightly run writes nothing.

    What is there is read once, before: looked up article by article, the first list of a large catalogue would look through
    all that it has just written, again and again.
    """
    active = (
        sqlalchemy.select(col(ArticleListEntry.article_id))
        .where(col(ArticleListEntry.integration_id) == integration_id, col(ArticleListEntry.removed_at).is_(None))
        .cte("active")
        .prefix_with("MATERIALIZED")
    )
    rows = sqlalchemy.select(literal(integration_id), chosen.c.id).where(
        ~exists().where(active.c.article_id == chosen.c.id)
    )
    entry: Any = insert(ArticleListEntry)
    return (
        entry.from_select(["integration_id", "article_id"], rows)
        .on_conflict_do_update(
            index_elements=["integration_id", "article_id"], set_={"removed_at": None, "added_at": func.now()}
        )
        .returning(col(ArticleListEntry.article_id))
    )


def _removed(integration_id: str, chosen: Any, removes: bool) -> Any:
    return (
        update(ArticleListEntry)
        .where(
            literal(removes),
            col(ArticleListEntry.integration_id) == integration_id,
            col(ArticleListEntry.removed_at).is_(None),
            ~exists().where(chosen.c.id == col(ArticleListEntry.article_id)),
        )
        .values(removed_at=func.now())
        .returning(col(ArticleListEntry.article_id))
    )


def _links_of(integration_id: str, kind: str, chosen: Any, added: Any) -> Any:
    """Links of a kind for articles that are new in the list, or whose link is missing: parents first, as they are sent.

    It is missing where the feature was chosen later, or the article had no stock before.
    """
    known = exists().where(
        col(Link.integration_id) == integration_id, col(Link.kind) == kind, col(Link.record) == chosen.c.number
    )
    rows = sqlalchemy.select(
        literal(integration_id), literal(kind), chosen.c.number, chosen.c.id,
        literal(""), literal(""), literal("never"), func.clock_timestamp(),
        literal(""), cast(literal("{}", String), JSONB), literal(0), literal(""),
    ).where(
        chosen.c[kind], or_(chosen.c.id.in_(sqlalchemy.select(added.c.article_id)), ~known)
    ).order_by(chosen.c.is_parent.desc(), chosen.c.id)  # fmt: skip
    link: Any = insert(Link)
    columns = [
        "integration_id", "kind", "record", "record_id",
        "external_ref", "fingerprint", "state", "dirty_at",
        "code", "params", "attempts", "sent_value",
    ]  # fmt: skip
    return (
        link.from_select(columns, rows)
        .on_conflict_do_update(
            index_elements=["integration_id", "kind", "record"],
            set_={"dirty_at": func.clock_timestamp(), "state": "never", "attempts": 0, "next_try_at": None},
        )
        .returning(col(Link.id))
    )
