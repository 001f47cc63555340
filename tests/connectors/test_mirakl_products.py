"""Products of a Mirakl marketplace, its taxonomy and choices, and the listing of its offers."""

from decimal import Decimal
from typing import Any

import pytest

import connectors.mirakl
from canonical.catalogue import (
    ArticleContent,
    CategoryPlace,
    DataType,
    InitialFile,
    NamedValue,
    Picture,
    Structure,
    Words,
)
from canonical.feature import Feature
from canonical.push import PushAnswer
from canonical.taxonomy import Requirement
from connectors.mirakl.choices import _LISTS
from connectors.mirakl.settings import MiraklArticleSettings
from connectors.mirakl.tables import read_table
from connectors.mirakl.tickets import Entry, Ticket
from connectors.protocol import MakesInitialFiles
from tests.connectors.test_mirakl_offers import offer, outcomes
from tests.connectors.test_mirakl_support import Market, answer, market

__all__ = ["market"]


# --- products --------------------------------------------------------------------------------------------------------


def product(sku: str = "MUG", **fields: Any) -> ArticleContent:
    known: dict[str, Any] = {
        "key": f"A-{sku}",
        "sku": sku,
        "words": Words(language="de", name="Becher", short_text="kurz", description="<p>lang</p>"),
        "channel_category": "C-1",
        "channel_attributes": (NamedValue(name="title", value="Becher"), NamedValue(name="ean", value="4006381333931")),
    }
    return ArticleContent(**(known | fields))


def completed(market: Market, ticket: str) -> PushAnswer:
    market.answers(import_state("COMPLETE"))
    found: PushAnswer = market.connect().check_ticket(ticket)
    return found


def import_state(state: str, **more: Any) -> bytes:
    return answer({"import_id": 9, "import_status": state, **more})


@pytest.mark.proves("mirakl", "article_basics", "ean", "description", "variants")
def test_products_go_out_in_the_marketplaces_own_columns(market: Market) -> None:
    market.answers(answer({"import_id": 9}, 201))
    shirt = product(
        "SHIRT-M",
        structure=Structure.VARIANT,
        parent_sku="SHIRT",
        channel_attributes=(NamedValue(name="size", value="M"),),
    )
    parent = product("SHIRT", structure=Structure.PARENT, channel_category="")
    sent = market.connect().send_articles([product(), parent, shirt])
    assert [entry.known is not None for entry in Ticket.parse(sent.ticket).entries] == [False, True, False]
    assert outcomes(completed(market, sent.ticket)) == {
        "A-MUG": "accepted",
        "A-SHIRT": "skipped",
        "A-SHIRT-M": "accepted",
    }
    assert market.requests[0].parts()["operator_format"][1] == b"true"
    assert market.requests[0].table() == [
        {
            "category": "C-1",
            "shop_sku": "MUG",
            "variant_group_code": "",
            "title": "Becher",
            "ean": "4006381333931",
            "size": "",
        },
        {"category": "C-1", "shop_sku": "SHIRT-M", "variant_group_code": "SHIRT", "title": "", "ean": "", "size": "M"},
    ]


def test_the_file_is_checked_before_it_is_sent(market: Market) -> None:
    twice = (NamedValue(name="title", value="a"), NamedValue(name="title", value="b"))
    nameless = (NamedValue(name=" ", value="X"),)
    bad = [
        product("A", channel_category="", category="Becher"),
        product("B", channel_attributes=twice),
        product("C", channel_attributes=nameless),
        product(" "),
        product("D", is_deleted=True),
    ]
    sent = market.connect().send_articles(bad)
    assert outcomes(sent) == {
        "A-A": "CATEGORY_UNMAPPED",
        "A-B": "FIELD_INVALID",
        "A-C": "FIELD_INVALID",
        "A- ": "SKU_MISSING",
        "A-D": "skipped",
    }
    assert sent.ticket == "" and market.requests == []


