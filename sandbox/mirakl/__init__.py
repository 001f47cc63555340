"""A simulated Mirakl marketplace instance with one seller's shop, written from the vendor's specification only.

Start reading at `shop.py` (what the instance knows and what people do in it), then `app.py` (how it answers over HTTP).
"""

from sandbox.mirakl.shop import MiraklShop

__all__ = ["MiraklShop"]
