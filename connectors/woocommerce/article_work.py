"""One article on its way to the shop."""

from dataclasses import dataclass, field, replace
from typing import Any

from canonical.catalogue import ArticleContent
from connectors.woocommerce.answers import Row
from connectors.woocommerce.images import MEMORY, ImagePlan, images_of
from connectors.woocommerce.products import Place

UPLOAD = 20
"""How much of a batch's hundred an image takes that the shop must fetch while we wait: five of them are a batch."""


@dataclass(frozen=True)
class Work:
    """An article with the fields to send; without a place it is created."""

    article: ArticleContent
    place: Place | None
    path: str
    fields: dict[str, Any]
    images: ImagePlan = field(default=ImagePlan(None))

    def with_images(self, plan: ImagePlan) -> "Work":
        """Add the images and what is remembered of them."""
        if plan.images is None:
            return self
        metas = [*self.fields.get("meta_data", ()), {"key": MEMORY, "value": plan.memory()}]
        shown = {"image": plan.images[0]} if self.is_variation else {"images": list(plan.images)}
        return replace(self, fields={**self.fields, **shown, "meta_data": metas}, images=plan)

    @property
    def is_variation(self) -> bool:
        """Whether it is sent to its parent's list."""
        return self.path != "/products/batch"

    def content(self) -> dict[str, Any]:
        """The item of a batch."""
        return {**({"id": self.place.id} if self.place else {}), **self.fields}

    def weight(self) -> int:
        """How much of a batch it takes."""
        return 1 + UPLOAD * self.images.uploads

    def confirmed(self, row: Row) -> list[dict[str, Any]]:
        """What to remember of uploaded images once the shop has named their ids; empty: nothing to add."""
        ids = [int(image["id"]) for image in images_of(row)]
        if not self.images.uploads or len(ids) != len(self.images.digests):
            return []
        return self.images.memory(ids)
