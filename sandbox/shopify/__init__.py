"""A simulated Shopify shop: Admin GraphQL API 2026-10 with OAuth, cost bucket, bulk operations, webhooks, and a page for people."""

from sandbox.shopify.catalog import Entry
from sandbox.shopify.checkout import Basket, Discount, Item, Payment, Postage
from sandbox.shopify.shop import ShopifyShop

__all__ = ["Basket", "Discount", "Entry", "Item", "Payment", "Postage", "ShopifyShop"]
