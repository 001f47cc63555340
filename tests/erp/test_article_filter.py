"""The article filter: which articles take part."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session, select

from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.runs import Built
from erp.article_filter import (
    FIELDS,
    NUMBER_FIELDS,
    PROBLEMS,
    apply_to,
    build_list,
    describe,
    save_filter,
    validate_rules,
)
from erp.tables import Article, ArticleFilter, ArticleListEntry, JournalEvent, Link, Price
from tests.erp.push_kit import choose, statements


def rule(field: str, operator: str, value: str, format: str = "text") -> dict[str, str]:
    return {"field": field, "operator": operator, "value": value, "format": format}


def listed(session: Session) -> set[str]:
    query = select(Article.number).join(ArticleListEntry).where(ArticleListEntry.removed_at.is_(None))  # type: ignore[union-attr]
    return set(session.exec(query))


def links(session: Session) -> dict[str, Any]:
    session.expire_all()
    return {link.record: link for link in session.exec(select(Link))}


@pytest.fixture(autouse=True)
def stock(session: Session, shop: Any) -> None:
    """The integration sends stock."""
    choose(session, Feature.STOCK)


@pytest.fixture
def articles(session: Session, shop: Any) -> None:
    cheap = shop.article("A-1", category="Mugs", manufacturer="Ost")
    dear = shop.article("A-2", category="Mugs")
    shop.article("B-1", category="Lamps", stock_correction=Decimal(-2))
    shop.add(Price(article_id=cheap.id, amount=Decimal("9.90")))
    shop.add(Price(article_id=dear.id, amount=Decimal("19.90")))
    shop.article("GONE", category="Mugs", is_deleted=True)


CASES = [
    ([], {"A-1", "A-2", "B-1"}),
    ([rule("number", "==", "A-1")], {"A-1"}),
    ([rule("number", "==", "a-1")], set()),
    ([rule("category", "!=", "Lamps")], {"A-1", "A-2"}),
    ([rule("price_gross", ">", "9.9", "number")], {"A-2"}),
    ([rule("price_gross", "<", "19.90", "number")], {"A-1"}),
    ([rule("price_gross", "==", "9.9", "number")], {"A-1"}),
    ([rule("price_gross", "!=", "9.9", "number")], {"A-2", "B-1"}),
    ([rule("price_gross", "NOT IN", "9.9, 5", "list")], {"A-2", "B-1"}),
    ([rule("stock_correction", "<", "0", "number")], {"B-1"}),
    ([rule("number", "IN", "A-2 , B-1,", "list")], {"A-2", "B-1"}),
    ([rule("number", "NOT IN", "A-2,B-1", "list")], {"A-1"}),
    ([rule("category", "==", "Mugs"), rule("manufacturer", "==", "Ost")], {"A-1"}),
    ([rule("name", "==", "x' OR 1=1 --")], set()),
]


@pytest.mark.parametrize(("rules", "expected"), CASES)
def test_rules_choose_articles(session: Session, articles: None, rules: Any, expected: set[str]) -> None:
    save_filter(session, "shop-1", rules, "jo")
    assert build_list(session, "shop-1", "jo") == Built(matched=len(expected), added=len(expected), removed=0)
    assert listed(session) == expected


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_can_be_filtered(session: Session, articles: None, field: str) -> None:
    format = "number" if field in NUMBER_FIELDS else "text"
    save_filter(session, "shop-1", [rule(field, "==", "0", format)], "jo")
    build_list(session, "shop-1", "jo")


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"field": "name"}, "incomplete"),
        (rule("name", "LIKE", "x"), "incomplete"),
        (rule("password", "==", "x"), "field_unknown"),
        (rule("name", "IN", "x"), "operator_does_not_fit"),
        (rule("name", ">", "x"), "operator_does_not_fit"),
        (rule("name", "==", "5", "number"), "format_does_not_fit"),
        (rule("price_gross", "==", "5"), "format_does_not_fit"),
        (rule("price_gross", ">", "cheap", "number"), "value_is_no_number"),
        (rule("price_gross", ">", "NaN", "number"), "value_is_no_number"),
        (rule("price_gross", "IN", "5,cheap", "list"), "value_is_no_number"),
        (rule("name", "IN", " , ", "list"), "list_is_empty"),
    ],
)
def test_a_rule_that_cannot_be_read_is_named_and_not_saved(session: Session, shop: Any, broken: Any, code: str) -> None:
    good = rule("name", "==", "x")
    (problem,) = validate_rules([good, broken])
    assert (problem.rule, problem.code) == (2, code)
    assert "2" in problem.text("de")
    assert "2" in problem.text("en")
    with pytest.raises(FailureError, match="SETTINGS_INCOMPLETE"):
        save_filter(session, "shop-1", [good, broken], "jo")
    assert session.exec(select(ArticleFilter)).all() == []
    assert set(PROBLEMS) >= {code}


def test_the_generated_condition_can_be_shown() -> None:
    assert describe([rule("number", "IN", "A,B", "list"), rule("name", "!=", "x")]) == "number IN A,B AND name != x"


def test_new_entries_get_a_link_to_be_sent_and_building_again_changes_nothing(session: Session, articles: None) -> None:
    build_list(session, "shop-1", "jo")
    assert {number: bool(link.dirty_at) for number, link in links(session).items()} == {
        "A-1": True, "A-2": True, "B-1": True,
    }  # fmt: skip
    session.execute(text("UPDATE link SET dirty_at = NULL"))
    assert build_list(session, "shop-1", "jo") == Built(matched=3, added=0, removed=0)
    assert not any(link.dirty_at for link in links(session).values())


def test_only_articles_with_stock_of_their_own_get_a_link(session: Session, shop: Any) -> None:
    shop.article("MATRIX", kind="matrix")
    shop.article("SERVICE", is_stock_article=False)
    shop.article("OFF", syncs_stock=False)
    assert build_list(session, "shop-1", "jo").matched == 3
    assert links(session) == {}
    session.execute(text("UPDATE article SET syncs_stock = true WHERE number = 'OFF'"))
    assert build_list(session, "shop-1", "jo").added == 0
    assert set(links(session)) == {"OFF"}


def test_an_article_that_falls_out_stays_known_and_comes_back_to_be_sent(session: Session, articles: None) -> None:
    build_list(session, "shop-1", "jo")
    session.execute(text("UPDATE link SET dirty_at = NULL, state = 'failed', external_ref = '77'"))
    save_filter(session, "shop-1", [rule("category", "==", "Mugs")], "jo")
    assert build_list(session, "shop-1", "jo") == Built(matched=2, added=0, removed=1)
    assert listed(session) == {"A-1", "A-2"}
    assert links(session)["B-1"].external_ref == "77"
    save_filter(session, "shop-1", [], "jo")
    assert build_list(session, "shop-1", "jo") == Built(matched=3, added=1, removed=0)
    back = links(session)["B-1"]
    assert (back.state, back.external_ref, bool(back.dirty_at)) == ("never", "77", True)


def test_single_articles_are_added_if_they_qualify_and_none_is_removed(session: Session, articles: None) -> None:
    build_list(session, "shop-1", "jo")
    session.execute(text("DELETE FROM article_list_entry"))
    save_filter(session, "shop-1", [rule("category", "==", "Mugs")], "jo")
    assert apply_to(session, "shop-1", ["A-1", "B-1", "UNKNOWN"]) == Built(matched=1, added=1, removed=0)
    assert apply_to(session, "shop-1", ["A-2"]) == Built(matched=1, added=1, removed=0)
    assert listed(session) == {"A-1", "A-2"}


def test_the_history_keeps_each_filter_with_its_matches(session: Session, articles: None) -> None:
    build_list(session, "shop-1", "jo")
    save_filter(session, "shop-1", [rule("category", "==", "Mugs")], "mia")
    build_list(session, "shop-1", "mia")
    rows = session.exec(select(ArticleFilter).order_by(ArticleFilter.revision))  # type: ignore[arg-type]
    assert [(row.revision, len(row.rules), row.matched) for row in rows] == [(1, 0, 3), (2, 1, 2)]
    assert set(session.exec(select(JournalEvent.event))) == {"filtered"}


def test_two_integrations_have_lists_of_their_own(session: Session, shop: Any, articles: None) -> None:
    shop.add(type(shop.integration)(id="shop-2", connector="woocommerce", name="Shop 2"))
    build_list(session, "shop-1", "jo")
    save_filter(session, "shop-2", [rule("number", "==", "A-1")], "jo")
    assert build_list(session, "shop-2", "jo") == Built(matched=1, added=1, removed=0)
    save_filter(session, "shop-2", [rule("number", "==", "A-2")], "jo")
    assert build_list(session, "shop-2", "jo") == Built(matched=1, added=1, removed=1)
    assert listed(session) == {"A-1", "A-2", "B-1"}


def test_the_evaluation_is_one_statement_with_bound_values(session: Session, articles: None) -> None:
    said: list[str] = []
    save_filter(session, "shop-1", [rule("name", "==", "secret-value")], "jo")
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: said.append(a[2]))
    build_list(session, "shop-1", "jo")
    assert sum("article_list_entry" in statement for statement in said) == 1
    assert not any("secret-value" in statement for statement in said)


def test_twenty_thousand_articles_are_listed_and_a_second_look_changes_nothing(session: Session, shop: Any) -> None:
    session.execute(
        text(
            "INSERT INTO article (number, name, description, kind, category, manufacturer, ean, tax_category,"
            " is_stock_article, is_postage, is_discount, is_surcharge, allows_decimals, is_locked, is_deleted,"
            " syncs_stock, stock_correction) SELECT 'N' || n, 'n', '', 'simple', '', '', '', 'normal',"
            " true, false, false, false, false, false, false, true, 0 FROM generate_series(1, 20000) n"
        )
    )
    first, again = build_list(session, "shop-1", "jo"), build_list(session, "shop-1", "jo")
    assert (first.matched, first.added) == (20_000, 20_000)
    assert (again.matched, again.added, again.removed) == (20_000, 0, 0)


def kinds(session: Session) -> dict[str, set[str]]:
    """Which records have links, by kind."""
    session.expire_all()
    found: dict[str, set[str]] = {}
    for link in session.exec(select(Link)):
        found.setdefault(link.kind, set()).add(link.record)
    return found


def test_each_chosen_feature_links_the_articles_it_is_about(session: Session, shop: Any) -> None:
    choose(session, Feature.ARTICLES, Feature.PRICES)
    shop.article("M", kind="matrix", is_stock_article=False)
    shop.article("A-1")
    shop.article("SERVICE", is_stock_article=False)
    shop.article("POSTAGE", is_stock_article=False, is_postage=True)
    assert build_list(session, "shop-1", "jo").matched == 4
    assert kinds(session) == {
        "articles": {"M", "A-1", "SERVICE"},
        "prices": {"A-1", "SERVICE"},
        "stock": {"A-1"},
    }


def test_a_feature_that_is_chosen_later_gets_links_for_all_that_is_listed(session: Session, articles: None) -> None:
    build_list(session, "shop-1", "jo")
    session.execute(text("UPDATE link SET dirty_at = NULL"))
    choose(session, Feature.PRICES)
    assert build_list(session, "shop-1", "jo").added == 0
    assert kinds(session) == {"stock": {"A-1", "A-2", "B-1"}, "prices": {"A-1", "A-2", "B-1"}}
    session.expire_all()
    assert {link.kind for link in session.exec(select(Link)) if link.dirty_at} == {"prices"}


def test_a_feature_that_is_not_chosen_gets_no_links(session: Session, articles: None) -> None:
    session.execute(text("UPDATE integration_feature SET is_chosen = false"))
    build_list(session, "shop-1", "jo")
    assert links(session) == {}


def test_more_features_take_no_more_statements_per_article(session: Session, shop: Any) -> None:
    choose(session, Feature.ARTICLES, Feature.PRICES)
    shop.article("A-1")
    with statements(session) as few:
        build_list(session, "shop-1", "jo")
    for number in range(20):
        shop.article(f"B-{number}")
    with statements(session) as many:
        build_list(session, "shop-1", "jo")
    assert len(many) <= len(few)