@pytest.mark.proves(
    "mirakl",
    "article_unit",
    "article_measures",
    "article_inactive",
    "manufacturer",
    "manufacturer_number",
    "short_text",
    "custom_fields",
    "properties",
    "bundles",
    "images",
)
def test_our_own_columns_hold_everything_for_the_mapping_assistant(market: Market) -> None:
    article = product(
        unit="Stück",
        weight=Decimal("0.350"),
        length=Decimal(10),
        width=Decimal("8.5"),
        height=Decimal(9),
        is_active=False,
        manufacturer="Töpfer",
        manufacturer_number="T-1",
        ean="4006381333931",
        channel_category="",
        categories=(CategoryPlace(key="1", path=("Küche", "Becher")),),
        sends=frozenset({DataType.MASTER_DATA, DataType.IMAGES, DataType.PROPERTIES, DataType.CUSTOM_FIELDS}),
        images=(Picture(url="https://x/2", position=2), Picture(url="https://x/1", position=1)),
        properties=(NamedValue(name="name", value="eigen"),),
        custom_fields=(NamedValue(name="Farbe", value="rot"),),
        components=(NamedValue(name="PART", value="2"),),
    )
    market.answers(answer({"import_id": 9}, 201))
    connector = market.connect(articles={"product_format": "own"})
    connector.send_articles([article])
    row = market.requests[0].table()[0]
    assert market.requests[0].parts()["operator_format"][1] == b"false"
    assert {
        "sku": "MUG",
        "category": "Küche > Becher",
        "name": "Becher",
        "short-text": "kurz",
        "description": "<p>lang</p>",
        "unit": "Stück",
    }.items() <= row.items()
    assert {
        "weight": "0.35",
        "length": "10",
        "width": "8.5",
        "height": "9",
        "active": "false",
        "image-1": "https://x/1",
        "image-2": "https://x/2",
    }.items() <= row.items()
    assert {
        "manufacturer": "Töpfer",
        "manufacturer-number": "T-1",
        "property-name": "eigen",
        "field-Farbe": "rot",
    }.items() <= row.items()
    found = initial([article, product(" "), product("SHIRT", structure=Structure.PARENT)], product_format="own")
    assert (read_table(found.content), found.count) == ([row], 1)
    assert [(key, failure.code) for key, failure in found.left_out] == [("A- ", "SKU_MISSING")]


def initial(articles: list[ArticleContent], **settings: Any) -> InitialFile:
    """The initial file of products, as a reader makes it: without a network."""
    chosen = {Feature.ARTICLES: MiraklArticleSettings(**settings)}
    made = connectors.reader("mirakl")
    assert isinstance(made, MakesInitialFiles)
    return made.initial_product_file(chosen, iter(articles))


def test_the_initial_file_has_the_columns_in_which_products_will_be_sent() -> None:
    sent = read_table(initial([product(), product("CUP")], sku_attribute="shop-sku").content)
    assert sent[1] == {"category": "C-1", "shop-sku": "CUP", "title": "Becher", "ean": "4006381333931"}
    unmapped = initial([product(channel_category="", channel_attributes=())])
    assert read_table(unmapped.content)[0]["name"] == "Becher", "ours for the assistant, where nothing is mapped here"
    late = initial([product(), product("CUP", channel_category="")])
    assert (late.count, [failure.code for _, failure in late.left_out]) == (1, ["CATEGORY_UNMAPPED"])
    assert initial([]).count == 0


TICKET = str(Ticket("P41", "9", (Entry("A-MUG", "MUG"), Entry("A-CUP", "CUP")), "2026-03-01T00:00:00+00:00"))


def test_reports_of_products_are_read_back_per_product(market: Market) -> None:
    market.answers(
        import_state(
            "COMPLETE", has_transformation_error_report=True, has_error_report=True, has_new_product_report=True
        ),
        answer(b'"shop_sku";"errors"\n"X";"other"\n'),
        answer(b'"shop_sku";"error-line";"error-message"\n"CUP";"3";"GTIN invalid"\n"CUP";"4";"Image missing"\n'),
        answer(b'"shop_sku";"product-sku"\n"MUG";"MKP-1"\n'),
    )
    found = market.connect().check_ticket(TICKET)
    assert outcomes(found) == {"A-MUG": "accepted", "A-CUP": "ITEM_REFUSED"}
    assert found.results[0].ref == "MKP-1"
    assert (
        found.results[1].failure is not None
        and found.results[1].failure.params["reason"] == "GTIN invalid; Image missing"
    )
    assert market.calls == ["P42", "P47", "P44", "P45"]


