"""The pairing worksheet: found by number, EAN and name; conflicts shown; confirming writes a foreign number and nothing else."""

import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import Session, col, select

from canonical.catalogue import ArticleContent, ListedArticle, NamedValue, PriceTier, Structure, Words
from canonical.failure import FailureError
from canonical.settings import AdvancedSettings
from erp import pairing, pairing_files
from erp.feature_settings import save_settings
from erp.queries import channel_articles
from erp.queries.channel_articles import ListingQuery
from erp.similarity import Candidate, best_matches, words_of
from erp.tables import Article, ForeignNumber, Link, Listing
from tests.erp.conftest import Shop

SHOP, LABEL = "shop-1", "SKU"


def listed(ref: str, sku: str, name: str, **values: Any) -> ListedArticle:
    """A listing of the channel."""
    content = ArticleContent(key="", ref=ref, sku=sku, words=Words(language="de", name=name), **values)
    return ListedArticle(content=content, prices=(PriceTier(amount=Decimal(5)),))


@pytest.fixture
def shop(session: Session) -> Shop:
    made = Shop(session)
    for number, name, ean in (
        ("T-1", "Tasse Morgen blau", ""),
        ("T-2", "Tasse Abend rot", "4006381333931"),
        ("K-1", "Kanne gross", ""),
    ):
        made.article(number, name=name, ean=ean)
    advanced = AdvancedSettings(foreign_numbers=True, foreign_number_label=LABEL)
    save_settings(session, SHOP, None, advanced, "anna")
    session.commit()
    return made


def read(session: Session, *articles: ListedArticle, round_: int = 1) -> None:
    """Read the channel's listings and propose, as the workflow does."""
    pairing.store_listings(session, SHOP, round_, articles)
    pairing.drop_unseen(session, SHOP, round_)
    pairing.propose(session, SHOP)
    session.commit()
    session.expire_all()


def row(session: Session, ref: str) -> Listing:
    return session.exec(select(Listing).where(col(Listing.ref) == ref)).one()


def found(session: Session) -> dict[str, tuple[str, str, str]]:
    """How each listing was found: state, way, article."""
    rows = channel_articles.listings(session, SHOP, ListingQuery()).rows
    return {each.ref: (each.state, each.how, each.article) for each in rows}


def test_a_listing_is_found_by_foreign_number_then_sku_then_ean_then_name(session: Session, shop: Shop) -> None:
    kanne = shop.article("K-2", name="Kanne klein")
    shop.add(ForeignNumber(article_id=kanne.id or 0, integration_id=SHOP, label=LABEL, number="SHOP-K2"))
    session.commit()
    read(
        session,
        listed("1", "SHOP-K2", "ganz anders"),
        listed("2", "K-1", "auch anders"),
        listed("3", "X-3", "noch anders", ean="4006381333931"),
        listed("4", "X-4", "Tasse „Morgen“, Blau"),
        listed("5", "X-5", "Fahrrad"),
    )
    assert found(session) == {
        "1": ("paired", "foreign_number", "K-2"),
        "2": ("paired", "sku", "K-1"),
        "3": ("proposed", "ean", "T-2"),
        "4": ("proposed", "name", "T-1"),
        "5": ("open", "", ""),
    }
    assert Decimal("0.7") <= row(session, "4").confidence < 1


def test_confirming_writes_a_foreign_number_and_never_a_pair_of_ids(session: Session, shop: Shop) -> None:
    read(session, listed("gid://1", "X-4", "Tasse Morgen blau"))
    assert pairing.confirm(session, SHOP, [row(session, "gid://1").id or 0], "anna").count == 1
    (number,) = session.exec(select(ForeignNumber)).all()
    assert (number.number, number.label, number.integration_id, number.is_active) == ("X-4", LABEL, SHOP, True)
    assert row(session, "gid://1").state == "confirmed"
    assert pairing.confirm(session, SHOP, [row(session, "gid://1").id or 0], "anna").count == 1
    assert len(session.exec(select(ForeignNumber)).all()) == 1
    read(session, listed("gid://1", "X-4", "Tasse Morgen blau"), round_=2)
    assert row(session, "gid://1").state == "confirmed"


