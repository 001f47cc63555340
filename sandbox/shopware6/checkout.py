"""Turn a basket into the rows of an order, with amounts as the vendor computes them, and take the pieces from stock."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.shopware6 import times
from sandbox.shopware6.amounts import HUNDRED, ROUNDING, Price, Shares, cents, mixed, order_price, priced
from sandbox.shopware6.basics import SHIPPING, base_row
from sandbox.shopware6.basket import Basket, Buyer
from sandbox.shopware6.ids import id_of
from sandbox.shopware6.machines import state_id
from sandbox.shopware6.paths import SYSTEM_LANGUAGE
from sandbox.shopware6.store import Row, Store
from sandbox.shopware6.values import EURO

Json = dict[str, Any]
FREE_FROM_TAX: Shares = [(Decimal(0), HUNDRED)]


class Checkout:
    """One order in the making; call `place` inside a transaction."""

    def __init__(self, store: Store, basket: Basket, number: str, moment: str, new_id: Callable[[], str]) -> None:
        self._store, self._basket, self._number, self._moment, self._new_id = store, basket, number, moment, new_id
        self.order_id = new_id()
        self._lines: list[Row] = []
        self._top: list[Price] = []
        self._currency = store.tables["currency"][
            EURO if basket.currency == "EUR" else id_of("currency", basket.currency)
        ]
        self._created = times.text(basket.at) if basket.at else moment

    def place(self) -> str:
        """Write the order with all its parts and reduce stock; raises KeyError for an unknown SKU. Returns the order's id."""
        self._add_lines()
        addresses = self._addresses()
        deliveries, costs = self._deliveries(addresses)
        price = order_price(self._top, costs, self._basket.tax_status)
        for row in self._lines:
            self._store.put("order_line_item", row)
        self._transactions(price)
        self._customer()
        self._order(price, costs, addresses, deliveries)
        for name in self._basket.tags:
            self._store.put("tag", self._row("tag", id_of("tag", name), name=name))
            self._store.link("order_tag", self.order_id, id_of("tag", name))
        return self.order_id

    # --- lines ----------------------------------------------------------------------------------------------------------

    def _add_lines(self) -> None:
        basket = self._basket
        for sku, quantity in basket.lines:
            self._top.append(self._product_line(sku, quantity, None))
        if basket.bundle:
            self._top.append(self._bundle())
        if basket.custom:
            name, amount = basket.custom
            self._top.append(self._other_line("custom", name, amount, id_of("custom", name)))
        if basket.promotion:
            code, percent = basket.promotion
            amount = -cents(sum((price.total for price in self._top), Decimal(0)) * percent / HUNDRED)
            payload = {
                "code": code,
                "discountType": "percentage",
                "discountScope": "cart",
                "value": str(percent),
                "promotionId": id_of("promotion", code),
                "groupId": "",
                "exclusions": [],
            }
            self._top.append(self._other_line("promotion", f"{percent:g} % Rabatt", amount, code, payload))
        if basket.credit is not None:
            self._top.append(self._other_line("credit", "Gutschrift", basket.credit, self._new_id()))

    def _shares_of_all(self) -> Shares:
        return mixed(self._top)

    def _bundle(self) -> Price:
        parent = self._new_id()
        children = [self._product_line(sku, quantity, parent) for sku, quantity in self._basket.bundle]
        total = sum((price.total for price in children), Decimal(0))
        price = priced(total, 1, mixed(children), self._basket.tax_status)
        self._lines.append(self._line(parent, "container", "Geschenkset", price, identifier=parent, payload={}))
        return price

    def _product_line(self, sku: str, quantity: int, parent: str | None) -> Price:
        products = self._store.tables["product"]
        product = products[next(iter(self._store.pointing("product", "productNumber", sku)), "")]
        main = products.get(product.get("parentId") or "", product)
        rate = self._store.tables["tax"][product.get("taxId") or main["taxId"]]["taxRate"]
        price = priced(self._unit(product, main), quantity, [(Decimal(str(rate)), HUNDRED)], self._basket.tax_status)
        options = [
            self._option(option) for option in sorted(self._store.linked("product_option", "product", product["id"]))
        ]
        label = main["_t"][SYSTEM_LANGUAGE]["name"]
        payload = {
            "productNumber": sku,
            "options": options,
            "taxId": product.get("taxId") or main["taxId"],
            "customFields": [],
            "stock": product["stock"],
            "isNew": False,
        }
        row = self._line(self._new_id(), "product", label, price, identifier=product["id"], payload=payload)
        self._lines.append(row | {"productId": product["id"], "parentId": parent, "referencedId": product["id"]})
        self._take(product["id"], quantity)
        return price

    def _take(self, product_id: str, quantity: int) -> None:
        row = self._store.tables["product"][product_id]
        stock = row["stock"] - quantity
        available = not row.get("isCloseout") or stock >= (row.get("minPurchase") or 1)
        self._store.put(
            "product",
            {
                **row,
                "stock": stock,
                "availableStock": stock,
                "available": available,
                "sales": (row.get("sales") or 0) + quantity,
            },
        )

    def _unit(self, product: Row, main: Row) -> Decimal:
        kind = "gross" if self._basket.tax_status == "gross" else "net"
        prices = {price["currencyId"]: price for price in product.get("price") or main["price"]}
        own = prices.get(self._currency["id"])
        if own is not None:
            return cents(Decimal(str(own[kind])))
        return cents(Decimal(str(prices[EURO][kind])) * Decimal(str(self._currency["factor"])))

    def _option(self, option_id: str) -> Json:
        option = self._store.tables["property_group_option"][option_id]
        group = self._store.tables["property_group"][option["groupId"]]
        texts = {"group": group["_t"], "option": option["_t"]}
        return {name: text[SYSTEM_LANGUAGE]["name"] for name, text in texts.items()}

    def _other_line(
        self, kind: str, label: str, amount: Decimal, identifier: str, payload: Json | None = None
    ) -> Price:
        price = priced(amount, 1, self._shares_of_all(), self._basket.tax_status)
        row = self._line(self._new_id(), kind, label, price, identifier=identifier, payload=payload or {})
        self._lines.append(row | {"good": kind == "custom", "referencedId": identifier})
        return price

    def _line(self, row_id: str, kind: str, label: str, price: Price, *, identifier: str, payload: Json) -> Row:
        shown = price.shown()
        definition = {
            "type": "quantity",
            "price": float(price.unit),
            "quantity": price.quantity,
            "taxRules": shown["taxRules"],
            "isCalculated": True,
            "listPrice": None,
            "regulationPrice": None,
            "referencePriceDefinition": None,
        }
        return self._row(
            "order_line_item",
            row_id,
            orderId=self.order_id,
            identifier=identifier,
            quantity=price.quantity,
            label=label,
            payload=payload,
            good=True,
            removable=True,
            stackable=kind == "product",
            position=len(self._lines) + 1,
            price=shown,
            priceDefinition=definition,
            unitPrice=float(price.unit),
            totalPrice=float(price.total),
            type=kind,
            states=["is-physical"] if kind == "product" else [],
        )

    # --- the rest -------------------------------------------------------------------------------------------------------

    def _addresses(self) -> dict[str, str]:
        buyer, found = self._basket.buyer, dict[str, str]()
        for kind, address in (("billing", buyer.billing), ("shipping", buyer.shipping)):
            if kind == "shipping" and dict(buyer.shipping) == dict(buyer.billing):
                found["shipping"] = found["billing"]
                continue
            found[kind] = self._new_id()
            values = {name: value for name, value in address.items() if name != "country" and value}
            self._store.put(
                "order_address",
                self._row(
                    "order_address",
                    found[kind],
                    orderId=self.order_id,
                    countryId=id_of("country", address["country"]),
                    salutationId=id_of("salutation", buyer.salutation),
                    **values,
                ),
            )
        return found

    def _deliveries(self, addresses: dict[str, str]) -> tuple[list[str], list[Price]]:
        basket = self._basket
        amount = cents(SHIPPING[basket.shipping][1] * Decimal(str(self._currency["factor"])))
        shares = self._shares_of_all()
        if basket.tax_status != "gross":
            amount = cents(amount / Decimal("1.19"))
        costs = [priced(amount, 1, shares, basket.tax_status)]
        if basket.free_shipping:
            costs.append(priced(-amount, 1, shares, basket.tax_status))
        ids = []
        for number, cost in enumerate(costs):
            delivery = self._new_id()
            ids.append(delivery)
            self._store.put(
                "order_delivery",
                self._row(
                    "order_delivery",
                    delivery,
                    orderId=self.order_id,
                    shippingOrderAddressId=addresses["shipping"],
                    shippingMethodId=id_of("shipping_method", basket.shipping),
                    trackingCodes=[],
                    stateId=state_id("order_delivery.state", "open"),
                    shippingDateEarliest=self._created,
                    shippingDateLatest=self._created,
                    shippingCosts=cost.shown(),
                ),
            )
            if not number:
                self._positions(delivery)
        return ids, costs

    def _positions(self, delivery: str) -> None:
        for row in self._lines:
            if row["type"] == "product":
                self._store.put(
                    "order_delivery_position",
                    self._row(
                        "order_delivery_position",
                        self._new_id(),
                        orderDeliveryId=delivery,
                        orderLineItemId=row["id"],
                        price=row["price"],
                        unitPrice=row["unitPrice"],
                        totalPrice=row["totalPrice"],
                        quantity=row["quantity"],
                    ),
                )

    def _transactions(self, price: Json) -> None:
        basket = self._basket
        amount = {
            "unitPrice": price["totalPrice"],
            "quantity": 1,
            "totalPrice": price["totalPrice"],
            "calculatedTaxes": price["calculatedTaxes"],
            "taxRules": price["taxRules"],
            "referencePrice": None,
            "listPrice": None,
            "regulationPrice": None,
            "extensions": [],
            "apiAlias": "calculated_price",
        }
        for state in (*["failed"] * basket.failed_payments, basket.payment_state):
            self._last_transaction = self._new_id()
            self._store.put(
                "order_transaction",
                self._row(
                    "order_transaction",
                    self._last_transaction,
                    orderId=self.order_id,
                    amount=amount,
                    paymentMethodId=id_of("payment_method", basket.payment),
                    stateId=state_id("order_transaction.state", state),
                ),
            )

    def _customer(self) -> None:
        buyer, is_guest = self._basket.buyer, not self._basket.buyer.number
        number = buyer.number or f"G{self._number}"
        customer = id_of("customer", number)
        name = {key: buyer.billing[key] for key in ("firstName", "lastName")}
        company = buyer.billing.get("company") or None
        if customer not in self._store.tables["customer"]:
            self._store.put("customer", self._new_customer(customer, number, buyer, name, is_guest=is_guest))
        self._store.put(
            "order_customer",
            self._row(
                "order_customer",
                self._new_id(),
                orderId=self.order_id,
                customerId=customer,
                email=buyer.email,
                customerNumber=number,
                salutationId=id_of("salutation", buyer.salutation),
                company=company,
                vatIds=list(buyer.vat_ids) or None,
                **name,
            ),
        )

    def _new_customer(self, row_id: str, number: str, buyer: Buyer, name: Json, *, is_guest: bool) -> Row:
        group = "dealer" if self._basket.tax_status == "net" else "standard"
        address = id_of("customer_address", number)
        values = {key: value for key, value in buyer.billing.items() if key != "country" and value}
        self._store.put(
            "customer_address",
            self._row(
                "customer_address",
                address,
                customerId=row_id,
                countryId=id_of("country", buyer.billing["country"]),
                **values,
            ),
        )
        company = buyer.billing.get("company") or None
        return self._row(
            "customer",
            row_id,
            customerNumber=number,
            email=buyer.email,
            guest=is_guest,
            active=True,
            groupId=id_of("customer_group", group),
            salesChannelId=id_of("sales_channel", self._basket.channel),
            languageId=SYSTEM_LANGUAGE,
            defaultBillingAddressId=address,
            defaultShippingAddressId=address,
            salutationId=id_of("salutation", buyer.salutation),
            vatIds=list(buyer.vat_ids) or None,
            company=company,
            accountType="business" if company else "private",
            **name,
        )

    def _order(self, price: Json, costs: list[Price], addresses: dict[str, str], deliveries: list[str]) -> None:
        basket = self._basket
        shipping = self._shipping(costs)
        self._store.put(
            "order",
            self._row(
                "order",
                self.order_id,
                autoIncrement=int(self._number),
                orderNumber=self._number,
                billingAddressId=addresses["billing"],
                primaryOrderDeliveryId=deliveries[0],
                primaryOrderTransactionId=self._last_transaction,
                currencyId=self._currency["id"],
                languageId=SYSTEM_LANGUAGE,
                salesChannelId=id_of("sales_channel", basket.channel),
                orderDateTime=self._created,
                orderDate=f"{self._created[:10]}T00:00:00.000+00:00",
                price=price,
                amountTotal=price["totalPrice"],
                amountNet=price["netPrice"],
                positionPrice=price["positionPrice"],
                taxStatus=basket.tax_status,
                shippingCosts=shipping,
                shippingTotal=shipping["totalPrice"],
                currencyFactor=self._currency["factor"],
                deepLinkCode=id_of("deep-link", self._number),
                customerComment=basket.comment or None,
                taxCalculationType="horizontal",
                stateId=state_id("order.state", "open"),
                ruleIds=[id_of("rule", "always")],
                customFields=dict(basket.custom_fields) or None,
                itemRounding=ROUNDING,
                totalRounding=ROUNDING,
            ),
        )

    def _shipping(self, costs: list[Price]) -> Json:
        """All deliveries' costs as one price."""
        total = sum((cost.total for cost in costs), Decimal(0))
        taxes = priced(total, 1, costs[0].shares, self._basket.tax_status).shown()["calculatedTaxes"]
        amounts = {"unitPrice": float(total), "totalPrice": float(total), "calculatedTaxes": taxes}
        return {**costs[0].shown(), **amounts}

    def _row(self, entity: str, row_id: str, /, **values: Any) -> Row:
        return base_row(entity, row_id, self._created, **values)
