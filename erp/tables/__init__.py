"""All tables; importing this package fills `SQLModel.metadata` for the migrations."""

from erp.tables.articles import Article, ForeignNumber, StockLevel, StockMovement, Warehouse
from erp.tables.exchange import Account, InboxDocument, JournalEvent, Link, PushBatch, Run
from erp.tables.integration import (
    ArticleFilter,
    ArticleListEntry,
    Credential,
    FeatureSettingsRevision,
    Installation,
    Integration,
    IntegrationFeature,
    Mapping,
    RateBucket,
    RunRequest,
    Watermark,
)
from erp.tables.master import DeliveryTerm, ExchangeRate, NumberRange, PaymentMethod, Project, ShippingMethod, TaxRate
from erp.tables.orders import Customer, Order, OrderLine, Parcel, Reservation, Shipment, ShipmentLine

__all__ = [
    "Account", "Article", "ArticleFilter", "ArticleListEntry", "Credential", "Customer", "DeliveryTerm", "ExchangeRate",
    "FeatureSettingsRevision", "ForeignNumber", "InboxDocument", "Installation", "Integration", "IntegrationFeature", "JournalEvent",
    "Link", "Mapping", "NumberRange", "Order", "OrderLine", "Parcel", "PaymentMethod", "Project", "PushBatch", "RateBucket",
    "Reservation", "Run", "RunRequest", "Shipment", "ShipmentLine", "ShippingMethod", "StockLevel", "StockMovement", "TaxRate",
    "Warehouse", "Watermark",
]  # fmt: skip
