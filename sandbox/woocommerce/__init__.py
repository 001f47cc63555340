"""A simulated WooCommerce 11 shop, written from the vendor's specification and recorded answers only.

Start reading at `shop.py` (what the shop knows and does), then `api.py` (how it answers over HTTP).
"""

from sandbox.effects import Effect
from sandbox.faults import Faults
from sandbox.woocommerce.seed import catalogue, seed_shop
from sandbox.woocommerce.shop import WooShop

__all__ = ["Effect", "Faults", "WooShop", "catalogue", "seed_shop"]
