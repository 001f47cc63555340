"""A simulated Shopware 6 shop (Admin API, 6.6 and later), written from the vendor's specification only.

Start reading at `shop.py` (what the shop knows and does), then `api.py` (how it answers over HTTP).
"""

from sandbox.shopware6.basket import Basket, Buyer
from sandbox.shopware6.shop import Shopware6Shop

__all__ = ["Basket", "Buyer", "Shopware6Shop"]
