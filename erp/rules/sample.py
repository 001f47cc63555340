"""Sound master data and settings for looking at orders without a database: every SKU is known."""

from collections.abc import Sequence
from decimal import Decimal

from canonical.order import ChannelOrder
from canonical.settings import OrderSettings
from erp.rules.model import ArticleInfo, MasterData, PaymentInfo, ProjectInfo, ShippingInfo

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
        tax_rates={country: frozenset(map(Decimal, rates.split())) for country, rates in TAX_RATES.items()},
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
