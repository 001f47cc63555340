"""The queries and mutations of order status, tracking and returns."""

from connectors.shopify.graph import Document

ORDER_STATE = Document(
    """
query OrderState($id: ID!) {
  order(id: $id) { id cancelledAt displayFulfillmentStatus }
}
""",
    cost=1,
)
FULFILLMENT_ORDERS = Document(
    """
query FulfillmentOrders($id: ID!, $after: String) {
  order(id: $id) {
    id
    cancelledAt
    fulfillmentOrders(first: 5, after: $after) {
      nodes {
        id
        status
        assignedLocation { location { id } }
        lineItems(first: 50) {
          nodes { id remainingQuantity lineItem { id } }
          pageInfo { hasNextPage endCursor }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
""",
    cost=516,
)
FULFILLMENT_ORDER_LINES = Document(
    """
query FulfillmentOrderLines($id: ID!, $after: String!) {
  fulfillmentOrder(id: $id) {
    lineItems(first: 250, after: $after) {
      nodes { id remainingQuantity lineItem { id } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
""",
    cost=501,
)
FULFILLMENTS = Document(
    """
query Fulfillments($id: ID!) {
  order(id: $id) {
    fulfillments(first: 15) {
      id
      status
      trackingInfo { company number url }
      fulfillmentLineItems(first: 25) { nodes { id quantity lineItem { id } } }
    }
  }
}
""",
    cost=781,
)
CREATE_FULFILLMENT = Document(
    """
mutation CreateFulfillment($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { id status }
    userErrors { field message }
  }
}
""",
    cost=13,
)
UPDATE_TRACKING = Document(
    """
mutation UpdateTracking($id: ID!, $tracking: FulfillmentTrackingInput!, $notify: Boolean!) {
  fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: $notify) {
    fulfillment { id status }
    userErrors { field message }
  }
}
""",
    cost=13,
)
CANCEL_ORDER = Document(
    """
mutation CancelOrder($id: ID!, $notify: Boolean!) {
  orderCancel(
    orderId: $id, reason: OTHER, restock: true, notifyCustomer: $notify
    refundMethod: { originalPaymentMethodsRefund: false }
  ) {
    job { id done }
    orderCancelUserErrors { field message code }
  }
}
""",
    cost=13,
)
CANCELLABLE = Document(
    """
query Cancellable($id: ID!) {
  order(id: $id) {
    id
    cancelledAt
    currencyCode
    presentmentCurrencyCode
    refunds(first: 50) { id note }
    lineItems(first: 250) { nodes { id currentQuantity unfulfilledQuantity } }
  }
}
""",
    cost=301,
)
CANCELLED_LINES = Document(
    """
query CancelledLines($id: ID!) {
  refund(id: $id) {
    id
    refundLineItems(first: 250) { nodes { quantity lineItem { id } } }
  }
}
""",
    cost=501,
)
RETURNABLE = Document(
    """
query Returnable($order: ID!) {
  returnableFulfillments(orderId: $order, first: 10) {
    nodes {
      returnableFulfillmentLineItems(first: 25) {
        nodes { quantity fulfillmentLineItem { id lineItem { id } } }
      }
    }
  }
}
""",
    cost=760,
)
RETURNS = Document(
    """
query Returns($id: ID!) {
  order(id: $id) {
    id
    returns(first: 10) {
      nodes {
        id
        status
        returnLineItems(first: 25) {
          nodes {
            id
            quantity
            ... on ReturnLineItem { unprocessedQuantity fulfillmentLineItem { id lineItem { id } } }
          }
        }
      }
    }
  }
}
""",
    cost=761,
)
CREATE_RETURN = Document(
    """
mutation CreateReturn($input: ReturnInput!) {
  returnCreate(returnInput: $input) {
    return { id returnLineItems(first: 250) { nodes { id quantity } } }
    userErrors { field message code }
  }
}
""",
    cost=263,
)
PROCESS_RETURN = Document(
    """
mutation ProcessReturn($input: ReturnProcessInput!) {
  returnProcess(input: $input) {
    return { id status }
    userErrors { field message code }
  }
}
""",
    cost=13,
)
