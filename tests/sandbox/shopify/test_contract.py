"""Every operation of the simulated Shopify, its requests and answers checked against the vendor's schema."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.shopify import ShopifyShop
from sandbox.shopify.returning import request_return
from sandbox.shopify.schema import executable_schema
from tests.contract.shopify_spec import operation, violations
from tests.sandbox.shopify.support import (
    Api,
    Json,
    cancel,
    item_id,
    level,
    price_row,
    refund,
    set_levels,
    set_quantities,
    ship,
)

MONEY = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
TAXES = f"taxLines {{ title rate ratePercentage priceSet {MONEY} }}"
ADDRESS = "{ id name firstName lastName company address1 address2 zip city countryCodeV2 phone formatted }"
DISCOUNTS = f"""discountAllocations {{ allocatedAmountSet {MONEY} discountApplication {{ index targetType value {{
  ... on MoneyV2 {{ amount currencyCode }} ... on PricingPercentageValue {{ percentage }} }}
  ... on DiscountCodeApplication {{ code }} ... on AutomaticDiscountApplication {{ title }} }} }}"""
ORDER = f"""fragment O on Order {{ __typename id legacyResourceId name number createdAt updatedAt processedAt closedAt
  cancelledAt cancelReason test note tags email phone taxesIncluded displayFinancialStatus displayFulfillmentStatus
  returnStatus currencyCode presentmentCurrencyCode customAttributes {{ key value }} discountCodes paymentGatewayNames
  totalPriceSet {MONEY} subtotalPriceSet {MONEY} totalTaxSet {MONEY} totalDiscountsSet {MONEY} totalShippingPriceSet {MONEY}
  currentTotalPriceSet {MONEY} currentSubtotalPriceSet {MONEY} currentTotalTaxSet {MONEY} totalOutstandingSet {MONEY}
  totalReceivedSet {MONEY} totalRefundedSet {MONEY} netPaymentSet {MONEY} totalTipReceivedSet {MONEY} {TAXES}
  additionalFees {{ id name price {MONEY} {TAXES} }} totalWeight currentTotalWeight fullyPaid unpaid refundable closed confirmed requiresShipping fulfillable
  billingAddress {ADDRESS} shippingAddress {ADDRESS} displayAddress {{ id }} customer {{ id email displayName }}
  purchasingEntity {{ __typename ... on Customer {{ id }} ... on PurchasingCompany {{ company {{ id name }}
    location {{ id taxSettings {{ taxRegistrationId }} }} }} }}
  channelInformation {{ id displayName channelDefinition {{ handle channelName }} }} attribution {{ handle displayName }}
  app {{ id name }} sourceName statusPageUrl shippingLine {{ title }}
  shippingLines(first: 3) {{ nodes {{ id title code originalPriceSet {MONEY} discountedPriceSet {MONEY} {TAXES} {DISCOUNTS} }} }}
  lineItems(first: 20) {{ edges {{ cursor node {{ id name title variantTitle sku quantity currentQuantity refundableQuantity
    unfulfilledQuantity fulfillableQuantity isGiftCard taxable requiresShipping vendor customAttributes {{ key value }}
    originalUnitPriceSet {MONEY} originalTotalSet {MONEY} discountedUnitPriceSet {MONEY} discountedTotalSet {MONEY}
    discountedUnitPriceAfterAllDiscountsSet {MONEY} totalDiscountSet {MONEY} {TAXES} {DISCOUNTS}
    unfulfilledDiscountedTotalSet {MONEY} product {{ id }} variant {{ id sku }} weight {{ value unit }} }} }}
    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}
  transactions {{ id kind status gateway formattedGateway amountSet {MONEY} parentTransaction {{ id }} processedAt test }}
  fulfillmentOrders(first: 5) {{ nodes {{ id status requestStatus assignedLocation {{ name location {{ id }} countryCode }}
    supportedActions {{ action }} deliveryMethod {{ methodType presentedName }} destination {{ city countryCode }}
    lineItems(first: 20) {{ nodes {{ id totalQuantity remainingQuantity sku lineItem {{ id }} inventoryItemId variant {{ id }} }} }} }} }}
  fulfillments {{ id status displayStatus location {{ id }} trackingInfo {{ number company url }} fulfillmentLineItems(first: 9)
    {{ nodes {{ id quantity discountedTotalSet {MONEY} lineItem {{ id }} }} }} }}
  refunds {{ id note totalRefundedSet {MONEY} refundLineItems(first: 9) {{ nodes {{ quantity restockType restocked
    priceSet {MONEY} subtotalSet {MONEY} totalTaxSet {MONEY} lineItem {{ id }} location {{ id }} }} }}
    refundShippingLines(first: 2) {{ nodes {{ id subtotalAmountSet {MONEY} taxAmountSet {MONEY} }} }}
    transactions(first: 5) {{ nodes {{ id kind }} }} return {{ id }} orderAdjustments(first: 1) {{ nodes {{ id }} }} }}
  returns(first: 5) {{ nodes {{ id name status totalQuantity decline {{ reason note }} returnLineItems(first: 5) {{ nodes {{
    id quantity processedQuantity refundableQuantity returnReasonNote returnReasonDefinition {{ handle }} ... on ReturnLineItem {{ returnReason
    fulfillmentLineItem {{ id }} withCodeDiscountedTotalPriceSet {MONEY} }} }} }} }} }}
  metafields(first: 3) {{ nodes {{ id namespace key type value jsonValue compareDigest ownerType }} }} }}"""
VARIANT = """{ id legacyResourceId title displayName sku barcode price compareAtPrice position taxable inventoryPolicy inventoryQuantity
  availableForSale selectedOptions { name value optionValue { id } } image { url } metafields(first: 2) { nodes { key value } }
  inventoryItem { id sku tracked requiresShipping unitCost { amount } harmonizedSystemCode countryCodeOfOrigin
    measurement { weight { value unit } } inventoryLevels(first: 5) { nodes { id isActive location { id name }
      quantities(names: ["available", "on_hand", "committed"]) { name quantity updatedAt } } } } }"""
PRODUCT = f"""fragment P on Product {{ id legacyResourceId title handle status descriptionHtml description productType vendor tags
  seo {{ title description }} category {{ id fullName }} options {{ id name position values optionValues {{ id name }} }}
  variantsCount {{ count precision }} totalInventory tracksInventory hasOnlyDefaultVariant createdAt updatedAt publishedAt
  media(first: 5) {{ nodes {{ id alt status mediaContentType ... on MediaImage {{ image {{ url altText width }} mimeType }} }} }}
  featuredMedia {{ id preview {{ image {{ url }} }} }} collections(first: 5) {{ nodes {{ id title handle }} }}
  resourcePublicationsV2(first: 5) {{ nodes {{ isPublished publication {{ id name }} }} }} translations(locale: "en") {{ key value }}
  metafield(namespace: "custom", key: "pflege") {{ id value definition {{ id }} }} variants(first: 10) {{ nodes {VARIANT} }} }}"""
READS = """{ shop { id name myshopifyDomain currencyCode taxesIncluded ianaTimezone plan { publicDisplayName } primaryDomain { host url } }
  currentAppInstallation { id accessScopes { handle } app { id } } publicApiVersions { handle supported }
  locations(first: 5) { nodes { id name isActive fulfillsOnlineOrders address { city countryCode formatted } } }
  publications(first: 5) { nodes { id name catalog { id title } channels(first: 2) { nodes { id name handle app { id title } } } } } shopLocales { locale primary published }
  collections(first: 5) { nodes { id title ruleSet { appliedDisjunctively rules { column condition relation } } productsCount { count } products(first: 2) { nodes { id } } } }
  catalogs(first: 5) { nodes { id title status priceList { id name currency } publication { id } } }
  priceLists(first: 5) { nodes { id name currency fixedPricesCount parent { adjustment { type value } } } }
  metafieldDefinitions(first: 5, ownerType: PRODUCT) { nodes { id key namespace type { name } } }
  taxonomy { categories(first: 5) { nodes { id name fullName isLeaf level childrenIds } } }
  returnReasonDefinitions(first: 3) { nodes { id handle name } } ordersCount { count precision }
  customers(first: 5) { nodes { id displayName email defaultAddress { city } defaultEmailAddress { emailAddress } numberOfOrders } }
  companies(first: 5) { nodes { id name locations(first: 2) { nodes { id name billingAddress { city countryCode } } } } }
  inventoryItems(first: 5, query: "sku:KB-300") { nodes { id sku tracked variants(first: 1) { nodes { id } } } }
  fulfillmentOrders(first: 5) { nodes { id status orderName } } webhookSubscriptions(first: 5) { nodes { id topic uri } }
  bulkOperations(first: 2) { nodes { id status } } job(id: "gid://shopify/Job/1") { id done }
  translatableResources(first: 2, resourceType: PRODUCT) { nodes { resourceId translatableContent { key value digest locale type } } } }"""


@pytest.fixture
def recorded(shop: ShopifyShop, shared: Path) -> ShopifyShop:
    """The shop, recording what goes over the wire."""
    shop.traffic = []
    return shop


def check(shop: ShopifyShop) -> set[str]:
    """Assert that no exchange breaks the specification; returns the operations there were."""
    assert shop.traffic
    assert {f"{operation(e)}: {v}" for e in shop.traffic for v in violations(e)} == set()
    return {name for exchange in shop.traffic for name in operation(exchange).split("+")}


def order_of(api: Api, order_id: str) -> Json:
    return api.data(f"query($id: ID!) {{ order(id: $id) {{ ...O }} }} {ORDER}", id=order_id)["order"]


def test_orders_shipments_refunds_and_returns_keep_the_schema(recorded: ShopifyShop, api: Api) -> None:
    shop = recorded
    shop.seed(articles=30, orders=40, seed=3)
    text = f"query($q: String, $a: String) {{ orders(first: 10, after: $a, sortKey: UPDATED_AT, query: $q) {{ nodes {{ ...O }} pageInfo {{ hasNextPage endCursor }} }} }} {ORDER}"
    found, after = [], None
    while len(found) < 40:
        page = api.data(text, q="updated_at:>='2020-01-01T00:00:00Z' status:any", a=after)["orders"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
    assert len({order["id"] for order in found}) == 40
    api.data(READS)
    first, second, third = (shop.buy([("KB-300", 2), ("BU-1001", 1)]) for _ in range(3))
    table = shop.store.table("Order")
    done = ship(api, table[first], lines={"KB-300": 1})
    api.change(
        "fulfillmentTrackingInfoUpdate",
        'fulfillmentId: $id, trackingInfoInput: {numbers: ["1", "2"]}',
        "fulfillment { id trackingInfo(first: 5) { number } }",
        "$id: ID!",
        id=done["fulfillment"]["id"],
    )
    api.change("fulfillmentCancel", "id: $id", "fulfillment { id status }", "$id: ID!", id=done["fulfillment"]["id"])
    ship(api, table[first])
    api.data(
        f"query($id: ID!) {{ order(id: $id) {{ suggestedRefund(suggestFullRefund: true) {{ amountSet {MONEY} subtotalSet {MONEY} "
        f"shipping {{ amountSet {MONEY} taxSet {MONEY} }} refundLineItems {{ quantity lineItem {{ id }} subtotalSet {MONEY} }} "
        f"suggestedTransactions {{ gateway kind amountSet {MONEY} parentTransaction {{ id }} }} }} }} }}",
        id=first,
    )
    line = table[first]["lineItems"][0]
    parent = table[first]["transactions"][0]
    payment = {
        "orderId": first,
        "gateway": parent["gateway"],
        "kind": "REFUND",
        "amount": "12.90",
        "parentId": parent["id"],
    }
    place = "gid://shopify/Location/1"
    rows = [{"lineItemId": line["id"], "quantity": 1, "restockType": "RETURN", "locationId": place}]
    assert refund(api, orderId=first, refundLineItems=rows, transactions=[payment])["errors"] == []
    cancel(api, second)
    api.change(
        "orderUpdate",
        "input: $i",
        "order { id note tags }",
        "$i: OrderInput!",
        i={"id": third, "note": "neu", "tags": ["x"]},
    )
    api.change("orderClose", "input: {id: $id}", "order { id closed }", "$id: ID!", id=third)
    unpaid = next(o["id"] for o in table.values() if o["displayFinancialStatus"] == "PENDING")
    api.change("orderMarkAsPaid", "input: {id: $id}", "order { id displayFinancialStatus }", "$id: ID!", id=unpaid)
    asked = request_return(shop, first, "KB-300", 1)
    api.change("returnApproveRequest", "input: {id: $id}", "return { id status }", "$id: ID!", id=asked)
    part = table[first]["returns"][0]["lines"][0]["id"]
    api.change(
        "returnProcess",
        "input: $i",
        "return { id status closedAt }",
        "$i: ReturnProcessInput!",
        i={"returnId": asked, "returnLineItems": [{"id": part, "quantity": 1}]},
    )
    rest = api.data(
        "query($o: ID!) { returnableFulfillments(first: 5, orderId: $o) { nodes { id fulfillment { id } "
        "returnableFulfillmentLineItems(first: 5) { nodes { quantity fulfillmentLineItem { id } } } } } }",
        o=first,
    )["returnableFulfillments"]["nodes"][0]["returnableFulfillmentLineItems"]["nodes"][0]
    opened = api.change(
        "returnCreate",
        "returnInput: $i",
        "return { id status }",
        "$i: ReturnInput!",
        i={
            "orderId": first,
            "returnLineItems": [
                {"fulfillmentLineItemId": rest["fulfillmentLineItem"]["id"], "quantity": 1, "returnReason": "DEFECTIVE"}
            ],
        },
    )
    api.change("returnClose", "id: $id", "return { id status }", "$id: ID!", id=opened["return"]["id"])
    ship(api, table[shop.buy([("TS-S", 1)])])
    latest = list(table)[-1]
    declined = request_return(shop, latest, "TS-S", 1)
    api.change(
        "returnDeclineRequest",
        "input: {id: $id, declineReason: FINAL_SALE}",
        "return { id status decline { reason } }",
        "$id: ID!",
        id=declined,
    )
    for order_id in (first, second, latest):
        order_of(api, order_id)
    api.data("query($id: ID!) { node(id: $id) { id ... on Order { name } } nodes(ids: [$id]) { id } }", id=first)
    api.data("query($id: ID!) { orderByIdentifier(identifier: {id: $id}) { id } }", id=first)
    seen = check(shop)
    assert {"returnProcess", "refundCreate", "orderCancel", "fulfillmentCancel", "returnDeclineRequest"} <= seen


def test_products_stock_and_prices_keep_the_schema(recorded: ShopifyShop, api: Api) -> None:
    shop = recorded
    place = "gid://shopify/Location/1"
    api.change(
        "metafieldDefinitionCreate",
        "definition: $d",
        "createdDefinition { id name type { name } }",
        "$d: MetafieldDefinitionInput!",
        d={
            "name": "Pflege",
            "namespace": "custom",
            "key": "pflege",
            "type": "single_line_text_field",
            "ownerType": "PRODUCT",
        },
    )
    matrix = {
        "title": "Hose",
        "productOptions": [{"name": "Farbe", "position": 1, "values": [{"name": "Rot"}, {"name": "Blau"}]}],
        "metafields": [{"namespace": "custom", "key": "pflege", "type": "single_line_text_field", "value": "kalt"}],
        "files": [{"originalSource": "https://example.org/hose.jpg", "contentType": "IMAGE", "alt": "Hose"}],
        "collections": ["gid://shopify/Collection/2"],
        "variants": [
            {
                "optionValues": [{"optionName": "Farbe", "name": name}],
                "sku": f"HO-{name}",
                "price": "39.90",
                "inventoryItem": {"tracked": True, "measurement": {"weight": {"value": 0.4, "unit": "KILOGRAMS"}}},
                "inventoryQuantities": [{"locationId": place, "name": "available", "quantity": 7}],
            }
            for name in ("Rot", "Blau")
        ],
    }
    made = api.data(
        f"mutation($i: ProductSetInput!) {{ productSet(input: $i, synchronous: true) {{ product {{ ...P }} userErrors {{ field message code }} }} }} {PRODUCT}",
        i=matrix,
    )["productSet"]
    assert made["userErrors"] == []
    product = made["product"]
    first = product["variants"]["nodes"][0]["id"]
    waiting = api.data(
        "mutation($i: ProductSetInput!, $id: ID!) { productSet(identifier: {id: $id}, input: $i, synchronous: false) "
        "{ productSetOperation { id status } userErrors { field message code } } }",
        i={"title": "Hose neu"},
        id=product["id"],
    )["productSet"]["productSetOperation"]
    api.data(
        "query($id: ID!) { productOperation(id: $id) { status product { id title } ... on ProductSetOperation { id userErrors { message } } } }",
        id=waiting["id"],
    )
    plain = api.change(
        "productCreate",
        'product: {title: "Schal"}, media: [{originalSource: "https://example.org/s.png", mediaContentType: IMAGE}]',
        "product { id media(first: 2) { nodes { id } } variants(first: 1) { nodes { id } } } shop { id }",
    )
    plain_id = plain["product"]["id"]
    api.change(
        "productUpdate",
        "product: $p",
        "product { id vendor tags }",
        "$p: ProductUpdateInput",
        p={"id": plain_id, "vendor": "Weber", "tags": ["neu"], "status": "DRAFT"},
    )
    api.change(
        "productVariantsBulkUpdate",
        "productId: $p, variants: $v",
        "productVariants { id price compareAtPrice }",
        "$p: ID!, $v: [ProductVariantsBulkInput!]!",
        p=product["id"],
        v=[{"id": first, "price": "35.00", "compareAtPrice": "39.90"}],
    )
    created = api.change(
        "productVariantsBulkCreate",
        "productId: $p, variants: $v",
        "productVariants { id title }",
        "$p: ID!, $v: [ProductVariantsBulkInput!]!",
        p=product["id"],
        v=[
            {
                "optionValues": [{"optionName": "Farbe", "name": "Grün"}],
                "price": "39.90",
                "inventoryItem": {"sku": "HO-Gr"},
                "inventoryQuantities": [{"locationId": place, "availableQuantity": 3}],
            }
        ],
    )
    api.change(
        "productVariantsBulkDelete",
        "productId: $p, variantsIds: $v",
        "product { id }",
        "$p: ID!, $v: [ID!]!",
        p=product["id"],
        v=[created["productVariants"][0]["id"]],
    )
    image = api.change(
        "productCreateMedia",
        "productId: $p, media: $m",
        "media { id alt }",
        "$p: ID!, $m: [CreateMediaInput!]!",
        p=product["id"],
        m=[{"originalSource": "https://example.org/2.jpg", "mediaContentType": "IMAGE"}],
    )["media"][0]["id"]
    api.change(
        "productReorderMedia",
        'id: $p, moves: [{id: $m, newPosition: "0"}]',
        "job { id done }",
        "$p: ID!, $m: ID!",
        p=product["id"],
        m=image,
    )
    api.change("fileUpdate", 'files: [{id: $m, alt: "vorn"}]', "files { id alt }", "$m: ID!", m=image)
    api.change(
        "productVariantAppendMedia",
        "productId: $p, variantMedia: [{variantId: $v, mediaIds: [$m]}]",
        "productVariants { id media(first: 2) { nodes { id } } }",
        "$p: ID!, $v: ID!, $m: ID!",
        p=product["id"],
        v=first,
        m=image,
    )
    api.change(
        "productDeleteMedia",
        "productId: $p, mediaIds: [$m]",
        "deletedMediaIds",
        "$p: ID!, $m: ID!",
        p=product["id"],
        m=image,
    )
    api.change(
        "productOptionsCreate",
        'productId: $p, options: [{name: "Länge", values: [{name: "kurz"}]}]',
        "product { id options { name } }",
        "$p: ID!",
        p=plain_id,
    )
    option = shop.store.table("Product")[plain_id]["options"][0]["id"]
    api.change(
        "productOptionUpdate",
        'productId: $p, option: {id: $o, name: "Laenge"}, optionValuesToAdd: [{name: "lang"}]',
        "product { id options { name values } }",
        "$p: ID!, $o: ID!",
        p=plain_id,
        o=option,
    )
    api.change(
        "metafieldsSet",
        "metafields: $m",
        "metafields { id key value compareDigest }",
        "$m: [MetafieldsSetInput!]!",
        m=[{"ownerId": product["id"], "namespace": "custom", "key": "pflege", "value": "warm"}],
    )
    api.change(
        "metafieldsDelete",
        "metafields: $m",
        "deletedMetafields { key namespace ownerId }",
        "$m: [MetafieldIdentifierInput!]!",
        m=[{"ownerId": product["id"], "namespace": "custom", "key": "pflege"}],
    )
    for name in ("publishablePublish", "publishableUnpublish"):
        api.change(
            name,
            'id: $p, input: [{publicationId: "gid://shopify/Publication/1"}]',
            'publishable { publishedOnPublication(publicationId: "gid://shopify/Publication/1") }',
            "$p: ID!",
            p=product["id"],
        )
    content = api.data(
        "query($id: ID!) { translatableResource(resourceId: $id) { resourceId translatableContent { key digest value } } }",
        id=product["id"],
    )["translatableResource"]["translatableContent"][0]
    words = {"key": content["key"], "locale": "en", "value": "Trousers", "translatableContentDigest": content["digest"]}
    api.change(
        "translationsRegister",
        "resourceId: $id, translations: $t",
        "translations { key locale value outdated }",
        "$id: ID!, $t: [TranslationInput!]!",
        id=product["id"],
        t=[words],
    )
    api.data(
        'query($id: ID!) { translatableResourcesByIds(first: 2, resourceIds: [$id]) { nodes { translations(locale: "en") { value } } } }',
        id=product["id"],
    )
    api.change(
        "translationsRemove",
        'resourceId: $id, translationKeys: ["title"], locales: ["en"]',
        "translations { key }",
        "$id: ID!",
        id=product["id"],
    )
    api.change(
        "priceListFixedPricesAdd",
        'priceListId: "gid://shopify/PriceList/1", prices: $p',
        "prices { price { amount } originType variant { id } }",
        "$p: [PriceListPriceInput!]!",
        p=[price_row(first, "30.00")],
    )
    rule = {"variantId": first, "minimum": 2, "increment": 2, "maximum": 100}
    step = price_row(first, "27.00", minimumQuantity=10)
    assert set_quantities(api, quantityRulesToAdd=[rule], quantityPriceBreaksToAdd=[step])["errors"] == []
    api.data(
        '{ priceList(id: "gid://shopify/PriceList/1") { quantityRules(first: 5) { nodes { minimum maximum increment isDefault originType productVariant { id } } } prices(first: 5) { nodes { quantityPriceBreaks(first: 9) { nodes { id minimumQuantity price { amount } priceList { id } variant { id } } } } } } }'
    )
    api.data(
        '{ priceList(id: "gid://shopify/PriceList/1") { prices(first: 5, originType: FIXED) { nodes { price { amount } compareAtPrice { amount } variant { sku } } } } catalog(id: "gid://shopify/MarketCatalog/2") { id title ... on MarketCatalog { markets(first: 1) { nodes { name } } } } }'
    )
    api.change(
        "priceListFixedPricesDelete",
        'priceListId: "gid://shopify/PriceList/1", variantIds: [$v]',
        "deletedFixedPriceVariantIds",
        "$v: ID!",
        v=first,
    )
    new = api.change("collectionCreate", 'collection: {title: "Aktion"}', "collection { id handle }")
    for name, payload in (("collectionAddProducts", "collection { id }"), ("collectionRemoveProducts", "job { id }")):
        api.change(name, "id: $c, productIds: [$p]", payload, "$c: ID!, $p: ID!", c=new["collection"]["id"], p=plain_id)
    for name in ("tagsAdd", "tagsRemove"):
        api.change(name, 'id: $p, tags: ["Sale"]', "node { id ... on Product { tags } }", "$p: ID!", p=plain_id)
    item = item_id(shop, "KB-300")
    set_levels(api, level(item, 44, before=50))
    api.change(
        "inventoryAdjustQuantities",
        "input: $i",
        "inventoryAdjustmentGroup { changes { name delta item { id } location { id } } }",
        "$i: InventoryAdjustQuantitiesInput!",
        i={
            "name": "available",
            "reason": "correction",
            "changes": [{"delta": -1, "inventoryItemId": item, "locationId": place, "changeFromQuantity": None}],
        },
    )
    api.change(
        "inventoryActivate",
        'inventoryItemId: $i, locationId: "gid://shopify/Location/2", available: 4',
        'inventoryLevel { id quantities(names: ["available"]) { quantity } }',
        "$i: ID!",
        i=item_id(shop, "BU-1001"),
    )
    api.change(
        "inventoryItemUpdate",
        'id: $i, input: {harmonizedSystemCode: "691200", countryCodeOfOrigin: DE, cost: "5.10"}',
        "inventoryItem { id harmonizedSystemCode unitCost { amount currencyCode } }",
        "$i: ID!",
        i=item,
    )
    api.data(
        f'{{ products(first: 5, query: "sku:KB-300 OR title:Hose*") {{ edges {{ node {{ ...P }} }} pageInfo {{ endCursor }} }} productVariants(first: 5, query: "sku:\'KB-300\'") {{ nodes {VARIANT} }} }} {PRODUCT}'
    )
    api.data(
        'query($h: String!, $id: ID!) { productByIdentifier(identifier: {handle: $h}) { id } product(id: $id) { id inCollection(id: "gid://shopify/Collection/2") } }',
        h=product["handle"],
        id=product["id"],
    )
    hook = api.change(
        "webhookSubscriptionCreate",
        'topic: ORDERS_PAID, webhookSubscription: {uri: "https://example.org/h"}',
        "webhookSubscription { id topic uri format includeFields apiVersion { handle } }",
    )
    hook_id = hook["webhookSubscription"]["id"]
    api.change(
        "webhookSubscriptionUpdate",
        'id: $id, webhookSubscription: {includeFields: ["id"]}',
        "webhookSubscription { id includeFields }",
        "$id: ID!",
        id=hook_id,
    )
    api.change("webhookSubscriptionDelete", "id: $id", "deletedWebhookSubscriptionId", "$id: ID!", id=hook_id)
    bulk = api.change(
        "bulkOperationRunQuery",
        "query: $q, groupObjects: false",
        "bulkOperation { id status url objectCount }",
        "$q: String!",
        q="{ products { edges { node { id variants { edges { node { id sku } } } } } } }",
    )
    for _ in range(2):
        api.data(
            "query($id: ID!) { bulkOperation(id: $id) { id status url objectCount rootObjectCount fileSize type errorCode completedAt } }",
            id=bulk["bulkOperation"]["id"],
        )
    api.data("{ currentBulkOperation { id status } }")
    other = api.change(
        "bulkOperationRunQuery",
        "query: $q, groupObjects: false",
        "bulkOperation { id }",
        "$q: String!",
        q="{ orders { nodes { id } } }",
    )
    api.change(
        "bulkOperationCancel", "id: $id", "bulkOperation { status }", "$id: ID!", id=other["bulkOperation"]["id"]
    )
    api.change(
        "stagedUploadsCreate",
        "input: $i",
        "stagedTargets { url resourceUrl parameters { name value } }",
        "$i: [StagedUploadInput!]!",
        i=[{"filename": "a.png", "mimeType": "image/png", "resource": "IMAGE"}],
    )
    api.change("productDelete", "input: {id: $id}", "deletedProductId", "$id: ID!", id=plain_id)
    api.data(READS)
    seen = check(shop)
    orders = {
        "fulfillmentCreate",
        "fulfillmentTrackingInfoUpdate",
        "fulfillmentCancel",
        "refundCreate",
        "returnCreate",
        "returnClose",
    }
    orders |= {
        "returnApproveRequest",
        "returnDeclineRequest",
        "returnProcess",
        "orderCancel",
        "orderUpdate",
        "orderClose",
        "orderMarkAsPaid",
    }
    mutations = executable_schema().mutation_type
    assert mutations is not None
    assert set(mutations.fields) - seen == orders


def test_a_wrong_request_and_a_wrong_answer_are_violations(recorded: ShopifyShop, api: Api) -> None:
    recorded.buy([("KB-300", 1)])
    api.data("{ orders(first: 1) { nodes { id test displayFinancialStatus totalPriceSet { shopMoney { amount } } } } }")
    assert recorded.traffic
    good = recorded.traffic[-1]
    assert (operation(good), violations(good)) == ("orders", [])
    for old, new in (
        (b'"test":false', b'"test":"no"'),
        (b'"PAID"', b'"BEZAHLT"'),
        (b'"amount":"', b'"amount":"x'),
        (b'"shopMoney"', b'"shopmoney"'),
        (b'"id":"gid', b'"id":null,"x":"gid'),
        (b'"extensions"', b'"extra"'),
    ):
        assert old in good.answer
        assert violations(replace(good, answer=good.answer.replace(old, new, 1))), new
    for query in (
        "{ orders(first: 1) { nodes { preis } } }",
        "{ orders(first: 251) { nodes { id } } }",
        "{ orders(first: 1) ",
    ):
        assert violations(replace(good, body=json.dumps({"query": query}).encode())), query
    text = 'mutation { inventorySetQuantities(input: {name: "available", reason: "correction", quantities: [{inventoryItemId: "1", locationId: "1", quantity: 1}]}) { userErrors { code } } }'
    assert len(violations(replace(good, body=json.dumps({"query": text}).encode()))) == 2
    assert violations(replace(good, headers={}))
