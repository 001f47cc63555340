"""All tables; importing this package fills `SQLModel.metadata` for the migrations."""

from erp.tables.articles import (
    Article,
    ArticleCategory,
    ArticleImage,
    ArticleOption,
    ArticleProperty,
    ArticleTaxRate,
    ArticleText,
    Category,
    Component,
    CustomerGroup,
    ForeignNumber,
    NumberImport,
    Price,
    RefusedNumber,
)
from erp.tables.documents import Document, DocumentFile, Mail, Printer, PrintJob, PrintRule, Template
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
from erp.tables.master import (
    DeliveryTerm,
    DeliveryThreshold,
    ExchangeRate,
    NumberRange,
    PaymentMethod,
    Project,
    ShippingMethod,
    TaxRate,
    VatRegistration,
)
from erp.tables.orders import Customer, Order, OrderChange, OrderLine, Reservation
from erp.tables.partners import Partner, PartnerFile, PartnerOrder
from erp.tables.payments import Payment
from erp.tables.privacy import Erasure, Retention
from erp.tables.shipping import OrderReturn, Parcel, ReturnLine, Shipment, ShipmentLine
from erp.tables.stock import StockLevel, StockMovement, Stocktake, StocktakeLine, StockTransfer, Warehouse

__all__ = [
    "Account", "Article", "ArticleCategory", "ArticleFilter", "ArticleImage", "ArticleListEntry", "ArticleOption",
    "ArticleProperty", "ArticleTaxRate", "ArticleText", "Category", "Component", "Credential", "Customer", "CustomerGroup",
    "DeliveryTerm", "DeliveryThreshold", "Document", "DocumentFile", "Erasure", "ExchangeRate", "FeatureSettingsRevision",
    "ForeignNumber", "InboxDocument", "Installation", "Integration", "IntegrationFeature", "JournalEvent", "Link", "Mail",
    "Mapping", "NumberImport", "NumberRange", "Order", "OrderChange", "OrderLine", "OrderReturn", "Parcel", "Partner", "PartnerFile",
    "PartnerOrder", "Payment", "PaymentMethod", "Price", "PrintJob", "PrintRule", "Printer", "Project", "PushBatch",
    "RateBucket", "RefusedNumber", "Reservation", "Retention", "ReturnLine", "Run", "RunRequest", "Shipment", "ShipmentLine", "ShippingMethod",
    "StockLevel", "StockMovement", "StockTransfer", "Stocktake", "StocktakeLine", "TaxRate", "Template", "VatRegistration", "Warehouse",
    "Watermark",
]  # fmt: skip