def test_a_confirmed_pair_marks_what_the_channel_knows_of_the_article_as_to_be_sent(
    session: Session, shop: Shop
) -> None:
    shop.listed("T-9", name="Teller tief")
    link = session.exec(select(Link).where(col(Link.record) == "T-9")).one()
    assert link.dirty_at is None
    session.commit()
    read(session, listed("1", "X-9", "Teller tief"))
    pairing.confirm(session, SHOP, [row(session, "1").id or 0], "anna")
    session.expire_all()
    assert session.exec(select(Link).where(col(Link.record) == "T-9")).one().dirty_at is not None


def test_an_article_for_two_listings_is_a_conflict_until_a_person_chooses(session: Session, shop: Shop) -> None:
    read(session, listed("1", "T-2", "a"), listed("2", "X-2", "b", ean="4006381333931"))
    assert {each.conflict for each in session.exec(select(Listing))} == {"PAIRED_TWICE"}
    refused = pairing.confirm(session, SHOP, [row(session, "1").id or 0], "anna").refused
    assert refused[0][1].code == "PAIRED_TWICE"
    pairing.choose(session, SHOP, row(session, "2").id or 0, "K-1")
    assert pairing.confirm(session, SHOP, [row(session, "2").id or 0], "anna").count == 1


@pytest.mark.parametrize(
    ("listing", "code"),
    [
        (listed("1", "", "Tasse Morgen blau"), "SKU_MISSING"),
        (listed("1", "T-1", "x", structure=Structure.PARENT), "STRUCTURE_DIFFERS"),
        (listed("1", "T-1", "x", structure=Structure.VARIANT, parent_ref="0"), "STRUCTURE_DIFFERS"),
    ],
)
def test_what_speaks_against_a_pair_is_said(session: Session, shop: Shop, listing: ListedArticle, code: str) -> None:
    read(session, listing)
    assert (row(session, "1").state, row(session, "1").conflict) == ("conflict", code)


def test_a_choice_by_hand_is_kept_when_listings_are_read_again_until_it_is_taken_back(
    session: Session, shop: Shop
) -> None:
    listings = [listed("1", "X-1", "Tasse Morgen blau"), listed("2", "X-2", "Tasse Morgen blau")]
    read(session, *listings)
    pairing.choose(session, SHOP, row(session, "2").id or 0, "K-1")
    read(session, *listings, listed("3", "X-3", "Kanne gross"), round_=2)
    assert found(session) == {
        "1": ("proposed", "name", "T-1"),
        "2": ("proposed", "hand", "K-1"),
        "3": ("open", "", ""),
    }, "and its article is proposed for no other listing"
    read(session, *listings, listed("3", "K-1", "Kanne gross"), round_=3)
    assert row(session, "3").conflict == "PAIRED_TWICE"
    pairing.ignore(session, SHOP, [row(session, "2").id or 0], ignored=False)
    read(session, *listings, round_=4)
    assert found(session)["2"] == ("open", "", "")


def test_a_choice_by_hand_falls_with_its_article_and_with_the_number_it_was_made_for(
    session: Session, shop: Shop
) -> None:
    read(session, listed("1", "X-1", "Tasse Morgen blau"), listed("2", "X-2", "b"))
    for ref in ("1", "2"):
        pairing.choose(session, SHOP, row(session, ref).id or 0, "K-1" if ref == "1" else "T-2")
    session.exec(update(Article).where(col(Article.number) == "K-1").values(is_deleted=True))
    read(session, listed("1", "X-1", "Tasse Morgen blau"), listed("2", "K-2", "b"), round_=2)
    assert found(session) == {"1": ("proposed", "name", "T-1"), "2": ("open", "", "")}


