"""The queries for orders; amounts in the shop's own currency, in which the merchant keeps books."""

from connectors.shopify.graph import Document

LINE_PAGE = 50

_MONEY = """
fragment Money on MoneyBag { shopMoney { amount } }
fragment Tax on TaxLine { title rate ratePercentage channelLiable priceSet { ...Money } }
fragment Discount on DiscountAllocation {
  allocatedAmountSet { ...Money }
  discountApplication {
    index
    ... on DiscountCodeApplication { code }
    ... on AutomaticDiscountApplication { title }
    ... on ManualDiscountApplication { title }
  }
}
fragment Line on LineItem {
  id sku name quantity currentQuantity isGiftCard requiresShipping taxable
  originalTotalSet { ...Money }
  taxLines { ...Tax }
  discountAllocations { ...Discount }
  customAttributes { key value }
  product { id }
  variant { id }
}
"""

_ORDER = """
fragment Address on MailingAddress {
  firstName lastName company address1 address2 zip city provinceCode countryCodeV2 phone
}
fragment Order on Order {
  id legacyResourceId name createdAt processedAt updatedAt cancelledAt test
  taxesIncluded taxExempt currencyCode customerLocale sourceName note tags email phone
  displayFinancialStatus displayFulfillmentStatus paymentGatewayNames dutiesIncluded
  customAttributes { key value }
  billingAddress { ...Address }
  shippingAddress { ...Address }
  customer { id }
  purchasingEntity @include(if: $company) {
    ... on PurchasingCompany { company { name } location { taxSettings { taxRegistrationId } } }
  }
  totalPriceSet { ...Money }
  totalTaxSet { ...Money }
  totalRefundedSet { ...Money }
  totalTipReceivedSet { ...Money }
  originalTotalDutiesSet { ...Money }
  totalCashRoundingAdjustment { paymentSet { ...Money } }
  taxLines { ...Tax }
  additionalFees { id name price { ...Money } taxLines { ...Tax } }
  transactions(first: 10) { kind status gateway formattedGateway paymentId processedAt amountSet { ...Money } }
  shippingLines(first: 3) {
    nodes { id title code originalPriceSet { ...Money } discountedPriceSet { ...Money } taxLines { ...Tax } }
  }
  lineItems(first: 5) { nodes { ...Line } pageInfo { hasNextPage endCursor } }
}
"""

PER_ORDER = 151.0
"""Points of one order by the vendor's table: each object one, each connection by its `first`."""

ORDERS = Document(
    _MONEY
    + _ORDER
    + """
query Orders($first: Int!, $after: String, $query: String!, $sortKey: OrderSortKeys!, $company: Boolean!) {
  orders(first: $first, after: $after, query: $query, sortKey: $sortKey) {
    nodes { ...Order }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    cost=PER_ORDER,
    optional=frozenset({"customer", "purchasingEntity"}),
)

ORDER_LINES = Document(
    _MONEY
    + """
query OrderLines($id: ID!, $first: Int!, $after: String!) {
  order(id: $id) { lineItems(first: $first, after: $after) { nodes { ...Line } pageInfo { hasNextPage endCursor } } }
}
""",
    cost=651,
)
