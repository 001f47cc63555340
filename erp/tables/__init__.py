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
from erp.tables.channel import (
    AccessToken,
    AttributeMapping,
    Authorization,
    CategoryMapping,
    ChannelOption,
    ChannelTaskRow,
    CrossSelling,
    ImportItem,
    Listing,
    OrderReply,
    Scan,
    TaxonomyAttribute,
    TaxonomyNode,
    TaxonomyValue,
    ValueMapping,
    Webhook,
    WebhookDelivery,
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
    "AccessToken", "Account", "Article", "ArticleCategory", "ArticleFilter", "ArticleImage", "ArticleListEntry",
    "ArticleOption", "ArticleProperty", "ArticleTaxRate", "ArticleText", "AttributeMapping", "Authorization",
    "Category", "CategoryMapping", "ChannelOption", "ChannelTaskRow", "Component", "Credential", "CrossSelling",
    "Customer", "CustomerGroup", "DeliveryTerm", "DeliveryThreshold", "Document", "DocumentFile", "Erasure",
    "ExchangeRate", "FeatureSettingsRevision", "ForeignNumber", "ImportItem", "InboxDocument", "Installation",
    "Integration", "IntegrationFeature", "JournalEvent", "Link", "Listing", "Mail", "Mapping", "NumberImport",
    "NumberRange", "Order", "OrderChange", "OrderLine", "OrderReply", "OrderReturn", "Parcel", "Partner",
    "PartnerFile", "PartnerOrder", "Payment", "PaymentMethod", "Price", "PrintJob", "PrintRule", "Printer",
    "Project", "PushBatch", "RateBucket", "RefusedNumber", "Reservation", "Retention", "ReturnLine", "Run",
    "RunRequest", "Scan", "Shipment", "ShipmentLine", "ShippingMethod", "StockLevel", "StockMovement",
    "StockTransfer", "Stocktake", "StocktakeLine", "TaxRate", "TaxonomyAttribute", "TaxonomyNode", "TaxonomyValue",
    "Template", "ValueMapping", "VatRegistration", "Warehouse", "Watermark", "Webhook", "WebhookDelivery",
]  # fmt: skip
