"""What is sent about categories: the tree from its roots, what changed once, and what waited for it."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from canonical.feature import Feature
from canonical.settings import ArticleSettings, CategorySettings
from erp.article_filter import build_list
from erp.categories import CategoryForm, change_category, create_category, delete_category, store_categories
from erp.tables import Integration
from tests.erp.push_kit import Channel, choose, refuse, statements


@pytest.fixture
def channel(session: Session, shop: Any) -> Channel:
    """A shop that gets categories."""
    choose(session, Feature.CATEGORIES)
    return Channel(session, Feature.CATEGORIES, CategorySettings())


def make(session: Session, name: str, parent: int | None = None, position: int = 0) -> int:
    return create_category(session, CategoryForm(name=name, parent_id=parent, position=position))


def test_the_tree_is_sent_from_its_roots_and_children_get_their_parents_id(
    session: Session, shop: Any, channel: Channel
) -> None:
    child = make(session, "Mugs")
    top = make(session, "House", position=2)
    leaf = make(session, "Blue")
    change_category(session, leaf, CategoryForm(name="Blue", parent_id=child))
    change_category(session, child, CategoryForm(name="Mugs", parent_id=top, position=1))
    channel.portion = 1
    sent = channel.send()
    assert [(node.key, node.name, node.parent_key) for node in sent] == [
        (str(top), "House", ""),
        (str(child), "Mugs", str(top)),
        (str(leaf), "Blue", str(child)),
    ]
    assert [node.parent_ref for node in sent] == ["", f"ref-{top}", f"ref-{child}"]
    assert [node.position for node in sent] == [2, 1, 0]
    assert channel.send() == []
    change_category(session, leaf, CategoryForm(name="Bleu", parent_id=child))
    (node,) = channel.send()
    assert (node.name, node.ref, node.parent_ref) == ("Bleu", f"ref-{leaf}", f"ref-{child}")


def test_a_batch_that_is_full_leaves_children_for_the_next_one(session: Session, shop: Any, channel: Channel) -> None:
    child = make(session, "Mugs")
    top = make(session, "House")
    change_category(session, child, CategoryForm(name="Mugs", parent_id=top))
    assert channel.collect(limit=1)
    assert [node.key for node in channel.send()] == [str(top), str(child)]


def test_only_integrations_that_chose_categories_have_links(session: Session, shop: Any, channel: Channel) -> None:
    shop.add(Integration(id="shop-2", connector="woocommerce", name="Shop 2"))
    make(session, "House")
    assert session.execute(text("SELECT integration_id FROM link")).scalars().all() == ["shop-1"]
    choose(session, Feature.CATEGORIES, integration="shop-2")
    build_list(session, "shop-2", "jo")
    other = Channel(session, Feature.CATEGORIES, CategorySettings(), integration="shop-2")
    assert [node.name for node in other.send()] == ["House"], "a feature that is chosen later gets the whole tree"
    build_list(session, "shop-2", "jo")
    assert other.send() == []


@pytest.mark.parametrize("wanted", [True, False])
def test_a_deleted_category_is_deleted_in_the_shop_once_and_only_if_wanted(
    session: Session, shop: Any, channel: Channel, wanted: bool
) -> None:
    category = make(session, "House")
    channel.send()
    new = make(session, "New")
    for each in (category, new):
        delete_category(session, each, moves_up=False)
    channel.settings = CategorySettings(auto_delete_categories=wanted)
    sent = [(node.key, node.ref, node.name, node.is_deleted) for node in channel.send()]
    assert sent == ([(str(category), f"ref-{category}", "House", True)] if wanted else [])
    session.execute(text("UPDATE link SET dirty_at = now()"))
    assert channel.send() == []


def test_content_that_moves_up_is_sent_under_its_new_parent(session: Session, shop: Any, channel: Channel) -> None:
    top = make(session, "House")
    middle = make(session, "Kitchen", top)
    leaf = make(session, "Mugs", middle)
    channel.send()
    delete_category(session, middle, moves_up=True)
    assert [(node.key, node.parent_key) for node in channel.send()] == [(str(leaf), str(top))]


def test_articles_go_out_again_once_their_category_is_known(session: Session, shop: Any, channel: Channel) -> None:
    choose(session, Feature.ARTICLES)
    shop.article("A-1")
    shop.article("A-2")
    store_categories(session, "A-1", [make(session, "House")], "jo")
    build_list(session, "shop-1", "jo")
    articles = Channel(session, Feature.ARTICLES, ArticleSettings())
    articles.send()
    assert channel.link(str(channel.send()[0].key)).external_ref
    assert articles.dirty() == {"A-1"}
    (content,) = articles.send()
    assert content.categories[0].ref.startswith("ref-")


def test_a_node_that_waited_for_its_parent_goes_out_with_it(session: Session, shop: Any, channel: Channel) -> None:
    top = make(session, "House")
    child = make(session, "Mugs", top)
    channel.send(refuse("CATEGORY_NOT_EXPORTED", category="House"))
    assert channel.dirty() == set()
    change_category(session, top, CategoryForm(name="Home"))
    assert [node.key for node in channel.send()] == [str(top), str(child)]


def test_a_category_is_asked_for_by_name_or_id(session: Session, shop: Any, channel: Channel) -> None:
    category = make(session, "House")
    channel.send()
    assert [node.name for node in channel.send(records=["House"], run="by-hand")] == ["House"]
    assert [node.name for node in channel.send(records=[str(category)], run="again")] == ["House"]


def test_collecting_takes_as_many_statements_for_a_large_tree_as_for_a_small_one(
    session: Session, shop: Any, channel: Channel
) -> None:
    make(session, "House")
    with statements(session) as few:
        channel.send()
    for number in range(20):
        make(session, f"Room {number}")
    with statements(session) as many:
        assert len(channel.send()) == 20
    assert len(many) == len(few)
