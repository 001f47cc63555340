"""A simulated Shopware 5 shop as the source of a migration: its REST API, for reading only.

Start reading at `shop.py` (what is in the shop), then `api.py` (how it answers over HTTP).
"""

from sandbox.shopware5.shop import Shopware5Shop

__all__ = ["Shopware5Shop"]
