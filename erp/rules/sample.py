"""Sound master data and settings for looking at orders without a database: every SKU is known."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from canonical.order import ChannelOrder, LineKind
from canonical.settings import OrderSettings
from erp.rules.model import ArticleInfo, CustomerInfo, MasterData, PaymentInfo, ProjectInfo, ShippingInfo

TAX_RATES = {
    "AT": "20 13 10", "BE": "21 12 6", "BG": "20 9", "CY": "19 9 5 3", "CZ": "21 12", "DE": "19 7", "DK": "25",
    "EE": "24 22 13 9", "ES": "21 10 4", "FI": "25.5 14 13.5 10", "FR": "20 10 5.5 2.1", "GR": "24 13 6",
    "HR": "25 13 5", "HU": "27 18 5", "IE": "23 13.5 9 4.8", "IT": "22 10 5 4", "LT": "21 12 9 5", "LU": "17 14 8 3",
    "LV": "21 12 5", "MT": "18 12 7 5", "NL": "21 9", "PL": "23 8 5", "PT": "23 13 6", "RO": "21 19 11 9 5",
    "SE": "25 12 6", "SI": "22 9.5 5", "SK": "23 19 5", "XI": "20 5",
}  # fmt: skip
"""The rates of the EU and of Northern Ireland; a set-up takes its own from the master data."""

PAYMENTS = {
    "bacs": "prepayment",
    "cheque": "cheque",
    "cod": "cash_on_delivery",
    "paypal": "paypal",
    "ppcp-gateway": "paypal",
    "ppec_paypal": "paypal",
    "stripe": "card",
    "klarna_payments": "invoice",
    "invoice": "invoice",
}
SHIPPING = {
    "flat_rate": "standard",
    "free_shipping": "standard",
    "local_pickup": "pickup",
    "pickup_location": "pickup",
    "": "standard",
}

POS_CUSTOMER = "KASSE"
FROM_SAMPLE = (
    "default_project",
    "payment_map",
    "shipping_map",
    "default_shipping",
    "shipping_article",
    "discount_article",
    "surcharge_article",
)
"""The settings that name master data of the sample."""


def sample_master_data(orders: Sequence[ChannelOrder]) -> tuple[MasterData, OrderSettings]:
    """Make master data and settings under which an ordinary order of these is imported."""
    skus = sorted({line.sku: line.title for order in orders for line in order.lines if line.sku.strip()}.items())
    articles = {sku: ArticleInfo(id, sku, title) for id, (sku, title) in enumerate(skus, start=10)}
    special = {
        "PORTO": ArticleInfo(1, "PORTO", "Versandkosten", is_postage=True, is_stock_article=False),
        "RABATT": ArticleInfo(2, "RABATT", "Rabatt", is_discount=True, is_stock_article=False),
        "ZUSCHLAG": ArticleInfo(3, "ZUSCHLAG", "Zuschlag", is_stock_article=False),
    }
    payments = sorted(set(PAYMENTS.values()))
    master = MasterData(
        projects={"SHOP": ProjectInfo(1, "SHOP")},
        payment_methods={code: PaymentInfo(id, code) for id, code in enumerate(payments, start=1)},
        shipping_methods={
            "standard": ShippingInfo(1, "standard"),
            "pickup": ShippingInfo(2, "pickup", is_pickup=True),
        },
        articles_by_sku=articles | special,
        customers_by_number={POS_CUSTOMER: CustomerInfo(1, POS_CUSTOMER, None)},
        tax_rates={country: frozenset(map(Decimal, rates.split())) for country, rates in TAX_RATES.items()},
        category_rates={
            (country, "normal"): ((None, Decimal(rates.split()[0])),) for country, rates in TAX_RATES.items()
        },
    )
    settings = OrderSettings(
        default_project="SHOP",
        payment_map=PAYMENTS,
        shipping_map={value: code for value, code in SHIPPING.items() if value},
        default_shipping=SHIPPING[""],
        shipping_article="PORTO",
        discount_article="RABATT",
        surcharge_article="ZUSCHLAG",
    )
    return master, settings


def sample_world(own: OrderSettings, order: ChannelOrder) -> tuple[MasterData, OrderSettings]:
    """Make a world for one order with its connector's own settings, completed as by a merchant who set everything up.

    States, tax and customer rules stay the connector's; project, articles and methods are those of the sample. As every SKU
    is known, so is every way to pay or to ship: one without a row takes the default. What is sold as a gift card is one.
    """
    master, sample = sample_master_data([order])
    cards = {line.sku for line in order.lines if line.kind is LineKind.GIFT_CARD}
    articles = {
        sku: replace(article, is_stock_article=False, is_gift_card=True) if sku in cards else article
        for sku, article in master.articles_by_sku.items()
    }
    settings = own.model_copy(
        update={name: getattr(sample, name) for name in FROM_SAMPLE}
        | {
            "default_payment": "prepayment",
            "default_payment_if_unmapped": True,
            "default_shipping_if_unmapped": True,
            "pos_customer": POS_CUSTOMER,
        }
    )
    return replace(master, articles_by_sku=articles), settings