@pytest.mark.parametrize("state", ["TRANSFORMATION_WAITING", "RUNNING", "SENT", "SOMETHING_NEW"])
def test_products_that_the_operator_has_not_taken_yet_are_waited_for(market: Market, state: str) -> None:
    market.answers(import_state(state))
    found = market.connect().check_ticket(TICKET)
    assert (found.results, found.ticket) == ((), TICKET) and found.ask_again_after >= 60


@pytest.mark.parametrize("state", ["FAILED", "TRANSFORMATION_FAILED", "CANCELLED"])
def test_a_failed_product_import_refuses_all(market: Market, state: str) -> None:
    market.answers(import_state(state, reason_status="bad file"))
    assert set(outcomes(market.connect().check_ticket(TICKET)).values()) == {"ITEM_REFUSED"}


def test_a_catalogue_manager_says_why_a_product_is_not_live(market: Market) -> None:
    rows = [
        {"provider_unique_identifier": "MUG", "status": "LIVE", "errors": []},
        {
            "provider_unique_identifier": "CUP",
            "status": "NOT_LIVE",
            "errors": [
                {
                    "code": "X",
                    "message": "m",
                    "integration_details": [{"attribute_code": "ean", "code": "C", "message": "wrong"}],
                }
            ],
        },
    ]
    market.answers(import_state("COMPLETE"), answer(rows), import_state("COMPLETE"), answer(status=204))
    connector = market.connect(articles={"catalog_manager": True})
    found = connector.check_ticket(TICKET)
    assert outcomes(found) == {"A-MUG": "accepted", "A-CUP": "ITEM_REFUSED"}
    assert found.results[1].failure is not None and found.results[1].failure.params["reason"] == "ean: wrong"
    assert set(outcomes(connector.check_ticket(TICKET)).values()) == {"accepted"}
    assert market.requests[1].query["updated_since"] == "2026-03-01T00:00:00+00:00"


# --- taxonomy, choices, listings -------------------------------------------------------------------------------------


def test_the_taxonomy_is_fetched_in_three_calls(market: Market) -> None:
    market.answers(
        answer(
            {
                "hierarchies": [
                    {"code": "1", "label": "Küche", "parent_code": ""},
                    {"code": "2", "label": None, "parent_code": "1"},
                ]
            }
        ),
        answer(
            {
                "attributes": [
                    {
                        "code": "color",
                        "label": "Farbe",
                        "type": "LIST",
                        "requirement_level": "REQUIRED",
                        "hierarchy_code": "2",
                        "variant": True,
                        "type_parameters": [{"name": "LIST_CODE", "value": "colors"}],
                    },
                    {"code": "size", "type": "LIST", "required": True, "values_list": "sizes", "type_parameter": None},
                    {"code": "old", "type": "TEXT", "requirement_level": "DISABLED"},
                    {"code": "shop_sku", "type": "TEXT", "requirement_level": "REQUIRED"},
                    {"code": "pic", "label": "Bild", "type": "MEDIA", "requirement_level": "RECOMMENDED"},
                    {"code": "new", "type": "HOLOGRAM", "requirement_level": "SOMETIMES"},
                ]
            }
        ),
        answer(
            {
                "values_lists": [
                    {"code": "colors", "values": [{"code": "r", "label": "Rot"}, {"code": "b"}]},
                    {"code": "empty"},
                ]
            }
        ),
    )
    found = market.connect().fetch_taxonomy()
    assert [(node.code, node.label, node.parent_code, node.is_leaf) for node in found.nodes] == [
        ("1", "Küche", "", False),
        ("2", "2", "1", True),
    ]
    assert [(entry.code, entry.kind, entry.requirement, entry.values_code) for entry in found.attributes] == [
        ("color", "list", Requirement.REQUIRED, "colors"),
        ("size", "list", Requirement.REQUIRED, "sizes"),
        ("pic", "media", Requirement.RECOMMENDED, ""),
        ("new", "text", Requirement.OPTIONAL, ""),
    ]
    assert found.attributes[0].is_variant_axis and found.attributes[0].category_code == "2"
    assert [(value.list_code, value.code, value.label) for value in found.values] == [
        ("colors", "r", "Rot"),
        ("colors", "b", "b"),
    ]
    assert market.calls == ["H11", "PM11", "VL11"]


