"""The features: the kinds of data that an integration exchanges, and in which direction."""

from enum import StrEnum


class Direction(StrEnum):
    """Which way a feature's data flows."""

    TO_CHANNEL = "to_channel"
    TO_ERP = "to_erp"


class Feature(StrEnum):
    """A data exchange chosen at set-up (D§0.3, D§1.5)."""

    ARTICLES = "articles"
    CATEGORIES = "categories"
    STOCK = "stock"
    PRICES = "prices"
    ORDERS = "orders"
    SHIPMENTS = "shipments"
    DOCUMENTS = "documents"
    REFUNDS = "refunds"

    @property
    def direction(self) -> Direction:
        """Only orders come in; everything else goes out."""
        return Direction.TO_ERP if self is Feature.ORDERS else Direction.TO_CHANNEL


class Mode(StrEnum):
    """The integration-wide mode (D§1.8)."""

    DEVELOPMENT = "development"
    MIGRATION = "migration"
    PRODUCTIVE = "productive"
    DELETED = "deleted"
