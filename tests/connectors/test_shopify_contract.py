"""Every query and mutation is one that Shopify's schema knows, costs what is planned, and needs what is asked for."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    parse,
)

from canonical.catalogue import DataType
from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.settings import FeatureSettings, MediaMode
from connectors import shopify
from connectors.protocol import (
    FEATURE_PROTOCOLS,
    AnswersOrders,
    AnswersTickets,
    DescribesTaxonomy,
    KeepsWebhooks,
    ListsChoices,
    PullsCatalogue,
    ReportsTasks,
)
from connectors.shopify import catalogue, choices, order_documents, orders, variants
from connectors.shopify.graph import MOST_COST, Document
from connectors.shopify.scopes import ASKED_FOR, needs
from connectors.shopify.settings import ShopifyArticleSettings, ShopifyOrderSettings, ShopifyShipmentSettings
from tests.connectors.test_shopify_support import checked, operation_of, schema, schema_text

SIZES = {
    "Orders": {"first": 1},
    "OrderLines": {"first": order_documents.LINE_PAGE},
    "FindVariants": {"first": variants.SKUS * 2},
    "ListProducts": {"first": catalogue.PRODUCTS, "variants": catalogue.VARIANTS},
    "Taxonomy": {"first": 250},
    "AddMedia": {"count": 250},
}
LISTS = {"ItemAtLocation": 250}


def documents() -> dict[str, Document]:
    """All documents of the package, by their operation's name."""
    found: dict[str, Document] = {}
    for module in pkgutil.iter_modules(shopify.__path__, "connectors.shopify."):
        for _, value in inspect.getmembers(importlib.import_module(module.name)):
            if isinstance(value, Document):
                assert found.setdefault(operation_of(value.text), value) is value, "two documents of one name"
    return found


DOCUMENTS = documents()