def test_the_worksheet_begins_with_what_needs_a_person_and_pages_give_each_listing_once(
    session: Session, shop: Shop
) -> None:
    read(
        session,
        listed("1", "K-1", "Kanne gross"),
        listed("2", "X-2", "Fahrrad"),
        listed("3", "T-1", "Tasse", structure=Structure.PARENT),
        listed("4", "X-4", "Tasse Abend rot"),
        listed("5", "X-5", "Bagger"),
        listed("6", "X-6", "Kran"),
        listed("7", "X-7", "Zug"),
    )
    pairing.ignore(session, SHOP, [row(session, "5").id or 0], ignored=True)
    pairing.choose(session, SHOP, row(session, "6").id or 0, "T-1")
    pairing.confirm(session, SHOP, [row(session, "6").id or 0], "anna")
    for size in (1, 2, 3, 10):
        seen: list[str] = []
        wanted = ListingQuery()
        while True:
            page = channel_articles.listings(session, SHOP, wanted, size=size)
            seen += [each.ref for each in page.rows]
            if not page.next:
                break
            wanted = ListingQuery(after=page.next)
        assert seen == ["3", "4", "2", "7", "1", "6", "5"], size
    narrowed = channel_articles.listings(
        session, SHOP, ListingQuery(state="open", after=f"open.{row(session, '2').id}")
    )
    assert [each.ref for each in narrowed.rows] == ["7"]


def test_a_number_that_is_another_articles_already_is_refused(session: Session, shop: Shop) -> None:
    other = shop.article("O-1", name="Ofen")
    shop.add(ForeignNumber(article_id=other.id or 0, integration_id=SHOP, label=LABEL, number="X-1", is_active=False))
    session.commit()
    read(session, listed("1", "X-1", "Tasse Abend rot"))
    refused = pairing.confirm(session, SHOP, [row(session, "1").id or 0], "anna").refused
    assert refused[0][1].code == "NUMBER_TAKEN_HERE"


def test_another_articles_own_number_is_not_taken_away_by_hand(session: Session, shop: Shop) -> None:
    read(session, listed("1", "K-1", "Kanne gross"))
    pairing.choose(session, SHOP, row(session, "1").id or 0, "T-1")
    ((_, failure),) = pairing.confirm(session, SHOP, [row(session, "1").id or 0], "anna").refused
    assert (failure.code, failure.params) == ("NUMBER_TAKEN_HERE", {"number": "K-1", "article": "K-1"})
    assert session.exec(select(ForeignNumber)).all() == []


def test_a_foreign_number_in_use_counts_more_than_the_same_article_number(session: Session, shop: Shop) -> None:
    other = shop.article("O-1", name="Ofen")
    shop.add(ForeignNumber(article_id=other.id or 0, integration_id=SHOP, label=LABEL, number="K-1"))
    session.commit()
    read(session, listed("1", "K-1", "Ofen"))
    assert found(session)["1"] == ("paired", "foreign_number", "O-1")
    assert pairing.confirm(session, SHOP, [row(session, "1").id or 0], "anna").count == 1
    pairing.choose(session, SHOP, row(session, "1").id or 0, "K-1")
    ((_, failure),) = pairing.confirm(session, SHOP, [row(session, "1").id or 0], "anna").refused
    assert (failure.code, failure.params["article"]) == ("NUMBER_TAKEN_HERE", "O-1")


def test_another_structure_is_confirmed_neither_as_found_nor_by_hand(session: Session, shop: Shop) -> None:
    read(session, listed("1", "T-1", "x", structure=Structure.PARENT))
    id_ = row(session, "1").id or 0
    for number in ("", "T-1", "K-1"):
        if number:
            pairing.choose(session, SHOP, id_, number)
        done = pairing.confirm(session, SHOP, [id_], "anna")
        assert (done.count, done.refused[0][1].code) == (0, "STRUCTURE_DIFFERS")
    assert row(session, "1").state == "proposed" and session.exec(select(ForeignNumber)).all() == []


def test_without_a_label_for_foreign_numbers_nothing_is_confirmed(session: Session, shop: Shop) -> None:
    save_settings(session, SHOP, None, AdvancedSettings(), "anna")
    read(session, listed("1", "X-4", "Tasse Morgen blau"))
    with pytest.raises(FailureError) as caught:
        pairing.confirm(session, SHOP, [row(session, "1").id or 0], "anna")
    assert caught.value.failure.code == "SETTINGS_INCOMPLETE"


def test_all_above_a_confidence_leave_out_conflicts_and_what_was_left_out(session: Session, shop: Shop) -> None:
    read(
        session,
        listed("1", "X-1", "Tasse Abend", ean="4006381333931"),
        listed("2", "X-2", "Kanne gross"),
        listed("3", "X-3", "Tasse Morgen"),
    )
    pairing.ignore(session, SHOP, [row(session, "2").id or 0], ignored=True)
    assert pairing.certain_enough(session, SHOP, Decimal("0.95")) == [row(session, "1").id]
    read(session, listed("2", "X-2", "Kanne gross"), round_=2)
    assert row(session, "2").state == "ignored"