REASONS = {
    "reasons": [
        {"code": "15", "label": "Out of stock", "type": "REFUND", "is_shop_right": True},
        {"code": "16", "label": "Operator", "type": "REFUND", "is_shop_right": False},
        {"code": "34", "label": "Cancelled", "type": "CANCELATION"},
    ]
}


@pytest.mark.parametrize(
    ("kind", "told", "expected"),
    [
        ("carriers", {"carriers": [{"code": "DHL", "label": "DHL Paket"}, {"label": "?"}]}, [("DHL", "DHL Paket")]),
        (
            "document_types",
            {
                "documents": [
                    {"code": "SYSTEM_DELIVERY_BILL", "label": "x"},
                    {"code": "CUSTOMER_INVOICE", "label": "Rechnung"},
                ]
            },
            [("CUSTOMER_INVOICE", "Rechnung")],
        ),
        ("refund_reasons", REASONS, [("15", "Out of stock")]),
        ("cancel_reasons", REASONS, [("34", "Cancelled")]),
        ("offer_states", {"offer_states": [{"code": "11", "label": "Neu"}]}, [("11", "Neu")]),
        ("channels", {"channels": [{"code": "DE"}]}, [("DE", "DE")]),
        ("attributes", {"attributes": [{"code": "category", "label": "Kategorie"}]}, [("category", "Kategorie")]),
    ],
)
def test_choices_keep_the_codes(market: Market, kind: str, told: Any, expected: list[tuple[str, str]]) -> None:
    market.answers(answer(told))
    assert [(choice.value, choice.label) for choice in market.connect().list_choices(kind)] == expected
    assert tuple(_LISTS) == connectors.mirakl.SPEC.choices


def listing(*rows: dict[str, Any], total: int) -> bytes:
    return answer({"offers": list(rows), "total_count": total})


def test_offers_are_listed_to_the_end_each_once(market: Market) -> None:
    rows = [offer(n) for n in range(130)]
    market.answers(listing(*rows[:100], total=130), listing(*rows[100:], total=130))
    connector = market.connect()
    first = connector.fetch_listings("", 500)
    second = connector.fetch_listings(first.cursor, 500)
    assert (first.more, second.more, first.total) == (True, False, 130)
    assert [entry.content.sku for page in (first, second) for entry in page.articles] == [f"S{n}" for n in range(130)]
    listed = first.articles[0]
    assert (listed.content.ean, listed.content.words.name, listed.quantity) == ("4006381333931", "Becher 0", 3)
    assert (listed.prices[0].amount, listed.content.key) == (Decimal("11.9"), "")
    assert [request.query["offset"] for request in market.requests] == ["0", "100"]


def test_offers_that_go_away_while_listing_hide_no_other(market: Market) -> None:
    rows = [offer(n) for n in range(6)]
    market.answers(listing(*rows[:2], total=6), listing(*rows[3:5], total=5), listing(*rows[4:6], total=5))
    connector, cursor, more = market.connect(), "", True
    while more:
        page = connector.fetch_listings(cursor, 2)
        cursor, more = page.cursor, page.more
    assert [request.query["offset"] for request in market.requests] == ["0", "2", "3"]


def test_single_offers_are_found_by_number(market: Market) -> None:
    market.answers(
        answer({"offers": [offer(1, price=None, quantity="x"), offer(11)], "total_count": 2}),
        answer({"offers": [], "total_count": 0}),
    )
    found = market.connect().fetch_listings_by_sku(["S1", " ", "S9", "S1"])
    assert [entry.content.sku for entry in found.articles] == ["S1"] and found.articles[0].prices == ()
    assert [request.query["sku"] for request in market.requests] == ["S1", "S9"]