class Reckoning:
    """Costs by the vendor's table: an object one, a connection by its size, a mutation ten; scalars nothing."""

    def __init__(self, document: DocumentNode, sizes: dict[str, int], ids: int) -> None:
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._operation = next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))
        self._sizes = sizes
        self._ids = ids

    def total(self) -> float:
        is_mutation = self._operation.operation.value == "mutation"
        root = schema().mutation_type if is_mutation else schema().query_type
        return self._selections(self._operation.selection_set, root) + (10 if is_mutation else 0)

    def _selections(self, selections: SelectionSetNode | None, owner: Any) -> float:
        sum_, conditioned = 0.0, [0.0]
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                sum_ += self._field(node, owner)
                continue
            if isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                sum_ += self._selections(fragment.selection_set, schema().type_map[fragment.type_condition.name.value])
                continue
            assert isinstance(node, InlineFragmentNode) and node.type_condition is not None
            inner = schema().type_map[node.type_condition.name.value]
            conditioned.append(self._selections(node.selection_set, inner))
        return sum_ + max(conditioned)

    def _field(self, node: FieldNode, owner: Any) -> float:
        if node.name.value == "__typename":
            return 0
        assert isinstance(owner, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
        field = owner.fields[node.name.value]  # type: ignore[union-attr]
        named = get_named_type(field.type)
        if is_leaf_type(named) or named.name == "PageInfo":
            return 0
        inner = self._selections(node.selection_set, named)
        if named.name.endswith("Connection"):
            return self._size(node) * inner
        if owner.name.endswith("Connection"):
            return 1 + inner
        kind = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        times = self._size(node) if isinstance(kind, GraphQLList) else 1
        return times * (1 + inner)

    def _size(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                if isinstance(argument.value, IntValueNode):
                    return int(argument.value.value)
                assert isinstance(argument.value, VariableNode)
                return self._sizes.get(argument.value.name.value, 100)
        return self._ids if node.name.value == "nodes" else 1


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_is_valid_by_the_schema(name: str) -> None:
    assert checked(DOCUMENTS[name].text)[1] == ()


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_costs_no_more_than_is_planned_and_than_one_query_may(name: str) -> None:
    document, _ = checked(DOCUMENTS[name].text)
    reckoned = Reckoning(document, SIZES.get(name, {}), LISTS.get(name, 1)).total()
    assert reckoned <= DOCUMENTS[name].cost <= MOST_COST
    assert reckoned >= DOCUMENTS[name].cost * 0.6, "planned far too much"


def test_a_page_of_orders_fits_into_one_query() -> None:
    assert orders.PLANNED / order_documents.PER_ORDER >= 5
    assert orders.PLANNED <= MOST_COST


def test_the_bulk_query_is_valid_and_within_what_bulk_operations_may() -> None:
    assert checked(catalogue.BULK_QUERY.replace("{", "query Bulk {", 1))[1] == ()
    assert len(re.findall(r"\bedges\b", catalogue.BULK_QUERY)) <= 5
    assert parse(catalogue.BULK_QUERY)


def test_mutations_that_want_an_idempotency_key_have_one() -> None:
    described = re.findall(r'"""((?:(?!""").)*)"""\s+(\w+)\(', schema_text(), re.DOTALL)
    wanting = {name for text, name in described if "idempotency key is required" in text}
    assert "inventorySetQuantities" in wanting
    for document in DOCUMENTS.values():
        for name in wanting:
            if re.search(rf"\b{name}\(", document.text):
                assert "@idempotent(key: $key)" in document.text


def test_no_document_uses_a_list_that_replaces_what_others_made() -> None:
    assert not [name for name, document in DOCUMENTS.items() if "productSet" in document.text]


# --- permissions ------------------------------------------------------------------------------------------------------

OF_FEATURE: dict[Feature, tuple[str, ...]] = {
    Feature.ORDERS: ("Order", "Customer"),
    Feature.STOCK: (
        "ProductVariant",
        "InventoryItem.inventoryLevel",
        "Location",
        "Mutation.inventorySetQuantities",
        "Mutation.inventoryActivate",
    ),
    Feature.PRICES: (
        "ProductVariant",
        "PriceList",
        "Mutation.productVariantsBulkUpdate",
        "Mutation.priceListFixedPricesAdd",
        "Mutation.priceListFixedPricesDelete",
        "Mutation.quantityPricingByVariantUpdate",
    ),
    Feature.ARTICLES: (
        "Product",
        "InventoryItem",
        "Mutation.productCreate",
        "Mutation.productUpdate",
        "Mutation.productDelete",
        "Mutation.productVariantsBulkCreate",
        "Mutation.productVariantsBulkUpdate",
        "Mutation.productVariantsBulkDelete",
        "Mutation.publishablePublish",
        "Mutation.translationsRegister",
        "Mutation.fileUpdate",
        "QueryRoot.translatableResource",
    ),
    Feature.SHIPMENTS: (
        "Order",
        "FulfillmentOrder",
        "Fulfillment",
        "Return",
        "Mutation.fulfillmentCreate",
        "Mutation.fulfillmentTrackingInfoUpdate",
        "Mutation.orderCancel",
        "Mutation.returnCreate",
        "Mutation.returnProcess",
    ),
    Feature.REFUNDS: ("Order", "Refund", "OrderTransaction"),
}
FULL = {
    Feature.ORDERS: ShopifyOrderSettings(vat_id_from_company=True),
    Feature.SHIPMENTS: ShopifyShipmentSettings(cancel_in_channel=True, send_returns=True),
    Feature.ARTICLES: ShopifyArticleSettings(
        sales_channels=frozenset({"1"}),
        translation_languages=frozenset({"en"}),
        data_types=frozenset(DataType),
        media_mode=MediaMode.ADD_AND_DELETE,
    ),
}


def with_reads(scopes: set[str]) -> set[str]:
    return scopes | {"read_" + scope.removeprefix("write_") for scope in scopes if scope.startswith("write_")}


@pytest.mark.parametrize("feature", sorted(shopify.SPEC.features))
def test_a_feature_asks_for_what_the_vendor_says_its_fields_need(shared: Path, feature: Feature) -> None:
    access = orjson.loads((shared / "specs" / "shopify" / "admin-2026-10.access.json").read_bytes())["requiredAccess"]
    # The first of each choice: a shop may grant any of them.
    having = with_reads({sorted(choice)[-1] for choice in needs(feature, FULL.get(feature))})
    for place in OF_FEATURE[feature]:
        named = set(re.findall(r"\b(?:read|write)_\w+", access[place]))
        assert named & having, f"{place} needs one of {named}"


def test_a_public_app_asks_for_everything_that_any_setting_may_need() -> None:
    asked = set(ASKED_FOR)
    for feature in shopify.SPEC.features:
        assert all(choice & asked for choice in needs(feature, FULL.get(feature)))


def test_the_subscribed_topics_are_those_of_the_schema() -> None:
    topics = schema().type_map["WebhookSubscriptionTopic"].values  # type: ignore[attr-defined]
    hints = [hint for feature in shopify.SPEC.features.values() for hint in feature.hints]
    assert hints and all(hint.upper().replace("/", "_") in topics for hint in hints)


# --- the declaration --------------------------------------------------------------------------------------------------


def test_the_connector_satisfies_exactly_what_it_declares() -> None:
    reader = shopify.reader()
    spec = shopify.SPEC
    able = {feature for feature, protocol in FEATURE_PROTOCOLS.items() if isinstance(reader, protocol)}
    assert able == set(spec.features)
    assert isinstance(reader, PullsCatalogue) and spec.imports_catalogue and spec.lists_articles
    assert isinstance(reader, KeepsWebhooks) and spec.has_webhooks
    assert isinstance(reader, ListsChoices) and spec.choices == choices.KINDS
    for protocol in (AnswersOrders, DescribesTaxonomy, ReportsTasks, AnswersTickets):
        assert not isinstance(reader, protocol)
    assert not spec.answers_orders and not spec.has_taxonomy


def test_the_words_are_there_in_both_languages() -> None:
    spec = shopify.SPEC
    models = [feature.settings for feature in spec.features.values()]
    for field in [field for model in models for field in model.model_fields.values()]:
        assert field.title and FeatureSettings.meta(field)["title_de"]
        assert bool(field.description) == bool(FeatureSettings.meta(field)["help_de"])
        option = FeatureSettings.meta(field).get("channel_options")
        assert option is None or option in spec.choices
    for form in (spec.credentials, spec.grants[0].form):
        assert all(field.title and field.json_schema_extra["title_de"] for field in form.model_fields.values())  # type: ignore[index]
    assert all(bool(text.de) == bool(text.en) for text in spec.capabilities.values())
    assert all(text.de and text.en for text in spec.credentials_help)


@pytest.mark.proves("shopify", "line_text_erp", "order_clerk")
def test_the_settings_of_the_domain_are_there() -> None:
    settings = {feature: set(spec.settings.model_fields) for feature, spec in shopify.SPEC.features.items()}
    assert {"clerk_name", "delivery_term", "name_from_erp", "description_source", "pos_customer"} <= settings[
        Feature.ORDERS
    ]
    assert {"sales_channels", "tax_collection_reduced", "taxonomy_map", "property_map"} <= settings[Feature.ARTICLES]
    assert {"export_trigger", "notify_customer", "carrier_map", "send_returns"} <= settings[Feature.SHIPMENTS]
    assert "location_map" in settings[Feature.STOCK] and "b2b_groups" in settings[Feature.PRICES]
    assert ShopifyOrderSettings().import_states == {"PAID", "PARTIALLY_REFUNDED"}


def test_a_reader_has_no_network() -> None:
    reader: Any = shopify.reader()
    with pytest.raises(FailureError) as caught:
        reader.fetch_orders(reader.first_cursor("2026-02-01T00:00:00Z"), 100)
    assert caught.value.failure.code == "CREDENTIALS_MISSING"