def test_what_is_gone_from_the_channel_is_gone_from_the_worksheet(session: Session, shop: Shop) -> None:
    read(session, listed("1", "T-1", "a"), listed("2", "K-1", "b"))
    read(session, listed("2", "K-1", "b"), round_=2)
    assert set(found(session)) == {"2"}


def test_the_worksheet_goes_out_as_a_file_and_comes_in_again(session: Session, shop: Shop) -> None:
    read(session, listed("1", "X-1", "Fahrrad"), listed("2", "X-2", "Roller"), listed("3", "", "ohne Nummer"))
    lines = [list(line) for line in channel_articles.export(session, SHOP)]
    at = lines[0].index("article")
    lines[1][at], lines[2][at], lines[3][at] = "T-1", "GIBT-ES-NICHT", "K-1"
    content = "\r\n".join(";".join(line) for line in [*lines, ["9", "X-9", "", "", "T-2", "", "", "", ""]]).encode(
        "cp1252"
    )
    taken = pairing_files.take_in(session, SHOP, io.BytesIO(content), "anna")
    assert (taken.count, [(line, failure.code) for line, failure in taken.refused]) == (
        1, [(3, "ARTICLE_UNKNOWN"), (4, "SKU_MISSING"), (5, "NOT_IN_SHOP")],
    )  # fmt: skip
    session.expire_all()
    assert found(session)["1"] == ("confirmed", "hand", "T-1")


def test_a_file_never_moves_a_confirmed_pair(session: Session, shop: Shop) -> None:
    read(session, listed("1", "X-1", "Tasse Morgen blau"))
    pairing.confirm(session, SHOP, [row(session, "1").id or 0], "anna")
    taken = pairing_files.take_in(session, SHOP, io.BytesIO(b"ref;article\n1;K-1\n"), "anna")
    assert [failure.code for _, failure in taken.refused] == ["NUMBER_TAKEN_HERE"]
    assert found(session) == {"1": ("confirmed", "name", "T-1")}


def test_a_file_without_the_columns_is_refused_whole(session: Session, shop: Shop) -> None:
    with pytest.raises(FailureError) as caught:
        pairing_files.take_in(session, SHOP, io.BytesIO(b"name;preis\r\na;1\r\n"), "anna")
    assert caught.value.failure.code == "CSV_COLUMNS"


def test_variants_are_compared_with_their_options(session: Session, shop: Shop) -> None:
    variant = listed(
        "1", "X", "Shirt", structure=Structure.VARIANT, parent_ref="0", options=(NamedValue(name="Farbe", value="rot"),)
    )
    read(session, variant)
    assert row(session, "1").name == "Shirt rot"


@pytest.mark.parametrize("name", ["Größe: XL – Schürze", "grosse xl SCHÜRZE!", "Schuerze, XL, Größe"])
def test_names_are_compared_without_case_order_accents_and_signs(name: str) -> None:
    assert set(words_of(name).split()) <= {"groesse", "grosse", "schuerze", "xl"}


def test_of_two_that_want_the_same_the_more_alike_gets_it() -> None:
    left = [Candidate(1, "Tasse Morgen", "simple"), Candidate(2, "Tasse Morgen blau", "simple")]
    (match,) = best_matches(left, [Candidate(9, "Tasse Morgen blau", "simple")], 60)
    assert (match.left, match.right) == (2, 9)


@given(
    st.lists(st.text("abcdefgh ", min_size=1, max_size=12), max_size=12),
    st.lists(st.text("abcdefgh ", min_size=1, max_size=12), max_size=12),
)
def test_no_name_is_paired_twice_and_none_below_the_limit(left: list[str], right: list[str]) -> None:
    found = best_matches(
        [Candidate(n, name, "simple") for n, name in enumerate(left)],
        [Candidate(n, name, "simple") for n, name in enumerate(right)],
        70,
    )
    assert len({match.right for match in found}) == len({match.left for match in found}) == len(found)
    assert all(Decimal("0.7") <= match.score < 1 for match in found)
